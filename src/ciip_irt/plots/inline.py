"""Marks small enough for a table cell: an interval on its scale, a share as a bar."""

import math

__all__ = ["bar_svg", "interval_svg"]


def interval_svg(
    value: float | None,
    low: float | None,
    high: float | None,
    *,
    scale: tuple[float, float],
    zero: bool = False,
) -> str:
    """The estimate as a dot and its interval as a line, on a scale all rows share; nothing where unknown.

    An interval that leaves the scale is cut at its end. ``zero`` marks where zero is.

    >>> interval_svg(0.5, 0.4, 0.6, scale=(0.0, 1.0)).count("<circle")
    1
    >>> interval_svg(None, None, None, scale=(0.0, 1.0))
    ''
    """
    if value is None or not math.isfinite(value):
        return ""
    at = _place(value, scale)
    parts = ['<svg class="track" viewBox="0 0 80 12" aria-hidden="true"><path class="scale" d="M2 6H78"/>']
    if zero:
        parts.append(f'<path class="zero" d="M{_place(0.0, scale):.1f} 1V11"/>')
    if low is not None and high is not None and math.isfinite(low) and math.isfinite(high):
        parts.append(f'<path class="range" d="M{_place(low, scale):.1f} 6H{_place(high, scale):.1f}"/>')
    parts.append(f'<circle cx="{at:.1f}" cy="6" r="2.6"/></svg>')
    return "".join(parts)


def bar_svg(share: float | None, tone: str = "key") -> str:
    """A share of one as a bar.

    >>> 'width="40.0"' in bar_svg(0.5)
    True
    >>> bar_svg(None)
    ''
    """
    if share is None or not math.isfinite(share):
        return ""
    width = 80 * min(max(share, 0.0), 1.0)
    return (
        '<svg class="meter" viewBox="0 0 80 8" aria-hidden="true">'
        '<rect class="trough" width="80" height="8"/>'
        f'<rect class="fill t-{tone}" width="{width:.1f}" height="8"/></svg>'
    )


def _place(value: float, scale: tuple[float, float]) -> float:
    low, high = scale
    return 2 + 76 * min(max((value - low) / (high - low), 0.0), 1.0)
