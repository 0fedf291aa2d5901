"""The tables of pilot items: decisions, the evidence behind them, needs, plans, and the ledger."""

import polars as pl

from ciip_irt.tables.contract import Column, Table, may_be_absent, may_be_empty
from ciip_irt.tables.contracts.log_tables import ITEM_MODELS, STATUS

__all__ = [
    "BANK_NEEDS",
    "DECISIONS",
    "LEDGER",
    "OPERATING_CHARACTERISTICS",
    "PILOT_DECISIONS",
    "PILOT_EVIDENCE",
    "PILOT_PARAMETERS",
    "PILOT_PLAN",
]

S, F, I = pl.String, pl.Float64, pl.Int64  # noqa: E741

DECISIONS = ("promote", "hold", "revise", "retire")

PILOT_DECISIONS = Table(
    "pilot_decisions",
    (
        Column("item_id", S, "pilot item"),
        Column("domain", S, "content domain"),
        Column("decision", S, "what the policy says", allowed=DECISIONS),
        Column("probability", F, "probability that all criteria hold", nullable=True, minimum=0, maximum=1),
        Column("n", I, "answers so far"),
        Column("more_needed", I, "further answers expected to settle it", nullable=True),
        Column("reasons", S, "why, in words"),
        may_be_absent("reviewer", S, "who reviewed"),
        may_be_absent("override", S, "another decision, by a person", allowed=DECISIONS),
        may_be_absent("comment", S, "why"),
        may_be_absent("need", S, "whether the bank lacks such items; not a matter of quality"),
        may_be_absent("policy", S, "policy that proposed the decision"),
        may_be_absent("scale", S, "scale of the calibration behind it"),
        may_be_absent("evidence", S, "hash of the evidence it rests on"),
        may_be_absent("item_hash", S, "hash of what the item was: domain, key, options, date of its wording"),
    ),
    key=("item_id",),
    allow_empty=True,
    meaning="one pilot item with the proposed decision and room for that of a person",
)  # fmt: skip

PILOT_EVIDENCE = Table(
    "pilot_evidence",
    (
        Column("item_id", S, "pilot item"),
        may_be_absent("domain", S, "content domain"),
        may_be_absent("decision", S, "what the policy says", allowed=DECISIONS),
        may_be_absent("probability", F, "probability that all criteria hold"),
        may_be_absent("n", I, "answers so far"),
    ),
    key=("item_id",),
    allow_empty=True,
    meaning="one pilot item with what its decision rests on",
    more="estimates with _low and _high, the ends of their 95 % interval; probability_<criterion>, the"
    " probability that it holds, for each criterion of the policy; what may be at fault",
)

PILOT_PARAMETERS = Table(
    "pilot_parameters",
    (
        Column("item_id", S, "pilot item"),
        may_be_empty("a", F, "discrimination"),
        may_be_empty("b", F, "difficulty"),
        may_be_empty("c", F, "lower asymptote"),
        may_be_empty("se_a", F, "standard error of a; empty where held"),
        may_be_empty("se_b", F, "standard error of b"),
        may_be_empty("se_c", F, "standard error of c; empty where held"),
        Column("n", I, "answers that count"),
        Column("model", S, "response model", allowed=ITEM_MODELS),
        Column("D", F, "scaling constant"),
        Column("scale_id", S, "scale"),
    ),
    key=("item_id",),
    allow_empty=True,
    meaning="one pilot item with the parameters that promotion writes into the bank",
)

BANK_NEEDS = Table(
    "bank_needs",
    (
        Column("domain", S, "content domain"),
        Column("band", S, "range of difficulty, in words"),
        may_be_empty("b_from", F, "its lower end; empty = no limit"),
        may_be_empty("b_to", F, "its upper end; empty = no limit"),
        Column("wanted", I, "items that the forms want"),
        Column("have", I, "scored items of the bank"),
        Column("lacking", I, "wanted less have, never below 0"),
        Column("pilots", I, "pilots that may end up here"),
        Column("pilots_expected", F, "expected number of them that pass"),
        Column("lacking_after", F, "lacking less expected, never below 0"),
    ),
    key=("domain", "band"),
    allow_empty=True,
    meaning="one range of difficulty in one content domain, and what the bank lacks there",
)

PILOT_PLAN = Table(
    "pilot_plan",
    (
        may_be_empty("form_id", S, "form; empty where there is no place"),
        Column("item_id", S, "pilot item"),
        may_be_empty("domain", S, "content domain"),
        may_be_empty("n_now", I, "answers so far"),
        may_be_empty("n_expected", F, "answers expected at the end"),
        may_be_empty("n_wanted", I, "answers expected to settle it"),
        may_be_empty("reaches", pl.Boolean, "whether it is expected to reach them"),
        may_be_empty(
            "chance", F, "probability that it does; empty where it cannot be told", minimum=0, maximum=1
        ),
        may_be_empty("why", S, "in words"),
    ),
    allow_empty=True,
    meaning="one pilot item in one form, or without a place",
)

OPERATING_CHARACTERISTICS = Table(
    "operating_characteristics",
    (
        Column("rule", S, "what decides"),
        Column("n", I, "answers per pilot"),
        Column("kind", S, "kind of item"),
        Column("measure", S, "what is measured"),
        may_be_empty("value", F, "its value"),
        may_be_empty("se", F, "its standard error by simulation"),
        Column("items", I, "items it rests on"),
    ),
    allow_empty=True,
    meaning="one rate of a pilot policy, by simulation",
)

LEDGER = Table(
    "ledger",
    (
        Column("date", S, "when the decision was brought in, ISO 8601", nullable=True),
        Column("item_id", S, "item"),
        Column("status_before", S, "status before", allowed=STATUS),
        Column("status_after", S, "status after", allowed=STATUS),
        Column("decision", S, "what the policy proposed", allowed=DECISIONS),
        Column("override", S, "what a person decided instead", nullable=True, allowed=DECISIONS),
        Column("probability", F, "probability that all criteria hold", nullable=True),
        Column("n", I, "answers it rests on"),
        Column("b", F, "difficulty written into the bank", nullable=True),
        Column("policy", S, "policy", nullable=True),
        Column("reviewer", S, "who reviewed the item", nullable=True),
        Column("by", S, "who brought the sheet in"),
        Column("comment", S, "why", nullable=True),
        Column("reasons", S, "reasons of the policy", nullable=True),
        Column("evidence", S, "hash of the evidence", nullable=True),
    ),
    allow_empty=True,
    meaning="one decision that was brought into the bank",
)
