"""The tables of forms: the forms themselves, what they achieve, what the bank lacks, a new outline."""

import polars as pl

from ciip_irt.tables.contract import Column, Table, may_be_empty

__all__ = [
    "ACHIEVED",
    "CAPACITY",
    "CAPACITY_OVERLAP",
    "CURVES",
    "EXPOSURE",
    "FINDINGS",
    "FORMS",
    "MIGRATION",
    "SHORTAGES",
    "SUPPLY",
    "WRITING_ASSIGNMENT",
]

S, F, I = pl.String, pl.Float64, pl.Int64  # noqa: E741

FORMS = Table(
    "forms",
    (
        Column("form_id", S, "form"),
        Column("position", I, "place in the form, from 1", minimum=1),
        Column("item_id", S, "item"),
        Column("role", S, "scored or pilot", allowed=("scored", "pilot")),
        Column("domain", S, "content domain; where empty, the bank's", nullable=True),
    ),
    meaning="one item in one place of one form",
)

ACHIEVED = Table(
    "achieved",
    (
        Column("form_id", S, "form"),
        Column("quantity", S, "what the blueprint sets a target for"),
        may_be_empty("target", F, "its target"),
        may_be_empty("tolerance", F, "how far off is allowed"),
        may_be_empty("achieved", F, "its value in this form"),
        may_be_empty("deviation", F, "achieved less target"),
        may_be_empty("met", pl.Boolean, "whether it is within the tolerance"),
        may_be_empty("se", F, "standard error of the value that the items' own errors make"),
        may_be_empty("se_scale", F, "the same of origin and unit of the scale, which all forms share"),
        may_be_empty("low", F, "95 in 100 true values lie above it and below high"),
        may_be_empty("high", F, "see low"),
    ),
    key=("form_id", "quantity"),
    allow_empty=True,
    meaning="one quantity of one form beside its target",
)

EXPOSURE = Table(
    "exposure",
    (
        Column("item_id", S, "item"),
        Column("role", S, "scored or pilot", allowed=("scored", "pilot")),
        Column("forms", I, "number of forms that it stands in", minimum=1),
        Column("share", F, "that as a share of the forms of the family", minimum=0, maximum=1),
    ),
    key=("item_id", "role"),
    allow_empty=True,
    meaning="one item of a family of forms",
)

CURVES = Table(
    "curves",
    (
        Column("form_id", S, "form"),
        Column("theta", F, "ability"),
        Column("information", F, "test information there"),
        Column("expected_score", F, "expected raw score there"),
    ),
    allow_empty=True,
    meaning="one point of the curves of one form",
)

FINDINGS = Table(
    "findings",
    (
        Column("rule", S, "name of the rule"),
        Column("severity", S, "how bad it is", allowed=("error", "warning", "note")),
        may_be_empty("form_id", S, "form"),
        may_be_empty("item_id", S, "item"),
        Column("message", S, "what is wrong and what to do"),
    ),
    allow_empty=True,
    meaning="one thing that the check found",
)

SHORTAGES = Table(
    "shortages",
    (
        Column("what", S, "kind of condition"),
        may_be_empty("domain", S, "content domain"),
        may_be_empty("needed", I, "items needed"),
        may_be_empty("available", I, "items there are"),
        may_be_empty("short", I, "needed less available"),
        Column("message", S, "the same in words"),
    ),
    allow_empty=True,
    meaning="one condition that the bank cannot meet",
)

CAPACITY_OVERLAP = Table(
    "capacity_overlap",
    (
        Column("forms", I, "so many forms"),
        Column("least_overlap", I, "items that two of them share at the least"),
        Column("share", F, "that as a share of a form"),
        may_be_empty("within_bound", pl.Boolean, "whether the bound on common items allows it"),
    ),
    key=("forms",),
    allow_empty=True,
    meaning="one number of forms, and how much they overlap",
)

MIGRATION = Table(
    "migration",
    (
        Column("old", S, "domain of the old outline"),
        may_be_empty("new", S, "domain of the new one; empty where a decision is missing"),
        Column("draft", I, "draft items"),
        Column("pilot", I, "pilot items"),
        Column("scored", I, "scored items"),
        Column("retired", I, "retired items"),
        Column("items", I, "all of these"),
    ),
    allow_empty=True,
    meaning="one move from a domain of the old outline to one of the new",
)

SUPPLY = Table(
    "supply",
    (
        Column("letter", S, "letter of the new domain"),
        Column("domain", S, "its title"),
        Column("before", I, "scored items before"),
        Column("after", I, "scored items after"),
        Column("count", I, "items of it in one form"),
    ),
    allow_empty=True,
    meaning="one domain of the new outline, and how many scored items it has",
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
    meaning="one kind of item that forms need, and how many forms it would last for",
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
    meaning="one kind of item to write, for a given number of forms",
)
