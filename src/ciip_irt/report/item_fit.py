"""An item's rows of ``fit.csv`` as lines to read: value, what is expected, whether it is beyond chance."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ciip_irt.irt.fit_statistics import FIT_LEVEL
from ciip_irt.report.formats import decimal, humane, interval, whole

__all__ = ["FitLine", "fit_lines"]

WORDS = {"infit": "Infit", "outfit": "Outfit", "s_x2": "S-X²", "rmsd": "RMSD", "md": "MD"}
COMPANIONS = ("_low", "_high", "_p", "_p_adjusted", "_df", "_se")


@dataclass(frozen=True, slots=True)
class FitLine:
    """One statistic: its value, where it lies by chance, and its p adjusted for the number of items."""

    name: str
    words: str
    value: float | None
    expected: str
    p: float | None
    beyond: bool


def fit_lines(rows: Iterable[Mapping[str, Any]]) -> list[FitLine]:
    """Statistics in file order; their companions (limits, df, p, standard error) join them.

    >>> rows = [{"statistic": name, "value": value} for name, value in
    ...     (("infit", 1.31), ("infit_low", 0.9), ("infit_high", 1.1), ("infit_p_adjusted", 0.01))]
    >>> line = fit_lines(rows)[0]
    >>> line.words, line.expected, line.beyond
    ('Infit', '.90 to 1.10', True)
    """
    values = {str(row["statistic"]): row["value"] for row in rows}
    lines = []
    for name, value in values.items():
        if any(name.endswith(end) and name.removesuffix(end) in values for end in COMPANIONS):
            continue
        low, high, df, se = (values.get(name + end) for end in ("_low", "_high", "_df", "_se"))
        expected = ""
        if low is not None and high is not None:
            expected = interval(low, high)
        elif df is not None:
            expected = f"about {whole(df)}"
        elif se is not None:
            expected = f"0 ± {decimal(1.96 * se)}"
        p = values.get(f"{name}_p_adjusted")
        lines.append(
            FitLine(name, WORDS.get(name, humane(name)), value, expected, p, p is not None and p < FIT_LEVEL)
        )
    return lines
