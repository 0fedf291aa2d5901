"""How many candidates reached which score."""

from typing import TYPE_CHECKING

import polars as pl

from ciip_irt.plots.axes import draw
from ciip_irt.plots.chart import Axis, Bars, Chart, Mark, ReferenceLine, even_ticks
from ciip_irt.plots.known import known

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_score_distribution", "score_distribution_chart"]


def plot_score_distribution(
    counts: pl.DataFrame, *, cut: float | None = None, title: str = "Scores", ax: "Axes | None" = None
) -> "Axes":
    """Number of candidates at each score.

    Parameters
    ----------
    counts
        ``score, n``: one row per score reached.
    cut
        Lowest passing score; marked.
    ax
        Where to draw; a figure of its own otherwise.

    >>> counts = pl.DataFrame({"score": [96, 97, 99], "n": [3, 5, 2]})
    >>> ax = plot_score_distribution(counts, cut=97)
    >>> len(ax.patches), ax.get_xlabel()
    (3, 'score')
    """
    return draw(score_distribution_chart(counts, cut=cut, title=title), ax)


def score_distribution_chart(
    counts: pl.DataFrame,
    *,
    cut: float | None = None,
    title: str = "Scores",
    width: int = 1,
    span: tuple[float, float] | None = None,
) -> Chart:
    """The figure of ``plot_score_distribution`` as a chart.

    ``width`` is the number of scores that one row of ``counts`` stands for, ``score`` being their middle;
    ``span`` the range of the axis, so that several forms can be compared.
    """
    rows = known(counts, "score", "n").sort("score")
    score, n = [float(value) for value in rows["score"].to_list()], [float(v) for v in rows["n"].to_list()]
    half = width / 2
    reached = min(score, default=0.0) - half, max(score, default=1.0) + half
    low, high = span or reached
    top = 1.05 * max(n, default=1.0) or 1.0
    marks: list[Mark] = [Bars(tuple(score), tuple(n), "key", float(width))]
    if cut is not None and low <= cut <= high:
        marks.append(ReferenceLine(cut - 0.5, "cut"))
    return Chart(
        title,
        f"Scores of {sum(n):,.0f} candidates, from {reached[0] + 0.5:,.0f} to {reached[1] - 0.5:,.0f}.",
        Axis("score", low, high, even_ticks(low, high, 6)),
        Axis("candidates", 0.0, top, even_ticks(0.0, top, min(5, max(int(top), 1)))),
        tuple(marks),
    )
