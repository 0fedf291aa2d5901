"""Information and characteristic curves of forms."""

from typing import TYPE_CHECKING

import polars as pl

from ciip_irt.plots.axes import draw
from ciip_irt.plots.chart import Axis, Chart, Line, Mark, ReferenceLine, even_ticks, spread
from ciip_irt.plots.known import known
from ciip_irt.plots.palette import DASHES, FORM_TONES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "form_characteristic_chart",
    "form_information_chart",
    "plot_form_characteristic",
    "plot_form_information",
]

LABEL_GAP = 0.065  # of the axis: the height of a line of the labels


def plot_form_information(
    curves: pl.DataFrame, *, theta_cut: float | None = None, ax: "Axes | None" = None
) -> "Axes":
    """Test information of each form over ability; the standard error of θ is 1 / sqrt(information).

    Parameters
    ----------
    curves
        ``form_id, theta, information`` (``curves.csv``).
    theta_cut
        Where the pass/fail decision falls; marked.
    ax
        Where to draw; a figure of its own otherwise.

    >>> curves = pl.DataFrame({"form_id": ["F1", "F1"], "theta": [-1.0, 1.0], "information": [8.0, 12.0],
    ...                        "expected_score": [70.0, 110.0]})
    >>> plot_form_information(curves, theta_cut=0.0).get_ylabel()
    'information'
    """
    return draw(form_information_chart(curves, theta_cut=theta_cut), ax)


def plot_form_characteristic(
    curves: pl.DataFrame, *, theta_cut: float | None = None, ax: "Axes | None" = None
) -> "Axes":
    """Expected score of each form over ability: where forms differ at the cut, their raw cuts differ.

    Parameters
    ----------
    curves
        ``form_id, theta, expected_score`` (``curves.csv``).
    theta_cut
        Where the pass/fail decision falls; marked.
    ax
        Where to draw; a figure of its own otherwise.

    >>> curves = pl.DataFrame({"form_id": ["F1", "F1"], "theta": [-1.0, 1.0], "information": [8.0, 12.0],
    ...                        "expected_score": [70.0, 110.0]})
    >>> plot_form_characteristic(curves).get_ylabel()
    'expected score'
    """
    return draw(form_characteristic_chart(curves, theta_cut=theta_cut), ax)


def form_information_chart(curves: pl.DataFrame, *, theta_cut: float | None = None) -> Chart:
    """The figure of ``plot_form_information`` as a chart."""
    words = "How precisely each form measures at each ability."
    return _chart(curves, "information", "Test information", "information", words, theta_cut)


def form_characteristic_chart(curves: pl.DataFrame, *, theta_cut: float | None = None) -> Chart:
    """The figure of ``plot_form_characteristic`` as a chart."""
    words = "The score each form is expected to give at each ability."
    return _chart(curves, "expected_score", "Test characteristic curve", "expected score", words, theta_cut)


def _chart(
    curves: pl.DataFrame, column: str, title: str, label: str, words: str, theta_cut: float | None
) -> Chart:
    curves = known(curves, "form_id", "theta", column).sort("form_id", "theta")
    forms = curves["form_id"].unique(maintain_order=True).to_list()
    top = 1.06 * max(curves[column].to_list(), default=1.0) or 1.0
    theta = curves["theta"].to_list()
    low, high = min(theta, default=-3.0), max(theta, default=3.0)
    if high <= low:
        low, high = low - 1.0, high + 1.0
    parts = [curves.filter(pl.col("form_id") == form) for form in forms]
    heights = spread([part[column][-1] for part in parts], LABEL_GAP * top, 0.0, top)
    marks: list[Mark] = []
    if theta_cut is not None and low <= theta_cut <= high:
        marks.append(ReferenceLine(theta_cut, "cut"))
    marks += [
        Line(
            tuple(part["theta"].to_list()),
            tuple(part[column].to_list()),
            FORM_TONES[k % len(FORM_TONES)],
            form,
            height,
            dash=k % len(DASHES),
        )
        for k, (form, part, height) in enumerate(zip(forms, parts, heights, strict=True))
    ]
    return Chart(
        title,
        words,
        Axis("ability (θ)", low, high, even_ticks(low, high, 6)),
        Axis(label, 0.0, top, even_ticks(0.0, top, 5)),
        tuple(marks),
    )
