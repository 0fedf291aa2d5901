"""The model's curve of each item, from its parameters."""

import numpy as np
import polars as pl

from ciip_irt.irt.models import MODELS

__all__ = ["THETA", "model_curves"]

THETA = np.linspace(-4.0, 4.0, 65)  # every eighth of a logit: the curve is smooth on a screen
DEFAULTS = {"a": 1.0, "b": None, "c": 0.0}


def model_curves(parameters: pl.DataFrame) -> dict[str, np.ndarray]:
    """Probability of a right answer at ``THETA`` for each item whose difficulty is known.

    Parameters
    ----------
    parameters
        The ``parameters`` contract, one row per item and parameter.

    >>> rows = pl.DataFrame({"item_id": ["Q1"], "model": ["rasch"], "parameter": ["b"], "estimate": [0.0],
    ...                      "D": [1.0]})
    >>> float(model_curves(rows)["Q1"][32])
    0.5
    """
    known = parameters.drop_nulls(["estimate"]).filter(pl.col("model").is_in(list(MODELS)))
    if known.is_empty():
        return {}
    wide = known.with_columns(pl.col("D").fill_null(1.0)).pivot(
        "parameter", index=["item_id", "model", "D"], values="estimate", aggregate_function="first"
    )
    if "b" not in wide.columns:
        return {}
    for name, default in DEFAULTS.items():
        if name not in wide.columns:
            wide = wide.with_columns(pl.lit(default, dtype=pl.Float64).alias(name))
    wide = wide.with_columns(pl.col("a").fill_null(1.0), pl.col("c").fill_null(0.0)).drop_nulls(["b"])
    curves: dict[str, np.ndarray] = {}
    for (model, scaling), rows in wide.group_by(["model", "D"], maintain_order=True):
        values = rows.select("a", "b", "c").to_numpy()
        right = MODELS[str(model)].probability(values, THETA, float(str(scaling)))[:, :, 1]
        curves.update(zip(rows["item_id"].to_list(), right.T, strict=True))
    return curves
