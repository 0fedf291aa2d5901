"""The tables of an item analysis."""

import polars as pl

from ciip_irt.tables.contract import Column, Table, may_be_absent, may_be_empty
from ciip_irt.tables.contracts.log_tables import STATUS

__all__ = [
    "DIF",
    "DOMAIN_SCORES",
    "FORM_SUMMARY",
    "GROUP_SUMMARY",
    "HELD_SEVERITY",
    "ITEM_FLAGS",
    "ITEM_STATISTICS",
    "KEY_VALIDATION",
    "OPTION_QUANTILES",
    "OPTION_STATISTICS",
    "POOLED",
    "RESCORING",
    "RESCORINGS",
    "SEVERITY_WORDS",
]

S, F, I = pl.String, pl.Float64, pl.Int64  # noqa: E741

POOLED = "all"  # in the place of a form: over all forms
RESCORINGS = ("keep", "accept_two", "change_key", "credit_all", "eliminate")

SEVERITY_WORDS = {
    1: "check today", 2: "settle before use", 3: "worth a look", 4: "when revising", 5: "when revising",
}  # fmt: skip
"""What the severity of a flag asks for, in the words of every summary, page and figure."""
HELD_SEVERITY = 2
"""Up to it no item is used again before somebody has looked: its score is wrong; beyond it, weak."""

ITEM_STATISTICS = Table(
    "item_statistics",
    (
        Column("item_id", S, "item"),
        Column("form_id", S, "form, or 'all' = pooled"),
        may_be_absent("domain", S, "content domain"),
        Column("status", S, "role in the analysis", allowed=STATUS),
        Column("n", I, "answers that count"),
        Column("p", F, "proportion correct", nullable=True),
        Column("p_low", F, "lower end of the 95 % interval", nullable=True),
        Column("p_high", F, "upper end", nullable=True),
        Column("r", F, "corrected point-biserial", nullable=True),
        Column("r_low", F, "lower end", nullable=True),
        Column("r_high", F, "upper end", nullable=True),
        Column("r_biserial", F, "corrected biserial", nullable=True),
        Column("omit_rate", F, "share omitted", nullable=True),
        Column("not_reached_rate", F, "share not reached", nullable=True),
        may_be_absent("invalid_rate", F, "share of answers that are no option"),
        Column("median_time_s", F, "median seconds", nullable=True),
        may_be_absent(
            "alpha_if_deleted", F, "reliability of the form without the item; scored items of one form"
        ),
    ),
    key=("item_id", "form_id"),
    meaning="one item in one form, or in all forms together",
)

OPTION_STATISTICS = Table(
    "option_statistics",
    (
        Column("item_id", S, "item"),
        may_be_absent("form_id", S, "form, where options are counted by form"),
        Column("option", S, "option"),
        Column("is_key", pl.Boolean, "credited by the key"),
        Column("n", I, "how often chosen"),
        Column("share", F, "share of those who met the item", nullable=True),
        Column("mean_criterion", F, "mean criterion of those who chose it", nullable=True),
        Column("r", F, "point-biserial of choosing it with the criterion", nullable=True),
        may_be_absent("r_low", F, "lower end of the 95 % interval"),
        may_be_absent("r_high", F, "upper end"),
    ),
    meaning="one option of one item",
)

OPTION_QUANTILES = Table(
    "option_quantiles",
    (
        Column("item_id", S, "item"),
        Column("fifth", I, "fifth of the candidates by scored total, 1 = lowest", minimum=1, maximum=5),
        Column("option", S, "option"),
        Column("is_key", pl.Boolean, "credited by the key"),
        Column("n", I, "how often chosen"),
        Column("n_fifth", I, "candidates of the fifth who met the item"),
        may_be_empty("share", F, "n / n_fifth"),
        may_be_empty("low", F, "lower end of the 95 % interval"),
        may_be_empty("high", F, "upper end"),
    ),
    allow_empty=True,
    meaning="one option of one item, in one fifth of the candidates",
)

