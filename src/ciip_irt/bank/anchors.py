"""Anchors from a file: another items file, or the parameters that a calibration wrote."""

from pathlib import Path

import polars as pl

from ciip_irt.bank.item_bank import ItemBank, with_parameters
from ciip_irt.bank.scale import Scale
from ciip_irt.errors import Problem, ScaleError
from ciip_irt.tables import ITEM_PARAMETERS, read_frame

__all__ = ["read_anchors"]

PARAMETERS = ("a", "b", "c", "D", "se_a", "se_b", "se_c", "model", "scale_id")


def read_anchors(
    path: Path | str, bank: ItemBank, *, delimiter: str = ",", encoding: str = "utf-8"
) -> ItemBank:
    """A bank whose parameters come from ``path``.

    The file is an items file, or a ``parameters.csv`` (one row per item and parameter); then keys and status
    are those of ``bank``, and items it lacks are left out.

    Raises
    ------
    InputError, TableError, ScaleError
        The file cannot be read, breaks its contract, or mixes scales; or it names no scale although the bank
        does, so that nobody can tell whether they are the same.
    """
    frame = read_frame(path, delimiter=delimiter, encoding=encoding)
    if not {"parameter", "estimate"} <= set(frame.columns):
        _require_named_scale(frame, bank, str(path))
        return ItemBank.from_frame(frame, str(path))
    rows = ITEM_PARAMETERS.validate(frame, str(path)).drop_nulls("estimate")
    scales = rows.select("scale_id", "model", "D").unique(maintain_order=True)
    if scales.height != 1:
        raise ScaleError(
            Problem(
                "the parameters are on several scales, of several models or with several D",
                where=str(path),
                examples=tuple(" ".join(map(str, row)) for row in scales.head(5).iter_rows()),
                remedy="Give the parameters of one calibration.",
            )
        )
    values = rows.pivot(on="parameter", index="item_id", values="estimate", maintain_order=True)
    for name, value in (("a", 1.0), ("b", None), ("c", 0.0)):
        if name not in values.columns:
            values = values.with_columns(pl.lit(value, dtype=pl.Float64).alias(name))
    errors = rows.pivot(on="parameter", index="item_id", values="se", maintain_order=True)
    errors = errors.rename({name: f"se_{name}" for name in errors.columns if name != "item_id"})
    wide = values.join(errors, on="item_id", how="left", maintain_order="left")
    for name in ("se_a", "se_b", "se_c"):
        if name not in wide.columns:
            wide = wide.with_columns(pl.lit(None, dtype=pl.Float64).alias(name))
    bare = bank.items.with_columns(
        pl.lit(None, dtype=bank.items.schema[name]).alias(name) for name in PARAMETERS
    )
    scale = Scale(*scales.row(0))
    return with_parameters(ItemBank(bare, None, str(path)), wide, scale=scale)


def _require_named_scale(frame: pl.DataFrame, bank: ItemBank, where: str) -> None:
    named = "scale_id" in frame.columns and frame["scale_id"].null_count() < frame.height
    known = bank.scale is not None and "scale_id" in bank.items.columns
    if named or not known or bank.items["scale_id"].null_count() == bank.items.height:
        return
    assert bank.scale is not None
    raise ScaleError(
        Problem(
            f"the anchors do not say which scale they are on; the bank is on {bank.scale.scale_id!r}"
            f" (D = {bank.scale.D:g})",
            where=where,
            remedy="Write the columns scale_id and D into the file.",
        )
    )
