"""The truth behind a simulated programme."""

import polars as pl

from ciip_irt.tables.contract import Column, Table, may_be_empty
from ciip_irt.tables.contracts.log_tables import STATUS

__all__ = ["TRUTH", "TRUTH_PERSONS"]

S, F, I = pl.String, pl.Float64, pl.Int64  # noqa: E741

TRUTH = Table(
    "truth",
    (
        Column("item_id", S, "item"),
        Column("status", S, "place in the life cycle", allowed=STATUS),
        Column("administered", pl.Boolean, "whether anybody met it"),
        Column("right", S, "the option that is right"),
        Column("a", F, "true discrimination"),
        Column("b", F, "true difficulty"),
        Column("c", F, "true lower asymptote"),
        Column("b_rasch", F, "difficulty that a Rasch calibration tends to"),
        Column("flaw", S, "what is wrong with it; 'none'"),
        may_be_empty("size", F, "how much"),
        may_be_empty("detail", S, "in words"),
        Column("good", pl.Boolean, "whether a bank should have it"),
    ),
    key=("item_id",),
    allow_empty=True,
    meaning="one item as it was made",
)

TRUTH_PERSONS = Table(
    "truth_persons",
    (
        Column("delivery_id", S, "delivery", personal=True),
        Column("candidate_id", S, "its candidate", personal=True),
        Column("theta", F, "true ability"),
        Column("speed", F, "true speed"),
        Column("behaviour", S, "how the candidate behaves"),
        may_be_empty("random_from", I, "place from which answers are random"),
        Column("not_reached", I, "questions not reached"),
    ),
    key=("delivery_id",),
    allow_empty=True,
    meaning="one delivery as it was made",
)
