"""Difficulty targets: what each item contributes to a form's mean b or expected score at the cut.

Every target is a sum over the scored items of a form, ``T_f = Σ_i c_i x_if``, so the same contributions serve
the solver and the check, and one dimensionless ``y = |T_f - t| / u`` compares targets of different units
(van der Linden 2005; ``u`` is the blueprint's tolerance).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray
from ciip_irt.errors import BlueprintError, Problem

if TYPE_CHECKING:
    from ciip_irt.forms.blueprint import Blueprint

__all__ = ["QUANTITIES", "Quantity", "ResolvedTarget", "resolve_targets"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity that a form has: its words, unit and the contribution of each item.

    ``per_item(parameters (J, 3), D, theta_cut, length)`` gives the (J,) contributions; NaN where an item is
    not calibrated.
    """

    name: str
    label: str
    unit: str
    decimals: int
    per_item: Callable[[FloatArray, float, float, int], FloatArray]
    needs_cut: bool = False


def _mean_b(parameters: FloatArray, D: float, theta_cut: float, length: int) -> FloatArray:  # noqa: ARG001
    return parameters[:, 1] / length


def _expected_score(parameters: FloatArray, D: float, theta_cut: float, length: int) -> FloatArray:  # noqa: ARG001
    # Imported here: a blueprint can be read and described without scipy.
    from ciip_irt.irt.information import expected_item_score

    probability: FloatArray = expected_item_score(parameters, np.array([theta_cut]), D)[0]
    return probability


QUANTITIES: dict[str, Quantity] = {
    quantity.name: quantity
    for quantity in (
        Quantity("mean_b", "mean b", "logits", 3, _mean_b),
        Quantity(
            "expected_score_at_cut", "expected score at the cut", "raw points", 2, _expected_score, True
        ),
    )
}


@dataclass(frozen=True, slots=True)
class ResolvedTarget:
    """A target with its value, and the contribution of every calibrated item (``item_id -> c``)."""

    quantity: Quantity
    value: float
    tolerance: float
    severity: str
    contributions: Mapping[str, float]
    from_bank: bool

    @property
    def label(self) -> str:
        return self.quantity.label


def resolve_targets(
    blueprint: "Blueprint",
    item_ids: tuple[str, ...],
    parameters: FloatArray,
    D: float,
    letters: list[str],
    eligible: BoolArray,
) -> tuple[ResolvedTarget, ...]:
    """The blueprint's targets on this bank.

    A target without a value becomes ``Σ_d n_d mean(c_i : i eligible in d)``: what forms of these counts have
    on average, so forms of one call agree with each other. It moves with the bank; write a value into
    the blueprint to hold forms comparable over years.

    Raises
    ------
    BlueprintError
        A target at the cut, and no ``theta_cut``.
    """
    theta_cut = blueprint.theta_cut
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
    domain = np.array(letters)
    usable = eligible & np.isfinite(parameters[:, 1])
    resolved = []
    for target in blueprint.targets:
        quantity = QUANTITIES[target.quantity]
        c = quantity.per_item(parameters, D, theta_cut or 0.0, blueprint.length)
        value = target.value
        if value is None:
            value = 0.0
            for d in blueprint.domains:
                here = usable & (domain == d.letter)
                if here.any():
                    value += d.count * float(c[here].mean())
        known = np.isfinite(c)
        contributions = dict(zip(np.array(item_ids)[known].tolist(), c[known].tolist(), strict=True))
        resolved.append(
            ResolvedTarget(
                quantity, float(value), target.tolerance, target.severity, contributions, target.value is None
            )
        )
    return tuple(resolved)
