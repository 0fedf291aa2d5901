"""Figures: a result in, Axes out. Nothing is computed here, and nobody else imports matplotlib.

Each family has two functions: ``plot_*`` draws on matplotlib Axes, ``*_chart`` gives the same figure as a
value that ``chart_svg`` writes as text for the pages of the report. Figures are made as objects, without
pyplot; in a notebook end the cell with ``plot_item_map(statistics).figure``.
"""

from ciip_irt.plots.axes import draw, new_axes
from ciip_irt.plots.chart import Chart
from ciip_irt.plots.form_curves import (
    form_characteristic_chart,
    form_information_chart,
    plot_form_characteristic,
    plot_form_information,
)
from ciip_irt.plots.inline import bar_svg, interval_svg
from ciip_irt.plots.item_curve import item_curve_chart, plot_item_curve
from ciip_irt.plots.item_map import item_map_chart, plot_item_map
from ciip_irt.plots.option_curves import option_curves_chart, plot_option_curves
from ciip_irt.plots.palette import tone_css
from ciip_irt.plots.score_distribution import plot_score_distribution, score_distribution_chart
from ciip_irt.plots.svg import chart_svg, mark_svg

__all__ = [
    "Chart",
    "bar_svg",
    "chart_svg",
    "draw",
    "form_characteristic_chart",
    "form_information_chart",
    "interval_svg",
    "item_curve_chart",
    "item_map_chart",
    "mark_svg",
    "new_axes",
    "option_curves_chart",
    "plot_form_characteristic",
    "plot_form_information",
    "plot_item_curve",
    "plot_item_map",
    "plot_option_curves",
    "plot_score_distribution",
    "score_distribution_chart",
    "tone_css",
]
