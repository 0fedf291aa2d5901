"""Every figure family: draws on the given Axes, leaves no state, shows what the frame holds."""

from collections.abc import Callable
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib._pylab_helpers import Gcf
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ciip_irt import plots
from ciip_irt.plots.chart import even_ticks, spread

OBSERVED = pl.DataFrame({
    "item_id": ["Q1"] * 4 + ["Q2"], "group": [1, 2, 3, 4, 1], "theta": [-1.5, -0.5, 0.5, 1.5, 0.0],
    "n": [40] * 5, "observed": [0.3, 0.45, 0.7, 0.8, 0.5], "low": [0.2, 0.35, 0.6, 0.7, 0.4],
    "high": [0.4, 0.55, 0.8, 0.9, 0.6], "expected": [0.28, 0.47, 0.66, 0.81, 0.5],
})  # fmt: skip
QUANTILES = pl.DataFrame([
    {"item_id": "Q1", "fifth": fifth, "option": option,
     "share": share, "low": share - 0.05, "high": share + 0.05}
    for option, shares in {"A": (0.3, 0.2, 0.2, 0.1, 0.06), "B": (0.4, 0.6, 0.65, 0.8, 0.88),
                           "C": (0.3, 0.2, 0.15, 0.1, 0.06)}.items()
    for fifth, share in enumerate(shares, start=1)
])  # fmt: skip
CURVES = pl.DataFrame({
    "form_id": ["F1"] * 3 + ["F2"] * 3, "theta": [-1.0, 0.0, 1.0] * 2,
    "information": [5.0, 9.0, 6.0, 5.1, 8.9, 6.2], "expected_score": [60.0, 90.0, 115.0, 61.0, 90.5, 114.0],
})  # fmt: skip
STATISTICS = pl.DataFrame({
    "item_id": ["Q1", "Q1", "Q2", "Q3"], "form_id": ["all", "F1", "all", "all"],
    "status": ["scored", "scored", "pilot", "scored"], "p": [0.9, 0.8, 0.5, None], "r": [0.2, 0.3, 0.1, None],
})  # fmt: skip
FLAGS = pl.DataFrame({"item_id": ["Q2", "Q2"], "severity": [3, 1]})
SCORES = pl.DataFrame({"score": [90, 95, 96], "n": [2, 7, 5]})

FAMILIES: dict[str, Callable[..., Axes]] = {
    "item_curve": lambda **k: plots.plot_item_curve(OBSERVED, "Q1", b=0.1, **k),
    "option_curves": lambda **k: plots.plot_option_curves(QUANTILES, "Q1", key="B", **k),
    "form_information": lambda **k: plots.plot_form_information(CURVES, theta_cut=0.2, **k),
    "form_characteristic": lambda **k: plots.plot_form_characteristic(CURVES, theta_cut=0.2, **k),
    "item_map": lambda **k: plots.plot_item_map(STATISTICS, FLAGS, **k),
    "score_distribution": lambda **k: plots.plot_score_distribution(SCORES, cut=95, **k),
}
CHARTS = {
    "item_curve": lambda: plots.item_curve_chart(OBSERVED.head(4), title="Q1", b=0.1),
    "option_curves": lambda: plots.option_curves_chart(QUANTILES, title="Q1", key="B"),
    "form_information": lambda: plots.form_information_chart(CURVES, theta_cut=0.2),
    "form_characteristic": lambda: plots.form_characteristic_chart(CURVES, theta_cut=0.2),
    "item_map": lambda: plots.item_map_chart(STATISTICS, FLAGS),
    "score_distribution": lambda: plots.score_distribution_chart(SCORES, cut=95),
}


def test_every_family_is_tested() -> None:
    public = {name.removeprefix("plot_") for name in plots.__all__ if name.startswith("plot_")}
    assert public == set(FAMILIES) == set(CHARTS)


@pytest.mark.parametrize("family", FAMILIES)
def test_draws_on_the_axes_it_is_given(family: str) -> None:
    ax = Figure().add_subplot()
    assert FAMILIES[family](ax=ax) is ax
    assert ax.has_data()


@pytest.mark.parametrize("family", FAMILIES)
def test_makes_a_figure_of_its_own_that_can_be_rendered(family: str) -> None:
    figure = FAMILIES[family]().figure
    figure.canvas.draw()
    assert not Gcf.figs, "a figure stayed behind in pyplot"


@pytest.mark.parametrize("family", CHARTS)
def test_svg_is_well_formed_and_describes_itself(family: str) -> None:
    root = ElementTree.fromstring(plots.chart_svg(CHARTS[family]()))
    assert root.get("role") == "img"
    assert len(root.get("aria-label", "")) > 20


