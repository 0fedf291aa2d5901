"""What the bank lacks against the blueprint, by domain and difficulty, and what its pilots may bring."""

from collections.abc import Sequence

import polars as pl

from ciip_irt.errors import MAX_EXAMPLES
from ciip_irt.report.edition import Page, ReportContext, Section

__all__ = ["NEEDS_SECTION"]

BANDS = ("easy", "middle", "hard")


def _build(edition: ReportContext) -> Sequence[Page]:
    table = edition.results.table("bank_needs.csv")
    cells = {(row["domain"], row["band"]): row for row in table.iter_rows(named=True)}
    whole = table.filter(pl.col("band") == "all")
    rows = [
        {
            **row,
            "title": edition.domain_title(row["domain"]),
            "bands": [cells.get((row["domain"], band)) for band in BANDS],
        }
        for row in whole.iter_rows(named=True)
    ]
    lacking = [f"{row['title']} {row['lacking']}" for row in rows if row["lacking"]]
    lead = (
        f"Scored items are lacking: {', '.join(lacking)}."
        if lacking
        else "Enough scored items in every domain."
    )
    thin = [
        f"{row['title']}, {cell['band']} ({cell['have']} of {cell['wanted']})"
        for row in rows
        for cell in row["bands"]
        if cell and cell["lacking"]
    ]
    if thin:
        more = f" and {len(thin) - MAX_EXAMPLES} more" if len(thin) > MAX_EXAMPLES else ""
        lead += f" Thin by difficulty: {'; '.join(thin[:MAX_EXAMPLES])}{more}."
    easy = next((row["bands"][0] for row in rows if row["bands"][0]), None)
    hard = next((row["bands"][2] for row in rows if row["bands"][2]), None)
    return [
        edition.render(
            "needs.html",
            "needs.html",
            title="What the bank lacks",
            rows=rows,
            lead=lead,
            edges=(easy["b_to"], hard["b_from"]) if easy and hard else None,
        )
    ]


NEEDS_SECTION = Section(
    name="needs", title="Needs", page="needs.html", needs=("bank_needs.csv",), build=_build
)
