"""A figure as a value: axes and marks in data units, drawn by ``axes.draw`` or written by ``svg.chart_svg``.

One description, two media. A report of six hundred items holds over a thousand figures: written as SVG text
they take a second and three megabytes, follow the reader's light or dark scheme, and keep their words as
text; drawn by matplotlib they would take minutes. In a notebook the same description becomes matplotlib Axes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

__all__ = ["Axis", "Band", "Bars", "Chart", "Line", "Mark", "Points", "ReferenceLine", "even_ticks", "spread"]

Tick = tuple[float, str]


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: its label, its range and its ticks as (value, text)."""

    label: str
    low: float
    high: float
    ticks: tuple[Tick, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A line through (x, y). ``tone`` is its colour by meaning (see ``palette.TONES``).

    ``label`` is written next to the last point, at height ``label_y`` where labels had to make room.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]
    tone: str
    label: str = ""
    label_y: float | None = None
    strong: bool = False
    dash: int = 0
    dots: bool = False


@dataclass(frozen=True, slots=True)
class Points:
    """Points, with intervals ``low`` .. ``high`` where given.

    ``names`` are shown when a point is touched, ``links`` are where it leads.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]
    tone: str
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    names: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    hollow: bool = False
    shape: str = "circle"


@dataclass(frozen=True, slots=True)
class Band:
    """The area between ``low`` and ``high``."""

    x: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    tone: str


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars from zero, ``width`` wide in units of x."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    tone: str
    width: float = 1.0


@dataclass(frozen=True, slots=True)
class ReferenceLine:
    """A thin straight line across the figure at one value of x (or of y)."""

    at: float
    label: str = ""
    across: str = "x"


Mark = Line | Points | Band | Bars | ReferenceLine


@dataclass(frozen=True, slots=True)
class Chart:
    """A whole figure. ``description`` says in words what it shows, for those who do not see it.

    ``legend`` explains tones that no direct label names: (mark as it is drawn, words).
    """

    title: str
    description: str
    x: Axis
    y: Axis
    marks: tuple[Mark, ...]
    legend: tuple[tuple[Points, str], ...] = ()


def even_ticks(low: float, high: float, wanted: int = 5) -> tuple[Tick, ...]:
    """Ticks at round numbers within ``low`` .. ``high``.

    >>> even_ticks(0, 23)
    ((0.0, '0'), (5.0, '5'), (10.0, '10'), (15.0, '15'), (20.0, '20'))
    >>> [text for _, text in even_ticks(-0.3, 0.5)]
    ['−.2', '0', '.2', '.4']
    """
    raw = max(high - low, 1e-9) / wanted
    power = 10.0 ** floor(log10(raw))
    step = min((power * m for m in (1, 2, 2.5, 5, 10)), key=lambda s: abs(s - raw))
    values = [round(k * step, 10) for k in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]
    return tuple((value, _tick_text(value)) for value in values)


def _tick_text(value: float) -> str:
    text = f"{abs(value):,.10g}" if abs(value) < 1 else f"{abs(value):,g}"
    if 0 < abs(value) < 1:
        text = text.removeprefix("0")
    return f"−{text}" if value < 0 else text


def spread(heights: Sequence[float], gap: float, low: float, high: float) -> tuple[float, ...]:
    """Heights moved apart so that no two are closer than ``gap``, in the same order, within the range.

    >>> [round(height, 2) for height in spread((0.70, 0.10, 0.11, 0.09), 0.08, 0.0, 1.0)]
    [0.7, 0.1, 0.18, 0.02]
    >>> spread((), 0.1, 0.0, 1.0)
    ()
    """
    order = sorted(range(len(heights)), key=lambda k: (heights[k], -k))
    placed = [heights[k] for k in order]
    # Relaxation: push each close pair apart evenly; a handful of labels settles in a few rounds.
    for _ in range(50):
        moved = False
        for i in range(len(placed) - 1):
            short = gap - (placed[i + 1] - placed[i])
            if short > 1e-9:
                placed[i] -= short / 2
                placed[i + 1] += short / 2
                moved = True
        for i, value in enumerate(placed):
            placed[i] = min(max(value, low), high)
        if not moved:
            break
    result = [0.0] * len(placed)
    for position, k in enumerate(order):
        result[k] = placed[position]
    return tuple(result)
