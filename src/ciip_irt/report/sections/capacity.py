"""How many forms the bank supports, what runs out first, and what to write next."""

from collections.abc import Sequence

import polars as pl

from ciip_irt.report.edition import Page, ReportContext, Section

__all__ = ["CAPACITY_SECTION"]

FIRST = 15  # rows of a table on a page; the file has them all
PARTS = {"domain": "domain", "difficulty": "difficulty within a domain", "count": "count", "key": "key"}


def _build(edition: ReportContext) -> Sequence[Page]:
    results = edition.results
    cells = results.table("capacity.csv").sort("runs_out")
    writing = results.table("writing_assignment.csv")
    record = results.record("capacity.json")
    # What is to be written stands in a table of its own, so the sentences stop before it.
    answer = record.get("answer", record.get("summary"))
    lead = [line for line in answer or [] if isinstance(line, str)]
    assignments = [
        {
            "forms": forms,
            "total": int(part["write"].sum()),
            "worth": part["worth"][0],
            "rows": list(part.iter_rows(named=True)),
        }
        for (forms,), part in writing.group_by("forms", maintain_order=True)
    ]
    return [
        edition.render(
            "capacity.html",
            "capacity.html",
            title="What the bank supports",
            lead=lead,
            parts_of_bank=[
                (words, list(cells.filter(pl.col("what") == what).head(FIRST).iter_rows(named=True)))
                for what, words in PARTS.items()
                if what in cells["what"]
            ],
            assignments=assignments,
            overlap=list(results.table("capacity_overlap.csv").iter_rows(named=True)),
        )
    ]


CAPACITY_SECTION = Section(
    name="capacity", title="Capacity", page="capacity.html", needs=("capacity.csv",), build=_build
)
