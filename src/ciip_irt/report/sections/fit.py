"""Does the response model hold: as a whole, item by item, between items, for the candidates."""

from collections.abc import Mapping, Sequence
from typing import Any

from ciip_irt.irt.fit_statistics import FIT_LEVEL
from ciip_irt.report.edition import Page, ReportContext, Section
from ciip_irt.report.item_fit import FitLine, fit_lines

__all__ = ["FIT_SECTION", "partners"]

NOTHING = ("", None)


def partners(edition: ReportContext) -> dict[str, list[dict[str, Any]]]:
    """For each item the items that it goes together with beyond ability and chance."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in edition.results.table("local_dependence.csv").iter_rows(named=True):
        if not _beyond_chance(row):
            continue
        for one, other in (("item_1", "item_2"), ("item_2", "item_1")):
            found.setdefault(row[one], []).append({**row, "partner": row[other]})
    return found


def _beyond_chance(row: Mapping[str, Any]) -> bool:
    return row["suggestion"] not in NOTHING and row["p"] is not None and row["p"] < FIT_LEVEL


def _build(edition: ReportContext) -> Sequence[Page]:
    results = edition.results
    pairs = list(results.table("local_dependence.csv").iter_rows(named=True))
    items = _beyond(edition)
    return [
        edition.render(
            "fit.html",
            "fit.html",
            title="Model fit",
            script=True,
            overall=list(results.table("model_fit.csv").iter_rows(named=True)),
            items=items,
            simulated=(results.table("fit.csv")["statistic"] == "infit_p_adjusted").any(),
            persons=_persons(edition),
            has_items=results.has("fit.csv"),
            has_pairs=results.has("local_dependence.csv"),
            has_overall=results.has("model_fit.csv"),
            suggested=[row for row in pairs if _beyond_chance(row)],
            strongest=[row for row in pairs if not _beyond_chance(row)][:10],
        )
    ]


def _persons(edition: ReportContext) -> dict[str, Any]:
    """How many deliveries were judged and how many hardly fit."""
    known = edition.results.table("person_fit.csv").drop_nulls(["p", "flagged"])
    flagged = known.filter("flagged").height
    return {"n": known.height, "flagged": flagged, "share": flagged / max(known.height, 1)}


def _beyond(edition: ReportContext) -> list[Mapping[str, Any]]:
    """Items with a statistic beyond chance, the smallest adjusted p first."""
    rows = []
    for item, card in edition.cards.items():
        lines: list[FitLine] = fit_lines(card.fit)
        bad = [line for line in lines if line.beyond]
        if bad:
            values = {line.name: line for line in lines}
            smallest = min(line.p for line in bad if line.p is not None)
            rows.append(
                {
                    "item_id": item,
                    "domain": edition.domain_title(card.domain),
                    "status": card.status,
                    "lines": values,
                    "p": smallest,
                }
            )
    return sorted(rows, key=lambda row: row["p"])


FIT_SECTION = Section(
    name="fit",
    title="Model fit",
    page="fit.html",
    needs=("model_fit.csv", "local_dependence.csv", "person_fit.csv"),
    build=_build,
)
