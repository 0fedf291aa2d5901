"""Prior distributions of item parameters, as functions of the working parameters (s, d, g).

``log a ~ N``, ``b ~ N`` with a mean that may be estimated from the items at hand (Babcock & Hodge 2020: a
mean fixed at 0 pulls a hard or an easy block the wrong way), ``c ~ Beta``. The estimate is the maximum of the
likelihood times the densities of a, b and c. What a bank's items look like can serve as the prior of new ones
(``empirical_priors``).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import betaln, expit

from ciip_irt.arrays import BoolArray, FloatArray

__all__ = ["BetaPrior", "NormalPrior", "Priors", "default_priors", "empirical_priors"]

LEAST_SD_LOG_A = 0.1  # of a bank's prior: a bank of like slopes shall not fix those of new items
LEAST_SD_B = 0.3  # likewise of difficulties
STRENGTH_OF_C = (10.0, 200.0)  # as many answers of persons who guess: alpha + beta


@dataclass(frozen=True, slots=True)
class NormalPrior:
    """Normal; ``mean=None`` (for b only) takes the mean of the items being estimated."""

    mean: float | None
    sd: float


@dataclass(frozen=True, slots=True)
class BetaPrior:
    """Beta with density proportional to ``c^(alpha - 1) (1 - c)^(beta - 1)``."""

    alpha: float
    beta: float


@dataclass(frozen=True, slots=True)
class Priors:
    """Priors of the item parameters; ``None`` leaves a parameter to the data alone.

    Those of b and c are for right/wrong items; that of log a serves every model that estimates slopes.

    >>> Priors(c=BetaPrior(5, 17)).b is None
    True
    """

    log_a: NormalPrior | None = None
    b: NormalPrior | None = None
    c: BetaPrior | None = None

    def in_words(self) -> str:
        """For the record of a run.

        >>> default_priors("3pl").in_words(), Priors(b=NormalPrior(None, 2.0)).in_words(), Priors().in_words()
        ('log a ~ N(0, 0.5), c ~ Beta(5, 17)', 'b ~ N(mean of the items, 2)', 'none')
        """
        said = []
        for name, prior in (("log a", self.log_a), ("b", self.b)):
            if prior is not None:
                mean = "mean of the items" if prior.mean is None else f"{prior.mean:.3g}"
                said.append(f"{name} ~ N({mean}, {prior.sd:g})")
        if self.c is not None:
            said.append(f"c ~ Beta({self.c.alpha:g}, {self.c.beta:g})")
        return ", ".join(said) or "none"

    def block_mean(self, working: FloatArray, applies: BoolArray) -> float:
        """The mean of the prior of b: given, or the mean b of the items it applies to."""
        if self.b is None:
            return 0.0
        if self.b.mean is not None:
            return self.b.mean
        use = applies[:, 1]
        return float((-working[use, 1] / working[use, 0]).mean()) if use.any() else 0.0

    def log_density(self, working: FloatArray, D: float, applies: BoolArray, block_mean: float) -> FloatArray:
        """Shape (J,): log prior of each item.

        ``applies`` (J, P) says which of its parameters are estimated, hence have a prior.
        """
        s, d = working[:, 0], working[:, 1]
        total = np.zeros(s.size)
        if self.log_a is not None:
            use = applies[:, 0]
            log_a = np.log(s[use] / D)
            z = (log_a - (self.log_a.mean or 0.0)) / self.log_a.sd
            total[use] += -log_a - 0.5 * z**2 - np.log(self.log_a.sd) - 0.5 * np.log(2 * np.pi)
        if self.b is not None:
            use = applies[:, 1]
            z = (-d[use] / s[use] - block_mean) / self.b.sd
            total[use] += -0.5 * z**2 - np.log(self.b.sd) - 0.5 * np.log(2 * np.pi)
        if self.c is not None:
            use = applies[:, 2]
            c = expit(working[use, 2])
            alpha, beta = self.c.alpha, self.c.beta
            total[use] += (alpha - 1) * np.log(c) + (beta - 1) * np.log1p(-c) - betaln(alpha, beta)
        return total

    def gradient(
        self, working: FloatArray, D: float, applies: BoolArray, block_mean: float
    ) -> tuple[FloatArray, FloatArray]:
        """Gradient (J, P) and a positive semi-definite curvature (J, P, P) by the working parameters."""
        s, d = working[:, 0], working[:, 1]
        first = np.zeros(working.shape)
        curvature = np.zeros((*working.shape, working.shape[1]))
        if self.log_a is not None:
            use = applies[:, 0]
            z = (np.log(s[use] / D) - (self.log_a.mean or 0.0)) / self.log_a.sd**2
            first[use, 0] += -(1.0 + z) / s[use]
            curvature[use, 0, 0] += 1.0 / (self.log_a.sd * s[use]) ** 2
        if self.b is not None:
            use = applies[:, 1]
            pull = -(-d[use] / s[use] - block_mean) / self.b.sd**2
            by = np.zeros((int(use.sum()), working.shape[1]))
            by[:, 0], by[:, 1] = d[use] / s[use] ** 2, -1.0 / s[use]
            first[use] += pull[:, None] * by
            curvature[use] += by[:, :, None] * by[:, None, :] / self.b.sd**2
        if self.c is not None:
            use = applies[:, 2]
            c = expit(working[use, 2])
            alpha, beta = self.c.alpha, self.c.beta
            first[use, 2] += (alpha - 1) * (1 - c) - (beta - 1) * c
            curvature[use, 2, 2] += (alpha + beta - 2) * c * (1 - c)
        return first, curvature


def default_priors(model: str) -> Priors:
    """None for all others; for 3pl c ~ Beta(5, 17), the mode of which is .20, and log a ~ N(0, .5).

    >>> default_priors("2pl")
    Priors(log_a=None, b=None, c=None)
    """
    if model == "3pl":
        return Priors(log_a=NormalPrior(0.0, 0.5), c=BetaPrior(5.0, 17.0))
    return Priors()


def empirical_priors(parameters: FloatArray, errors: FloatArray, model: str) -> Priors:
    """Hyperparameters from items already calibrated, their estimation errors taken out of the spread.

    ``mean = mean(x)``, ``sd^2 = var(x) - mean(se^2)`` for log a and b, the Beta of c by the moments of c in
    the same way. The mean of b is not taken over: new items may be easier or harder, so it is estimated from
    them (Babcock & Hodge 2020). 1pl has one slope, which needs no prior.

    Parameters
    ----------
    parameters, errors
        Shape (J, 3): a, b, c and their standard errors (NaN where unknown, which counts as 0), with the D and
        on the scale of the calibration to come; at least two items.

    Source: Efron & Morris (1973), JASA 68:117-130; Mislevy (1986), Psychometrika 51:177-195.

    >>> bank = np.column_stack((np.exp([-0.3, 0.0, 0.3]), [-1.0, 0.0, 1.0], [0.15, 0.2, 0.25]))
    >>> empirical_priors(bank, np.full((3, 3), np.nan), "2pl").in_words()
    'log a ~ N(0, 0.3), b ~ N(mean of the items, 1)'
    >>> empirical_priors(bank, np.full((3, 3), 0.3), "rasch").in_words()
    'b ~ N(mean of the items, 0.954)'
    """
    a, b, c = parameters.T
    se_a, se_b, se_c = np.where(np.isfinite(errors), errors, 0.0).T
    log_a = beta = None
    if model in ("2pl", "3pl"):
        use = a > 0
        spread = _spread(np.log(a[use]), se_a[use] / a[use], LEAST_SD_LOG_A)
        log_a = NormalPrior(round(float(np.log(a[use]).mean()), 4), spread)
    if model == "3pl":
        mean = float(np.clip(c.mean(), 0.01, 0.5))
        variance = _spread(c, se_c, 1e-4) ** 2
        strength = float(np.clip(mean * (1.0 - mean) / variance - 1.0, *STRENGTH_OF_C))
        beta = BetaPrior(round(mean * strength, 2), round((1.0 - mean) * strength, 2))
    return Priors(log_a, NormalPrior(None, _spread(b, se_b, LEAST_SD_B)), beta)


def _spread(values: FloatArray, errors: FloatArray, least: float) -> float:
    """Standard deviation of the true values, to three digits."""
    variance = float(np.var(values, ddof=1)) - float(np.mean(errors**2)) if values.size > 1 else 0.0
    return float(f"{max(np.sqrt(max(variance, 0.0)), least):.3g}")
