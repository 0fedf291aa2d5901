"""Item response theory for persons x items arrays: ``from ciip_irt import irt; irt.fit(X, "2pl")``.

Everything here takes one array of answers, persons x items, scores 0, 1, ... with -1 or nan for what does not
count, and hands it to the estimation as blocks of persons who met the same items. What is known of the items
is either a fit, or an array of parameters.
"""

import numpy as np
from numpy.typing import ArrayLike

from ciip_irt.arrays import FloatArray
from ciip_irt.irt.ability import AbilityEstimates, estimate_abilities, person_posteriors
from ciip_irt.irt.curves import item_information
from ciip_irt.irt.estimation import CmlFit, MmlFit, fit_cml, fit_mml, parameter_intervals
from ciip_irt.irt.matrix_input import block_answers, known_items
from ciip_irt.irt.models import ItemModel
from ciip_irt.irt.priors import Priors

__all__ = [
    "abilities",
    "fit",
    "fit_conditional",
    "information",
    "intervals",
]


def fit(
    responses: ArrayLike,
    model: str | ItemModel = "2pl",
    *,
    groups: ArrayLike | None = None,
    fixed: ArrayLike | None = None,
    priors: Priors | None = None,
    population: str = "normal",
    D: float = 1.0,
    standard_errors: str = "oakes",
    max_iterations: int | None = None,
) -> MmlFit:
    """Item parameters by marginal maximum likelihood.

    Maximises ``sum_i log sum_q w_q prod_j P_j(x_ij | theta_q) + log prior``, abilities being integrated out
    over normal populations or histograms. Free: the mean of group 0 is 0, and its standard deviation 1 unless
    the model is Rasch (or pcm), which has slope 1 and a free spread. With ``fixed`` difficulties everything
    is on their scale.

    Parameters
    ----------
    responses
        Shape (N, J): scores 0, 1, ...; -1 or nan does not count.
    model
        ``"rasch"``, ``"1pl"``, ``"2pl"``, ``"3pl"``; ``"pcm"``, ``"gpcm"``, ``"grm"`` for scores above 1.
    groups
        Shape (N,): the population each person comes from, numbered from 0.
    fixed
        Shape (J, P): a, b, c (a, b1, b2, ...) to be held, nan where free.
    priors
        ``None`` takes ``default_priors``: none but for 3pl.
    population
        ``"normal"`` or ``"histogram"``.
    D
        The scaling constant of all parameters: 1, or 1.7.
    standard_errors
        ``"oakes"``, ``"cross_product"`` or ``"none"``.
    max_iterations
        ``None``: 500, or 800 with histograms.

    Returns
    -------
    MmlFit
        ``parameters`` (J, P), ``standard_errors`` (J, P), ``converged``, ``summary()`` and more.

    Raises
    ------
    InputError
        Answers that are no scores, an unknown model, values that do not fit.
    DesignError
        Not a single item has both right and wrong answers.

    Source: Bock & Aitkin (1981), Psychometrika 46:443-459.

    >>> from ciip_irt import irt
    >>> rng = np.random.default_rng(1)
    >>> b = np.array([-1.0, 0.0, 1.0, 0.5])
    >>> X = (rng.random((2000, 4)) < 1 / (1 + np.exp(b - rng.normal(size=(2000, 1))))).astype(float)
    >>> X[rng.random(X.shape) < 0.1] = np.nan
    >>> found = irt.fit(X, "rasch")
    >>> found.converged, bool(np.abs(found.parameters[:, 1] - b).max() < 0.2)
    (True, True)
    """
    answers = block_answers(responses, groups)
    return fit_mml(
        answers.blocks,
        model,
        answers.n_items,
        fixed=None if fixed is None else np.asarray(fixed, dtype=np.float64),
        priors=priors,
        population=population,
        D=D,
        standard_errors=standard_errors,
        max_iterations=max_iterations,
    )


def fit_conditional(responses: ArrayLike) -> CmlFit:
    """Rasch difficulties by conditional maximum likelihood: no population is assumed.

    Maximises ``sum_i log P(x_i | r_i)`` with ``P(x | r) = exp(-sum_j x_j b_j) / gamma_r(exp(-b))``; the
    difficulties have sum 0.

    Parameters
    ----------
    responses
        Shape (N, J): 0, 1; -1 or nan does not count.

    Raises
    ------
    InputError
        Answers that are no scores, or scores above 1.
    DesignError
        Items that nobody's answers compare.

    Source: Andersen (1972), Journal of the Royal Statistical Society B 34:42-54.

    >>> from ciip_irt import irt
    >>> X = np.repeat([[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 1]], [6, 3, 5, 1], axis=0)
    >>> bool((np.diff(irt.fit_conditional(X).b) > 0).all())
    True
    """
    answers = block_answers(responses)
    return fit_cml(answers.blocks, answers.n_items)


