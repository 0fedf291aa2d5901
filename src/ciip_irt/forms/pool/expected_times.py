"""How long forms take: times that were measured, and predictions for items that were not, with their error.

Log times are regressed on domain, cognitive level, log words and difficulty, as far as the bank has them
(response times are nearly lognormal). A prediction is the mean of its lognormal distribution; over a form its
error has a part of each item and one that all predictions share, that of the coefficients.

Source: van der Linden (2006), Journal of Educational and Behavioral Statistics 31:181-204.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import polars as pl

from ciip_irt.arrays import FloatArray

__all__ = ["ExpectedTimes", "FormTime", "expected_times"]

# Measured items for every coefficient, and at all, so that a prediction is one.
PER_COEFFICIENT, ENOUGH = 5, 30
# Of a normal distribution, 95 % lie within so many standard deviations.
NORMAL_95 = 1.959964


@dataclass(frozen=True, slots=True)
class FormTime:
    """Seconds that a form takes on average, with their standard error; how many of its items were predicted
    and how many have neither.
    """

    seconds: float
    error: float
    predicted: int
    unknown: tuple[str, ...]

    @property
    def low(self) -> float:
        return self.seconds - NORMAL_95 * self.error

    @property
    def high(self) -> float:
        return self.seconds + NORMAL_95 * self.error

    def chance_within(self, seconds: float, pace: float = 1.0) -> float:
        """The chance that whoever takes ``pace`` times as long as the average is done by then.

        >>> round(FormTime(9000.0, 300.0, 40, ()).chance_within(10_200, 1.1), 2)
        0.82
        """
        if self.error == 0:
            return float(pace * self.seconds <= seconds)
        return NormalDist(pace * self.seconds, pace * self.error).cdf(seconds)


@dataclass(frozen=True, slots=True)
class ExpectedTimes:
    """Seconds of every item, measured or ``predicted`` (item -> variance of its own error, and the row of the
    regression times the prediction); ``covariance`` of the coefficients.
    """

    seconds: Mapping[str, float]
    predicted: Mapping[str, tuple[float, FloatArray]]
    covariance: FloatArray

    def form(self, items: Iterable[str]) -> FormTime:
        """What the items take together."""
        total, own, n, unknown = 0.0, 0.0, 0, []
        together = np.zeros(len(self.covariance))
        for item_id in items:
            if item_id not in self.seconds:
                unknown.append(item_id)
                continue
            total += self.seconds[item_id]
            if item_id in self.predicted:
                variance, row = self.predicted[item_id]
                own, together, n = own + variance, together + row, n + 1
        variance = own + float(together @ self.covariance @ together)
        return FormTime(total, float(np.sqrt(max(0.0, variance))), n, tuple(unknown))


def expected_times(
    measured: Mapping[str, float], items: pl.DataFrame, letters: Sequence[str]
) -> ExpectedTimes:
    """Measured times, and predictions for the other items of the bank where enough were measured.

    >>> rng = np.random.default_rng(1)
    >>> words = rng.integers(20, 100, 90)
    >>> bank = pl.DataFrame({"item_id": [f"I{n}" for n in range(90)], "words": words})
    >>> known = {f"I{n}": float(2 * words[n]) for n in range(60)}
    >>> times = expected_times(known, bank, ["A"] * 90)
    >>> bool(abs(times.seconds["I75"] - 2 * words[75]) < 0.01), len(times.predicted)
    (True, 30)
    """
    ids = items["item_id"].to_list()
    known = np.array([measured.get(item_id, 0.0) > 0 for item_id in ids], dtype=np.bool_)
    nothing = ExpectedTimes(measured, {}, np.zeros((0, 0)))
    if known.all() or known.sum() < ENOUGH:
        return nothing
    design = _design(items, letters, known)
    if known.sum() < PER_COEFFICIENT * design.shape[1]:
        design = design[:, :1]
    log_times = np.log([measured[item_id] for item_id, is_known in zip(ids, known, strict=True) if is_known])
    inverse: FloatArray = np.linalg.pinv(design[known].T @ design[known]).astype(np.float64)
    coefficients = inverse @ design[known].T @ log_times
    residuals = log_times - design[known] @ coefficients
    free = int(known.sum()) - int(np.linalg.matrix_rank(design[known]))
    spread = float(residuals @ residuals) / max(1, free)
    seconds, predicted = dict(measured), {}
    for number in np.flatnonzero(~known).tolist():
        if ids[number] in measured:
            continue
        row = design[number]
        mean = float(np.exp(row @ coefficients + spread / 2))
        seconds[ids[number]] = mean
        predicted[ids[number]] = (mean**2 * float(np.expm1(spread)), mean * row)
    return ExpectedTimes(seconds, predicted, spread * inverse)


def _log_words(words: FloatArray) -> FloatArray:
    result: FloatArray = np.log(np.maximum(words, 1.0))
    return result


def _design(items: pl.DataFrame, letters: Sequence[str], known: np.ndarray) -> FloatArray:
    """One column of ones, then log words, b, and indicators of levels and domains that were measured often
    enough to tell them apart.
    """
    columns = [np.ones(items.height)]
    for name, transform in (("words", _log_words), ("b", np.asarray)):
        if name in items.columns:
            values = items[name].cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()
            given = np.isfinite(values)
            if (given & known).sum() >= ENOUGH:
                scaled = transform(np.where(given, values, 0.0))
                columns.append(np.where(given, scaled - scaled[given & known].mean(), 0.0))
    groups = [np.array(letters, dtype=object)]
    if "cognitive_level" in items.columns:
        groups.append(items["cognitive_level"].cast(pl.String).fill_null("").to_numpy())
    for group in groups:
        often = [value for value in sorted(set(group)) if (known & (group == value)).sum() >= PER_COEFFICIENT]
        columns += [(group == value).astype(np.float64) for value in often[1:]]
    return np.column_stack(columns)
