"""The item bank: one row per item, with key, parameters and place in the life cycle."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from ciip_irt.arrays import FloatArray
from ciip_irt.bank.items_file import complete_items, read_items_file
from ciip_irt.bank.plausible import implausible_values
from ciip_irt.bank.scale import Scale, scale_of
from ciip_irt.errors import InputError, Problem, ScaleError, plural
from ciip_irt.records import result
from ciip_irt.tables import ITEMS, AnyFrame, polars_frame, show_html

__all__ = [
    "ItemBank",
    "Items",
    "as_bank",
    "as_items",
    "bank_of",
    "change_status",
    "read_bank",
    "with_parameters",
]

NEXT_STATUS: Mapping[str, tuple[str, ...]] = {
    "draft": ("pilot", "retired"),
    "pilot": ("scored", "draft", "retired"),
    "scored": ("retired", "draft"),
    "retired": ("draft",),
}


@result
@dataclass(frozen=True, slots=True)
class ItemBank:
    """Items as the ``items`` contract describes them, checked, and all on one scale.

    >>> bank = ItemBank.from_frame(pl.DataFrame({
    ...     "item_id": ["I1", "I2"], "domain": ["A", "B"], "status": ["scored", "pilot"],
    ...     "key": ["A", "C"], "options": ["ABCD", "ABCD"], "b": [0.5, None]}))
    >>> bank.scale
    Scale(scale_id='bank', model='rasch', D=1.0)
    >>> bank.parameters()
    array([[1. , 0.5, 0. ],
           [nan, nan, nan]])
    """

    items: pl.DataFrame
    scale: Scale | None
    where: str = "items"
    assumed: tuple[str, ...] = ()
    """Columns that the file lacked and that were filled in: ``domain``, ``status``, ``options``."""
    said: tuple[str, ...] = ()
    """How the file was read, in words."""

    @classmethod
    def from_frame(cls, frame: AnyFrame, where: str = "items") -> "ItemBank":
        """A bank from a table with at least ``item_id, domain, status, key, options``.

        Raises
        ------
        TableError, ScaleError
            Everything wrong with the rows; parameters on more than one scale.
        """
        items = ITEMS.validate(polars_frame(frame, where), where)
        return cls(items, scale_of(items, where), where)

    @property
    def item_ids(self) -> tuple[str, ...]:
        return tuple(self.items["item_id"].to_list())

    def parameters(self, item_ids: Sequence[str] | None = None) -> FloatArray:
        """``a, b, c`` as (J, 3) in the order asked for; NaN where an item is not calibrated."""
        wanted = self.items
        if item_ids is not None:
            asked = pl.DataFrame({"item_id": list(item_ids)}, schema={"item_id": pl.String})
            wanted = asked.join(self.items, on="item_id", how="left", maintain_order="left")
        known = pl.col("b").is_not_null()
        values = wanted.select(
            a=pl.when(known).then(pl.col("a").fill_null(1.0)),
            b=pl.col("b"),
            c=pl.when(known).then(pl.col("c").fill_null(0.0)),
        )
        return np.ascontiguousarray(values.cast(pl.Float64).fill_null(float("nan")).to_numpy())

    def to_frame(self) -> pl.DataFrame:
        """One row per item, the columns of the ``items`` contract first."""
        return self.items

    def summary(self) -> str:
        counts = dict(self.items["status"].value_counts().iter_rows())
        by_status = ", ".join(f"{counts[status]:,} {status}" for status in NEXT_STATUS if status in counts)
        calibrated = self.items["b"].count()
        scale = f" on scale {_named(self.scale)}" if self.scale else ""
        domains = plural(self.items["domain"].n_unique(), "domain")
        return (
            f"{plural(self.items.height, 'item')} in {domains}: {by_status}.\n"
            f"{calibrated:,} calibrated{scale}."
        )

    def _repr_html_(self) -> str:
        shown = ["item_id", "domain", "status", "key", "options", "a", "b", "c"]
        return show_html("Item bank", self.summary(), self.items.select(shown))


Items = ItemBank | AnyFrame
"""What public functions take where they need the bank."""


def as_items(given: Items, where: str = "items") -> pl.DataFrame:
    """The table of items, whether a bank or a frame of any make was given; not checked yet.

    Raises
    ------
    TableError
        It is neither.
    """
    return given.items if isinstance(given, ItemBank) else polars_frame(given, where)


def as_bank(given: Items, where: str = "items") -> ItemBank:
    """The bank, whether itself or the table of its items was given.

    Raises
    ------
    TableError, ScaleError
        A table breaks the ``items`` contract or mixes scales.

    >>> table = pl.DataFrame({"item_id": ["I1"], "domain": "A", "status": "pilot", "key": "A",
    ...                       "options": "AB"})
    >>> bank = as_bank(table)
    >>> as_bank(bank) is bank, bank.item_ids
    (True, ('I1',))
    """
    return given if isinstance(given, ItemBank) else ItemBank.from_frame(given, where)


def read_bank(
    path: Path | str, *, delimiter: str | None = None, encoding: str | None = None, complete: bool = False
) -> ItemBank:
    """The bank in a file (CSV, XLSX, ODS, Parquet or NDJSON), its columns under their usual names or others
    (``Item ID``, ``Key``, ``Topic``).

    Parameters
    ----------
    delimiter, encoding
        Of a text file; told from it where not given.
    complete
        Fill in domain, status and options where the file has no such column; ``assumed`` of the bank says
        which.

    Raises
    ------
    InputError
        The file cannot be read, breaks the contract or mixes scales; all failures at once.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder, "items.csv")
    ...     _ = file.write_text("item_id,domain,status,key,options,b\\nI1,A,scored,B,ABCD,-0.3\\n")
    ...     read_bank(file)
    1 item in 1 domain: 1 scored.
    1 calibrated on scale 'bank' (rasch, D = 1).
    """
    frame, said = read_items_file(path, delimiter=delimiter, encoding=encoding)
    return bank_of(frame, str(path), said, complete=complete)


def bank_of(
    frame: pl.DataFrame, where: str, said: tuple[str, ...] = (), *, complete: bool = True
) -> ItemBank:
    """The bank in a table whose columns have their canonical names; some may be missing (``read_bank``)."""
    filled, assumed = complete_items(frame) if complete else (frame, ())
    if "key" in filled.columns and not complete:
        filled = complete_items(filled)[0].select(frame.columns)
    items = ITEMS.validate(filled, where)
    return ItemBank(items, scale_of(items, where), where, assumed, (*said, *implausible_values(items, where)))


def change_status(bank: ItemBank, status: Mapping[str, str]) -> ItemBank:
    """The bank with the items named in ``status`` moved to the status given.

    Raises
    ------
    InputError
        An unknown item, or a step the life cycle does not have: draft -> pilot -> scored -> retired; a
        pilot or scored item may go back to draft for rework, a retired one too.
    """
    now = dict(zip(bank.items["item_id"], bank.items["status"], strict=True))
    unknown = [item for item in status if item not in now]
    illegal = [
        f"{item} ({now[item]} -> {new})"
        for item, new in status.items()
        if item in now and new != now[item] and new not in NEXT_STATUS[now[item]]
    ]
    problems = []
    if unknown:
        problems.append(
            Problem("items are not in the bank", bank.where, count=len(unknown), examples=tuple(unknown[:5]))
        )
    if illegal:
        problems.append(
            Problem(
                "the life cycle has no such step",
                where=bank.where,
                count=len(illegal),
                examples=tuple(illegal[:5]),
                remedy="An item goes draft -> pilot -> scored -> retired; back to draft for rework.",
            )
        )
    if problems:
        raise InputError(problems)
    changes = pl.DataFrame(
        {"item_id": list(status), "new": list(status.values())},
        schema={"item_id": pl.String, "new": pl.String},
    )
    items = (
        bank.items.join(changes, on="item_id", how="left", maintain_order="left")
        .with_columns(status=pl.coalesce("new", "status"))
        .drop("new")
    )
    return replace(bank, items=items)


def with_parameters(bank: ItemBank, parameters: pl.DataFrame, *, scale: Scale) -> ItemBank:
    """The bank with the estimates of ``parameters`` written in (item_id, a, b, c, se_a, se_b, se_c).

    Raises
    ------
    ScaleError
        The bank is on another scale, of another model or with another D.
    """
    if bank.scale is not None and bank.scale != scale:
        raise ScaleError(
            Problem(
                f"the bank is on scale {_named(bank.scale)}, the new parameters on {_named(scale)}",
                where=bank.where,
                remedy="Calibrate with the bank's items as anchors and with its model.",
            )
        )
    values = ("a", "b", "c", "se_a", "se_b", "se_c")
    new = parameters.select(
        "item_id", *(pl.col(name).cast(pl.Float64).alias(f"new_{name}") for name in values)
    )
    touched = pl.col("new_b").is_not_null()
    items = (
        bank.items.join(new, on="item_id", how="left", maintain_order="left")
        .with_columns(
            *(pl.when(touched).then(f"new_{name}").otherwise(name).alias(name) for name in values),
            model=pl.when(touched).then(pl.lit(scale.model)).otherwise("model"),
            D=pl.when(touched).then(pl.lit(scale.D)).otherwise("D"),
            scale_id=pl.when(touched).then(pl.lit(scale.scale_id)).otherwise("scale_id"),
        )
        .drop([f"new_{name}" for name in values])
    )
    return ItemBank(items, scale_of(items, bank.where), bank.where)


def _named(scale: Scale) -> str:
    return f"'{scale.scale_id}' ({scale.model}, D = {scale.D:g})"
