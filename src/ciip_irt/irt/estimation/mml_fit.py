"""What a marginal maximum likelihood fit returns."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.errors import plural
from ciip_irt.notices import Notice
from ciip_irt.records import result

__all__ = ["MmlFit", "fit_notices", "no_spread"]

NOTABLE_BOUND = 10.0  # log-likelihood units: below, what is left concerns weights that no item feels
ENDINGS = {
    "maximum": "A maximum: the log-likelihood falls in every direction from here.",
    "flat": "Not a proper maximum: the log-likelihood hardly changes in some direction.",
    "saddle": "NOT a maximum: the log-likelihood rises in some direction (a saddle point).",
    "not examined": "Whether this is a maximum was not examined: that takes Oakes' standard errors.",
}


@result
@dataclass(frozen=True, slots=True)
class MmlFit:
    """Item parameters with standard errors, populations, and how the iteration ended.

    Attributes
    ----------
    model, D
        Name of the model and the scaling constant of every parameter here.
    parameters, standard_errors
        Shape (J, P): a, b, c, or a, b1, b2, ... for scores above 1. NaN where not estimable, and for scores
        that an item lacks; standard errors are NaN where a value was held.
    free
        Shape (J, P): which parameters were estimated.
    covariance
        Shape (F, F): of the estimated parameters in the order of ``np.argwhere(free)``, or ``None``.
    population_mean, population_sd, population_mean_se, population_sd_se
        Shape (G,); standard errors are NaN where a moment was held.
    population_mean_free, population_sd_free
        Shape (G,): which moments were estimated.
    log_likelihood, log_prior
        At the estimates.
    n_parameters
        How many numbers were estimated, moments included.
    converged, iterations, largest_change, gradient_norm
        The last EM step changed no working parameter by more than ``largest_change``; ``gradient_norm`` is
        the length of the gradient of the log-posterior in the working parameters.
    n
        Shape (J,): answers per item.
    n_persons
        Shape (G,).
    no_variance
        Items that everybody answered alike (no finite estimate without a prior), or nobody answered.
    at_bound
        Shape (J, P): estimates that stopped at the edge of the allowed range.
    information_positive_definite
        ``None`` where no standard errors were asked for.
    second_order
        What the observed information says of the solution: ``"maximum"``, ``"flat"`` (the data do not
        determine everything; see ``undetermined``), ``"saddle"`` (no maximum), ``"not examined"`` (no
        standard errors asked for, or those of the cross product).
    undetermined
        Shape (J, P): working values that nothing determines. They have no standard errors, and those of the
        others take them as given.
    notices
        What cannot be trusted, and what to try; ``warnings`` are the same as plain sentences.
    theta, weights
        Shapes (Q,) and (G, Q): ability points and the populations' weights.
    lindsay_bound
        How much log-likelihood other histograms could add at most, the items being as they are; 0 for normal
        populations.
    population
        ``"normal"`` or ``"histogram"``.
    """

    model: str
    D: float
    parameters: FloatArray
    standard_errors: FloatArray
    free: BoolArray
    covariance: FloatArray | None
    population_mean: FloatArray
    population_sd: FloatArray
    population_mean_se: FloatArray
    population_sd_se: FloatArray
    population_mean_free: BoolArray
    population_sd_free: BoolArray
    log_likelihood: float
    log_prior: float
    n_parameters: int
    converged: bool
    iterations: int
    largest_change: float
    gradient_norm: float
    n: IntArray
    n_persons: IntArray
    no_variance: IntArray
    at_bound: BoolArray
    information_positive_definite: bool | None
    second_order: str
    undetermined: BoolArray
    notices: tuple[Notice, ...]
    theta: FloatArray
    weights: FloatArray
    lindsay_bound: float
    population: str

    @property
    def warnings(self) -> tuple[str, ...]:
        """What cannot be trusted, and what to try, in plain sentences."""
        return tuple(notice.words for notice in self.notices)

    @property
    def aic(self) -> float:
        """Akaike's criterion, ``2 k - 2 log L``."""
        return 2.0 * self.n_parameters - 2.0 * self.log_likelihood

    @property
    def bic(self) -> float:
        """Schwarz' criterion, ``k log N - 2 log L``, N the number of persons."""
        return (
            self.n_parameters * float(np.log(max(1, int(self.n_persons.sum())))) - 2.0 * self.log_likelihood
        )

    def summary(self) -> str:
        """A few plain sentences."""
        estimated = int(self.free.any(axis=1).sum())
        held = int((~self.free.any(axis=1) & ~np.isnan(self.parameters[:, 1])).sum())
        lines = [
            f"{self.model}: {plural(estimated, 'item')} estimated"
            + (f", {held:,} held at given values" if held else "")
            + f", {plural(int(self.n_persons.sum()), 'person')}.",
            (f"Converged after {plural(self.iterations, 'iteration')}" if self.converged else "NOT converged")
            + f"; log-likelihood {self.log_likelihood:,.2f}, "
            + f"length of its gradient {self.gradient_norm:.1g}.",
            ENDINGS[self.second_order],
        ]
        if self.population == "histogram":
            lines.append(
                "Populations are histograms; standard errors allow for the estimation of their means, "
                "standard deviations and broad shape, and take finer detail as known."
            )
        for group, (mean, sd) in enumerate(zip(self.population_mean, self.population_sd, strict=True)):
            lines.append(f"Population {group}: mean {mean:.3f}, standard deviation {sd:.3f}.")
        return "\n".join([*lines, *self.warnings])


