"""Keys of a file of their own put to the items of another."""

from pathlib import Path

import polars as pl

from ciip_irt.bank.near_match import near_match
from ciip_irt.errors import InputError, Problem, plural

__all__ = ["require_keys", "with_keys"]

SHOWN = 5  # examples in a message


def require_keys(keys: pl.DataFrame, where: str) -> None:
    """Refuse a file of keys that has none.

    Raises
    ------
    InputError
        No column of items, or none of keys.
    """
    if {"item_id", "key"}.issubset(keys.columns):
        return
    what = f"no columns of items and keys are among {', '.join(keys.columns[:8])}"
    remedy = "Name them item and key, or put the keys in one row below the names of the items."
    raise InputError(Problem(what, where=where, row=1, remedy=remedy))


def with_keys(
    items: pl.DataFrame, where: str, keys: pl.DataFrame, where_keys: str
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The items with the keys of another file; which items only one of the files has, in words.

    Raises
    ------
    InputError
        No column of keys; no item in both files.
    """
    require_keys(keys, where_keys)
    if "item_id" not in items.columns:
        return items, ()  # what is wrong with it is said where the bank is made of it
    names = Path(where).name, Path(where_keys).name
    own, keyed = (table["item_id"].cast(pl.String).drop_nulls() for table in (items, keys))
    only_key, only_items = (
        one.filter(~one.is_in(other.implode())) for one, other in ((keyed, own), (own, keyed))
    )
    near = near_match(only_key, own)
    if len(only_key) == len(keyed):
        shown = ", ".join(map(repr, keyed.head(3)))
        others = ", ".join(map(repr, own.head(3)))
        what = f"none of its items is in {names[0]}: it has {shown}, ...; {names[0]} has {others}, ..."
        remedy = f"{near} Call the items alike in both files.".strip()
        raise InputError(Problem(what, where=where_keys, remedy=remedy))
    said = []
    for left, text in (
        (only_key, f"of {names[1]} are not in {names[0]} and are left out"),
        (only_items, f"of {names[0]} have no key in {names[1]} and are left out"),
    ):
        if len(left):
            shown = ", ".join(map(repr, left.head(SHOWN)))
            more = f" {near}" if near and left is only_key else ""
            said.append(f"{plural(len(left), 'item')} {text}, e.g. {shown}.{more}")
    joined = keys.select("item_id", "key").join(
        items.drop("key", strict=False), on="item_id", how="inner", maintain_order="left"
    )
    return joined, tuple(said)
