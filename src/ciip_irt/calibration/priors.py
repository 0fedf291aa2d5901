"""Which priors a calibration uses, and where they come from, in words."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from ciip_irt.arrays import FloatArray
from ciip_irt.bank import ItemBank
from ciip_irt.errors import InputError, Problem
from ciip_irt.irt import Priors, default_priors, empirical_priors

__all__ = ["KINDS", "ChosenPriors", "PriorKind", "bank_errors", "chosen_priors"]

PriorKind = Literal["default", "bank", "none"]
KINDS = ("default", "bank", "none")
ENOUGH = 30  # items: their spread is known to an eighth (1 / sqrt(60))
ERRORS = ("se_a", "se_b", "se_c")


@dataclass(frozen=True, slots=True)
class ChosenPriors:
    """Priors and how they were chosen."""

    priors: Priors
    source: str

    def in_words(self) -> str:
        """``log a ~ N(0.03, 0.24), b ~ N(mean of the items, 1.1): from 130 scored items of the bank``."""
        said = self.priors.in_words()
        return said if said == "none" else f"{said}: {self.source}"


def chosen_priors(kind: PriorKind, model: str, anchors: ItemBank | None) -> ChosenPriors:
    """``none``, those of the ``bank`` that holds the scale, or by ``default`` what suits the model.

    The default is none for rasch and 1pl; for 2pl and 3pl the bank's where it holds the scale and has 30
    calibrated scored items, and otherwise none (2pl) or shipped ones for log a and c (3pl).

    Raises
    ------
    InputError
        An unknown kind; the bank's priors without a bank that holds the scale, or with too few items.
    """
    if kind not in KINDS:
        raise InputError(Problem(f"unknown priors {kind!r}", remedy=f"Use one of: {', '.join(KINDS)}."))
    if kind == "none":
        return ChosenPriors(Priors(), "")
    usable = None if anchors is None else _calibrated(anchors)
    if kind == "bank":
        if anchors is None or usable is None:
            raise InputError(
                Problem(
                    "priors of the bank need the bank's scale, and nothing holds it here",
                    remedy="Calibrate with anchors, or use --priors default.",
                )
            )
        if usable.height < ENOUGH:
            raise InputError(
                Problem(
                    f"the bank has {usable.height} scored items with parameters, too few to learn from",
                    where=anchors.where,
                    remedy=f"With {ENOUGH} it can; until then use --priors default.",
                )
            )
    wanted = kind == "bank" or model in ("2pl", "3pl")
    if anchors is not None and usable is not None and wanted and usable.height >= ENOUGH:
        ids = usable["item_id"].to_list()
        priors = empirical_priors(anchors.parameters(ids), bank_errors(anchors, ids), model)
        return ChosenPriors(priors, f"from {usable.height:,} scored items of the bank")
    return ChosenPriors(default_priors(model), "shipped with the model")


def _calibrated(bank: ItemBank) -> pl.DataFrame:
    return bank.items.filter((pl.col("status") == "scored") & pl.col("b").is_not_null())


def bank_errors(bank: ItemBank, item_ids: list[str] | tuple[str, ...]) -> FloatArray:
    """Shape (J, 3): standard errors of a, b, c in the order asked for; NaN where the bank has none."""
    asked = pl.DataFrame({"item_id": list(item_ids)}, schema={"item_id": pl.String})
    wanted = asked.join(bank.items, on="item_id", how="left", maintain_order="left").select(ERRORS)
    values = wanted.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return np.ascontiguousarray(values, dtype=np.float64)
