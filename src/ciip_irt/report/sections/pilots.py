"""Pilot decisions with their probability and reasons."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ciip_irt.errors import plural
from ciip_irt.report.edition import Page, ReportContext, Section
from ciip_irt.report.sections.choices import choices

__all__ = ["DECISION_WORDS", "PILOTS_SECTION", "Decision"]


@dataclass(frozen=True, slots=True)
class Decision:
    """One of the four decisions, in the words and colour of the report."""

    name: str
    words: str
    did: str
    tone: str


DECISION_WORDS = {
    decision.name: decision
    for decision in (
        Decision(
            "promote", "good enough to count: move it into the scored pool", "to promote", "distractor2"
        ),
        Decision("hold", "not settled yet: pilot it again, answers add up", "to hold", "key"),
        Decision("revise", "worth repairing: rework it and pilot the new version", "to revise", "next"),
        Decision("retire", "not worth another round", "to retire", "first"),
    )
}


def _build(edition: ReportContext) -> Sequence[Page]:
    rows = []
    for row in edition.results.table("pilot_decisions.csv").iter_rows(named=True):
        known = DECISION_WORDS.get(row["decision"])
        tone = known.tone if known else "minor"
        rows.append({**row, "tone": tone, "card": edition.cards.get(row["item_id"])})
    counts = Counter(row["decision"] for row in rows)
    said = [f"{counts[name]} {decision.did}" for name, decision in DECISION_WORDS.items() if counts[name]]
    return [
        edition.render(
            "pilots.html",
            "pilots.html",
            title="Pilot items",
            script=True,
            rows=rows,
            lead=f"{plural(len(rows), 'pilot item')}: {', '.join(said) or 'nothing decided'}.",
            decisions=choices(row["decision"] for row in rows),
            domains=choices(edition.domain_title(row["domain"] or "") for row in rows),
            reviewed=any(row[name] for row in rows for name in ("reviewer", "override", "comment")),
        )
    ]


PILOTS_SECTION = Section(
    name="pilots",
    title="Pilots",
    page="pilots.html",
    needs=("pilot_decisions.csv",),
    build=_build,
)
