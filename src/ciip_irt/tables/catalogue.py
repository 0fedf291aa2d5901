"""The canonical tables: what other programs may rely on. More columns may follow in any of them."""

import polars as pl

from ciip_irt.tables.contract import Column, Rule, Table

__all__ = [
    "CANDIDATES",
    "CAPACITY",
    "DIF",
    "EXCLUSIONS",
    "FLAGS",
    "FORMS",
    "ITEMS",
    "ITEM_PARAMETERS",
    "ITEM_STATISTICS",
    "LEDGER",
    "OPTION_STATISTICS",
    "PILOT_DECISIONS",
    "POOLED",
    "QUARANTINE",
    "RESPONSES",
    "RESPONSE_STATUS",
    "STATUS",
    "WRITING_ASSIGNMENT",
]

STATUS = ("draft", "pilot", "scored", "retired")
POOLED = "all"  # in the place of a form: over all forms
RESPONSE_STATUS = ("answered", "omitted", "not_reached", "invalid")
MODELS = ("rasch", "1pl", "2pl", "3pl")
DECISIONS = ("promote", "hold", "revise", "retire")
S, F, I = pl.String, pl.Float64, pl.Int64  # noqa: E741


def _optional(name: str, dtype: type[pl.DataType], meaning: str, **limits: float | tuple[str, ...]) -> Column:
    return Column(name, dtype, meaning, required=False, nullable=True, **limits)  # type: ignore[arg-type]


RESPONSES = Table(
    "responses",
    (
        Column("candidate_id", S, "who answered"),
        Column("delivery_id", S, "one sitting of one candidate"),
        Column("attempt", S, "attempt label as it came, '1' or '4+'", nullable=True),
        Column("form_id", S, "the form delivered"),
        Column("item_id", S, "the item administered; an item without a row was not administered"),
        _optional("position", I, "place in the form, from 1", minimum=1),
        Column("response", S, "option chosen", nullable=True),
        Column("status", S, "answered, or which kind of missing", allowed=RESPONSE_STATUS),
        _optional("time_s", F, "seconds spent", minimum=0),
        _optional("delivered_at", S, "ISO 8601 time stamp of the delivery"),
        _optional("role", S, "role here, where it differs from the bank", allowed=("scored", "pilot")),
    ),
    rules=(
        Rule(
            "answered_has_response",
            (pl.col("status") == "answered") & pl.col("response").is_null(),
            "status is 'answered' but there is no response",
            "Give the option chosen, or say omitted, not_reached or invalid.",
            ("status", "response"),
            "item_id",
        ),
        Rule(
            "missing_has_no_response",
            pl.col("status").is_in(["omitted", "not_reached"]) & pl.col("response").is_not_null(),
            "status says that no answer was given, but there is a response",
            "Empty the response, or set the status to answered or invalid.",
            ("status", "response"),
            "response",
        ),
    ),
    key=("delivery_id", "item_id"),
)  # fmt: skip

CANDIDATES = Table(
    "candidates",
    (
        Column("delivery_id", S, "one row per delivery"),
        _optional("candidate_id", S, "who sat"),
        _optional("form_id", S, "the form delivered"),
        _optional("attempt", S, "attempt label as it came"),
        _optional("delivered_at", S, "ISO 8601 time stamp"),
    ),
    key=("delivery_id",),
)

_KEY_LETTERS = pl.col("key").str.split("|").list.eval(pl.element().str.strip_chars())