@pytest.mark.parametrize("family", CHARTS)
def test_svg_stays_inside_its_drawing(family: str) -> None:
    root = ElementTree.fromstring(plots.chart_svg(CHARTS[family]()))
    for line in root.iter("polyline"):
        points = [tuple(map(float, pair.split(","))) for pair in line.get("points", "").split()]
        assert all(0 <= x <= 400 and 0 <= y <= 270 for x, y in points)
    for circle in root.iter("circle"):
        assert 0 <= float(circle.get("cx", "-1")) <= 400
        assert 0 <= float(circle.get("cy", "-1")) <= 270


def test_the_key_is_emphasised_and_lies_on_top() -> None:
    ax = FAMILIES["option_curves"]()
    widths = [line.get_linewidth() for line in ax.lines]
    assert widths[-1] == max(widths)
    assert [text.get_text() for text in ax.texts][-1] == "B key"
    assert [text.get_fontweight() for text in ax.texts] == ["normal", "normal", "bold"]


def test_two_keys_and_everyone_credited() -> None:
    chart = plots.option_curves_chart(QUANTILES, title="Q1", key="A|B")
    assert [mark.label for mark in chart.marks if hasattr(mark, "label")] == ["C", "A key", "B key"]
    chart = plots.option_curves_chart(QUANTILES, title="Q1", key="*")
    assert all(mark.label.endswith("key") for mark in chart.marks if hasattr(mark, "label"))


def test_the_points_of_the_item_curve_are_the_frame() -> None:
    ax = FAMILIES["item_curve"]()
    offsets = np.asarray(ax.collections[-1].get_offsets())
    assert offsets.tolist() == OBSERVED.head(4).select("theta", "observed").to_numpy().tolist()


def test_item_map_shows_each_item_once_with_its_worst_flag() -> None:
    chart = plots.item_map_chart(STATISTICS, FLAGS, links={"Q2": "items/Q2.html"})
    marks = {mark.tone: mark for mark in chart.marks if hasattr(mark, "names")}
    assert marks["muted"].x == (0.9,)
    assert marks["first"].hollow
    assert 'href="items/Q2.html"' in plots.chart_svg(chart)


@pytest.mark.parametrize(
    "plot", [plots.plot_item_curve, lambda f, i: plots.plot_option_curves(f, i, key="A")]
)
def test_an_unknown_item_is_an_error(plot: Callable[[pl.DataFrame, str], Axes]) -> None:
    frame = OBSERVED if plot is plots.plot_item_curve else QUANTILES
    with pytest.raises(KeyError, match="nobody"):
        plot(frame, "nobody")


def test_unknown_values_are_left_out_not_drawn() -> None:
    frame = OBSERVED.head(4).with_columns(pl.Series("observed", [0.3, None, float("nan"), 0.8]))
    chart = plots.item_curve_chart(frame, title="Q1")
    points = next(mark for mark in chart.marks if hasattr(mark, "names"))
    assert points.y == (0.3, 0.8)
    assert "nan" not in plots.chart_svg(chart)


def test_hostile_names_are_escaped() -> None:
    hostile = '</svg><script>alert("1")</script>'
    statistics = STATISTICS.with_columns(pl.lit(hostile).alias("item_id"))
    curves = CURVES.with_columns(pl.lit(hostile).alias("form_id"))
    quantiles = QUANTILES.with_columns(pl.lit(hostile).alias("option"), pl.Series("fifth", range(15)))
    for chart in (
        plots.item_map_chart(statistics, links={hostile: 'x"><script>'}),
        plots.form_information_chart(curves),
        plots.option_curves_chart(quantiles, title=hostile, key="A"),
    ):
        text = plots.chart_svg(chart)
        assert "<script" not in text
        ElementTree.fromstring(text)


@given(st.floats(-1e4, 1e4), st.floats(1e-3, 1e4), st.integers(2, 8))
def test_ticks_lie_within_the_axis_and_are_even(low: float, span: float, wanted: int) -> None:
    ticks = [value for value, _ in even_ticks(low, low + span, wanted)]
    tolerance = 1e-6 * max(abs(low), span, 1.0)
    assert all(low - tolerance <= value <= low + span + tolerance for value in ticks)
    assert len(ticks) <= 2.5 * wanted
    if len(ticks) > 2:
        steps = np.diff(ticks)
        assert np.allclose(steps, steps[0], rtol=1e-6, atol=1e-8)


@given(st.lists(st.floats(0, 1), max_size=6))
def test_labels_are_apart_and_keep_their_order(heights: list[float]) -> None:
    placed = spread(heights, 0.06, 0.0, 1.0)
    assert all(-1e-9 <= height <= 1 + 1e-9 for height in placed)
    ordered = sorted(placed)
    assert all(b - a > 0.05 for a, b in pairwise(ordered))
    for i, j in zip(range(len(heights)), range(1, len(heights)), strict=False):
        if heights[i] < heights[j]:
            assert placed[i] <= placed[j]
