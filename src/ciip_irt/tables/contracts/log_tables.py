"""What comes in and what of it counts: answers, candidates, items, deliveries and rows left out."""

import polars as pl

from ciip_irt.tables.contract import Column, RowRule, Table, may_be_absent

__all__ = [
    "CANDIDATES",
    "EXCLUSIONS",
    "ITEMS",
    "ITEM_MODELS",
    "QUARANTINE",
    "RESPONSES",
    "RESPONSE_STATUS",
    "STATUS",
]

S, F, I = pl.String, pl.Float64, pl.Int64  # noqa: E741

STATUS = ("draft", "pilot", "scored", "retired")
RESPONSE_STATUS = ("answered", "omitted", "not_reached", "invalid")
ITEM_MODELS = ("rasch", "1pl", "2pl", "3pl")

RESPONSES = Table(
    "responses",
    (
        Column("candidate_id", S, "who answered", personal=True),
        Column("delivery_id", S, "one sitting of one candidate", personal=True),
        Column("attempt", S, "attempt label as it came, '1' or '4+'", nullable=True),
        Column("form_id", S, "the form delivered"),
        Column("item_id", S, "the item administered; an item without a row was not administered"),
        may_be_absent("position", I, "place in the form, from 1", minimum=1),
        Column("response", S, "option chosen", nullable=True),
        Column("status", S, "answered, or which kind of missing", allowed=RESPONSE_STATUS),
        may_be_absent("time_s", F, "seconds spent", minimum=0),
        may_be_absent("delivered_at", S, "ISO 8601 time stamp of the delivery"),
        may_be_absent("role", S, "role here, where it differs from the bank", allowed=("scored", "pilot")),
    ),
    rules=(
        RowRule(
            "answered_has_response",
            (pl.col("status") == "answered") & pl.col("response").is_null(),
            "status is 'answered' but there is no response",
            "Give the option chosen, or say omitted, not_reached or invalid.",
            ("status", "response"),
            "item_id",
        ),
        RowRule(
            "missing_has_no_response",
            pl.col("status").is_in(["omitted", "not_reached"]) & pl.col("response").is_not_null(),
            "status says that no answer was given, but there is a response",
            "Empty the response, or set the status to answered or invalid.",
            ("status", "response"),
            "response",
        ),
    ),
    key=("delivery_id", "item_id"),
    meaning="one answer of one candidate to one item",
)  # fmt: skip

CANDIDATES = Table(
    "candidates",
    (
        Column("delivery_id", S, "one row per delivery", personal=True),
        may_be_absent("candidate_id", S, "who sat", personal=True),
        may_be_absent("form_id", S, "the form delivered"),
        may_be_absent("attempt", S, "attempt label as it came"),
        may_be_absent("delivered_at", S, "ISO 8601 time stamp"),
    ),
    key=("delivery_id",),
    meaning="one delivery: who sat, when, and what is known of the candidate",
    more="attributes of the candidates, as they came",
)

_KEY_LETTERS = pl.col("key").str.split("|").list.eval(pl.element().str.strip_chars())

DAY = r"^(\d{4}-\d{2}-\d{2})$"  # polars 1.28 panics on other text instead of giving null

ITEMS = Table(
    "items",
    (
        Column("item_id", S, "unique name of the item"),
        Column("domain", S, "content domain: letter or name"),
        Column("status", S, "place in the life cycle", allowed=STATUS),
        Column("key", S, "'B' one right option, 'B|D' either is right, '*' everyone is credited"),
        Column("options", S, "the letters offered, 'ABCD'"),
        may_be_absent("model", S, "model of the parameters", allowed=ITEM_MODELS),
        may_be_absent("a", F, "discrimination"),
        may_be_absent("b", F, "difficulty"),
        may_be_absent("c", F, "lower asymptote", minimum=0, maximum=0.999),
        may_be_absent("D", F, "scaling constant of the logistic, 1 or 1.7"),
        may_be_absent("se_a", F, "standard error of a", minimum=0),
        may_be_absent("se_b", F, "standard error of b", minimum=0),
        may_be_absent("se_c", F, "standard error of c", minimum=0),
        may_be_absent("scale_id", S, "name of the scale the parameters are on"),
        may_be_absent("enemies", S, "item ids that must not meet this one, separated by |"),
        may_be_absent("set_id", S, "items that share a stimulus"),
        may_be_absent("cognitive_level", S, "level of the task"),
        may_be_absent("last_used", S, "year or date of last use"),
        may_be_absent("words", I, "length of the item", minimum=0),
        may_be_absent("revised_on", S, "day since which the item reads as it does now, ISO 8601"),
    ),
    rules=(
        RowRule(
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
        RowRule(
            "options_repeat",
            pl.col("options").str.split("").list.n_unique() != pl.col("options").str.len_chars(),
            "the options name the same letter twice",
            "Name every option once, as in ABCD.",
            ("options",),
            "options",
        ),
        RowRule(
            "discrimination_positive",
            pl.col("a") <= 0,
            "the discrimination a is not positive",
            "Leave it empty, or calibrate the item again: a scored item with a <= 0 is flawed.",
            ("a",),
            "a",
        ),
        RowRule(
            "scaling_constant",
            pl.col("D") <= 0,
            "the scaling constant D is not positive",
            "Use 1 (logistic) or 1.7 (normal metric).",
            ("D",),
            "D",
        ),
        RowRule(
            "revised_on_a_day",
            pl.col("revised_on").is_not_null()
            & pl.col("revised_on").str.extract(DAY).str.to_date("%Y-%m-%d", strict=False).is_null(),
            "'revised_on' is not a day",
            "Write it as 2026-03-01. Answers given before that day do not count for the item.",
            ("revised_on",),
            "revised_on",
        ),
        RowRule(
            "own_enemy",
            # Parted as bank.listed_items parts them; ids with blanks in them by bars alone.
            pl.any_horizontal(
                pl.col("enemies").str.replace_all(apart, "|").str.split("|").list.contains(pl.col("item_id"))
                for apart in (r"[,;\s|]+", r"\s*[|]\s*")
            ),
            "an item names itself as its enemy",
            "Remove it from its own enemies.",
            ("enemies", "item_id"),
            "item_id",
        ),
    ),
    key=("item_id",),
    meaning="one item of the bank",
    more="whatever else the bank keeps",
)  # fmt: skip

EXCLUSIONS = Table(
    "exclusions",
    (
        Column("delivery_id", S, "the delivery left out", personal=True),
        Column("candidate_id", S, "its candidate", nullable=True, personal=True),
        Column("rule", S, "name of the rule"),
        Column("reason", S, "the rule in words"),
        Column("rows", I, "its rows in the log"),
    ),
    allow_empty=True,
    meaning="one delivery that does not count, with the rule that left it out",
)

QUARANTINE = Table(
    "quarantine",
    (
        Column("file", S, "file the row came from"),
        Column("row", I, "row in that file, header = 1", nullable=True),
        Column("delivery_id", S, "the delivery", nullable=True, personal=True),
        Column("item_id", S, "the item", nullable=True),
        Column("response", S, "the response as it came", nullable=True),
        Column("reason", S, "which rule"),
        Column("action", S, "what was done", allowed=("removed", "kept as invalid", "value set aside")),
        may_be_absent("rule", S, "name of the rule"),
        may_be_absent("value", S, "what broke it"),
    ),
    allow_empty=True,
    meaning="one row of the log that was not taken as it came, with the reason",
)