def abilities(
    responses: ArrayLike,
    items: MmlFit | ArrayLike,
    *,
    method: str = "eap",
    groups: ArrayLike | None = None,
    mean: ArrayLike | None = None,
    sd: ArrayLike | None = None,
    model: str | None = None,
    D: float | None = None,
) -> AbilityEstimates:
    """Each person's theta and its standard error, in the order of the rows.

    ``"eap"``: posterior mean and standard deviation; ``"map"``: posterior mode; ``"ml"``: solves
    ``l'(theta) = 0``, infinite where everything is right or wrong; ``"wle"``: adds Warm's
    ``J / (2 I)``, ``J = sum P' P'' / (P Q)``, and is finite for everybody.

    Parameters
    ----------
    responses
        Shape (N, J): scores; -1 or nan does not count.
    items
        A fit, whose populations are then the priors; or parameters, shape (J, P): a, b, c, or a, b, or
        (J,) difficulties of the Rasch model. Items with nan are left out.
    groups
        Shape (N,): the population each person comes from, numbered from 0.
    mean, sd
        Of the populations, a number or shape (G,); those of the fit, else 0 and 1.
    model, D
        For parameters of scores above 1 the model's name; the scaling constant. Those of the fit.

    Raises
    ------
    InputError
        An unknown method or model, shapes that do not fit.

    Source: Warm (1989), Psychometrika 54:427-450; Bock & Mislevy (1982), Applied Psychological Measurement
    6:431-444.

    >>> from ciip_irt import irt
    >>> irt.abilities([[1, 0], [1, 1], [-1, 1]], [0.0, 0.0], method="wle").theta.round(3) + 0.0
    array([0.   , 1.609, 1.099])
    """
    known = known_items(items, model, D)
    answers = block_answers(responses, groups)
    answers.require_items(known.parameters.shape[0])
    means, sds = known.moments(mean, sd)
    if method == "eap" and known.histogram is not None and mean is None and sd is None:
        points, weights = known.histogram
        posterior = person_posteriors(answers.blocks, known.parameters, points, weights, known.D, known.model)
        theta = posterior @ points
        se = np.sqrt(np.maximum(posterior @ points**2 - theta**2, 0.0))
        n = np.concatenate([block.answered.sum(axis=1) for block in answers.blocks]).astype(np.int64)
        yes = np.ones(theta.size, dtype=np.bool_)
        return answers.in_order(AbilityEstimates("eap", theta, se, yes, ~yes, n))
    found = estimate_abilities(
        answers.blocks, known.parameters, method=method, mean=means, sd=sds, D=known.D, model=known.model
    )
    return answers.in_order(found)


def information(
    items: MmlFit | ArrayLike, theta: ArrayLike, *, model: str | None = None, D: float | None = None
) -> FloatArray:
    """Shape (Q, J): Fisher information ``sum_k P_k'^2 / P_k`` of each item; its sum over items is the test's.

    Parameters
    ----------
    items
        A fit or parameters, as for ``abilities``.
    theta
        Shape (Q,).
    model, D
        As for ``abilities``.

    Raises
    ------
    InputError
        An unknown model.

    Source: Birnbaum (1968), in Lord & Novick, Statistical Theories of Mental Test Scores, ch. 17.

    >>> from ciip_irt import irt
    >>> irt.information([[2.0, 0.0], [1.0, 0.0]], [0.0])
    array([[1.  , 0.25]])
    """
    known = known_items(items, model, D)
    return item_information(known.parameters, np.asarray(theta, dtype=np.float64), known.D, known.model)


def intervals(
    fit: MmlFit, priors: Priors | None = None, level: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Lower and upper ends (J, P) of intervals of the parameters; nan where there is no standard error.

    Slopes and asymptotes on a logarithmic or log-odds scale, so that ends stay in range.

    Parameters
    ----------
    fit
        With standard errors.
    priors
        Those of the fit, where it had any.
    level
        Share of intervals that shall hold the true value.

    Raises
    ------
    InputError
        ``level`` is not between 0 and 1.

    Source: the delta method; measured in docs/accuracy.md.

    >>> from ciip_irt import irt
    >>> X = (np.random.default_rng(1).random((300, 5)) < [0.3, 0.4, 0.5, 0.6, 0.7]).astype(int)
    >>> low, high = irt.intervals(irt.fit(X, "rasch"))
    >>> bool((low[:, 1] < high[:, 1]).all())
    True
    """
    return parameter_intervals(fit, priors, level)
