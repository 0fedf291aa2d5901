"""All flags, ranked by severity: the list that item writers work down."""

from collections.abc import Mapping, Sequence
from typing import Any

from ciip_irt import tables
from ciip_irt.report.edition import Page, ReportContext, Section
from ciip_irt.report.item_cards import severity_tone
from ciip_irt.report.sections.choices import choices

__all__ = ["FLAGS_SECTION", "SEVERITY_WORDS", "ranked_flags"]

SEVERITY_WORDS = {
    "first": tables.SEVERITY_WORDS[1],
    "next": tables.SEVERITY_WORDS[2],
    "later": tables.SEVERITY_WORDS[3],
    "minor": tables.SEVERITY_WORDS[4],
}


def ranked_flags(edition: ReportContext) -> list[Mapping[str, Any]]:
    """The rows of ``flags.csv`` by severity, in file order within one severity, with their domain."""
    rows = edition.results.table("flags.csv").iter_rows(named=True)
    ranked = sorted(rows, key=lambda row: row["severity"] or 99)
    return [
        {
            **row,
            "domain": edition.domain_title(edition.cards[row["item_id"]].domain),
            "tone": severity_tone(row["severity"]),
            "words": SEVERITY_WORDS[severity_tone(row["severity"])],
        }
        for row in ranked
    ]


def _build(edition: ReportContext) -> Sequence[Page]:
    rows = ranked_flags(edition)
    tones = [row["tone"] for row in rows]
    return [
        edition.render(
            "flags.html",
            "flags.html",
            title="Flags",
            script=True,
            rows=rows,
            n_items=len({row["item_id"] for row in rows}),
            severities=[
                (tone, f"{words} ({tones.count(tone):,})")
                for tone, words in SEVERITY_WORDS.items()
                if tone in tones
            ],
            flags=choices((row["flag"] for row in rows), in_words=True),
            domains=choices(row["domain"] for row in rows),
        )
    ]


FLAGS_SECTION = Section(
    name="flags",
    title="Flags",
    page="flags.html",
    needs=("flags.csv",),
    build=_build,
)
