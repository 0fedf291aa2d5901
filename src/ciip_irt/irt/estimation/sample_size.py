"""How many answers an item needs before its parameters are as precise as wanted.

The information about an item's parameters grows in proportion to its answers, what a prior says does not:
``1 / se^2 = n i + p``. From the standard error of a calibration follows i, and from it the n that would do,
for candidates like these: ``n* = n (1 / target^2 - p) / (1 / se^2 - p)``, without a prior
``n (se / target)^2``.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.errors import plural
from ciip_irt.irt.estimation.mml_fit import MmlFit
from ciip_irt.irt.models import MODELS
from ciip_irt.irt.priors import Priors
from ciip_irt.records import result

__all__ = ["TARGETS", "SampleAdvice", "answers_needed", "asymptotes_at_bound", "sample_advice"]

TARGETS: Mapping[str, float] = {"a": 0.25, "b": 0.3, "c": 0.06}
"""Largest standard error that is called precise enough; that of a is a share of a, b is in logits.

A b known to .3 is within .6 of the truth in 19 of 20 items, and its p within about .13 (``.6 a p q``, p = .5,
slope 1): enough to place an item, not to build a cut on it alone.
"""


@result
@dataclass(frozen=True, slots=True)
class SampleAdvice:
    """Which items have too few answers for the model, and how many would do.

    Attributes
    ----------
    items
        Those with a parameter less precise than wanted, the neediest first.
    n
        Answers each of them has.
    needed
        Answers each of them would need, of candidates like these.
    parameter
        Which parameter needs most: an index into ``MODELS[model].parameters``.
    model, estimated
        The model, and how many items were estimated at all.
    """

    items: IntArray
    n: IntArray
    needed: IntArray
    parameter: IntArray
    model: str
    estimated: int

    @property
    def would_do(self) -> int:
        """Answers with which nine in ten of the items that have too few would have enough."""
        if not self.items.size:
            return 0
        return int(np.ceil(np.quantile(self.needed, 0.9, method="higher") / 10.0) * 10)

    def summary(self) -> str:
        """A plain sentence; empty where every item has enough."""
        if not self.items.size:
            return ""
        have = int(np.median(self.n))
        return (
            f"{self.items.size:,} of {plural(self.estimated, 'item')} had too few answers for {self.model} "
            f"(about {have:,} each): from the standard errors, {self.would_do:,} answers each of candidates "
            "like these would do for nine in ten of them. Until then read their standard errors before their "
            "values, or take a simpler model."
        )


def answers_needed(
    n: IntArray, standard_errors: FloatArray, targets: FloatArray, prior_information: FloatArray | None = None
) -> FloatArray:
    """Shape (J, P): answers with which each standard error would come down to its target.

    Parameters
    ----------
    n
        Shape (J,): answers per item.
    standard_errors, targets, prior_information
        Shape (J, P): NaN where a parameter was not estimated; ``1 / sd^2`` of a normal prior, 0 for none.

    >>> answers_needed(np.array([100, 100]), np.array([[0.6], [0.2]]), np.full((2, 1), 0.3))
    array([[400.        ],
           [ 44.44444444]])
    """
    p = np.zeros(standard_errors.shape) if prior_information is None else prior_information
    with np.errstate(divide="ignore", invalid="ignore"):
        # an item that tells nothing beyond the prior would need no end of answers
        by_answer = np.maximum(1.0 / standard_errors**2 - p, 0.0) / n[:, None]
        wanted = np.maximum(1.0 / targets**2 - p, 0.0)
        result: FloatArray = np.where(wanted > 0, wanted / by_answer, 0.0)
    return result


def sample_advice(
    fit: MmlFit, priors: Priors | None = None, targets: Mapping[str, float] = TARGETS
) -> SampleAdvice:
    """Items whose parameters are less precise than wanted, and the numbers of answers that would do.

    Parameters
    ----------
    fit
        With standard errors. Estimates without one (at a bound, undetermined) are not judged here: they have
        warnings of their own.
    priors
        Those of the fit; what they say does not grow with the answers.
    targets
        Largest standard errors by parameter ("b" is for b1, b2, ... too); of a, as a share of a.

    >>> from ciip_irt.irt.estimation.mml import fit_mml
    >>> from ciip_irt.irt.response_blocks import ResponseBlock
    >>> rng = np.random.default_rng(1)
    >>> b = np.linspace(-2, 2, 9)
    >>> scores = (rng.random((40, 9)) < 1 / (1 + np.exp(b - rng.normal(size=(40, 1))))).astype(np.int8)
    >>> advice = sample_advice(fit_mml([ResponseBlock(np.arange(9), scores)], "rasch", 9))
    >>> bool(advice.items.size), bool((advice.needed > advice.n).all())
    (True, True)
    """
    names = MODELS[fit.model].parameters
    by_name = [targets.get(_kind(fit, place), np.inf) for place in range(fit.parameters.shape[1])]
    wanted = np.broadcast_to(np.array(by_name), fit.parameters.shape).copy()
    wanted[:, 0] *= np.abs(fit.parameters[:, 0])
    needed = answers_needed(fit.n, fit.standard_errors, wanted, _prior_information(fit, priors))
    needed = np.where(fit.free & np.isfinite(needed), needed, 0.0)
    if names[0] in MODELS[fit.model].common:
        needed[:, 0] = 0.0
    most = needed.max(axis=1)
    items = np.flatnonzero(most > fit.n)
    items = items[np.argsort(-most[items], kind="stable")]
    return SampleAdvice(
        items,
        fit.n[items],
        np.ceil(np.minimum(most[items], 1e9)).astype(np.int64),
        needed[items].argmax(axis=1),
        fit.model,
        int(fit.free.any(axis=1).sum()),
    )


def asymptotes_at_bound(fit: MmlFit) -> BoolArray:
    """Shape (J,): items of a 3PL calibration whose c stopped at the edge of its range.

    >>> from ciip_irt.irt.estimation.mml import fit_mml
    >>> from ciip_irt.irt.response_blocks import ResponseBlock
    >>> scores = np.array([[1, 0, 1], [0, 0, 1], [1, 1, 0], [0, 1, 1]] * 9, dtype=np.int8)
    >>> asymptotes_at_bound(fit_mml([ResponseBlock(np.arange(3), scores)], "rasch", 3))
    array([False, False, False])
    """
    names = MODELS[fit.model].parameters
    if "c" not in names:
        return np.zeros(fit.n.size, dtype=np.bool_)
    result: BoolArray = fit.at_bound[:, names.index("c")]
    return result


def _kind(fit: MmlFit, place: int) -> str:
    """a, b or c: what a column of the parameters is."""
    names = MODELS[fit.model].parameters
    return "a" if place == 0 else "c" if names[-1] == "c" and place == len(names) - 1 else "b"


def _prior_information(fit: MmlFit, priors: Priors | None) -> FloatArray:
    result = np.zeros(fit.parameters.shape)
    if priors is None:
        return result
    if priors.log_a is not None:
        result[:, 0] = 1.0 / (priors.log_a.sd * fit.parameters[:, 0]) ** 2
    if priors.b is not None:
        result[:, 1] = 1.0 / priors.b.sd**2
    if priors.c is not None:
        alpha, beta = priors.c.alpha, priors.c.beta
        result[:, 2] = (alpha + beta) ** 2 * (alpha + beta + 1) / (alpha * beta)
    return result
