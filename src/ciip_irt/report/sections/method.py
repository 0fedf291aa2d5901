"""Where the results come from: data, exclusions, settings, versions; and how to read the numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from ciip_irt.report.edition import Page, ReportContext, Section
from ciip_irt.report.formats import humane, whole
from ciip_irt.report.results import JSON_FILES, NEEDED, Results
from ciip_irt.report.sections.choices import shown_columns

__all__ = ["METHOD_SECTION"]

Line = tuple[str, Any]
LABELS = ("seed",)  # numbers that count nothing get no thousands separator
IN_WORDS = {"summary", "sentences", "warnings", "provenance", "exam"}
GLOSSARY = (
    ("p", "Proportion of candidates who answered right. High is easy."),
    (
        "R",
        "Corrected point-biserial: the correlation of the item with the score on the other scored items. "
        "In an easy exam taken by well-prepared people it is low by nature.",
    ),
    ("95 % interval", "With this many answers, the true value lies in it in 95 of 100 such samples."),
    ("Fifths", "Candidates ranked by score and cut into five groups of about the same size."),
    (
        "Ability θ, difficulty b",
        "On one scale, in logits: where θ equals b, half answer right (without guessing).",
    ),
    ("SE", "Standard error: how far the estimate would move from sample to sample."),
    ("Reliability, SEM", "How repeatable the total score is, and how many points it is uncertain by."),
    (
        "Information",
        "How precisely a form measures at an ability; the standard error of θ is 1 / √information.",
    ),
    ("Pilot", "An unscored item on trial. It never counts in any total."),
    ("Delivery", "One sitting of one candidate; a candidate who came twice has two."),
    ("Logit", "Someone one logit above an item answers it right with a chance of .73 (without guessing)."),
    ("Anchor", "An item whose difficulty is known from before and holds the scale."),
    ("Displaced", "Of an anchor: its difficulty today lies further from the bank's than chance explains."),
    (
        "D-DIF",
        "How much harder an item is for one group than for another of the same ability, on the delta scale "
        "of ETS; beyond 1.5 either way, and surely beyond 1, it is class C.",
    ),
    ("Quarantine", "Rows of the log that could not be used, each with the reason (quarantine.csv)."),
)


def _build(edition: ReportContext) -> Sequence[Page]:
    results = edition.results
    provenance = _provenance(results)
    exclusions = _exclusions(results, provenance)
    population = results.table("population.csv")
    return [
        edition.render(
            "method.html",
            "method.html",
            title="How it was made",
            origin=_origin(provenance),
            data_hash=provenance.get("data_hash"),
            exclusions=exclusions,
            exclusion_rows=bool(exclusions) and all("rows" in row for row in exclusions or ()),
            blocks=_blocks(results, provenance),
            population=list(population.iter_rows(named=True)),
            population_columns=shown_columns(population),
            glossary=GLOSSARY,
            files=[name for name in (*NEEDED, *JSON_FILES) if results.has(name)],
        )
    ]


def _provenance(results: Results) -> Mapping[str, Any]:
    for name in ("run.json", "calibration.json", "ingest.json", "assembly.json"):
        found = results.record(name).get("provenance")
        if isinstance(found, Mapping):
            return found
    return {}


def _origin(provenance: Mapping[str, Any]) -> list[tuple[str, str]]:
    names = (("n_deliveries", "deliveries used"), ("n_responses", "answers"))
    return [(words, whole(provenance[name])) for name, words in names if provenance.get(name) is not None]


def _exclusions(results: Results, provenance: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Exclusions by reason; ``None`` where nothing is known about them."""
    if results.has("exclusions.csv"):
        grouped = (
            results.table("exclusions.csv")
            .with_columns(pl.coalesce("reason", "rule").alias("reason"))
            .group_by("reason", maintain_order=True)
            .agg(pl.len().alias("n"), pl.col("rows").sum())
        )
        return list(grouped.sort("n", descending=True, maintain_order=True).iter_rows(named=True))
    counts = provenance.get("exclusions")
    if not isinstance(counts, Mapping):
        return None
    return [{"reason": reason, "n": count} for reason, count in counts.items()]


def _blocks(results: Results, provenance: Mapping[str, Any]) -> list[tuple[str, list[Line]]]:
    blocks = [
        ("Reading the log", _reading(results.record("ingest.json"))),
        ("Settings", _lines(provenance.get("settings"))),
        ("Calibration", _lines(results.record("calibration.json"))),
        ("Assembly", _lines(results.record("assembly.json"))),
        ("Versions", _lines(provenance.get("versions"), named=True)),
    ]
    return [(title, lines) for title, lines in blocks if lines]


def _reading(record: Mapping[str, Any]) -> list[Line]:
    """Rows by what became of them: in total, by file where there are several, by status, by rule."""
    if not isinstance(record.get("total"), Mapping):
        return _lines(record)
    lines = _lines(record["total"])
    files = record.get("files")
    if isinstance(files, list) and len(files) > 1:
        lines += [(f"{file.get('file')}: rows read", file.get("rows_read")) for file in files]
    for status, count in (record.get("by_status") or {}).items():
        lines.append((f"rows {humane(status)}", count))
    for rule, found in (record.get("by_rule") or {}).items():
        if isinstance(found, Mapping):
            said = f"{found.get('reason') or humane(rule)} ({found.get('action') or 'set apart'})"
            lines.append((said, found.get("rows")))
    return lines


def _lines(record: Any, *, named: bool = False) -> list[Line]:
    """Names in words (as they stand where ``named``) and values; what lies within gets ``section: name``."""
    if not isinstance(record, Mapping):
        return []
    lines: list[Line] = []
    for name, value in record.items():
        if name in IN_WORDS:
            continue
        if isinstance(value, Mapping) and value:
            lines += [(f"{humane(name)}: {inner}", deeper) for inner, deeper in _lines(value)]
        else:
            shown = str(value) if name in LABELS else value
            lines.append((str(name) if named else humane(name), shown))
    return lines


METHOD_SECTION = Section(
    name="method",
    title="Method",
    page="method.html",
    needs=(),
    build=_build,
)
