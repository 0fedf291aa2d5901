"""The tables of response times."""

import polars as pl

from ciip_irt.tables.contract import Column, Table, may_be_empty

__all__ = ["DELIVERY_TIMES", "FORM_TIMES", "ITEM_TIMES", "PACE"]

S, F, I = pl.String, pl.Float64, pl.Int64  # noqa: E741

ITEM_TIMES = Table(
    "item_times",
    (
        Column("item_id", S, "item"),
        Column("form_id", S, "form, or 'all' = pooled"),
        Column("n_timed", I, "answers with a time"),
        may_be_empty("expected_time_s", F, "mean seconds, a few long times cut down"),
        may_be_empty("q10_s", F, "one tenth of the times are shorter"),
        may_be_empty("q25_s", F, "one quarter"),
        may_be_empty("median_time_s", F, "one half"),
        may_be_empty("q75_s", F, "three quarters"),
        may_be_empty("q90_s", F, "nine tenths"),
        may_be_empty("rapid_below_s", F, "answers below this are rapid guesses"),
        Column("n_rapid", I, "how many there are"),
        may_be_empty("rapid_rate", F, "their share"),
        may_be_empty("p_rapid", F, "proportion correct of these"),
    ),
    key=("item_id", "form_id"),
    allow_empty=True,
    meaning="one item in one form, or in all forms together, with the time it takes",
)

FORM_TIMES = Table(
    "form_times",
    (
        Column("form_id", S, "form"),
        Column("n_timed", I, "deliveries with times"),
        Column("n_items", I, "questions of the form"),
        may_be_empty("testing_time_min", F, "minutes allowed"),
        may_be_empty("expected_min", F, "sum of the expected times of its items, minutes"),
        may_be_empty("q05_min", F, "one twentieth of the deliveries used less"),
        may_be_empty("median_min", F, "one half used less"),
        may_be_empty("q95_min", F, "nineteen twentieths used less"),
        may_be_empty("longest_min", F, "the longest delivery"),
        may_be_empty("ran_out_rate", F, "share of deliveries that did not reach the last question"),
        may_be_empty("mean_not_reached", F, "mean number of questions not reached"),
        may_be_empty("rapid_rate", F, "share of rapid guesses"),
        may_be_empty("rapid_rate_last_tenth", F, "the same in the last tenth of the questions"),
        Column("n_low_effort", I, "deliveries with many rapid guesses"),
        Column("n_rushed_end", I, "deliveries that guessed rapidly at the end only"),
    ),
    key=("form_id",),
    allow_empty=True,
    meaning="one form: minutes used, who ran out of time, rapid guessing",
)

PACE = Table(
    "pace",
    (
        Column("form_id", S, "form"),
        Column("tenth", I, "tenth of its questions in order of place", minimum=1, maximum=10),
        Column("n", I, "answers with a time"),
        may_be_empty("median_time_s", F, "median seconds"),
        may_be_empty("pace", F, "time relative to the usual time of the same items; 1 = usual"),
        may_be_empty("p", F, "proportion correct"),
        may_be_empty("rapid_rate", F, "share of rapid guesses"),
        may_be_empty("omit_rate", F, "share omitted"),
        may_be_empty("not_reached_rate", F, "share not reached"),
    ),
    key=("form_id", "tenth"),
    allow_empty=True,
    meaning="one tenth of the questions of one form",
)

DELIVERY_TIMES = Table(
    "delivery_times",
    (
        Column("delivery_id", S, "delivery", personal=True),
        Column("form_id", S, "form"),
        Column("n_timed", I, "answers with a time"),
        may_be_empty("total_min", F, "minutes used"),
        Column("n_rapid", I, "rapid guesses"),
        may_be_empty("effort", F, "share of answers that are no rapid guesses"),
        may_be_empty("rapid_last_tenth", F, "share of rapid guesses in the last tenth of the questions"),
        Column("n_not_reached", I, "questions not reached"),
        Column("low_effort", pl.Boolean, "many rapid guesses"),
        Column("rushed_end", pl.Boolean, "rapid guesses at the end only"),
    ),
    key=("delivery_id",),
    allow_empty=True,
    meaning="one delivery with its times",
)
