"""Does the model hold for a set of items as a whole? M2, RMSEA and SRMSR.

M2 compares the observed means and cross-products of the item scores with the model's, all pairs at once,
in the metric of their own covariance matrix. That matrix has J (J + 1) / 2 rows (14,535 for 170 items) and
is never formed here: given ability answers are independent, so its product with a vector is a few products of
points x items x items, and the statistic is found by conjugate gradients.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtr, chdtrc, chndtrinc

from ciip_irt.arrays import FloatArray, ScoreArray
from ciip_irt.errors import InputError, Problem, plural
from ciip_irt.irt.fit_statistics.margins import Margins, Tangent, expected_margins, margin_tangent
from ciip_irt.irt.models import ItemModel
from ciip_irt.irt.models.two_pl import TWO_PL
from ciip_irt.irt.population import log_weights
from ciip_irt.irt.quadrature import equally_spaced
from ciip_irt.records import result
from ciip_irt.threads import one_blas_thread

__all__ = ["MARGINS", "ModelFit", "assess_model_fit"]

MARGINS = ("m2", "c2")
POINTS = 121  # of ability: a tenth of a standard deviation apart
REACH = 6.0  # standard deviations either side: 2 in 10^9 lie beyond
EXACT = 1e-8  # of the residual; the statistic errs by its square
MOST_ITERATIONS = 2000  # of conjugate gradients: a stop, where rounding keeps the residual up
CLOSE = 0.05  # RMSEA of a close fit, SRMSR of a small misfit (Maydeu-Olivares & Joe 2014)


@result
@dataclass(frozen=True, slots=True)
class ModelFit:
    """Overall fit of one set of items answered in full by ``n`` persons.

    Attributes
    ----------
    statistic, df, p
        M2 (or C2), chi-squared with ``df`` degrees of freedom where the model holds exactly.
    rmsea, rmsea_low, rmsea_high
        Misfit per degree of freedom, with its 90 % interval; below .05 is a close fit.
    srmsr
        Root mean square of the differences of observed and expected correlations of items.
    iterations
        Steps of the conjugate gradients.
    """

    margins: str
    n: int
    n_items: int
    statistic: float
    df: int
    p: float
    rmsea: float
    rmsea_low: float
    rmsea_high: float
    srmsr: float
    iterations: int

    def summary(self) -> str:
        """A few plain sentences."""
        said = (
            f"{self.margins.upper()} = {self.statistic:,.1f} with {self.df:,} degrees of freedom"
            f" (p {'< .001' if self.p < 0.001 else f'= {self.p:.3f}'}), RMSEA {self.rmsea:.3f}"
            f" [{self.rmsea_low:.3f}, {self.rmsea_high:.3f}], SRMSR {self.srmsr:.3f}"
            f" ({plural(self.n_items, 'item')}, {plural(self.n, 'person')})."
        )
        return f"{said} {self.verdict()}"

    def verdict(self) -> str:
        """What the interval of the RMSEA says, in a sentence."""
        if self.rmsea_high < CLOSE:
            return "The model fits closely as a whole."
        if self.rmsea_low > CLOSE:
            return "The model misses how items go together: look at item fit and at dependent pairs."
        return "Whether the model fits closely as a whole is open with this many answers."


def assess_model_fit(
    scores: ScoreArray,
    parameters: FloatArray,
    *,
    model: ItemModel = TWO_PL,
    mean: float = 0.0,
    sd: float = 1.0,
    D: float = 1.0,
    use: str = "m2",
) -> ModelFit:
    """M2 of persons who answered all of some items.

    ``M2 = N e' C e``, ``C = X^-1 - X^-1 T (T' X^-1 T)^-1 T' X^-1``, with e the residual means and
    cross-products, X the covariance matrix of the margins and T their derivatives by the parameters that the
    model leaves free (``model.free``, ``model.common``, and the spread of the population for Rasch models).
    Because ``C T = 0``, any consistent estimates serve: those of a calibration that also saw other forms and
    pilots, or that held anchors on another scale.

    Parameters
    ----------
    scores
        Shape (N, J), nothing missing.
    parameters
        Shape (J, P), of these items.
    mean, sd
        Moments of these persons' population.
    use
        ``"m2"``: means and cross-products of scores (for more than two scores called M2*); ``"c2"``: the
        share of each score instead of the mean, which leaves short tests with many scores some degrees of
        freedom.

    Raises
    ------
    InputError
        Missing scores, an item without parameters, or fewer margins than parameters.

    Source: Maydeu-Olivares & Joe (2006), Psychometrika 71:713-732; Cai & Hansen (2013), British J. Math.
    Stat. Psych. 66:245-276 for M2*; Cai & Monroe (2014), CRESST Report 839, for C2; Maydeu-Olivares & Joe
    (2014), Multivariate Behavioral Research 49:305-328 for RMSEA and SRMSR.

    >>> from ciip_irt.irt.models import MODELS
    >>> rng = np.random.default_rng(1)
    >>> items = np.column_stack((np.ones(8), np.linspace(-1, 1, 8), np.zeros(8)))
    >>> right = rng.random((500, 8)) < 1 / (1 + np.exp(items[:, 1] - rng.normal(size=(500, 1))))
    >>> fit = assess_model_fit(right.astype(np.int8), items, model=MODELS["rasch"])
    >>> fit.df, bool(fit.p > 0.01), bool(fit.srmsr < 0.06)
    (27, True, True)
    """
    with one_blas_thread():
        _check(scores, parameters, model, use)
        theta = mean + sd * equally_spaced(-REACH, REACH, POINTS)
        weights = np.exp(log_weights(theta, np.array([mean]), np.array([sd])))[0]
        expected = expected_margins(parameters, theta, weights, model=model, D=D, by_score=use == "c2")
        free = margin_tangent(expected, parameters, theta, mean=mean, sd=sd, model=model, D=D)
        size = expected.size
        df = size - free.rank
        if df < 1:
            raise InputError(
                Problem(
                    f"{size} margins for {free.rank} parameters leave no degree of freedom",
                    remedy="Test more items together" + (", or use c2." if use == "m2" else "."),
                )
            )
        n = scores.shape[0]
        residual = expected.residual(scores)
        value, iterations = _quadratic_form(expected, free, residual)
        statistic = n * value
        low, high = _noncentrality(statistic, df)
        scale = df * max(n - 1, 1)
        return ModelFit(
            margins=use,
            n=n,
            n_items=scores.shape[1],
            statistic=statistic,
            df=df,
            p=float(chdtrc(df, statistic)),
            rmsea=float(np.sqrt(max(0.0, statistic - df) / scale)),
            rmsea_low=float(np.sqrt(low / scale)),
            rmsea_high=float(np.sqrt(high / scale)),
            srmsr=expected.srmsr(scores),
            iterations=iterations,
        )


def _check(scores: ScoreArray, parameters: FloatArray, model: ItemModel, use: str) -> None:
    problems = []
    if use not in MARGINS:
        problems.append(Problem(f"unknown margins {use!r}", remedy=f"Use {' or '.join(MARGINS)}."))
    missing = int((scores < 0).sum())
    if missing or not scores.size:
        remedy = "Give the persons who answered all of the items, each set of items by itself."
        problems.append(Problem("scores are missing", count=missing, remedy=remedy))
    if (unknown := int(model.unknown(parameters).sum())) or parameters.shape[0] != scores.shape[1]:
        problems.append(
            Problem(
                "items without parameters", count=unknown, remedy="Give one row for each column of scores."
            )
        )
    if problems:
        raise InputError(problems)


def _quadratic_form(expected: Margins, free: Tangent, residual: FloatArray) -> tuple[float, int]:
    """``max_y 2 e'y - y'X y`` over y with ``T'y = 0``, by projected conjugate gradients."""
    r = free.projected(residual)
    first = float(r @ r)
    y, direction, length = np.zeros_like(r), r.copy(), first
    iterations = 0
    while length > EXACT**2 * max(first, 1e-300) and iterations < MOST_ITERATIONS:
        iterations += 1
        image = free.projected(expected.covariance_times(direction))
        step = length / float(direction @ image)
        y += step * direction
        r -= step * image
        before, length = length, float(r @ r)
        direction = r + (length / before) * direction
    return float(residual @ y), iterations


def _noncentrality(statistic: float, df: int) -> tuple[float, float]:
    """The 90 % interval of the noncentrality parameter."""

    def at(share: float) -> float:
        if chdtr(df, statistic) <= share:
            return 0.0
        return float(chndtrinc(statistic, df, share))

    return at(0.95), at(0.05)
