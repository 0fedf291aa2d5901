"""Who chooses which option, from the weakest to the strongest fifth: the quantile plot of item writers."""

from typing import TYPE_CHECKING

import polars as pl

from ciip_irt.plots.axes import draw
from ciip_irt.plots.chart import Axis, Band, Chart, Line, Mark, spread
from ciip_irt.plots.item_curve import SHARE_TICKS
from ciip_irt.plots.known import known
from ciip_irt.plots.palette import DISTRACTORS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["option_curves_chart", "plot_option_curves"]

LABEL_GAP = 0.062  # of the axis: the height of a line of the labels


def plot_option_curves(
    option_quantiles: pl.DataFrame, item_id: str, *, key: str, ax: "Axes | None" = None
) -> "Axes":
    """Share choosing each option by fifth of the criterion: the key's line rises, distractors fall.

    Parameters
    ----------
    option_quantiles
        ``item_id, fifth, option, share`` and where known ``low, high`` (``option_quantiles.csv``);
        ``fifth`` runs from 1 (lowest scores) upwards.
    item_id
        The item to show.
    key
        As in the bank: ``B``, ``B|D`` where either is right, ``*`` where everyone is credited.
    ax
        Where to draw; a figure of its own otherwise.

    Raises
    ------
    KeyError
        If no row is about the item.

    >>> shares = pl.DataFrame({"item_id": ["Q1"] * 4, "fifth": [1, 2, 1, 2], "option": ["A", "A", "B", "B"],
    ...                        "share": [0.4, 0.7, 0.6, 0.3]})
    >>> ax = plot_option_curves(shares, "Q1", key="A")
    >>> [text.get_text() for text in ax.texts]
    ['B', 'A key']
    """
    rows = option_quantiles.filter(pl.col("item_id") == item_id)
    if rows.is_empty():
        raise KeyError(item_id)
    return draw(option_curves_chart(rows, title=item_id, key=key), ax)


def option_curves_chart(rows: pl.DataFrame, *, title: str, key: str) -> Chart:
    """The figure of ``plot_option_curves`` as a chart; ``rows`` are those of one item."""
    rows = known(rows, "fifth", "option", "share").sort("option", "fifth")
    groups = rows["fifth"].unique().sort().to_list()
    options = rows["option"].unique(maintain_order=True).to_list()
    credited = set(options) if key == "*" else {letter.strip() for letter in key.split("|")}
    # Distractors first, so that the key's line lies on top.
    order = sorted(options, key=lambda option: (option in credited, option))
    of_option = {option: rows.filter(pl.col("option") == option) for option in order}
    ends = [of_option[option]["share"][-1] for option in order]
    heights = spread(ends, LABEL_GAP, 0.02, 1.0)
    marks: list[Mark] = []
    wrong = right = 0
    for option, height in zip(order, heights, strict=True):
        part = of_option[option]
        x = tuple(float(fifth) for fifth in part["fifth"].to_list())
        y = tuple(part["share"].to_list())
        if option in credited:
            tone, right = ("key", "key2")[min(right, 1)], right + 1
            if {"low", "high"} <= set(part.columns) and not part["low"].null_count() + part[
                "high"
            ].null_count():
                marks.append(Band(x, tuple(part["low"].to_list()), tuple(part["high"].to_list()), tone))
            marks.append(Line(x, y, tone, f"{option} key", height, strong=True, dots=True))
        else:
            marks.append(
                Line(x, y, DISTRACTORS[wrong % len(DISTRACTORS)], option, height, dash=wrong, dots=True)
            )
            wrong += 1
    return Chart(
        title,
        _words(of_option, credited),
        Axis(f"{_group_word(len(groups))} of total score", *_range(groups), _group_ticks(groups)),
        Axis("chose it", 0.0, 1.0, SHARE_TICKS),
        tuple(marks),
    )


def _words(of_option: dict[str, pl.DataFrame], credited: set[str]) -> str:
    said = []
    for option, part in sorted(of_option.items()):
        name = f"{option} (key)" if option in credited else option
        said.append(f"{name} from {part['share'][0]:.0%} to {part['share'][-1]:.0%}")
    return f"Share choosing each option, from the lowest to the highest group: {', '.join(said)}."


def _group_word(count: int) -> str:
    return {3: "third", 4: "quarter", 5: "fifth", 10: "tenth"}.get(count, "group")


def _range(groups: list[int]) -> tuple[float, float]:
    if not groups:
        return 0.0, 1.0
    return groups[0] - 0.15, groups[-1] + 0.15


def _group_ticks(groups: list[int]) -> tuple[tuple[float, str], ...]:
    if len(groups) < 2:
        return tuple((float(group), str(group)) for group in groups)
    words = {groups[0]: "lowest", groups[-1]: "highest"}
    return tuple((float(group), words.get(group, str(group))) for group in groups)
