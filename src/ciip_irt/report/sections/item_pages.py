"""One page per item: the card that item writers read."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from ciip_irt.plots import Chart, item_curve_chart, option_curves_chart
from ciip_irt.report.edition import ITEM_PAGES, Page, ReportContext, Section
from ciip_irt.report.formats import humane
from ciip_irt.report.item_cards import ItemCard
from ciip_irt.report.item_fit import fit_lines
from ciip_irt.report.model_curves import THETA, model_curves
from ciip_irt.report.sections.evidence import evidence_lines
from ciip_irt.report.sections.fit import partners
from ciip_irt.report.sections.pilots import DECISION_WORDS

__all__ = ["ITEM_PAGES_SECTION"]

PARAMETER_WORDS = {"a": "discrimination", "b": "difficulty", "c": "lower asymptote"}
DETAILS = ("status", "options", "cognitive_level", "last_used", "words", "enemies", "set_id")
ABILITY_LIMIT = 4.0  # of the curves that are drawn: the tails hold next to nobody
OUTCOME_WORDS = {
    "keep": "Keep the key",
    "accept_two": "Accept",
    "change_key": "Change the key to",
    "credit_all": "Credit everyone",
    "eliminate": "Eliminate the item",
}
CUT_WORDS = {
    "standard": "The cut is derived anew from the standard for every outcome.",
    "given": "The cut is kept as given for every outcome; a board that sets it anew will see other numbers.",
}


def _build(edition: ReportContext) -> Sequence[Page]:
    if not edition.item_pages:
        return []
    results = edition.results
    curves = model_curves(results.table("parameters.csv"))
    observed = _by_item(results.table("observed_proportions.csv"))
    quantiles = _by_item(results.table("option_quantiles.csv"))
    others = partners(edition)
    ids = list(edition.cards)
    pages = []
    for place, (item, card) in enumerate(edition.cards.items()):
        before = ids[place - 1] if place else ""
        after = ids[place + 1] if place + 1 < len(ids) else ""
        option_chart = _option_chart(card, quantiles.get(item))
        curve_chart = _curve_chart(card, observed.get(item), curves.get(item))
        pages.append(_page(edition, card, before, after, option_chart, curve_chart, others.get(item, [])))
    return pages


def _page(
    edition: ReportContext,
    card: ItemCard,
    before: str,
    after: str,
    option_chart: Chart | None,
    curve_chart: Chart | None,
    others: Sequence[Mapping[str, Any]],
) -> Page:
    decision = str(card.decision.get("decision", ""))
    return edition.render(
        "item.html",
        edition.item_path(card.item_id),
        title=card.item_id,
        card=card,
        before=before,
        after=after,
        summary=_summary(card, edition.domain_title(card.domain)),
        option_chart=option_chart,
        curve_chart=curve_chart,
        option_intervals=any(row.get("r_low") is not None for row in card.options),
        decision_words=DECISION_WORDS[decision].words if decision in DECISION_WORDS else "",
        decision_tone=DECISION_WORDS[decision].tone if decision in DECISION_WORDS else "minor",
        outcome_words=OUTCOME_WORDS,
        class_c_known=any(
            row.get("prob_c") is not None and row.get("ets_class") != "insufficient" for row in card.dif
        ),
        cut_known=any(row.get("cut") is not None for row in card.rescoring),
        cut_words=" ".join(
            words
            for origin, words in CUT_WORDS.items()
            if any(row.get("cut_from") == origin for row in card.rescoring)
        ),
        parameter_words=PARAMETER_WORDS,
        model_words=_model_words(card),
        fit_lines=fit_lines(card.fit),
        partners=others,
        evidence=[line for row in card.evidence for line in evidence_lines(row)],
        details=_details(card),
    )


def _by_item(frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    return {str(item): rows for (item,), rows in frame.group_by(["item_id"], maintain_order=True)}


def _option_chart(card: ItemCard, rows: pl.DataFrame | None) -> Chart | None:
    if rows is None or rows.drop_nulls(["share"]).is_empty():
        return None
    return option_curves_chart(rows, title=card.item_id, key=card.key)


def _curve_chart(card: ItemCard, observed: pl.DataFrame | None, curve: np.ndarray | None) -> Chart | None:
    if observed is None or observed.drop_nulls(["theta", "observed"]).is_empty():
        return None
    frame = None
    if curve is not None:
        theta = observed["theta"].drop_nulls()
        low, high = float(str(theta.min())), float(str(theta.max()))
        shown = (max(low, -ABILITY_LIMIT) - 0.25 <= THETA) & (min(high, ABILITY_LIMIT) + 0.25 >= THETA)
        frame = pl.DataFrame({"theta": THETA[shown], "probability": curve[shown]})
    return item_curve_chart(observed, title=card.item_id, curve=frame, b=card.difficulty.get("estimate"))


def _summary(card: ItemCard, domain: str) -> str:
    parts = [f"{card.status} item".strip() if card.status else "", domain]
    if card.key:
        parts.append(card.key_words if card.key == "*" else f"key {card.key_words}")
    return " · ".join(part[0].upper() + part[1:] for part in parts if part)


def _model_words(card: ItemCard) -> str:
    row: Mapping[str, Any] = card.parameters[0] if card.parameters else {}
    words = []
    if row.get("model"):
        words.append(f"Model {row['model']}")
    if row.get("D") is not None:
        words.append(f"D = {row['D']:g}")
    if row.get("scale_id"):
        words.append(f"scale {row['scale_id']}")
    return ", ".join(words)


def _details(card: ItemCard) -> list[tuple[str, Any]]:
    return [
        (humane(name), card.information[name])
        for name in DETAILS
        if card.information.get(name) not in (None, "")
    ]


ITEM_PAGES_SECTION = Section(
    name=ITEM_PAGES,
    title="Item pages",
    page="",
    needs=("item_statistics.csv", "parameters.csv", "option_statistics.csv"),
    build=_build,
)
