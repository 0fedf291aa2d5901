"""Numbers as item writers read them."""

from collections.abc import Sequence
from math import isfinite

__all__ = ["listed", "number", "percent", "signed"]


def listed(parts: Sequence[str], last: str = "and") -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def percent(share: float) -> str:
    """41 %, and never a rounded 0 or 100 that is not one."""
    if not isfinite(share):
        return "unknown"
    rounded = f"{100 * share:.0f}"
    if (rounded == "0" and share > 0) or (rounded == "100" and share < 1):
        rounded = f"{100 * share:.1f}"
    return f"{rounded} %"


def number(value: float) -> str:
    """.19 or -.05: correlations and probabilities are written without the zero."""
    if not isfinite(value):
        return "unknown"
    text = f"{value:.2f}".replace("0.", ".", 1)
    return ".00" if text == "-.00" else text


def signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")
