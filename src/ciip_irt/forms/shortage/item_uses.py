"""The items of a pool as classes: what has the same coefficients in every row of a form is one column.

K forms are seen through how often each item is used; so banks of thousands take a fraction of a second.
"""

from dataclasses import dataclass, replace

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.forms.model.form_model import FormModel, FormRow, build_form_model
from ciip_irt.forms.pool.new_item import NewItem
from ciip_irt.forms.pool.pool import Pool
from ciip_irt.forms.shortage.new_items import kinds_of_new_items

__all__ = ["ItemUses", "build_item_uses"]

TARGET = "target"


@dataclass(frozen=True, slots=True)
class ItemUses:
    """What K forms from this pool have in common.

    Items that may not be scored are left out; the others are in ``classes`` (class per item, -1 where left
    out), of ``sizes``. ``matrix`` (rows, classes) holds the coefficients of the ``rows``, ``counted`` whether
    the class counts for the overlap. ``new`` are the kinds of items that could be written, with their
    coefficients (rows, kinds).
    """

    pool: Pool
    model: FormModel
    rows: tuple[FormRow, ...]
    classes: IntArray
    sizes: IntArray
    matrix: FloatArray
    counted: BoolArray
    new: tuple[NewItem, ...]
    new_matrix: FloatArray

    @property
    def max_common(self) -> int | None:
        return self.model.max_common


def build_item_uses(pool: Pool, *, targets: bool = True) -> ItemUses:
    """The rows of one form of the pool over classes of items.

    ``targets``: whether difficulty targets that are errors are rows too, within their tolerance.
    """
    model = build_form_model(replace(pool, form_ids=("form",)))
    rows = [row for row in model.demands if row.give == 0]
    if targets:
        rows = [_reached(row) for row in model.demands if row.give == 0 or row.strict]
    usable = model.usable
    matrix = np.array([row.coefficients for row in rows]).reshape(len(rows), pool.n_items)
    columns = np.vstack([matrix[:, usable], model.counted[None, usable]])
    distinct, inverse = np.unique(columns, axis=1, return_inverse=True)
    classes = np.full(pool.n_items, -1, dtype=np.int64)
    classes[usable] = np.ravel(inverse)
    new = kinds_of_new_items(pool, usable, targets=targets)
    added = [[row.constraint.adds(kind, row.source, row.coefficients) for kind in new] for row in rows]
    return ItemUses(
        pool=pool,
        model=model,
        rows=tuple(rows),
        classes=classes,
        sizes=np.bincount(classes[usable], minlength=distinct.shape[1]).astype(np.int64),
        matrix=distinct[:-1],
        counted=distinct[-1] > 0,
        new=new,
        new_matrix=np.array(added).reshape(len(rows), len(new)),
    )


def _reached(row: FormRow) -> FormRow:
    """A target as the row that its tolerance makes of it."""
    if row.give == 0:
        return row
    return replace(
        row, lower=row.lower - row.give, upper=row.upper + row.give, give=0.0, relaxable=True, unit=TARGET
    )
