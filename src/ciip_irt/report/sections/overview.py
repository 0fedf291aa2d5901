"""The first page: what to do, in order of harm, then the figures; what the run said stands under Details."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ciip_irt.errors import plural
from ciip_irt.plots import Chart, item_map_chart
from ciip_irt.report.edition import Page, ReportContext, Section
from ciip_irt.report.item_cards import severity_tone
from ciip_irt.report.results import Results
from ciip_irt.report.sections.flags import ranked_flags
from ciip_irt.report.sections.forms import assembly_sentences, summary_values
from ciip_irt.report.sections.pilots import DECISION_WORDS
from ciip_irt.report.sections.to_do import to_do

__all__ = ["OVERVIEW_SECTION"]

TOP_FLAGS = 5  # on the first page; the page of the flags has them all
STEPS = (
    ("Item statistics", "ciip-irt analyse", ("item_statistics.csv", "option_statistics.csv")),
    ("Flags", "ciip-irt analyse", ("flags.csv",)),
    ("Calibration", "ciip-irt calibrate", ("parameters.csv", "calibration.json")),
    ("Pilot decisions", "ciip-irt pilots review", ("pilot_decisions.csv",)),
    ("Assembled forms", "ciip-irt assemble", ("forms.csv", "assembly.json", "shortages.csv")),
)
PRESSING = ("first", "next")
WARNING_FILES = ("ingest.json", "analysis.json", "calibration.json", "pilot_review.json", "assembly.json")


@dataclass(frozen=True, slots=True)
class Tile:
    """One number with its words; ``page`` is where it is explained."""

    value: str
    words: str
    page: str = ""


def _build(edition: ReportContext) -> Sequence[Page]:
    results = edition.results
    flags, warnings = ranked_flags(edition), _warnings(edition)
    first = [
        {"item_id": row["item_id"], "domain": row["domain"], "flag": row} for row in _one_per_item(flags)
    ]
    return [
        edition.render(
            "overview.html",
            "index.html",
            title="Overview",
            tasks=to_do(edition, flags, warnings),
            sentences=_texts(results.record("run.json").get("sentences")) or _sentences(edition),
            warnings=warnings,
            tiles=_tiles(edition, flags),
            top_flags=first[:TOP_FLAGS],
            n_flags=len(flags),
            map=_map(edition),
            absent=_absent(results),
            **summary_values(results),
            decisions=_decisions(edition),
            assembled=assembly_sentences(results) if results.has("forms.csv") else [],
        )
    ]


def _absent(results: Results) -> list[tuple[str, str]]:
    """What a whole run would have, with the command that makes it."""
    return [(words, command) for words, command, files in STEPS if not any(map(results.has, files))]


def _texts(value: Any) -> list[str]:
    return [str(part) for part in value] if isinstance(value, list) else []


def _one_per_item(flags: Sequence[Any]) -> list[Any]:
    """The worst flag of each item, first come first."""
    seen: dict[str, Any] = {}
    for row in flags:
        if row["tone"] in PRESSING:
            seen.setdefault(row["item_id"], row)
    return list(seen.values())


def _warnings(edition: ReportContext) -> list[str]:
    """The warnings of the run, or of the single steps where there was no run."""
    said = _mixed(edition)
    names = ("run.json",) if edition.results.has("run.json") else WARNING_FILES
    for name in names:
        said += _texts(edition.results.record(name).get("warnings"))
    return list(dict.fromkeys(said))


def _mixed(edition: ReportContext) -> list[str]:
    """A folder may hold the results of two exams, or of two selections of candidates."""
    others = edition.results.of_other_data()
    if not others:
        return []
    return [
        f"This folder mixes results of different data: {', '.join(others)} and what was written with"
        f" {'it' if len(others) == 1 else 'them'} come from other answers than the rest."
        " Run all steps again into an empty folder."
    ]


def _sentences(edition: ReportContext) -> list[str]:
    """Plain sentences where the run did not leave its own."""
    cards = list(edition.cards.values())
    said = []
    if cards:
        roles = Counter(card.status for card in cards if card.status)
        parts = [f"{count:,} {role}" for role, count in sorted(roles.items(), reverse=True)]
        said.append(f"{plural(len(cards), 'item')} analysed{': ' + ', '.join(parts) if parts else ''}.")
    if edition.results.has("flags.csv"):
        flagged = sum(bool(card.flags) for card in cards)
        urgent = sum(severity_tone(card.severity) in PRESSING for card in cards)
        said.append(f"{plural(flagged, 'item')} flagged, {urgent:,} of them with a pressing flag.")
    return said


def _tiles(edition: ReportContext, flags: Sequence[Any]) -> list[Tile]:
    results = edition.results
    pages = {section.page for section in edition.sections}
    cards = list(edition.cards.values())
    tiles = []
    summary = results.table("form_summary.csv")
    single = [row for row in summary.iter_rows(named=True) if row["form_id"] != "all"]
    candidates = sum(row["n_candidates"] or 0 for row in single)
    if candidates:
        tiles.append(Tile(f"{candidates:,}", "candidates", "forms.html"))
    roles = Counter(card.status for card in cards)
    for role, words in (("scored", "scored items"), ("pilot", "pilot items")):
        if roles[role]:
            tiles.append(Tile(f"{roles[role]:,}", words, f"items.html#status={role}"))
    if "flags.html" in pages:
        items = len({row["item_id"] for row in flags if row["tone"] in PRESSING})
        tiles.append(Tile(f"{items:,}", "items with a pressing flag", "flags.html"))
    if "pilots.html" in pages:
        decided = results.table("pilot_decisions.csv")["decision"].to_list()
        tiles.append(Tile(f"{decided.count('promote'):,}", "pilots ready to promote", "pilots.html"))
    if results.has("forms.csv"):
        tiles.append(
            Tile(f"{results.table('forms.csv')['form_id'].n_unique():,}", "forms assembled", "forms.html")
        )
    return [tile for tile in tiles if tile.page.split("#")[0] in pages]


def _map(edition: ReportContext) -> Chart | None:
    statistics = edition.results.table("item_statistics.csv")
    if statistics.drop_nulls(["p", "r"]).is_empty():
        return None
    links = {item: edition.item_path(item) for item in edition.cards}
    return item_map_chart(statistics, edition.results.table("flags.csv"), links=links)


def _decisions(edition: ReportContext) -> list[dict[str, Any]]:
    decided = Counter(edition.results.table("pilot_decisions.csv")["decision"].to_list())
    total = sum(decided.values())
    return [
        {
            "name": decision.name,
            "words": decision.words,
            "tone": decision.tone,
            "n": decided[decision.name],
            "share": decided[decision.name] / total,
        }
        for decision in DECISION_WORDS.values()
        if total
    ]


OVERVIEW_SECTION = Section(
    name="overview",
    title="Overview",
    page="index.html",
    needs=(),
    build=_build,
)