ITEMS = Table(
    "items",
    (
        Column("item_id", S, "unique name of the item"),
        Column("domain", S, "content domain: letter or name"),
        Column("status", S, "place in the life cycle", allowed=STATUS),
        Column("key", S, "'B' one right option, 'B|D' either is right, '*' everyone is credited"),
        Column("options", S, "the letters offered, 'ABCD'"),
        _optional("model", S, "model of the parameters", allowed=MODELS),
        _optional("a", F, "discrimination"),
        _optional("b", F, "difficulty"),
        _optional("c", F, "lower asymptote", minimum=0, maximum=0.999),
        _optional("D", F, "scaling constant of the logistic, 1 or 1.7"),
        _optional("se_a", F, "standard error of a", minimum=0),
        _optional("se_b", F, "standard error of b", minimum=0),
        _optional("se_c", F, "standard error of c", minimum=0),
        _optional("scale_id", S, "name of the scale the parameters are on"),
        _optional("enemies", S, "item ids that must not meet this one, separated by |"),
        _optional("set_id", S, "items that share a stimulus"),
        _optional("cognitive_level", S, "level of the task"),
        _optional("last_used", S, "year or date of last use"),
        _optional("words", I, "length of the item", minimum=0),
        _optional("revised_on", S, "day since which the item reads as it does now, ISO 8601"),
    ),
    rules=(
        Rule(
            "key_is_an_option",
            (pl.col("key") != "*")
            & (
                (_KEY_LETTERS.list.len() == 0)
                | ~_KEY_LETTERS.list.set_difference(pl.col("options").str.split("")).list.len().eq(0)
            ),
            "the key is not among the options",
            "Write the letters offered in 'options' (ABCD), in 'key' one of them (B), several (B|D), or *.",
            ("key", "options"),
            "key",
        ),
        Rule(
            "options_repeat",
            pl.col("options").str.split("").list.n_unique() != pl.col("options").str.len_chars(),
            "the options name the same letter twice",
            "Name every option once, as in ABCD.",
            ("options",),
            "options",
        ),
        Rule(
            "discrimination_positive",
            pl.col("a") <= 0,
            "the discrimination a is not positive",
            "Leave it empty, or calibrate the item again: a scored item with a <= 0 is flawed.",
            ("a",),
            "a",
        ),
        Rule(
            "scaling_constant",
            pl.col("D") <= 0,
            "the scaling constant D is not positive",
            "Use 1 (logistic) or 1.7 (normal metric).",
            ("D",),
            "D",
        ),
        Rule(
            "revised_on_a_day",
            pl.col("revised_on").is_not_null()
            & (
                pl.col("revised_on").str.to_date("%Y-%m-%d", strict=False).is_null()
                | (pl.col("revised_on").str.len_chars() != len("2026-03-01"))
            ),
            "'revised_on' is not a day",
            "Write it as 2026-03-01. Answers given before that day do not count for the item.",
            ("revised_on",),
            "revised_on",
        ),
        Rule(
            "own_enemy",
            pl.col("enemies").str.split("|").list.contains(pl.col("item_id")),
            "an item names itself as its enemy",
            "Remove it from its own enemies.",
            ("enemies", "item_id"),
            "item_id",
        ),
    ),
    key=("item_id",),
)  # fmt: skip

EXCLUSIONS = Table(
    "exclusions",
    (
        Column("delivery_id", S, "the delivery left out"),
        Column("candidate_id", S, "its candidate", nullable=True),
        Column("rule", S, "name of the rule"),
        Column("reason", S, "the rule in words"),
        Column("rows", I, "its rows in the log"),
    ),
    allow_empty=True,
)

QUARANTINE = Table(
    "quarantine",
    (
        Column("file", S, "file the row came from"),
        Column("row", I, "row in that file, header = 1", nullable=True),
        Column("delivery_id", S, "the delivery", nullable=True),
        Column("item_id", S, "the item", nullable=True),
        Column("response", S, "the response as it came", nullable=True),
        Column("reason", S, "which rule"),
        Column("action", S, "what was done", allowed=("removed", "kept as invalid", "value set aside")),
    ),
    allow_empty=True,
)

ITEM_PARAMETERS = Table(
    "parameters",
    (
        Column("item_id", S, "item"),
        Column("model", S, "response model", allowed=MODELS),
        Column("parameter", S, "a, b or c", allowed=("a", "b", "c")),
        Column("estimate", F, "value on the scale", nullable=True),
        Column("se", F, "standard error; empty where fixed", nullable=True),
        _optional("low", F, "lower end of the 95 % interval; not se either way for a and c, or with priors"),
        _optional("high", F, "upper end"),
        Column("fixed", pl.Boolean, "held at the bank's value"),
        Column("n", I, "answers that count"),
        Column("scale_id", S, "scale"),
        Column("D", F, "scaling constant"),
    ),
    key=("item_id", "parameter"),
)

