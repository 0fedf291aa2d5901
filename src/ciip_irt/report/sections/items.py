"""The table of all items, sortable and filterable."""

from collections.abc import Sequence

from ciip_irt.report.edition import Page, ReportContext, Section
from ciip_irt.report.sections.choices import choices

__all__ = ["ITEMS_SECTION"]


def _build(edition: ReportContext) -> Sequence[Page]:
    cards = list(edition.cards.values())
    flagged = sum(bool(card.flags) for card in cards)
    flags = choices((row["flag"] for card in cards for row in card.flags), in_words=True)
    ends = [("(any)", f"any flag ({flagged:,})"), ("(none)", f"no flag ({len(cards) - flagged:,})")]
    return [
        edition.render(
            "items.html",
            "items.html",
            title="Items",
            script=True,
            cards=cards,
            domains=choices(edition.domain_title(card.domain) for card in cards),
            statuses=choices(card.status for card in cards),
            flags=[*ends, *flags] if flags else [],
            calibrated=edition.results.has("parameters.csv"),
        )
    ]


ITEMS_SECTION = Section(
    name="items",
    title="Items",
    page="items.html",
    needs=("item_statistics.csv", "parameters.csv", "option_statistics.csv"),
    build=_build,
)
