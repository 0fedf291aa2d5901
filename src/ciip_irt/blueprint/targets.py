"""Difficulty targets: what each item contributes to a form's mean b, expected score or information.

Every target is a sum over the scored items of a form, ``T_f = Σ_i c_i x_if``, so the same contributions serve
the solver and the check, and one dimensionless ``y = |T_f - t| / u`` compares targets of different units
(van der Linden 2005; ``u`` is the blueprint's tolerance). A curve is a target at each of its thetas.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray
from ciip_irt.errors import BlueprintError, Problem, plural
from ciip_irt.records import result

if TYPE_CHECKING:
    from ciip_irt.blueprint.blueprint import Blueprint, Target
    from ciip_irt.irt import ItemPosteriors

__all__ = ["QUANTITIES", "Quantity", "ResolvedTarget", "Shrinkage", "resolve_targets"]

LEAST = 1e-9  # a weight or tolerance of 0 would divide by 0; this is below the last printed digit


@result
@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity that a form has: its words, unit and the contribution of each item.

    ``per_item(parameters (J, 3), D, theta, length)`` gives the (J,) contributions, at ``theta_cut`` or, with
    ``at_thetas``, at each theta of the target; NaN where an item is not calibrated.
    """

    name: str
    label: str
    unit: str
    decimals: int
    per_item: Callable[[FloatArray, float, float, int], FloatArray]
    needs_cut: bool = False
    at_thetas: bool = False
    can_be_goal: bool = False


def _mean_b(parameters: FloatArray, D: float, theta: float, length: int) -> FloatArray:  # noqa: ARG001
    return parameters[:, 1] / length


def _expected_score(parameters: FloatArray, D: float, theta: float, length: int) -> FloatArray:  # noqa: ARG001
    # Imported here: a blueprint can be read and described without scipy.
    from ciip_irt.irt import expected_item_score

    probability: FloatArray = expected_item_score(parameters, np.array([theta]), D)[0]
    return probability


def _information(parameters: FloatArray, D: float, theta: float, length: int) -> FloatArray:  # noqa: ARG001
    from ciip_irt.irt import item_information

    information: FloatArray = item_information(parameters, np.array([theta]), D)[0]
    return np.where(np.isfinite(parameters[:, 1]), information, np.nan)


