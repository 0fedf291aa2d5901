"""The tables of scores and of the decisions they lead to."""

import polars as pl

from ciip_irt.tables.contract import Column, Table, may_be_absent, may_be_empty

__all__ = [
    "ABILITIES",
    "ACCREDITATION",
    "CONVERSION",
    "PASS_DECISIONS",
    "RAW_TO_THETA",
]

S, F, I = pl.String, pl.Float64, pl.Int64  # noqa: E741

ABILITIES = Table(
    "abilities",
    (
        Column("delivery_id", S, "delivery", personal=True),
        Column("form_id", S, "form"),
        Column("total", I, "raw score on the scored items"),
        may_be_empty("theta", F, "ability on the scale of the bank"),
        may_be_empty("se", F, "its standard error"),
        Column("method", S, "kind of estimate"),
        may_be_empty("theta_eap", F, "mean of the posterior"),
        may_be_empty("se_eap", F, "its standard deviation"),
    ),
    key=("delivery_id",),
    allow_empty=True,
    meaning="one delivery with its ability",
)

ACCREDITATION = Table(
    "accreditation",
    (
        Column("form_id", S, "form"),
        Column("n_candidates", I, "deliveries that count"),
        may_be_empty("pass_rate", F, "share that passes"),
        may_be_absent("expected_pass_rate", F, "share that passes by the response model"),
        may_be_empty("cut", F, "lowest raw score that passes"),
        may_be_empty("mean", F, "mean total, points"),
        may_be_empty("sd", F, "its standard deviation"),
        may_be_empty("reliability", F, "internal consistency of the total"),
        may_be_empty("reliability_type", S, "KR-20, or alpha"),
        may_be_empty("sem", F, "standard error of measurement, points"),
        Column("n_scored_items", I, "scored items"),
        may_be_empty("mean_p", F, "mean proportion correct of the scored items"),
        may_be_empty("mean_r", F, "mean corrected point-biserial of the scored items"),
        may_be_empty("decision_consistency", F, "share whom a second form would decide alike"),
        may_be_empty("decision_accuracy", F, "share who get the decision they deserve"),
        may_be_empty("kappa", F, "consistency beyond chance"),
        may_be_empty("decision_method", S, "Lee (2010), or Livingston and Lewis (1995)"),
        may_be_absent(
            "population", S, "who the candidates are taken for: normal, or histogram (of their totals)"
        ),
        may_be_empty("csem_at_cut", F, "standard error of measurement at the standard, points"),
        may_be_empty("theta_cut", F, "the standard, logits"),
        may_be_empty("expected_at_cut", F, "expected raw score at the standard"),
        may_be_empty("csem_theta", F, "standard error of measurement at the standard, logits"),
        may_be_empty("remarks", S, "what a reader should know, in words"),
    ),
    key=("form_id",),
    allow_empty=True,
    meaning="one form with what an accreditor asks for",
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
    meaning="one raw score of one form, with an ability",
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
    meaning="one raw score of one form, with the reported score",
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
    meaning="one form and one way to decide, with how dependable the decisions are",
)  # fmt: skip
