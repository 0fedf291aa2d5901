"""All items at once: p against R, with those that were flagged."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import polars as pl

from ciip_irt.plots.axes import draw
from ciip_irt.plots.chart import Axis, Chart, Mark, Points, ReferenceLine, even_ticks
from ciip_irt.plots.known import known
from ciip_irt.tables import SEVERITY_WORDS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["item_map_chart", "plot_item_map"]

SEVERITIES = (("first", "square", SEVERITY_WORDS[1]), ("next", "triangle", SEVERITY_WORDS[2]))
P_TICKS = ((0.0, "0"), (0.2, ".2"), (0.4, ".4"), (0.6, ".6"), (0.8, ".8"), (1.0, "1"))


def plot_item_map(
    item_statistics: pl.DataFrame, flags: pl.DataFrame | None = None, *, ax: "Axes | None" = None
) -> "Axes":
    """p against R (corrected point-biserial), one mark per item; hollow marks are pilots.

    Parameters
    ----------
    item_statistics
        ``item_id, status, p, r``; where ``form_id`` is there, only its ``all`` rows are shown.
    flags
        ``item_id, severity``: 1 = check today, 2 = settle before use; beyond that nothing is pressing.
    ax
        Where to draw; a figure of its own otherwise.

    >>> statistics = pl.DataFrame({"item_id": ["Q1", "Q2"], "status": ["scored", "pilot"],
    ...                            "p": [0.9, 0.5], "r": [0.2, 0.4]})
    >>> flags = pl.DataFrame({"item_id": ["Q1"], "severity": [1]})
    >>> ax = plot_item_map(statistics, flags)
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['check today', 'pilot, nothing pressing']
    """
    return draw(item_map_chart(item_statistics, flags), ax)


def item_map_chart(
    item_statistics: pl.DataFrame,
    flags: pl.DataFrame | None = None,
    *,
    links: Mapping[str, str] | None = None,
) -> Chart:
    """The figure of ``plot_item_map`` as a chart; ``links`` lead from an item's mark to its page."""
    rows = item_statistics
    if "form_id" in rows.columns and (rows["form_id"] == "all").any():
        rows = rows.filter(pl.col("form_id") == "all")
    rows = known(rows, "p", "r")
    worst: dict[str, int] = {}
    if flags is not None and flags.height:
        grouped = flags.drop_nulls(["item_id", "severity"]).group_by("item_id").agg(pl.col("severity").min())
        worst = dict(grouped.select("item_id", "severity").iter_rows())
    status = rows["status"] if "status" in rows.columns else pl.Series([None] * rows.height)
    groups: dict[tuple[str, str, bool], list[int]] = {}
    for k, (item, role) in enumerate(zip(rows["item_id"].to_list(), status.to_list(), strict=True)):
        severity = worst.get(item)
        pressing = severity is not None and severity <= len(SEVERITIES)
        tone, shape = SEVERITIES[max(severity or 1, 1) - 1][:2] if pressing else ("muted", "circle")
        groups.setdefault((tone, shape, role == "pilot"), []).append(k)
    pressing_items = sum(len(members) for (tone, _, _), members in groups.items() if tone != "muted")
    marks: list[Mark] = [ReferenceLine(0.0, across="y")]
    legend: list[tuple[Points, str]] = []
    for tone, shape, pilot in sorted(groups, key=_drawing_order):
        part = rows[groups[tone, shape, pilot]]
        points = _points(part, tone, shape, pilot, links or {})
        marks.append(points)
        legend.append((Points((), (), tone, hollow=pilot, shape=shape), _words(tone, pilot)))
    r = rows["r"].to_list()
    low, high = min([-0.1, *r]), max([0.5, *r])
    return Chart(
        "Item map",
        f"p and R of {rows.height} items; {pressing_items} are to be checked before they are used again.",
        Axis("p (proportion correct)", 0.0, 1.02, P_TICKS),
        Axis("R (with the rest score)", low - 0.03, high + 0.03, even_ticks(low, high, 6)),
        tuple(marks),
        tuple(reversed(legend)),
    )


def _drawing_order(group: tuple[str, str, bool]) -> tuple[int, bool]:
    return ("muted", "next", "first").index(group[0]), not group[2]


def _words(tone: str, pilot: bool) -> str:
    words = {name: text for name, _, text in SEVERITIES}.get(tone, "nothing pressing")
    return f"pilot, {words}" if pilot else words


def _points(rows: pl.DataFrame, tone: str, shape: str, hollow: bool, links: Mapping[str, str]) -> Points:
    items = rows["item_id"].to_list()
    p, r = rows["p"].to_list(), rows["r"].to_list()
    names = tuple(f"{item}: p {u:.2f}, R {v:.2f}" for item, u, v in zip(items, p, r, strict=True))
    targets = tuple(links.get(item, "") for item in items) if links else ()
    return Points(tuple(p), tuple(r), tone, names=names, links=targets, hollow=hollow, shape=shape)
