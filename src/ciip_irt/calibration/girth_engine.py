"""The girth package as a second opinion on item parameters, where its method is sound.

girth (https://eribean.github.io/girth) solves each item's difficulty from the item's proportion right as if
the persons who met it were one sample from N(0, 1); the slopes maximise the marginal likelihood with the
difficulties tied to them in this way. On complete data of one population this comes close to marginal maximum
likelihood: within .0005 where the model fits, within some hundredths where it fits less well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray, IntArray, ScoreArray
from ciip_irt.errors import ConvergenceError, DesignError, InputError, Problem, plural
from ciip_irt.irt import ResponseBlock, check_blocks
from ciip_irt.records import result

__all__ = ["GIRTH_MODELS", "GirthEstimates", "estimate_with_girth"]

GIRTH_MODELS: Final = ("rasch", "1pl", "2pl")

# Wider and finer than girth's own [-4.5, 4.5] with 41 points: extreme items need the tails. The look-up table
# interpolates difficulties to about 1e-3 only; the iteration limit of 25 is met silently.
OPTIONS: Final[Mapping[str, Any]] = {
    "quadrature_bounds": (-6.0, 6.0),
    "quadrature_n": 61,
    "use_LUT": False,
    "max_iteration": 200,
}
# the fewest that girth estimates these models from
FEWEST_ITEMS: Final[Mapping[str, int]] = {"rasch": 2, "1pl": 2, "2pl": 3}
# girth multiplies the probabilities of all items: 700 of .35 are next to 0 in a double
MOST_ITEMS: Final = 700
DIFFICULTY_BOUND: Final = 6.0  # girth searches difficulties no further
# girth searches slopes no further
SLOPE_BOUNDS: Final[Mapping[str, tuple[float, float]]] = {
    "rasch": (0.25, 10.0),
    "1pl": (0.25, 10.0),
    "2pl": (0.2, 5.0),
}
AT_BOUND: Final = 0.01  # nearer to the end of the search than its tolerance: stopped there, not found there
WITHOUT_ERRORS: Final = (
    "girth reports no standard errors: how far these estimates may be off is not known."
    " The default engine reports them."
)
WITHOUT_CONVERGENCE: Final = (
    "girth does not report whether it converged: take these estimates as a cross-check of the default engine,"
    " not as a calibration."
)


@result
@dataclass(frozen=True, slots=True)
class GirthEstimates:
    """What girth estimates, in this package's units.

    Attributes
    ----------
    model, D
        The model, and the scaling constant of the parameters.
    parameters
        (J, 3) a, b, c; NaN for an item without variation or that nobody met.
    mean, sd
        Of the ability population these parameters belong to: 0, and 1 except for Rasch.
    n_persons
        Persons used.
    no_variance
        Items that everybody answered alike; they have no estimate.
    at_bound
        (J,) items whose slope or difficulty stopped at the edge of girth's range: not an estimate.
    warnings
        Plain sentences.
    """

    model: str
    D: float
    parameters: FloatArray
    mean: float
    sd: float
    n_persons: int
    no_variance: IntArray
    at_bound: BoolArray
    warnings: tuple[str, ...]


def estimate_with_girth(
    blocks: Sequence[ResponseBlock], model: str, n_items: int, *, D: float = 1.0
) -> GirthEstimates:
    """Item parameters from girth, for complete data of one population.

    girth fixes the population at N(0, 1) with D = 1. 1PL and 2PL need only ``a = a_girth / D``. girth's own
    Rasch function holds both the slope and the spread, one restriction more than the Rasch model has; so its
    one-parameter function is used, with a free common slope ``alpha``, and its result changed to our units:
    ``a = 1``, ``b = alpha b_girth / D``, population standard deviation ``alpha / D``. The probabilities stay
    the same.

    girth's range: difficulties within 6 standard deviations of the population, slopes from .2 to 5 (Rasch and
    1PL: .25 to 10). Items that stop there are listed.

    Parameters
    ----------
    blocks
        Persons who all answered the same items; blocks with the same items are taken together.
    model
        ``"rasch"``, ``"1pl"`` or ``"2pl"``.
    n_items
        J, the size of the pool that the items' numbers refer to.
    D
        The scaling constant that the parameters shall have.

    Raises
    ------
    InputError
        A model girth cannot estimate here, or scores other than 0 and 1.
    DesignError
        Data missing by design or otherwise, several populations, too few items with variation, too many
        items for girth's arithmetic.
    ConvergenceError
        girth returned no finite numbers.

    >>> rng = np.random.default_rng(3)
    >>> difficulty = np.linspace(-1.5, 1.5, 8)
    >>> p = 1 / (1 + np.exp(difficulty - rng.normal(0, 1.2, size=(2000, 1))))
    >>> block = ResponseBlock(np.arange(8), (rng.random(p.shape) < p).astype(np.int8))
    >>> estimates = estimate_with_girth([block], "rasch", 8)
    >>> bool(np.abs(estimates.parameters[:, 1] - difficulty).max() < 0.15), round(estimates.sd, 1)
    (True, 1.2)
    """
    _check_model(model)
    check_blocks(blocks, n_items)
    items, scores = _complete(blocks)
    varied = (scores.min(axis=0) == 0) & (scores.max(axis=0) == 1)
    if int(varied.sum()) < FEWEST_ITEMS[model]:
        raise DesignError(
            f"{plural(int(varied.sum()), 'item')} with both right and wrong answers: the {model} model needs"
            f" {FEWEST_ITEMS[model]} or more. Add items or candidates."
        )
    if int(varied.sum()) > MOST_ITEMS:
        raise DesignError(
            f"{varied.sum():,} items: girth multiplies the probabilities of all answers of a person, and"
            f" beyond {MOST_ITEMS} items the product is too small for a computer's numbers. Use the default"
            " engine."
        )
    a, b = _estimated(scores[:, varied], model)
    low, high = SLOPE_BOUNDS[model]
    stopped = (np.abs(b) > DIFFICULTY_BOUND - AT_BOUND) | (a < low + AT_BOUND) | (a > high - AT_BOUND)
    sd = 1.0
    if model == "rasch":
        sd = float(a[0]) / D
        a, b = np.ones_like(a), b * sd
    else:
        a = a / D

    parameters = np.full((n_items, 3), np.nan)
    estimated = items[varied]
    parameters[estimated] = np.column_stack((a, b, np.zeros_like(a)))
    at_bound = np.zeros(n_items, dtype=np.bool_)
    at_bound[estimated] = stopped
    no_variance = np.sort(items[~varied])
    return GirthEstimates(
        model=model,
        D=D,
        parameters=parameters,
        mean=0.0,
        sd=sd,
        n_persons=scores.shape[0],
        no_variance=no_variance,
        at_bound=at_bound,
        warnings=_warnings(int(no_variance.size), int(stopped.sum()), n_items - items.size),
    )


def _check_model(model: str) -> None:
    if model == "3pl":
        raise InputError(
            Problem(
                "the girth engine does not estimate the 3PL: girth's own 3PL fails with current numpy",
                remedy="Use the default engine for this model.",
            )
        )
    if model not in GIRTH_MODELS:
        raise InputError(
            Problem(
                f"the girth engine does not know the model {model!r}",
                remedy=f"Use {', '.join(GIRTH_MODELS)}, or the default engine.",
            )
        )


def _complete(blocks: Sequence[ResponseBlock]) -> tuple[IntArray, ScoreArray]:
    """The items, and persons x items without a gap; refuses everything else."""
    blocks = [block for block in blocks if block.n_persons and block.items.size]
    found: list[str] = []
    pool = np.unique(np.concatenate([block.items for block in blocks]))
    partial = sum(block.n_persons for block in blocks if block.items.size < pool.size)
    if partial:
        found.append(
            f"{plural(partial, 'person')} met only some of the {pool.size:,} items (data missing by design:"
            " several forms or rotating pilots)"
        )
    gaps = sum(int((~block.answered).sum()) for block in blocks)
    if gaps:
        found.append(f"{plural(gaps, 'answer')} to items that were given do not count (e.g. not reached)")
    groups = sorted({block.group for block in blocks})
    if len(groups) > 1:
        found.append(f"the persons come from {len(groups)} populations")
    if found:
        raise DesignError(
            f"girth cannot estimate from these data: {'; '.join(found)}. girth solves every item as if the"
            " persons who met it were one sample from N(0, 1). Where abler persons met an item, its"
            " difficulty comes out too low by as much as they are abler, easily by a logit, with no sign that"
            " anything is wrong. Use the default engine, which handles such data, or give girth the scored"
            " items of one form, with every answer scored."
        )
    if any((block.scores > 1).any() for block in blocks):
        raise InputError(
            Problem("scores above 1", remedy="The girth engine is for items scored 0 or 1 only.")
        )
    scores = np.concatenate([block.scores[:, np.argsort(block.items)] for block in blocks])
    return pool, scores


def _estimated(scores: ScoreArray, model: str) -> tuple[FloatArray, FloatArray]:
    """Slopes and difficulties of girth, on N(0, 1) with D = 1."""
    import girth

    # girth: items x persons, and integers wide enough for its running item index
    data = np.ascontiguousarray(scores.T, dtype=np.int64)
    estimate = girth.twopl_mml if model == "2pl" else girth.onepl_mml
    result = estimate(data, options=dict(OPTIONS))
    b = np.asarray(result["Difficulty"], dtype=np.float64).reshape(-1)
    a = np.broadcast_to(np.asarray(result["Discrimination"], dtype=np.float64), b.shape).copy()
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ConvergenceError("girth returned estimates that are not finite. Use the default engine.")
    return a, b


def _warnings(n_alike: int, n_stopped: int, n_unmet: int) -> tuple[str, ...]:
    lines = [WITHOUT_CONVERGENCE, WITHOUT_ERRORS]
    if n_alike:
        lines.append(
            f"{plural(n_alike, 'item')} everybody answered alike: no estimate. More candidates would help."
        )
    if n_stopped:
        lines.append(
            f"{plural(n_stopped, 'item')} stopped at the edge of girth's range (slopes from .2, difficulties"
            " within 6 standard deviations of the population): their values are not estimates."
        )
    if n_unmet:
        lines.append(f"{plural(n_unmet, 'item')} that nobody met: no estimate.")
    return tuple(lines)
