"""The scale of a bank: model, D and name. Parameters of different scales are never mixed."""

from dataclasses import dataclass

import polars as pl

from ciip_irt.errors import Problem, ScaleError

__all__ = ["Scale", "scale_of"]

DEFAULT_D = 1.0  # logits; 1.7 and 1.702 imitate the normal ogive
DEFAULT_SCALE = "bank"


@dataclass(frozen=True, slots=True)
class Scale:
    """Which scale parameters are on: its name, the response model, the scaling constant D."""

    scale_id: str
    model: str
    D: float = DEFAULT_D


def scale_of(items: pl.DataFrame, where: str = "items") -> Scale | None:
    """The one scale of all calibrated items (those with ``b``), or ``None`` where none is calibrated.

    A missing model is taken as Rasch where no ``a`` is given or all are 1, and as 2PL elsewhere; a missing
    D as 1.

    Raises
    ------
    ScaleError
        Calibrated items on several scales, of several models or with several D.
    """
    calibrated = items.filter(pl.col("b").is_not_null())
    if calibrated.is_empty():
        return None
    equal_slopes = bool((calibrated["a"].fill_null(1.0) == 1.0).all())
    guessed = pl.when(pl.col("a").is_null() | equal_slopes).then(pl.lit("rasch")).otherwise(pl.lit("2pl"))
    values = calibrated.select(
        "item_id",
        model=pl.col("model").fill_null(guessed),
        D=pl.col("D").fill_null(DEFAULT_D),
        scale_id=pl.col("scale_id").fill_null(DEFAULT_SCALE),
    )
    problems = []
    for column, what in (("scale_id", "scales"), ("model", "models"), ("D", "scaling constants D")):
        counts = values[column].value_counts(sort=True)
        if counts.height > 1:
            rare = values.filter(pl.col(column) != counts[column][0])
            problems.append(
                Problem(
                    f"calibrated items are on several {what}: "
                    + ", ".join(f"{value} ({count} items)" for value, count in counts.iter_rows()),
                    where=where,
                    count=rare.height,
                    examples=tuple(rare["item_id"].head(5)),
                    remedy="Link them to one scale first, or empty the parameters of the items concerned.",
                )
            )
    if problems:
        raise ScaleError(problems)
    first = values.row(0, named=True)
    return Scale(first["scale_id"], first["model"], first["D"])
