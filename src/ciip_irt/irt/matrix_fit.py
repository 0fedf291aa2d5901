"""Whether a model holds for a persons x items array: by item, by person, by pair, as a whole."""

import numpy as np
from numpy.typing import ArrayLike

from ciip_irt.errors import InputError, Problem, did_you_mean
from ciip_irt.irt.ability import estimate_abilities
from ciip_irt.irt.estimation import MmlFit
from ciip_irt.irt.fit_statistics import (
    FIT,
    ItemFit,
    LocalDependence,
    ModelFit,
    PersonFit,
    assess_local_dependence,
    assess_model_fit,
    assess_person_fit,
)
from ciip_irt.irt.matrix_input import Answers, as_scores, block_answers, known_items

__all__ = ["item_fit", "local_dependence", "model_fit", "person_fit"]


def item_fit(
    responses: ArrayLike,
    items: MmlFit | ArrayLike,
    statistic: str = "s_x2",
    *,
    groups: ArrayLike | None = None,
    mean: ArrayLike | None = None,
    sd: ArrayLike | None = None,
    model: str | None = None,
    D: float | None = None,
) -> ItemFit:
    """How well each item's curve describes the answers.

    Parameters
    ----------
    responses, items, groups, mean, sd, model, D
        As for ``abilities``.
    statistic
        ``"s_x2"`` (Orlando & Thissen 2000: a chi-square over groups of raw scores), ``"mean_squares"``
        (infit and outfit, Wright & Masters 1982: ``sum (x - E)^2 / sum V``) or ``"rmsd"`` (distance of the
        observed from the model's curve).

    Returns
    -------
    ItemFit
        ``names`` of its columns and ``values`` (J, columns); ``column("p")`` and so on.

    Raises
    ------
    InputError
        An unknown statistic or model, shapes that do not fit.

    >>> from ciip_irt import irt
    >>> b = np.linspace(-1, 1, 12)
    >>> rng = np.random.default_rng(1)
    >>> X = (rng.random((800, 12)) < 1 / (1 + np.exp(b - rng.normal(size=(800, 1))))).astype(int)
    >>> found = irt.item_fit(X, irt.fit(X, "rasch"))
    >>> found.names, bool((found.column("p") > 0.001).all())
    (('s_x2', 'df', 'p', 'p_adjusted'), True)
    """
    if statistic not in FIT:
        raise InputError(
            Problem(f"unknown statistic {statistic!r}", remedy=did_you_mean(statistic, FIT, "There are"))
        )
    known = known_items(items, model, D)
    answers = block_answers(responses, groups)
    answers.require_items(known.parameters.shape[0])
    means, sds = known.moments(mean, sd)
    return FIT[statistic](
        answers.blocks,
        known.parameters,
        mean=means,
        sd=sds,
        D=known.D,
        n_free=known.n_free,
        model=known.model,
    )


def person_fit(
    responses: ArrayLike,
    items: MmlFit | ArrayLike,
    *,
    method: str = "map",
    groups: ArrayLike | None = None,
    mean: ArrayLike | None = None,
    sd: ArrayLike | None = None,
    model: str | None = None,
    D: float | None = None,
) -> PersonFit:
    """Whether each person's answers fit the ability they give: ``lz*``, about N(0, 1), low where not.

    ``lz* = [sum_j (ln P_j(x_j) - E_j) + c r_0] / sqrt(sum_j Var_j)``, with Snijders' correction for the
    ability being an estimate.

    Parameters
    ----------
    responses, items, groups, mean, sd, model, D
        As for ``abilities``.
    method
        Of the ability: ``"map"``, ``"ml"`` or ``"wle"``.

    Raises
    ------
    InputError
        An unknown method or model, shapes that do not fit.

    Source: Snijders (2001), Psychometrika 66:331-342.

    >>> from ciip_irt import irt
    >>> b = np.linspace(-2, 2, 40)
    >>> usual = (np.arange(40) < 20).astype(int)
    >>> found = irt.person_fit([usual, 1 - usual], b)
    >>> bool(found.lz_star[0] > 2), bool(found.lz_star[1] < -5)
    (True, True)
    """
    known = known_items(items, model, D)
    answers = block_answers(responses, groups)
    answers.require_items(known.parameters.shape[0])
    means, sds = known.moments(mean, sd)
    found = assess_person_fit(
        answers.blocks, known.parameters, method=method, mean=means, sd=sds, D=known.D, model=known.model
    )
    return answers.in_order(found)