ITEM_STATISTICS = Table(
    "item_statistics",
    (
        Column("item_id", S, "item"),
        Column("form_id", S, "form, or 'all' = pooled"),
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
        Column("median_time_s", F, "median seconds", nullable=True),
    ),
    key=("item_id", "form_id"),
)

OPTION_STATISTICS = Table(
    "option_statistics",
    (
        Column("item_id", S, "item"),
        Column("option", S, "option"),
        Column("is_key", pl.Boolean, "credited by the key"),
        Column("n", I, "how often chosen"),
        Column("share", F, "share of those who met the item", nullable=True),
        Column("mean_criterion", F, "mean criterion of those who chose it", nullable=True),
        Column("r", F, "point-biserial of choosing it with the criterion", nullable=True),
    ),
)

FLAGS = Table(
    "flags",
    (
        Column("item_id", S, "item"),
        Column("flag", S, "name of the flag"),
        Column("severity", I, "1 = look at this first", minimum=1),
        Column("seen", S, "what the data show"),
        Column("may_mean", S, "what it may mean"),
        Column("do", S, "what to do"),
    ),
    allow_empty=True,
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
        Column("ets_class", S, "A, B, C or insufficient"),
    ),
    allow_empty=True,
)

CAPACITY = Table(
    "capacity",
    (
        Column("what", S, "domain, difficulty (a range of b in a domain), count or key"),
        Column("domain", S, "letter of the domain; empty for counts and keys", nullable=True),
        Column("name", S, "the cell in words"),
        Column("b_low", F, "lower end of the range of b", nullable=True),
        Column("b_high", F, "upper end", nullable=True),
        Column("available", I, "scored items that qualify"),
        Column("per_form", F, "items of this cell in one form: least, or usual for a range of b"),
        Column("forms_alone", F, "available / per_form: forms that share none, if only this cell mattered"),
        Column("runs_out", I, "1 = runs out first", minimum=1),
    ),
)

WRITING_ASSIGNMENT = Table(
    "writing_assignment",
    (
        Column("forms", I, "for so many forms; every number counts from today's bank"),
        Column("domain", S, "letter of the domain"),
        Column("name", S, "its title"),
        Column("b_low", F, "lower end of the difficulty asked for", nullable=True),
        Column("b_high", F, "upper end", nullable=True),
        Column("asks_for", S, "difficulty, attributes and key asked for, in words", nullable=True),
        Column("available", I, "scored items of this kind in the bank"),
        Column("write", I, "items to write", minimum=1),
        Column("worth", F, "forms gained per item, if all of this assignment is written"),
        Column("message", S, "the line in words"),
    ),
    allow_empty=True,
)

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
        _optional("reviewer", S, "who reviewed"),
        _optional("override", S, "another decision, by a person", allowed=DECISIONS),
        _optional("comment", S, "why"),
        _optional("need", S, "whether the bank lacks such items; not a matter of quality"),
        _optional("policy", S, "policy that proposed the decision"),
        _optional("scale", S, "scale of the calibration behind it"),
        _optional("evidence", S, "hash of the evidence it rests on"),
        _optional("item_hash", S, "hash of what the item was: domain, key, options, date of its wording"),
    ),
    key=("item_id",),
    allow_empty=True,
)  # fmt: skip

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
)

FORMS = Table(
    "forms",
    (
        Column("form_id", S, "form"),
        Column("position", I, "place in the form, from 1", minimum=1),
        Column("item_id", S, "item"),
        Column("role", S, "scored or pilot", allowed=("scored", "pilot")),
        Column("domain", S, "content domain; where empty, the bank's", nullable=True),
    ),
)