KEY_VALIDATION = Table(
    "key_validation",
    (
        Column("item_id", S, "item"),
        Column("status", S, "role in the analysis", allowed=STATUS),
        Column("key", S, "the key as it stands"),
        Column("n", I, "answers that chose an option"),
        may_be_empty("p_key_right", F, "probability that the key is right; empty where it is not judged"),
        may_be_empty("p_key_wrong", F, "that another option is right instead"),
        may_be_empty("likely_key", S, "the option that is right if the key is wrong"),
        may_be_empty("p_two_right", F, "that one more option is right"),
        may_be_empty("second_option", S, "that option"),
        may_be_empty("p_guessed", F, "that ability does not matter for the answer"),
        may_be_empty("seen", S, "what the data show; empty where there is nothing to look at"),
        may_be_empty("do", S, "what to do"),
    ),
    key=("item_id",),
    allow_empty=True,
    meaning="one item with the probability that its key is right",
)

RESCORING = Table(
    "rescoring",
    (
        Column("item_id", S, "item"),
        Column("form_id", S, "form"),
        Column("outcome", S, "what is done with the item's key", allowed=RESCORINGS),
        may_be_empty("key", S, "key after that; empty where the item is eliminated"),
        Column("n_candidates", I, "deliveries of the form"),
        Column("n_scored_items", I, "scored items after that"),
        may_be_empty("p", F, "proportion correct of the item after that"),
        may_be_empty("mean", F, "mean total, points"),
        may_be_empty("sd", F, "its standard deviation"),
        may_be_empty("reliability", F, "KR-20 of the total"),
        may_be_empty("cut", F, "lowest raw score that passes"),
        may_be_empty("n_passed", I, "deliveries that pass"),
        Column("n_score_changed", I, "deliveries whose total changes, against keeping the key"),
        may_be_empty("n_newly_pass", I, "deliveries that pass only then"),
        may_be_empty("n_newly_fail", I, "deliveries that fail only then"),
        may_be_empty("cut_from", S, "where the cut comes from: the standard, or as given"),
    ),
    allow_empty=True,
    meaning="one thing that could be done with the key of one item, and what it does to one form",
)

FORM_SUMMARY = Table(
    "form_summary",
    (
        Column("form_id", S, "form"),
        Column("n_candidates", I, "deliveries"),
        Column("n_scored_items", I, "scored items"),
        Column("n_pilot_items", I, "pilot items"),
        Column("mean", F, "mean total, points"),
        may_be_empty("sd", F, "its standard deviation"),
        Column("min", I, "lowest total"),
        Column("max", I, "highest total"),
        may_be_empty("reliability", F, "internal consistency of the total"),
        may_be_empty("reliability_low", F, "lower end of the 95 % interval"),
        may_be_empty("reliability_high", F, "upper end"),
        Column("reliability_type", S, "KR-20, or alpha", allowed=("KR-20", "alpha")),
        may_be_empty("sem", F, "standard error of measurement, points"),
        may_be_empty("mean_p", F, "mean proportion correct of the scored items"),
        may_be_empty("mean_r", F, "mean corrected point-biserial of the scored items"),
        may_be_empty("median_total_time_s", F, "median of the seconds used"),
        may_be_empty("cut", F, "lowest raw score that passes"),
        may_be_empty("n_passed", I, "deliveries that pass"),
        may_be_empty("pass_rate", F, "their share"),
    ),
    key=("form_id",),
    allow_empty=True,
    meaning="one form: who sat, how hard it was, how dependable the total is",
)