def model_fit(
    responses: ArrayLike,
    items: MmlFit | ArrayLike,
    *,
    mean: float | None = None,
    sd: float | None = None,
    use: str = "m2",
    model: str | None = None,
    D: float | None = None,
) -> ModelFit:
    """M2 with RMSEA and SRMSR, from the persons who answered everything.

    ``M2 = N e' C e``, e the residual means and cross-products of the scores, C their weight matrix that the
    estimated parameters cannot move.

    Parameters
    ----------
    responses, items, mean, sd, model, D
        As for ``abilities``; one population.
    use
        ``"m2"``, or ``"c2"`` for short tests with scores above 1.

    Raises
    ------
    InputError
        Nobody answered everything; margins that leave no degree of freedom; shapes that do not fit.

    Source: Maydeu-Olivares & Joe (2006), Psychometrika 71:713-732.

    >>> from ciip_irt import irt
    >>> b = np.linspace(-1, 1, 8)
    >>> rng = np.random.default_rng(1)
    >>> X = (rng.random((500, 8)) < 1 / (1 + np.exp(b - rng.normal(size=(500, 1))))).astype(int)
    >>> found = irt.model_fit(X, irt.fit(X, "rasch"))
    >>> found.df, bool(found.rmsea < 0.05)
    (27, True)
    """
    known = known_items(items, model, D)
    scores = as_scores(responses)
    Answers([], scores.shape[1], np.arange(0)).require_items(known.parameters.shape[0])
    means, sds = known.moments(mean, sd)
    return assess_model_fit(
        scores[(scores >= 0).all(axis=1)],
        known.parameters,
        model=known.model,
        mean=float(means[0]),
        sd=float(sds[0]),
        D=known.D,
        use=use,
    )


def local_dependence(
    responses: ArrayLike,
    items: MmlFit | ArrayLike,
    *,
    groups: ArrayLike | None = None,
    model: str | None = None,
    D: float | None = None,
) -> LocalDependence:
    """Q3 of all pairs of items, at the persons' EAP abilities.

    ``Q3_jk = cor(x_j - E_j, x_k - E_k)``: how much two items go together beyond what ability explains.

    Parameters
    ----------
    responses, items, groups, model, D
        As for ``abilities``.

    Returns
    -------
    LocalDependence
        ``q3`` (J, J), ``q3_adjusted`` less the mean of all pairs, ``z``; ``ranked()`` lists the worst first.

    Raises
    ------
    InputError
        An unknown model, shapes that do not fit.

    Source: Yen (1984), Applied Psychological Measurement 8:125-145.

    >>> from ciip_irt import irt
    >>> rng = np.random.default_rng(1)
    >>> X = (rng.random((500, 9)) < 1 / (1 + np.exp(-rng.normal(size=(500, 1))))).astype(int)
    >>> X[:, 8] = X[:, 3]  # the same question twice
    >>> first, second = irt.local_dependence(X, np.zeros(9)).ranked()
    >>> int(first[0]), int(second[0])
    (3, 8)
    """
    known = known_items(items, model, D)
    answers = block_answers(responses, groups)
    answers.require_items(known.parameters.shape[0])
    means, sds = known.moments(None, None)
    theta = estimate_abilities(
        answers.blocks, known.parameters, mean=means, sd=sds, D=known.D, model=known.model
    ).theta
    return assess_local_dependence(answers.blocks, known.parameters, theta, D=known.D, model=known.model)
