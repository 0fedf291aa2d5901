"""What to do, in order of harm: the list that stands before everything else."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ciip_irt.errors import plural
from ciip_irt.report.edition import ReportContext

__all__ = ["MOST_TASKS", "Task", "to_do"]

MOST_TASKS = 7  # lines that stand above the fold of a laptop, and that are read
NAMED = 4  # items named in a line, which stays one line on a wide page
ABOUT_KEYS = ("key_may_be_wrong", "two_options_right")
DETAILS = "#details"


@dataclass(frozen=True, slots=True)
class Task:
    """One line: how pressing (``first``, ``next``, ``later``), what to do, the items, where to read on."""

    tone: str
    words: str
    page: str
    items: tuple[str, ...] = ()
    more: int = 0
    """Items beyond those named."""


def to_do(edition: ReportContext, flags: Sequence[Mapping[str, Any]], warnings: Sequence[str]) -> list[Task]:
    """At most ``MOST_TASKS`` lines, the most harmful first: data, keys, items and forms, pilots, remarks."""
    pages = {"", *(section.page for section in edition.sections)}
    tasks = [
        *_data(edition),
        *_items_and_forms(edition, flags),
        *_forms(edition),
        *_anchors(edition),
        *_pilots(edition),
    ]
    if warnings:
        remarks = plural(len(warnings), "remark")
        tasks = [
            *tasks[: MOST_TASKS - 1],
            Task("later", f"Read {remarks} on how far these results carry.", DETAILS),
        ]
    return [task for task in tasks if task.page.partition("#")[0] in pages][:MOST_TASKS]


def _task(tone: str, words: str, page: str, items: Sequence[str]) -> Task:
    return Task(tone, words, page, tuple(items[:NAMED]), max(0, len(items) - NAMED))


def _data(edition: ReportContext) -> Iterator[Task]:
    if edition.results.of_other_data():
        yield Task("first", "Empty this folder and run again: it mixes results of different data.", DETAILS)
    said = []
    for name in ("analysis.json", "calibration.json", "pilot_review.json"):
        concerns = edition.results.record(name).get("concerns")
        said += [one for one in concerns if isinstance(one, Mapping)] if isinstance(concerns, list) else []
    for whole in dict.fromkeys(str(one.get("whole")) for one in said):
        yield Task(
            "first",
            f"Stop: the {whole} as a whole looks wrong. Nothing rests on it until it is settled.",
            DETAILS,
        )


def _items_and_forms(edition: ReportContext, flags: Sequence[Mapping[str, Any]]) -> Iterator[Task]:
    """Keys to check, then the forms and items that must not go out."""
    grave = [row for row in flags if row["tone"] == "first"]
    doubted = _items(row for row in grave if row["flag"] in ABOUT_KEYS)
    if doubted:
        words = f"Check {plural(len(doubted), 'key')} today, before scores are given out:"
        yield _task("first", words, "flags.html#severity=first", doubted)
    used = _used_in_forms(edition, {row["item_id"] for row in grave})
    if used:
        forms = ", ".join(sorted({form for forms in used.values() for form in forms}))
        yield _task(
            "first",
            f"Do not give out {forms}: the key of items in it may be wrong:",
            "forms.html",
            list(used),
        )
    errors = _forms_with_errors(edition)
    if errors:
        yield Task(
            "first", f"Do not give out {', '.join(errors[:NAMED])}: the check finds errors.", "forms.html"
        )
    pressing = _items(row for row in flags if row["tone"] in ("first", "next"))
    rest = [item for item in pressing if item not in set(doubted)]
    if rest:
        many = plural(len(rest), "more item" if doubted else "item")
        words = f"Settle the flags of {many} before {'its' if len(rest) == 1 else 'their'} next use:"
        yield _task("next", words, "flags.html#severity=next", rest)


def _forms(edition: ReportContext) -> Iterator[Task]:
    record = edition.results.record("assembly.json")
    if record and not edition.results.has("forms.csv"):
        yield Task("next", "No forms could be built: see what stands in the way.", "forms.html")


def _pilots(edition: ReportContext) -> Iterator[Task]:
    decisions = edition.results.table("pilot_decisions.csv")
    if decisions.is_empty():
        return
    counts = {name: int((decisions["decision"] == name).sum()) for name in ("promote", "revise", "retire")}
    if any(counts.values()):
        parts = [f"{n:,} to {name}" for name, n in counts.items() if n]
        yield Task("later", f"Sign the decisions on pilots: {', '.join(parts)}.", "pilots.html")


def _anchors(edition: ReportContext) -> Iterator[Task]:
    dropped = edition.results.record("calibration.json").get("anchors_dropped")
    if isinstance(dropped, list) and dropped:
        many = plural(len(dropped), "anchor")
        words = f"Review {many} that no longer {'holds' if len(dropped) == 1 else 'hold'} the scale:"
        yield _task("next", words, "calibration.html", [str(item) for item in dropped])


def _items(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(str(row["item_id"]) for row in rows))


def _forms_with_errors(edition: ReportContext) -> list[str]:
    findings = edition.results.table("findings.csv")
    if findings.is_empty():
        return []
    errors = findings.filter(findings["severity"] != "warning")
    return [str(form) for form in errors["form_id"].drop_nulls().unique(maintain_order=True)]


def _used_in_forms(edition: ReportContext, items: set[str]) -> dict[str, list[str]]:
    """The items that stand in assembled forms, with these forms."""
    used: dict[str, list[str]] = {}
    forms = edition.results.table("forms.csv")
    if forms.is_empty():
        return used
    for form, item in forms.select("form_id", "item_id").iter_rows():
        if item in items:
            used.setdefault(str(item), []).append(str(form))
    return used
