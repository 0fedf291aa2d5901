"""Forms put together by hand: a column of items, or a column for each form; the bank says the rest.

What is missing is taken from where it must be: the form's name from the sheet or file, positions from the
order of the rows, role from the item's status, domain from the bank.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ciip_irt.blueprint import Blueprint
from ciip_irt.errors import InputError, Problem
from ciip_irt.forms.pool.form_set import PILOT, SCORED
from ciip_irt.tables import FORMS

__all__ = ["Known", "NoItemsError", "completed", "known_items", "named_after"]

SAID_OTHERWISE = {
    "item": "item_id", "itemid": "item_id", "item_no": "item_id", "item_code": "item_id",
    "form": "form_id", "formid": "form_id", "pos": "position", "place": "position", "no": "position",
    "nr": "position", "#": "position", "slot": "role",
}  # fmt: skip
ROLES = {
    "scored": SCORED, "operational": SCORED, "s": SCORED,
    "pilot": PILOT, "pretest": PILOT, "unscored": PILOT, "p": PILOT,
}  # fmt: skip
NO_NAME = re.compile(r"(sheet|table|tabelle|blatt|feuil|hoja|items?|forms?)[ _-]?\d*", re.IGNORECASE)
# A column holds a form where at least every second of its cells is an item of the bank.
ITEMS_AT_LEAST = 0.5
NOT_ITEMS = ("key", "options", "domain", "enemies", "set_id")


class NoItemsError(InputError):
    """A table that holds no items at all: beside tables of forms it is somebody's notes."""


@dataclass(frozen=True, slots=True)
class Known:
    """``status`` of every item of the bank; ``pilots`` are the statuses that pilot slots take."""

    status: dict[str, str]
    pilots: tuple[str, ...]

    def role(self, item_id: str) -> str:
        return PILOT if self.status.get(item_id) in self.pilots else SCORED


def known_items(items: pl.DataFrame, blueprint: Blueprint) -> Known:
    """What is needed of the bank to complete a form."""
    pairs = items.select(pl.col("item_id").cast(pl.String), pl.col("status").cast(pl.String)).iter_rows()
    only = tuple(status for status in blueprint.pilot_status if status not in blueprint.scored_status)
    return Known(dict(pairs), only)


def named_after(path: str | Path, sheet: str | None) -> str:
    """The form's name where the table has none: the sheet's, if somebody named it, or the file's.

    >>> named_after("forms/autumn.xlsx", "Sheet1"), named_after("forms/autumn.xlsx", "A")
    ('autumn', 'A')
    """
    if sheet is not None and not NO_NAME.fullmatch(sheet.strip()):
        return sheet.strip()
    return Path(path).name.split(".")[0]


def completed(table: pl.DataFrame, name: str, known: Known, where: str) -> pl.DataFrame:
    """The table with every column of the ``forms`` contract and a column ``line`` (row of a spreadsheet).

    Raises
    ------
    InputError
        There is neither a column of items nor one for each form; the table is the bank.
    """
    given = _renamed(table).drop("line", strict=False)
    given = given.with_row_index("line", offset=2).with_columns(pl.col("line").cast(pl.Int64))
    if {"status", "key"} <= set(given.columns) and not {"form_id", "position", "role"} & set(given.columns):
        what, remedy = "an item bank (it has status and key), not a form", "Give the bank with --items."
        raise InputError(Problem(what, where=where, remedy=remedy))
    if "item_id" not in given.columns:
        given = _unfolded(given, known, where)
    given = given.with_columns(pl.col("item_id").cast(pl.String).str.strip_chars())
    given = given.filter(pl.col("item_id").fill_null("") != "")
    if "form_id" not in given.columns:
        given = given.with_columns(form_id=pl.lit(name))
    if "position" not in given.columns:
        given = given.with_columns(position=pl.int_range(1, pl.len() + 1).over("form_id"))
    roles = [known.role(item_id) for item_id in given["item_id"]]
    if "role" in given.columns:
        said = given["role"].cast(pl.String).fill_null("").str.strip_chars()
        roles = [ROLES.get(s.lower(), s) if s else own for s, own in zip(said, roles, strict=True)]
    given = given.with_columns(pl.Series("role", roles, dtype=pl.String))
    if "domain" not in given.columns:
        given = given.with_columns(domain=pl.lit(None, pl.String))
    first = [*FORMS.names, "line"]
    return given.select(*first, pl.exclude(first))


def _renamed(table: pl.DataFrame) -> pl.DataFrame:
    names: dict[str, str] = {}
    for column in table.columns:
        plain = re.sub(r"[\s_-]+", "_", column.strip().lower())
        name = SAID_OTHERWISE.get(plain, plain)
        if name in FORMS.names and name not in table.columns and name not in names.values():
            names[column] = name
    return table.rename(names)


def _unfolded(given: pl.DataFrame, known: Known, where: str) -> pl.DataFrame:
    """One row per item from a table with a column for each form."""
    forms = [
        column
        for column in given.columns
        if column not in (*FORMS.names, *NOT_ITEMS, "line")
        and _share(given[column].cast(pl.String).drop_nulls(), known) >= ITEMS_AT_LEAST
    ]
    if not forms:
        shown = [column for column in given.columns if column != "line"]
        raise NoItemsError(
            Problem(
                "no column item_id, and no column whose cells are items of the bank",
                where=where,
                row=1,
                examples=tuple(shown[:5]),
                remedy="Name the column of items item_id, or give each form a column with its name on top.",
            )
        )
    parts = [given.select("line", form_id=pl.lit(f), item_id=pl.col(f).cast(pl.String)) for f in forms]
    return pl.concat(parts)


def _share(cells: Iterable[str], known: Known) -> float:
    filled = [cell.strip() for cell in cells if cell.strip()]
    return sum(cell in known.status for cell in filled) / len(filled) if filled else 0.0
