"""Test information and test characteristic curve of each form, as a table to draw."""

import numpy as np
import polars as pl

from ciip_irt.bank import ItemBank
from ciip_irt.irt import expected_score, test_information

__all__ = ["form_curves"]

THETA = np.linspace(-4.0, 4.0, 81)  # every tenth of a logit, as far as candidates go


def form_curves(forms: pl.DataFrame, bank: ItemBank) -> pl.DataFrame:
    """``form_id, theta, information, expected_score`` over the calibrated scored items of each form."""
    tables = []
    for (form_id,), rows in forms.filter(pl.col("role") == "scored").group_by("form_id", maintain_order=True):
        parameters = bank.parameters(rows["item_id"].to_list())
        parameters = parameters[~np.isnan(parameters[:, 1])]
        if not len(parameters) or bank.scale is None:
            continue
        tables.append(
            pl.DataFrame(
                {
                    "form_id": [str(form_id)] * len(THETA),
                    "theta": THETA,
                    "information": test_information(parameters, THETA, bank.scale.D),
                    "expected_score": expected_score(parameters, THETA, bank.scale.D),
                }
            )
        )
    schema = {
        "form_id": pl.String,
        "theta": pl.Float64,
        "information": pl.Float64,
        "expected_score": pl.Float64,
    }
    return pl.concat(tables) if tables else pl.DataFrame(schema=schema)
