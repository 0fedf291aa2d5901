"""Items that are known to be bad: open flags of severity 1 and 2, anchors that drifted beyond the limits.

They stay out of forms, scored or pilot, until their flags are settled, unless the blueprint lets them in by
name: under ``let_in``, ``include`` or the items of its anchor block.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from ciip_irt.blueprint import Blueprint
from ciip_irt.errors import plural
from ciip_irt.tables import HELD_SEVERITY, ITEM_FLAGS, Table

__all__ = [
    "ANCHOR_DRIFTED",
    "REMEDY",
    "held_out_by",
    "held_out_items",
    "held_out_words",
    "open_flags",
]

ANCHOR_DRIFTED = "anchor_drifted"
SHOWN = 5  # names in a sentence: as many as anybody reads
REMEDY = "Settle the flags, or name the items under let_in in the blueprint's [constraints]"

OPEN_FLAGS = Table(
    "flags",
    tuple(column for column in ITEM_FLAGS.columns if column.name in ("item_id", "flag", "severity")),
    allow_empty=True,
    meaning="one open flag of one item",
)


def open_flags(tables: Sequence[tuple[pl.DataFrame, str]]) -> pl.DataFrame:
    """Tables of flags (``flags.csv``) and of anchors (``anchors.csv``), each with its name, as one of flags.

    Raises
    ------
    TableError
        A table is neither.

    >>> anchors = pl.DataFrame({"item_id": ["I1", "I2"], "displacement": [2.0, 0.1],
    ...                         "decision": ["dropped", "kept"], "why": ["Dropped: harder", ""]})
    >>> open_flags([(anchors, "anchors.csv")]).rows()
    [('I1', 'anchor_drifted', 1)]
    """
    found = [OPEN_FLAGS.empty().select("item_id", "flag", "severity")]
    for table, where in tables:
        if {"item_id", "displacement", "decision", "why"} <= set(table.columns):
            drifted = table.filter(_beyond_limits(table))["item_id"].cast(pl.String).to_list()
            rows = {
                "item_id": drifted,
                "flag": [ANCHOR_DRIFTED] * len(drifted),
                "severity": [1] * len(drifted),
            }
            found.append(pl.DataFrame(rows, schema=found[0].schema))
        else:
            found.append(OPEN_FLAGS.validate(table, where).select("item_id", "flag", "severity"))
    return pl.concat(found)


def _beyond_limits(anchors: pl.DataFrame) -> pl.Expr:
    """Anchors that were dropped, or had to stay though they drifted."""
    dropped = pl.col("decision") == "dropped"
    if "drifted" in anchors.columns:
        return dropped | pl.col("drifted").cast(pl.Boolean)
    # Files of 0.1.0 have no such column: there the reason says it.
    return dropped | pl.col("why").cast(pl.String).str.starts_with("Drifted")


def held_out_items(flags: pl.DataFrame, where: str = "flags") -> dict[str, str]:
    """Items to hold out and the names of their flags, the gravest first.

    Raises
    ------
    TableError
        The table is none of flags.

    >>> flags = pl.DataFrame({"item_id": ["I1", "I2", "I1", "I3"], "severity": [2, 3, 1, 2],
    ...                       "flag": ["guessed_at", "too_easy", "key_may_be_wrong", "negative_r"]})
    >>> held_out_items(flags)
    {'I1': 'key_may_be_wrong, guessed_at', 'I3': 'negative_r'}
    """
    table = OPEN_FLAGS.validate(flags, where).filter(pl.col("severity") <= HELD_SEVERITY)
    found: dict[str, dict[str, None]] = {}
    for item_id, flag in table.sort("severity", maintain_order=True).select("item_id", "flag").iter_rows():
        found.setdefault(item_id, {})[flag] = None
    return {item_id: ", ".join(names) for item_id, names in found.items()}


def held_out_by(flags: pl.DataFrame, blueprint: Blueprint, where: str = "flags") -> dict[str, str]:
    """As ``held_out_items``, but for those that the blueprint lets in by name."""
    requirements = blueprint.requirements
    named = {*requirements.let_in, *requirements.include, *blueprint.anchor_items}
    return {item: why for item, why in held_out_items(flags, where).items() if item not in named}


def held_out_words(held_out: Mapping[str, str]) -> str:
    """How many items were held out, the first of them with their flags, and how to let them in.

    >>> held_out_words({"I1": "key_may_be_wrong"})  # doctest: +NORMALIZE_WHITESPACE
    "1 item was held out of the forms for open flags of severity 1 or 2: I1 (key_may_be_wrong). Settle the
     flags, or name the items under let_in in the blueprint's [constraints]."
    """
    shown = ", ".join(f"{item_id} ({flags})" for item_id, flags in list(held_out.items())[:SHOWN])
    more = ", ..." if len(held_out) > SHOWN else ""
    many = plural(len(held_out), "item was", "items were")
    return f"{many} held out of the forms for open flags of severity 1 or 2: {shown}{more}. {REMEDY}."
