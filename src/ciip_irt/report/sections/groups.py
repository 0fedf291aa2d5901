"""Groups of candidates: who passes at a test centre and online, and what DIF adds up to at the cut."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from ciip_irt.errors import plural
from ciip_irt.report.edition import Page, ReportContext, Section
from ciip_irt.report.formats import humane
from ciip_irt.tables import GROUP_SUMMARY

__all__ = ["GROUPS_SECTION"]


def _build(edition: ReportContext) -> Sequence[Page]:
    unknown: dict[str, Any] = dict.fromkeys(GROUP_SUMMARY.names)
    rows = [unknown | row for row in edition.results.table("group_summary.csv").iter_rows(named=True)]
    if not rows:
        return []
    certain = [row for row in rows if _certain(row)]
    for row in rows:
        row["certain"] = _certain(row)
    tables = [
        {"form_id": form_id, "title": humane(grouping), "rows": list(members)}
        for (form_id, grouping), members in groupby(rows, lambda row: (row["form_id"], row["grouping"]))
    ]
    named = ", ".join(f"{row['group']} on form {row['form_id']}" for row in certain[:5])
    lead = (
        f"Items that work differently add up to something at the cut for {plural(len(certain), 'group')}:"
        f" {named}."
        if certain
        else "For no group do items that work differently certainly add up to anything at the cut."
    )
    return [edition.render("groups.html", "groups.html", title="Groups", tables=tables, lead=lead)]


def _certain(row: dict[str, Any]) -> bool:
    low, high = row.get("dif_low"), row.get("dif_high")
    return low is not None and high is not None and (low > 0 or high < 0)


GROUPS_SECTION = Section(
    name="groups", title="Groups", page="groups.html", needs=("group_summary.csv",), build=_build
)