GROUP_SUMMARY = Table(
    "group_summary",
    (
        Column("form_id", S, "form"),
        Column("grouping", S, "candidate attribute"),
        Column("group", S, "its value"),
        Column("reference", S, "the group that others are compared with"),
        Column("n_candidates", I, "deliveries"),
        Column("mean", F, "mean total, points"),
        may_be_empty("mean_low", F, "lower end of the 95 % interval"),
        may_be_empty("mean_high", F, "upper end"),
        may_be_empty("sd", F, "standard deviation of the total"),
        may_be_empty("reliability", F, "internal consistency of the total, from 30 deliveries on"),
        may_be_empty("reliability_low", F, "lower end of the 95 % interval"),
        may_be_empty("reliability_high", F, "upper end"),
        may_be_empty("sem", F, "standard error of measurement, points"),
        may_be_empty("cut", F, "lowest raw score that passes"),
        may_be_empty("n_passed", I, "deliveries that pass"),
        may_be_empty("pass_rate", F, "their share"),
        may_be_empty("pass_rate_low", F, "lower end of the 95 % interval"),
        may_be_empty("pass_rate_high", F, "upper end"),
        may_be_empty("dif_points", F, "points at the cut (without one at the mean) that DIF of the scored"
                     " items gives the group beside the reference; negative: costs it"),
        may_be_empty("dif_low", F, "lower end of the 95 % interval"),
        may_be_empty("dif_high", F, "upper end"),
        may_be_empty("dif_pass_rate", F, "part of the pass rate that is due to it"),
    ),
    key=("form_id", "grouping", "group"),
    allow_empty=True,
    meaning="one group of candidates on one form: who passes, and what DIF adds up to",
)  # fmt: skip

DOMAIN_SCORES = Table(
    "domain_scores",
    (
        Column("form_id", S, "form"),
        Column("domain", S, "content domain"),
        Column("n_items", I, "scored items"),
        Column("n_candidates", I, "deliveries"),
        may_be_empty("mean", F, "mean domain score, points"),
        may_be_empty("sd", F, "its standard deviation"),
        may_be_empty("mean_p", F, "mean / n_items"),
        may_be_empty("reliability", F, "alpha of the domain score"),
        may_be_empty("reliability_low", F, "lower end of the 95 % interval"),
        may_be_empty("reliability_high", F, "upper end"),
        may_be_empty("sem", F, "standard error of measurement, points"),
        Column("says", S, "size, reliability and what such a score is worth, in words"),
        may_be_absent("worth", S, "what it is worth alone, in words"),
    ),
    key=("form_id", "domain"),
    allow_empty=True,
    meaning="one content domain of one form",
)

ITEM_FLAGS = Table(
    "flags",
    (
        Column("item_id", S, "item"),
        Column("flag", S, "name of the flag"),
        Column(
            "severity",
            I,
            "1 = check today, 2 = settle before use, 3 = worth a look, 4 and 5 = when revising",
            minimum=1,
        ),
        Column("seen", S, "what the data show"),
        Column("may_mean", S, "what it may mean"),
        Column("do", S, "what to do"),
    ),
    allow_empty=True,
    meaning="one remark on one item",
)

DIF = Table(
    "dif",
    (
        Column("item_id", S, "item"),
        Column("grouping", S, "candidate attribute"),
        Column("reference", S, "reference group"),
        Column("focal", S, "focal group"),
        Column("n_reference", I, "answers in the reference group"),
        Column("n_focal", I, "answers in the focal group"),
        Column("d_dif", F, "Mantel-Haenszel D-DIF; negative = harder for the focal group", nullable=True),
        Column("se", F, "its standard error", nullable=True),
        may_be_absent("chi2", F, "Mantel-Haenszel chi-square, 1 degree of freedom"),
        may_be_absent("p_value", F, "its p-value"),
        Column("ets_class", S, "A, B, C or insufficient"),
        may_be_absent("prob_a", F, "probability that the true D-DIF is of class A"),
        may_be_absent("prob_b", F, "of class B"),
        may_be_absent("prob_c", F, "of class C"),
        may_be_absent("std_p_dif", F, "standardised difference of the proportions correct"),
        may_be_absent("d_ability", F, "the same difference at equal ability; keeps what small groups tell"),
        may_be_absent("se_ability", F, "its standard error; prob_a, prob_b, prob_c are made of both"),
        may_be_absent("n_needed", I, "where insufficient: answers that the smaller group would need"),
        may_be_absent("d_logistic", F, "uniform DIF by logistic regression, on the scale of D-DIF"),
        may_be_absent("p_uniform", F, "p-value of uniform DIF"),
        may_be_absent("p_nonuniform", F, "p-value of DIF that changes with the score"),
        may_be_absent("r2_change", F, "gain in Nagelkerke's R2 by both"),
        may_be_absent("in_matching", pl.Boolean, "whether the item is part of the matching score"),
    ),
    allow_empty=True,
    meaning="one item, compared between two groups of candidates",
)
