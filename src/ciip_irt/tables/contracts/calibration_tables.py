"""The tables of a calibration: parameters, populations, anchors, a link, and how well the model holds."""

import polars as pl

from ciip_irt.tables.contract import Column, Table, may_be_absent, may_be_empty
from ciip_irt.tables.contracts.log_tables import ITEM_MODELS

__all__ = [
    "ANCHOR_ITEMS",
    "DIMENSIONALITY",
    "ITEM_FIT",
    "ITEM_PARAMETERS",
    "LINK",
    "LINKS",
    "LOCAL_DEPENDENCE",
    "MODEL_FIT",
    "OBSERVED_PROPORTIONS",
    "PERSON_FIT",
    "POPULATION",
    "POPULATION_POINTS",
]

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

ITEM_PARAMETERS = Table(
    "parameters",
    (
        Column("item_id", S, "item"),
        Column("model", S, "response model", allowed=ITEM_MODELS),
        Column("parameter", S, "a, b or c", allowed=("a", "b", "c")),
        Column("estimate", F, "value on the scale", nullable=True),
        Column("se", F, "standard error; empty where fixed", nullable=True),
        may_be_absent(
            "low", F, "lower end of the 95 % interval; not se either way for a and c, or with priors"
        ),
        may_be_absent("high", F, "upper end"),
        Column("fixed", pl.Boolean, "held at the bank's value"),
        Column("n", I, "answers that count"),
        Column("scale_id", S, "scale"),
        Column("D", F, "scaling constant"),
    ),
    key=("item_id", "parameter"),
    meaning="one parameter of one item",
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
    meaning="one group of candidates with its distribution of ability",
)

POPULATION_POINTS = Table(
    "population_points",
    (
        Column("group", S, "population"),
        Column("theta", F, "ability"),
        Column("weight", F, "share of the population there", minimum=0, maximum=1),
    ),
    allow_empty=True,
    meaning="one point of a population that is described by a histogram",
)

ITEM_FIT = Table(
    "fit",
    (
        Column("item_id", S, "item"),
        Column("statistic", S, "infit, outfit, s_x2, rmsd, ...; or a limit or p-value of one of these"),
        may_be_empty("value", F, "its value"),
    ),
    allow_empty=True,
    meaning="one statistic of how one item fits the model",
)

MODEL_FIT = Table(
    "model_fit",
    (
        Column("form_id", S, "form"),
        may_be_empty("group", S, "population"),
        Column("n", I, "deliveries with all of these items"),
        Column("n_items", I, "scored items"),
        may_be_empty("m2", F, "Maydeu-Olivares and Joe's M2 for one- and two-way margins"),
        may_be_empty("df", I, "degrees of freedom"),
        may_be_empty("p", F, "p-value"),
        may_be_empty("rmsea", F, "root mean square error of approximation"),
        may_be_empty("rmsea_low", F, "lower end of the 90 % interval"),
        may_be_empty("rmsea_high", F, "upper end"),
        may_be_empty("srmsr", F, "standardised root mean square residual of the correlations"),
        may_be_empty("remarks", S, "in words; empty where there is nothing to say"),
    ),
    allow_empty=True,
    meaning="one set of scored items that enough candidates answered, held against the model as a whole",
)

LOCAL_DEPENDENCE = Table(
    "local_dependence",
    (
        Column("item_1", S, "item"),
        Column("item_2", S, "the other item"),
        Column("n", I, "candidates who answered both"),
        may_be_empty("q3", F, "correlation of their residuals (Yen's Q3)"),
        may_be_empty("q3_adjusted", F, "the same less the mean over all pairs"),
        may_be_empty("reference", F, "exceeded by the most dependent pair in one of twenty samples that fit"),
        may_be_empty("p", F, "share of such samples whose most dependent pair goes as far"),
        may_be_empty("suggestion", S, "what to do; empty without samples"),
    ),
    allow_empty=True,
    meaning="one pair of items that go together beyond ability, the most dependent first",
)

PERSON_FIT = Table(
    "person_fit",
    (
        Column("delivery_id", S, "delivery", personal=True),
        Column("form_id", S, "form"),
        Column("n", I, "answers that count"),
        may_be_empty("theta", F, "ability (MAP)"),
        may_be_empty("lz_star", F, "standardised log-likelihood of the answers, lz* of Snijders"),
        may_be_empty("p", F, "probability of a smaller one if the model holds"),
        may_be_empty("flagged", pl.Boolean, "whether p is below the level"),
    ),
    allow_empty=True,
    meaning="one delivery, and how well its answers agree with the model",
)

OBSERVED_PROPORTIONS = Table(
    "observed_proportions",
    (
        Column("item_id", S, "item"),
        Column("group", I, "group of candidates of similar ability, 1 = lowest", minimum=1),
        may_be_empty("theta", F, "mean ability of the group, from the answers to the other items"),
        Column("n", I, "answers that count"),
        may_be_empty("observed", F, "proportion correct"),
        may_be_empty("low", F, "lower end of the 95 % interval"),
        may_be_empty("high", F, "upper end"),
        may_be_empty("expected", F, "proportion correct that the model expects from those answers"),
    ),
    allow_empty=True,
    meaning="one group of candidates beside the curve of one item",
)

DIMENSIONALITY = Table(
    "dimensionality",
    (
        Column("component", I, "1 = largest", minimum=1),
        Column("eigenvalue", F, "of the correlations of the items"),
        may_be_empty("reference", F, "exceeded in one of twenty samples of random answers"),
    ),
    key=("component",),
    allow_empty=True,
    meaning="one eigenvalue beside what chance gives",
)

ANCHOR_ITEMS = Table(
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
        may_be_absent(
            "drifted", pl.Boolean, "beyond the limits of drift, whether it was dropped or had to stay"
        ),
    ),
    key=("item_id",),
    allow_empty=True,
    meaning="one item that held the scale, and whether it still does",
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
    meaning="one item of both calibrations, and whether it holds the scale",
)

LINKS = Table(
    "links",
    (
        Column("calibration", S, "the calibration, by its scale"),
        Column("A", F, "slope of theta_last = A theta + B"),
        may_be_empty("se_A", F, "standard error of A"),
        Column("B", F, "intercept"),
        may_be_empty("se_B", F, "standard error of B"),
        may_be_empty("cov_AB", F, "covariance of A and B"),
        Column("n_common", I, "items that hold the link", minimum=0),
    ),
    key=("calibration",),
    meaning="one of several calibrations, and what puts it on the scale of the last",
)
