"""What was measured, as lines of a table."""

import os
import platform
from dataclasses import dataclass, field

import numpy as np
import scipy

__all__ = ["Measurement", "heading", "shown"]


@dataclass(frozen=True, slots=True)
class Measurement:
    """One line: how long, beside what, and whether the answer is right.

    Attributes
    ----------
    seconds
        Median over the rounds.
    iterations
        Of EM; 0 where there are none.
    peak
        Most memory at once, in megabytes, above the answers themselves; NaN where not measured.
    ratios
        ``{"x of floor": (reached, wanted)}``, wanted as "<= 3" or ">= 100"; "" where nothing is asked.
    checks
        ``{what: true or not}``; a fast wrong answer shows here.
    note
        Anything else.
    """

    case: str
    seconds: float
    iterations: int = 0
    peak: float = float("nan")
    ratios: dict[str, tuple[float, str]] = field(default_factory=dict)
    checks: dict[str, bool] = field(default_factory=dict)
    note: str = ""

    @property
    def correct(self) -> bool:
        return all(self.checks.values())


def heading(threads: int | None) -> str:
    """Where and with what."""
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (
        f"Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}; "
        f"{os.cpu_count()} cores, {threads or 'default'} threads of matrix products{load}\n"
        f"{'case':<34}{'seconds':>9}{'iterations':>12}{'peak MB':>9}  beside, and what was asked"
    )


def shown(line: Measurement) -> str:
    """The measurement as a line, and one more for every ratio and for what is wrong."""
    iterations = str(line.iterations) if line.iterations else ""
    peak = "" if np.isnan(line.peak) else f"{line.peak:.0f}"
    texts = []
    for name, (reached, wanted) in line.ratios.items():
        verdict = "" if not wanted else f" (asked {wanted}: {'met' if _met(reached, wanted) else 'MISSED'})"
        texts.append(f"{reached:.3g} {name}{verdict}")
    if line.note:
        texts.append(line.note)
    texts.extend(f"WRONG: {what}" for what, right in line.checks.items() if not right)
    first, *rest = texts or [""]
    head = f"{line.case:<34}{line.seconds:>9.3f}{iterations:>12}{peak:>9}  {first}".rstrip()
    return "\n".join([head, *(" " * 66 + text for text in rest)])


def _met(reached: float, wanted: str) -> bool:
    sign, limit = wanted.split()
    return reached <= float(limit) if sign == "<=" else reached >= float(limit)
