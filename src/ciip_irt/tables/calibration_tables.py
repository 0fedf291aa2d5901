"""The tables of a calibration beside the parameters: populations, anchors, scores, decisions, a link."""

import polars as pl

from ciip_irt.tables.contract import Column, Table

__all__ = ["ANCHORS", "CONVERSION", "LINK", "PASS_DECISIONS", "POPULATION", "RAW_TO_THETA"]

S, F, I = pl.String, pl.Float64, pl.Int64  # noqa: E741
MOVES = (
    Column(
        "displacement", F, "b estimated anew less b held, in logits; + = harder than before", nullable=True
    ),
    Column("se", F, "its standard error, that of the value held included", nullable=True),
    Column("robust_z", F, "(displacement - median) / (.74 IQR) of those kept", nullable=True),
    Column("decision", S, "whether it holds the scale", allowed=("kept", "dropped")),
    Column("why", S, "in words; empty where there is nothing to say", nullable=True),
)

POPULATION = Table(
    "population",
    (
        Column("group", S, "population; 'all' where there is one"),
        Column("n", I, "deliveries"),
        Column("mean", F, "mean ability on the scale"),
        Column("se_mean", F, "its standard error; empty where it was held", nullable=True),
        Column("sd", F, "standard deviation"),
        Column("se_sd", F, "its standard error; empty where it was held", nullable=True),
        Column("shape", S, "how it was described", allowed=("normal", "histogram")),
    ),
    key=("group",),
)

ANCHORS = Table(
    "anchors",
    (
        Column("item_id", S, "item that held the scale at first"),
        Column("domain", S, "content domain", nullable=True),
        Column("a", F, "discrimination in the bank"),
        Column("b", F, "difficulty in the bank"),
        Column("c", F, "lower asymptote in the bank"),
        Column("se_b", F, "standard error of b in the bank", nullable=True),
        Column("n", I, "answers that count"),
        Column("free_b", F, "difficulty estimated anew", nullable=True),
        *MOVES,
    ),
    key=("item_id",),
    allow_empty=True,
)

LINK = Table(
    "link",
    (
        Column("item_id", S, "item of both calibrations"),
        Column("b_old", F, "difficulty on the old scale"),
        Column("b_new", F, "difficulty in the new calibration"),
        Column("b_linked", F, "the same on the old scale"),
        *MOVES,
    ),
    key=("item_id",),
)

RAW_TO_THETA = Table(
    "score_tables",
    (
        Column("form_id", S, "form, answered completely"),
        Column("raw", I, "raw score", minimum=0),
        Column("method", S, "kind of estimate", allowed=("eap", "ml", "wle", "tcc")),
        Column("theta", F, "ability; empty where nobody can score that", nullable=True),
        Column("se", F, "its standard error", nullable=True),
    ),
    key=("form_id", "raw", "method"),
    allow_empty=True,
)

CONVERSION = Table(
    "conversion",
    (
        Column("form_id", S, "form"),
        Column("raw", I, "raw score", minimum=0),
        Column("scaled", F, "on the reporting scale, before rounding and limits"),
        Column("reported", F, "reported score"),
        Column("passed", pl.Boolean, "whether it passes"),
        Column("n", I, "deliveries with this raw score"),
    ),
    key=("form_id", "raw"),
    allow_empty=True,
)

PASS_DECISIONS = Table(
    "decisions",
    (
        Column("form_id", S, "form"),
        Column("n_scored_items", I, "scored items"),
        Column("theta_cut", F, "the standard"),
        Column("expected_at_cut", F, "expected raw score at the standard"),
        Column("raw_cut", I, "lowest raw score that passes"),
        Column("reported_at_cut", F, "the reported score it gets"),
        Column("slope", F, "A of reported = A raw + B"),
        Column("intercept", F, "B"),
        Column("csem_raw", F, "standard error of measurement at the standard, raw points"),
        Column("csem_theta", F, "the same in logits", nullable=True),
        Column("csem_reported", F, "the same in reported points"),
        Column("method", S, "what decides: the raw score (Lee 2010) or theta (Rudner 2001)",
               allowed=("lee", "rudner")),
        Column("accuracy", F, "share who get the decision they deserve", minimum=0, maximum=1),
        Column("consistency", F, "share whom a second form would decide alike", minimum=0, maximum=1),
        Column("kappa", F, "consistency beyond chance", nullable=True),
        Column("false_positive", F, "share who pass undeservedly", minimum=0, maximum=1),
        Column("false_negative", F, "share who fail undeservedly", minimum=0, maximum=1),
        Column("pass_rate", F, "share expected to pass", minimum=0, maximum=1),
    ),
    key=("form_id", "method"),
    allow_empty=True,
)  # fmt: skip