def fit_notices(
    *,
    converged: bool,
    iterations: int,
    change: float,
    tolerance: float,
    at_bound: BoolArray,
    second_order: str,
    undetermined: BoolArray,
    no_variance: IntArray,
    answers: IntArray,
    narrow: IntArray,
    asymptotes: BoolArray | None,
    bound: float,
    histogram: bool,
) -> tuple[Notice, ...]:
    """What cannot be trusted, and what would help."""
    return (
        *_of_iteration(converged, iterations, change, tolerance, histogram),
        *_of_items_alike(no_variance, answers),
        *_of_edges(at_bound, asymptotes),
        *(_notice("no_spread", no_spread(f"Population {group}"), (group,)) for group in narrow),
        *_of_second_order(second_order, undetermined),
        *_of_histogram(bound),
    )


def _notice(code: str, words: str, subject: Iterable[int] = ()) -> Notice:
    return Notice(code, words, tuple(int(one) for one in subject))


def _of_iteration(
    converged: bool, iterations: int, change: float, tolerance: float, histogram: bool
) -> Iterator[Notice]:
    if converged:
        return
    yield _notice(
        "not_converged",
        f"The iteration stopped after {plural(iterations, 'step')} with a last change of {change:.1g} "
        f"(wanted {tolerance:.1g}). Try in this order: a prior on the slopes (and on c for the "
        "three-parameter model), a model with fewer parameters (2pl or rasch), more answers for the "
        "items with the largest standard errors, more iterations.",
    )
    if histogram:
        yield _notice(
            "histogram_not_converged",
            "A histogram of abilities has a weight at every point, which few candidates or few items do "
            "not determine: the normal population is the better choice here.",
        )


def _of_items_alike(no_variance: IntArray, answers: IntArray) -> Iterator[Notice]:
    alike = no_variance[answers[no_variance] > 0]
    if alike.size:
        yield _notice(
            "answered_alike",
            f"{plural(int(alike.size), 'item')} answered alike by everybody: without a prior on b the "
            "difficulty has no finite estimate, so none is given. More answers, or a prior on b, would help.",
            alike,
        )
    unseen = no_variance[answers[no_variance] == 0]
    if unseen.size:
        words = f"{plural(int(unseen.size), 'item')} without a single answer: no estimate."
        yield _notice("no_answer", words, unseen)


def _of_edges(at_bound: BoolArray, asymptotes: BoolArray | None) -> Iterator[Notice]:
    """Items at the edge of their range: those whose c is there, then those with another value there."""
    if asymptotes is not None and asymptotes.any():
        at_bound = at_bound & ~asymptotes[:, None]
        yield _notice(
            "asymptote_at_edge",
            f"{plural(int(asymptotes.sum()), 'item')} with a lower asymptote (c) at the edge of its range, "
            "where it has no standard error and a and b are uncertain with it: too few candidates of low "
            "ability met the item. The two-parameter model, a tighter prior on c or more candidates would "
            "help.",
            np.flatnonzero(asymptotes),
        )
    touching = np.flatnonzero(at_bound.any(axis=1))
    if touching.size:
        yield _notice(
            "at_edge",
            f"{plural(int(touching.size), 'item')} with an estimate at the edge of the allowed range, where "
            "it has no standard error: the data do not determine it. A prior, a simpler model or more "
            "answers would help.",
            touching,
        )


def _of_second_order(second_order: str, undetermined: BoolArray) -> Iterator[Notice]:
    if second_order == "saddle":
        yield _notice(
            "saddle",
            "The estimates are no maximum: in some direction the likelihood still rises (a saddle point), so "
            "there are no standard errors. The items may measure two things; look at the dimensionality, or "
            "calibrate them apart.",
        )
    if second_order == "flat":
        lost = np.flatnonzero(undetermined.any(axis=1))
        yield _notice(
            "flat",
            "The information matrix is not positive definite: the data do not determine "
            + (f"all values of {plural(int(lost.size), 'item')}" if lost.size else "the population")
            + ", and there are no standard errors for what they leave open. A prior, a simpler model or more "
            "answers would help.",
            lost,
        )


def _of_histogram(bound: float) -> Iterator[Notice]:
    if bound > NOTABLE_BOUND:
        yield _notice(
            "histogram_may_gain",
            f"The histogram of abilities could still gain up to {bound:,.0f} log-likelihood units; the items "
            "had come to rest. Read its weights as a rough picture.",
        )


def no_spread(who: str, *, several: bool = False) -> str:
    """That a population, or several, have next to no spread of abilities.

    >>> no_spread("Population 0")[:60]
    'Population 0 comes out with almost no spread: its answers sh'
    """
    come, each, their = ("come", " each", "their") if several else ("comes", "", "its")
    return (
        f"{who} {come} out with almost no spread{each}: {their} answers show no more agreement between"
        " items than chance. More persons or items would help, or a standard deviation that is given, not"
        " estimated."
    )
