"""The item characteristic curve against what candidates did."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from ciip_irt.plots.axes import draw
from ciip_irt.plots.chart import Axis, Chart, Line, Mark, Points, ReferenceLine, even_ticks
from ciip_irt.plots.known import known

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["SHARE_TICKS", "item_curve_chart", "plot_item_curve"]

SHARE_TICKS = ((0.0, "0 %"), (0.25, "25 %"), (0.5, "50 %"), (0.75, "75 %"), (1.0, "100 %"))


def plot_item_curve(
    observed: pl.DataFrame,
    item_id: str,
    *,
    curve: pl.DataFrame | None = None,
    b: float | None = None,
    ax: "Axes | None" = None,
) -> "Axes":
    """Observed proportions correct by ability group, with intervals, against the model's curve.

    Parameters
    ----------
    observed
        ``item_id, theta, observed`` and where known ``low, high, expected`` (``observed_proportions.csv``).
    item_id
        The item to show.
    curve
        ``theta, probability`` of the model; without it the line joins the ``expected`` of the groups.
    b
        Difficulty, marked on the ability axis.
    ax
        Where to draw; a figure of its own otherwise.

    Raises
    ------
    KeyError
        If no row of ``observed`` is about the item.

    >>> observed = pl.DataFrame({"item_id": ["Q1"] * 2, "theta": [-1.0, 1.0], "observed": [0.3, 0.8],
    ...                          "low": [0.2, 0.7], "high": [0.4, 0.9], "expected": [0.27, 0.73]})
    >>> ax = plot_item_curve(observed, "Q1", b=0.0)
    >>> ax.get_ylabel(), ax.get_xlabel()
    ('answered right', 'ability (θ)')
    """
    rows = observed.filter(pl.col("item_id") == item_id)
    if rows.is_empty():
        raise KeyError(item_id)
    return draw(item_curve_chart(rows, title=item_id, curve=curve, b=b), ax)


def item_curve_chart(
    observed: pl.DataFrame, *, title: str, curve: pl.DataFrame | None = None, b: float | None = None
) -> Chart:
    """The figure of ``plot_item_curve`` as a chart; ``observed`` holds the rows of one item."""
    rows = known(observed, "theta", "observed").sort("theta")
    marks: list[Mark] = []
    line = _curve(rows, curve)
    if line is not None:
        marks.append(line)
    theta = tuple(rows["theta"].to_list())
    intervals = {"low", "high"} <= set(rows.columns) and not rows.select(
        "low", "high"
    ).null_count().sum_horizontal()[0]
    marks.append(
        Points(
            theta,
            tuple(rows["observed"].to_list()),
            "observed",
            tuple(rows["low"].to_list()) if intervals else (),
            tuple(rows["high"].to_list()) if intervals else (),
            names=_names(rows),
        )
    )
    shown = [*theta, *(line.x if line is not None else ())]
    low, high = min(shown, default=-3.0), max(shown, default=3.0)
    room = 0.04 * max(high - low, 1.0)
    if b is not None and low < b < high:
        marks.insert(0, ReferenceLine(b, f"b = {b:.2f}".replace("-", "−")))
    return Chart(
        title,
        f"Proportion right in {rows.height} ability groups, with 95 % intervals, and the model's curve.",
        Axis("ability (θ)", low - room, high + room, even_ticks(low, high, 6)),
        Axis("answered right", 0.0, 1.0, SHARE_TICKS),
        tuple(marks),
    )


def _curve(rows: pl.DataFrame, curve: pl.DataFrame | None) -> Line | None:
    if curve is not None:
        return Line(
            tuple(curve["theta"].to_list()), tuple(curve["probability"].to_list()), "model", strong=True
        )
    if "expected" not in rows.columns or rows["expected"].null_count():
        return None
    return Line(tuple(rows["theta"].to_list()), tuple(rows["expected"].to_list()), "model", strong=True)


def _names(rows: pl.DataFrame) -> tuple[str, ...]:
    counts: Sequence[int | None] = rows["n"].to_list() if "n" in rows.columns else [None] * rows.height
    return tuple(
        f"{value:.0%} right" + (f" of {n:,}" if n else "")
        for value, n in zip(rows["observed"].to_list(), counts, strict=True)
    )
