"""The account of a log: rows read = kept + quarantined + excluded with their delivery; and its words."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from ciip_irt.bank import near_match
from ciip_irt.errors import Problem, plural
from ciip_irt.responses.readers import Reader, ReadLog
from ciip_irt.responses.rules import RULES, Examination
from ciip_irt.tables import RESPONSE_STATUS

__all__ = ["count_rows", "nothing_left", "row_notes"]

SHOWN_OF, SHOWN = ("option_not_offered", "unknown_item"), 3  # rules whose values are shown, and how many
LOUD_SHARE = 0.05  # of the rows: so many are a fault of the export, not of a candidate


def count_rows(
    names: Sequence[str],
    readers: Sequence[Reader],
    logs: Sequence[ReadLog],
    read: Mapping[int, int],
    examined: Examination,
    kept: pl.DataFrame,
    excluded_rows: pl.DataFrame,
    exclusions: pl.DataFrame,
) -> dict[str, Any]:
    removed_rules = [name for name, rule in RULES.items() if rule.action == "removed"]
    removed = examined.listed.filter(pl.col("rule").is_in(removed_rules))
    kept_by = dict(kept["file"].value_counts().iter_rows())
    removed_by = dict(removed["file"].value_counts().iter_rows())
    excluded_by = dict(excluded_rows.iter_rows())
    files = [
        {
            "file": name,
            "format": reader.name,
            "lines": log.lines,
            "blank_lines": log.blank_lines,
            "not_administered": log.not_administered,
            "rows_read": read.get(number, 0) + len(log.repeated_headers),
            "rows_kept": kept_by.get(number, 0),
            "rows_quarantined": removed_by.get(number, 0),
            "rows_excluded": excluded_by.get(number, 0),
        }
        for number, (name, reader, log) in enumerate(zip(names, readers, logs, strict=True))
    ]
    added = [name for name in files[0] if name not in ("file", "format")]
    total = {name: sum(int(file[name]) for file in files) for name in added}
    total |= {
        "deliveries": kept["delivery_id"].n_unique(),
        "candidates": kept["candidate_id"].n_unique(),
        "deliveries_excluded": exclusions.height,
    }
    by_rule = dict(examined.listed["rule"].value_counts().iter_rows())
    by_status = dict(kept["status"].value_counts().iter_rows())
    return {
        "files": files,
        "total": total,
        "by_status": {status: by_status.get(status, 0) for status in RESPONSE_STATUS},
        "by_rule": {
            name: {"rows": by_rule[name], "action": rule.action, "reason": rule.reason}
            for name, rule in RULES.items()
            if name in by_rule
        },
        "by_exclusion": dict(exclusions["rule"].value_counts().sort("rule").iter_rows()),
    }


def nothing_left(counts: Mapping[str, Any], examined: Examination, where: str) -> list[Problem]:
    """Why no answer is left, rule by rule, with the remedies."""
    total = counts["total"]
    problems = [
        Problem(
            f"no usable answer is left: {total['rows_read']:,} rows read,"
            f" {total['rows_quarantined']:,} quarantined,"
            f" {total['rows_excluded']:,} of deliveries without an answer",
            where=where,
        )
    ]
    for name, count in counts["by_rule"].items():
        hits = examined.listed.filter(pl.col("rule") == name)
        values = hits["value"].drop_nulls().unique(maintain_order=True).head(5)
        rule = RULES[name]
        problems.append(
            Problem(
                rule.reason,
                where,
                int(hits["row"][0]),
                count["rows"],
                tuple(values),
                _remedy(name, examined),
            )
        )
    return problems


def _remedy(rule: str, examined: Examination) -> str:
    """What would help; for items that are unknown first those that are only written another way."""
    if rule == "option_not_offered" and (recoding := _recoding(examined)):
        return recoding
    return f"{_written_otherwise([rule], examined)} {RULES[rule].remedy}".strip()


def _such_as(rule: str, examined: Examination) -> str:
    """The commonest answers that are not offered, or unknown items: they say where to look."""
    if rule not in SHOWN_OF:
        return ""
    values = examined.listed.filter(pl.col("rule") == rule)["value"].drop_nulls()
    return f", e.g. {', '.join(map(repr, values.value_counts(sort=True)[values.name].head(SHOWN)))}"


def _recoding(examined: Examination) -> str:
    """The lines of a mapping file that would make capitals of small letters, where that is what they are."""
    values = examined.listed.filter(pl.col("rule") == "option_not_offered")["value"].drop_nulls()
    small = sorted(
        value for value in values.unique() if len(value) == 1 and value.isascii() and value.islower()
    )
    if not small or len(small) < len(values.unique()):
        return ""
    lines = ", ".join(f'{letter} = "{letter.upper()}"' for letter in small)
    return (
        "In capitals they would be offered, if so meant: put [recode.response] and below it, each on a line"
        f" of its own, {lines} into the mapping file (mapping.toml of the results) and read with it."
    )


def _written_otherwise(rules: Iterable[str], examined: Examination) -> str:
    if "unknown_item" not in rules:
        return ""
    names = examined.listed.filter(pl.col("rule") == "unknown_item")["value"].drop_nulls()
    return near_match(names.unique(maintain_order=True), examined.known_items)


def row_notes(counts: Mapping[str, Any], examined: Examination) -> tuple[list[str], list[str]]:
    """What was done to how many rows: what asks for caution, more than one row in twenty, and the rest."""
    total = counts["total"]
    cautions: list[str] = []
    notes: list[str] = []
    read = max(total["rows_read"], 1)
    for action, one, many in (
        ("removed", "was set apart", "were set apart"),
        ("kept as invalid", "counts as invalid", "count as invalid"),
        ("value set aside", "lost a value", "lost a value"),
    ):
        rules = {name: rule["rows"] for name, rule in counts["by_rule"].items() if rule["action"] == action}
        hit = examined.listed.filter(pl.col("rule").is_in(list(rules)))
        number = hit.select("file", "row", "item_id").n_unique()
        if not number:
            continue
        listing = "; ".join(
            f"{RULES[name].reason} ({n:,}{_such_as(name, examined)})" for name, n in rules.items()
        )
        if number / read > LOUD_SHARE:
            worst = max(rules, key=lambda name: (RULES[name].gravity, rules[name]))
            cautions.insert(
                0,
                f"{number / read:.0%} of the rows {many}: {listing}. {_remedy(worst, examined)}",
            )
        else:
            near = _written_otherwise(rules, examined)
            notes.append(
                f"{plural(number, 'row')} {one if number == 1 else many}: {listing}. {near}".rstrip()
            )
    if total["deliveries_excluded"]:
        sittings = plural(total["deliveries_excluded"], "delivery", "deliveries")
        notes.append(f"{sittings} without a usable answer left out.")
    return cautions, notes