QUANTITIES: dict[str, Quantity] = {
    quantity.name: quantity
    for quantity in (
        Quantity("mean_b", "mean b", "logits", 3, _mean_b),
        Quantity(
            "expected_score_at_cut", "expected score at the cut", "raw points", 2, _expected_score, True
        ),
        Quantity(
            "characteristic_curve", "expected score", "raw points", 2, _expected_score, at_thetas=True
        ),
        Quantity(
            "information", "information", "units of information", 2, _information, at_thetas=True,
            can_be_goal=True,
        ),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shrinkage:
    """How uncertain the bank's parameters are: as of ``persons`` answering an item (the median).

    ``slopes`` and ``difficulties`` are the shares of their distance from the bank's average that items keep,
    on average (None: not estimated). ``exact`` items have no standard errors and are taken as they are.
    """

    persons: float
    slopes: float | None
    difficulties: float | None
    exact: int


@dataclass(frozen=True, slots=True)
class ResolvedTarget:
    """A target with its value, and the contribution of every calibrated item (``item_id -> c``).

    ``weight`` is set where the quantity is to be as high as possible, and the forms ``equal_within`` that
    share of each other: then ``value`` is the weight and nothing is too high.

    Where the bank has standard errors of the parameters, contributions are expectations over them
    (``shrinkage`` says how uncertain they are, ``plain`` what the estimates taken as exact would contribute).
    ``variances`` (``item_id -> var c``) are of the items' own errors; ``loadings`` say what a standard error
    of the scale's origin and one of its unit do, to all items alike. A goal with a ``certainty`` raises what
    forms have with that probability: ``sought`` are the contributions to it.
    """

    quantity: Quantity
    value: float
    tolerance: float
    severity: str
    contributions: Mapping[str, float]
    from_bank: bool
    theta: float | None = None
    weight: float | None = None
    equal_within: float = 0.0
    variances: Mapping[str, float] | None = None
    loadings: Mapping[str, tuple[float, ...]] | None = None
    plain: Mapping[str, float] | None = None
    shrinkage: Shrinkage | None = None
    certainty: float | None = None
    sought: Mapping[str, float] | None = None

    @property
    def raised(self) -> Mapping[str, float]:
        """Of a goal, what the search raises."""
        return self.contributions if self.sought is None else self.sought

    @property
    def label(self) -> str:
        return self.quantity.label if self.theta is None else f"{self.quantity.label} at theta {self.theta:g}"

    @property
    def is_goal(self) -> bool:
        return self.weight is not None

    @property
    def wanted(self) -> str:
        """``target 67.50 +- 0.1``, or ``as high as possible``."""
        if self.is_goal:
            return f"as high as possible, forms within {100 * self.equal_within:g} % of each other"
        return f"target {self.value:.{self.quantity.decimals}f} +- {self.tolerance:g}"


def resolve_targets(
    blueprint: "Blueprint",
    item_ids: tuple[str, ...],
    parameters: FloatArray,
    D: float,
    letters: list[str],
    eligible: BoolArray,
    *,
    errors: FloatArray | None = None,
    earlier: Mapping[str, tuple[str, ...]] | None = None,
) -> tuple[ResolvedTarget, ...]:
    """The blueprint's targets on this bank.

    A target without a value becomes ``Σ_d n_d mean(c_i : i eligible in d)``: what forms of these counts have
    on average, so forms of one call agree with each other. It moves with the bank; write a value into
    the blueprint to hold forms comparable over years. The bank's best is ``Σ_d`` of the ``n_d`` largest.

    Parameters
    ----------
    errors
        Standard errors of a, b, c, (J, 3); NaN where there is none.
    earlier
        ``form_id -> scored items`` of earlier forms, for targets relative to one of them.

    Raises
    ------
    BlueprintError
        A target at the cut, and no ``theta_cut``; a reference form that is not among the earlier ones.
    """
    theta_cut = blueprint.theta_cut
    _require_cut(blueprint, theta_cut)
    domain = np.array(letters)
    usable = eligible & np.isfinite(parameters[:, 1])
    posteriors = shrinkage = None
    if blueprint.targets and blueprint.shrink and errors is not None:
        posteriors = _posteriors(parameters.tobytes(), errors.tobytes(), D, usable.tobytes())
    if posteriors is not None:
        shrinkage = Shrinkage(
            posteriors.persons, posteriors.slope_kept, posteriors.difficulty_kept,
            int((usable & ~posteriors.uncertain).sum()),
        )  # fmt: skip
    resolved = []
    for target in blueprint.targets:
        quantity = QUANTITIES[target.quantity]
        thetas = target.thetas if quantity.at_thetas else (theta_cut or 0.0,)
        for place, theta in enumerate(thetas):
            of_items = _of_items(
                quantity, item_ids, parameters, errors, D, theta, blueprint.length, posteriors
            )
            contributions = of_items.contributions
            c = np.array([contributions.get(item_id, np.nan) for item_id in item_ids])
            weight = None
            if target.goal == "maximise":
                weight = target.weights[place] if target.weights else _of_bank(blueprint, domain, usable, c)
                weight = max(weight, LEAST)
            given = target.values[place] if target.values else target.value
            value = weight if weight is not None else given
            if value is None:
                value = target.share * (
                    _of_form(target, contributions, earlier or {}, blueprint.where)
                    if target.reference
                    else _of_bank(blueprint, domain, usable, c, best=target.relative_to == "bank best")
                )
            resolved.append(
                ResolvedTarget(
                    quantity, float(value), _width(target, float(value)), target.severity, contributions,
                    given is None and not target.reference, theta if quantity.at_thetas else None, weight,
                    target.equal_within_percent / 100, of_items.variances, of_items.loadings, of_items.plain,
                    shrinkage, target.certainty,
                )
            )  # fmt: skip
    return tuple(resolved)


@dataclass(frozen=True, slots=True)
class _OfItems:
    """What items contribute to a quantity, and how sure that is; see ``ResolvedTarget``."""

    contributions: Mapping[str, float]
    variances: Mapping[str, float] | None
    loadings: Mapping[str, tuple[float, ...]] | None = None
    plain: Mapping[str, float] | None = None


def _of_items(
    quantity: Quantity, item_ids: tuple[str, ...], parameters: FloatArray, errors: FloatArray | None,
    D: float, theta: float, length: int, posteriors: "ItemPosteriors | None",
) -> _OfItems:  # fmt: skip
    plain = quantity.per_item(parameters, D, theta, length)
    known = np.isfinite(plain)
    names = np.array(item_ids)[known].tolist()
    as_exact = dict(zip(names, plain[known].tolist(), strict=True))
    if posteriors is None:
        variances = None
        if quantity.needs_cut and errors is not None and np.isfinite(errors).any():
            of_items = _score_variance(parameters, errors, D, theta)[known].tolist()
            variances = dict(zip(names, of_items, strict=True))
        return _OfItems(as_exact, variances)
    mean, variance, loadings = posteriors.expectation(
        lambda nodes: quantity.per_item(nodes, D, theta, length)
    )
    return _OfItems(
        dict(zip(names, mean[known].tolist(), strict=True)),
        dict(zip(names, variance[known].tolist(), strict=True)),
        dict(zip(names, map(tuple, loadings[known].tolist()), strict=True)),
        as_exact,
    )


# The same bank is looked at to build forms and to check them.
@lru_cache(maxsize=2)
def _posteriors(parameters: bytes, errors: bytes, D: float, typical: bytes) -> "ItemPosteriors | None":
    from ciip_irt.irt import posteriors_of_items

    return posteriors_of_items(
        np.frombuffer(parameters).reshape(-1, 3), np.frombuffer(errors).reshape(-1, 3), D,
        np.frombuffer(typical, dtype=np.bool_),
    )  # fmt: skip


def _require_cut(blueprint: "Blueprint", theta_cut: float | None) -> None:
    missing = [
        t.quantity for t in blueprint.targets if QUANTITIES[t.quantity].needs_cut and theta_cut is None
    ]
    if missing:
        raise BlueprintError(
            Problem(
                f"[difficulty] asks for {' and '.join(missing)}, but no theta_cut is given",
                where=blueprint.where,
                remedy="Write theta_cut, the standard on the bank scale, into [difficulty], or pass it.",
            )
        )


def _width(target: "Target", value: float) -> float:
    if target.tolerance_percent is None:
        return target.tolerance
    return max(abs(value) * target.tolerance_percent / 100, LEAST)


def _of_bank(
    blueprint: "Blueprint", domain: np.ndarray, usable: BoolArray, c: FloatArray, *, best: bool = False
) -> float:
    value = 0.0
    for d in blueprint.domains:
        here = c[usable & (domain == d.letter)]
        if not len(here):
            continue
        value += float(np.sort(here)[-d.count :].sum() if best and d.count else d.count * here.mean())
    return value


def _of_form(
    target: "Target", contributions: Mapping[str, float], earlier: Mapping[str, tuple[str, ...]], where: str
) -> float:
    """What the reference form has of the quantity."""
    if target.reference not in earlier:
        found = ", ".join(sorted(earlier)[:5])
        raise BlueprintError(
            Problem(
                f"[difficulty.{target.quantity}] refers to form {target.reference!r}, which is not among"
                f" the earlier forms{f' ({found})' if found else ''}",
                where=where,
                remedy="Pass its file with --earlier, or write values.",
            )
        )
    items = earlier[target.reference]
    without = [item for item in items if item not in contributions]
    if without:
        raise BlueprintError(
            Problem(
                f"reference form {target.reference} has {plural(len(without), 'scored item')} without"
                f" parameters in the bank (e.g. {', '.join(without[:5])})",
                where=where,
                remedy="Bring their parameters into the bank, or write values.",
            )
        )
    return float(sum(contributions[item] for item in items))


def _score_variance(parameters: FloatArray, errors: FloatArray, D: float, theta: float) -> FloatArray:
    """Variance of each item's expected score at theta by the delta method, ``Σ_k (∂P/∂ξ_k)² se_k²``.

    Covariances of a, b and c are not in the bank; they are taken as 0, as is a standard error that is
    missing.

    >>> _score_variance(np.array([[1.0, 0.0, 0.0]]), np.array([[0.0, 0.2, 0.0]]), 1.0, 0.0)
    array([0.0025])
    """
    a, b, c = parameters.T
    logistic = 1 / (1 + np.exp(-np.clip(D * a * (theta - b), -500, 500)))
    slope = (1 - c) * logistic * (1 - logistic) * D
    gradient = np.stack([slope * (theta - b), -slope * a, 1 - logistic], axis=1)
    result: FloatArray = ((gradient * np.nan_to_num(errors)) ** 2).sum(axis=1)
    return result
