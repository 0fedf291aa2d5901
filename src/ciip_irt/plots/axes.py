"""Charts on matplotlib Axes. Figures are made as objects, so nothing is left behind in pyplot's state."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ciip_irt.plots.chart import Band, Bars, Chart, Line, Points, ReferenceLine
from ciip_irt.plots.palette import DASHES, TONES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.container import BarContainer
    from matplotlib.lines import Line2D

__all__ = ["draw", "new_axes"]

SHAPES = {"circle": "o", "square": "s", "triangle": "^"}


def new_axes(width: float = 5.6, height: float = 3.8) -> "Axes":
    """Axes on a figure of their own, in inches. In a notebook ``axes.figure`` shows it.

    >>> new_axes().figure.get_size_inches().tolist()
    [5.6, 3.8]
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # matplotlib takes half a second to load
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure.add_subplot()


def draw(chart: Chart, ax: "Axes | None" = None) -> "Axes":
    """The chart on ``ax``, or on a figure of its own.

    >>> from ciip_irt.plots.chart import Axis, Line
    >>> axis = Axis("x", 0, 1, ((0, "0"), (1, "1")))
    >>> line = Line((0, 1), (0, 1), "key", "B")
    >>> ax = draw(Chart("A line", "It rises.", axis, axis, (line,)))
    >>> ax.get_title(loc="left"), len(ax.lines), ax.texts[0].get_text()
    ('A line', 1, 'B')
    """
    ax = new_axes() if ax is None else ax
    for mark in chart.marks:
        match mark:
            case Band():
                ax.fill_between(
                    mark.x, mark.low, mark.high, color=_colour(mark.tone), alpha=0.15, linewidth=0
                )
            case ReferenceLine():
                _reference(ax, mark)
            case Line():
                _line(ax, mark)
            case Points():
                _points(ax, mark)
            case Bars():
                bars: BarContainer = ax.bar(mark.x, mark.y, width=mark.width, color=_colour(mark.tone))
                for bar in bars:
                    bar.set_linewidth(0)
    ax.set_title(chart.title, loc="left", fontsize="medium")
    ax.set_xlabel(chart.x.label)
    ax.set_ylabel(chart.y.label)
    ax.set_xlim(chart.x.low, chart.x.high)
    ax.set_ylim(chart.y.low, chart.y.high)
    ax.set_xticks([value for value, _ in chart.x.ticks], [text for _, text in chart.x.ticks])
    ax.set_yticks([value for value, _ in chart.y.ticks], [text for _, text in chart.y.ticks])
    ax.spines[["top", "right"]].set_visible(False)
    if chart.legend:
        handles = [_handle(points, words) for points, words in chart.legend]
        ax.legend(handles=handles, frameon=False, fontsize="small")
    return ax


def _colour(tone: str) -> str:
    return TONES[tone].light


def _dashes(dash: int) -> str | tuple[int, Sequence[float]]:
    pattern = DASHES[dash % len(DASHES)]
    return (0, pattern) if pattern else "solid"


def _line(ax: "Axes", mark: Line) -> None:
    ax.plot(
        mark.x,
        mark.y,
        color=_colour(mark.tone),
        linewidth=2.6 if mark.strong else 1.4,
        linestyle=_dashes(mark.dash),
        marker="o" if mark.dots else "",
        markersize=4.5 if mark.strong else 3,
    )
    if mark.label:
        height = mark.y[-1] if mark.label_y is None else mark.label_y
        ax.annotate(
            mark.label,
            (mark.x[-1], height),
            xytext=(7, 0),
            textcoords="offset points",
            verticalalignment="center",
            color=_colour(mark.tone),
            fontweight="bold" if mark.strong else "normal",
            annotation_clip=False,
        )


def _points(ax: "Axes", mark: Points) -> None:
    colour = _colour(mark.tone)
    if mark.low:
        ax.vlines(mark.x, mark.low, mark.high, color=colour, linewidth=1.1, alpha=0.75)
    ax.scatter(
        mark.x,
        mark.y,
        s=24,
        marker=SHAPES[mark.shape],
        facecolors="none" if mark.hollow else colour,
        edgecolors=colour,
        linewidths=1.1,
        zorder=3,
    )


def _reference(ax: "Axes", mark: ReferenceLine) -> None:
    line = ax.axvline if mark.across == "x" else ax.axhline
    line(mark.at, color=_colour("muted"), linewidth=1, linestyle=(0, (3, 3)), zorder=0)
    if mark.label:
        where = (mark.at, 1.0) if mark.across == "x" else (1.0, mark.at)
        coordinates = ("data", "axes fraction") if mark.across == "x" else ("axes fraction", "data")
        ax.annotate(
            mark.label,
            where,
            xycoords=coordinates,
            xytext=(4, -2),
            textcoords="offset points",
            color=_colour("muted"),
            fontsize="small",
            verticalalignment="top",
        )


def _handle(points: Points, words: str) -> "Line2D":
    from matplotlib.lines import Line2D

    return Line2D(
        [],
        [],
        linestyle="none",
        marker=SHAPES[points.shape],
        markersize=5,
        color=_colour(points.tone),
        markerfacecolor="none" if points.hollow else _colour(points.tone),
        label=words,
    )
