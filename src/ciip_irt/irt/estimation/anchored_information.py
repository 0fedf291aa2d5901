"""The information about held and estimated values together, at the solution of an anchored calibration.

With N the new items' values and the moments and shapes of the populations, F the anchors' values, the
observed information ``H`` of the marginal log-posterior by all of them (Oakes 1999, as for standard errors)
and its gradient answer what a calibration with the anchors held cannot: how far an anchor would move if it
were free (``anchor_displacement``), and how the anchors' own uncertainty reaches the new items
(``anchor_uncertainty``). The populations are estimated, so they belong to N.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.irt.em.e_step import expect_counts, log_probability, sufficient_pieces
from ciip_irt.irt.em.free_parameters import FreeParameters, select_free_parameters
from ciip_irt.irt.em.m_step import free_gradient
from ciip_irt.irt.em.score_groups import sort_by_score, split_complete
from ciip_irt.irt.em.starts import exclude_items
from ciip_irt.irt.estimation.missing_information import missing_information
from ciip_irt.irt.estimation.mml_fit import MmlFit
from ciip_irt.irt.estimation.standard_errors import complete_information, population_places
from ciip_irt.irt.models import MODELS, ItemModel
from ciip_irt.irt.population import Population
from ciip_irt.irt.priors import Priors
from ciip_irt.irt.response_blocks import ResponseBlock
from ciip_irt.records import result
from ciip_irt.threads import Run, map_pieces, one_blas_thread

__all__ = ["AnchoredInformation", "information_with_anchors"]


@result
@dataclass(frozen=True, slots=True)
class AnchoredInformation:
    """Information and gradient by the values of all items, anchors included, and by the population moments.

    Attributes
    ----------
    model, D
        Of the calibration.
    free
        Which place of the matrix each working parameter of each item has, as if every item were free.
    working
        Shape (J, P): at the solution.
    anchors
        Shape (J,): items that were held.
    matrix
        Shape (n, n): observed information; the items' values first, then the moments, then the histograms'
        shapes.
    gradient
        Shape (n,): of the log-likelihood; about 0 but for the anchors' values.
    held, estimated
        Shape (n,): the places of F and N. Values at a bound, or that nothing determines, are in neither.
    theta, counts
        Shapes (Q,), (Q, J, K): the E-step at the solution.
    """

    model: ItemModel
    D: float
    free: FreeParameters
    working: FloatArray
    anchors: BoolArray
    matrix: FloatArray
    gradient: FloatArray
    held: BoolArray
    estimated: BoolArray
    theta: FloatArray
    counts: FloatArray

    @property
    def response(self) -> FloatArray:
        """Shape (|N|, |F|): ``G = -H_NN^-1 H_NF``, how the estimates follow when an anchor's value moves."""
        N, F = np.flatnonzero(self.estimated), np.flatnonzero(self.held)
        if not N.size or not F.size:
            return np.zeros((N.size, F.size))
        free, across = self.matrix[np.ix_(N, N)], self.matrix[np.ix_(N, F)]
        try:
            followed = np.linalg.solve(free, across)
        except np.linalg.LinAlgError:  # something free that nothing determines stays where it is
            followed = np.linalg.lstsq(free, across, rcond=None)[0]
        return np.asarray(-followed, dtype=np.float64)


def information_with_anchors(
    blocks: Sequence[ResponseBlock],
    fit: MmlFit,
    priors: Priors | None = None,
    *,
    run: Run | None = None,
) -> AnchoredInformation:
    """Information at the solution of ``fit_mml(blocks, ..., fixed=...)``.

    Parameters
    ----------
    blocks
        Those of the fit.
    fit
        Its result. Anchors are items whose parameters were all held.
    priors
        Those of the fit; they are the new items'.

    Of a histogram mean, standard deviation and broad shape (orders 3 to 6) are taken as uncertain, as in the
    standard errors of the fit.

    >>> from ciip_irt.irt.estimation.mml import fit_mml
    >>> rng = np.random.default_rng(3)
    >>> b = np.linspace(-1, 1, 6)
    >>> scores = (rng.random((500, 6)) < 1 / (1 + np.exp(b - rng.normal(size=(500, 1))))).astype(np.int8)
    >>> blocks = [ResponseBlock(np.arange(6), scores)]
    >>> held = np.column_stack((np.ones(6), b, np.zeros(6)))
    >>> held[4:] = np.nan
    >>> at = information_with_anchors(blocks, fit_mml(blocks, "rasch", 6, fixed=held))
    >>> at.matrix.shape, at.response.shape
    ((8, 8), (4, 4))
    """
    priors = Priors() if priors is None else priors
    model = MODELS[fit.model]
    usable = ~np.isnan(fit.parameters[:, 1]) & (fit.n > 0)
    anchors = usable & ~fit.free.any(axis=1)
    nothing = np.full(fit.parameters.shape, np.nan)
    known = np.where(usable[:, None], fit.parameters, np.array([1.0, 0.0, 0.0]))
    free = select_free_parameters(model, known, nothing, usable, fit.D)
    fixed = np.where(anchors[:, None], known, np.nan)
    for name in model.common if anchors.any() else ():
        fixed[:, model.parameters.index(name)] = known[:, model.parameters.index(name)]
    of_fit = select_free_parameters(model, known, fixed, usable, fit.D)
    working = model.to_working(known, fit.D)
    population = Population(
        fit.population_mean,
        fit.population_sd,
        fit.population_mean_free,
        fit.population_sd_free,
        fit.weights if fit.population == "histogram" else None,
    )
    persons = sort_by_score(split_complete(exclude_items(blocks, ~usable)))
    summed = sufficient_pieces(persons, model, working[usable], fit.theta)
    log_p = log_probability(model.working_probability(working, fit.theta))
    place = population_places(population, free.size)
    size = free.size + int((place >= 0).sum())
    with one_blas_thread(), map_pieces(run, len(summed)) as run_pieces:
        expected = expect_counts(summed, log_p, log_probability(fit.weights), run_pieces)
        matrix = missing_information(
            "oakes", summed, model, free, working, population, fit.theta, place, size, run_pieces
        )
    matrix[: free.size, : free.size] += complete_information(
        "oakes", model, free, working, fit.theta, expected, Priors(), fit.D
    )
    if of_fit.size:
        of_priors = complete_information(
            "cross_product", model, of_fit, working, fit.theta, expected, priors, fit.D
        )
        there = _places(of_fit, free)
        matrix[np.ix_(there, there)] += of_priors
    gradient = np.zeros(size)
    by_items, _ = free_gradient(model, free, working, fit.theta, expected.counts, Priors(), fit.D)
    gradient[: free.size] = by_items
    held = np.zeros(size, dtype=np.bool_)
    held[free.index[anchors][free.free[anchors]]] = True
    estimated = ~held
    estimated[free.index[free.free & (fit.at_bound | fit.undetermined)]] = False
    matrix = 0.5 * (matrix + matrix.T)
    return AnchoredInformation(
        model, fit.D, free, working, anchors, matrix, gradient, held, estimated, fit.theta, expected.counts
    )


def _places(part: FreeParameters, whole: FreeParameters) -> IntArray:
    """Shape (part.size,): where the values of ``part`` stand in ``whole``."""
    result = np.zeros(part.size, dtype=np.int64)
    result[part.index[part.free]] = whole.index[part.free]
    return result
