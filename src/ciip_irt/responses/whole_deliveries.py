"""What is odd about whole deliveries: none of their answers is offered, or two people share an id."""

import polars as pl

from ciip_irt.errors import plural
from ciip_irt.responses.rules import Examination

__all__ = ["NOTHING_OFFERED_RULE", "people_under_one_id", "whole_invalid"]

NOTHING_OFFERED_RULE = "nothing_offered"
"""Name of the rule under which ``exclusions`` list a delivery without any answer that is offered."""


def whole_invalid(examined: Examination, exclusions: pl.DataFrame) -> list[str]:
    """Where the answers that are not offered stand, when whole deliveries of them are left out."""
    left_out = exclusions.filter(rule=NOTHING_OFFERED_RULE)["delivery_id"]
    if left_out.is_empty():
        return []
    invalid = examined.listed.filter(rule="option_not_offered")
    inside = invalid.filter(pl.col("delivery_id").is_in(left_out.implode()))
    examples = ", ".join(repr(name) for name in left_out.head(3))
    answers = inside["response"].unique(maintain_order=True).head(3)
    share = f"all {inside.height:,}" if inside.height == invalid.height else f"{inside.height:,}"
    of = "" if inside.height == invalid.height else f" of {invalid.height:,}"
    return [
        f"{share}{of} answers that are not among the options stand in"
        f" {plural(len(left_out), 'delivery', 'deliveries')}, e.g. {examples}"
        f" ({', '.join(map(repr, answers))}), which have no other answer: they are left out (exclusions.csv)."
        " If they are written another way, correct them in the file."
    ]


def people_under_one_id(rows: pl.DataFrame, deliveries: pl.DataFrame) -> list[str]:
    """Candidates whose one delivery holds answers of two days: a person twice, or two people."""
    days = (
        rows.select("delivery_id", "candidate_id", day=pl.col("delivered_at").str.slice(0, 10))
        .drop_nulls()
        .group_by("delivery_id", "candidate_id", maintain_order=True)
        .agg(days=pl.col("day").unique(maintain_order=True))
        .filter((pl.col("days").list.len() > 1) & (pl.col("delivery_id") == pl.col("candidate_id")))
    )
    if days.is_empty():
        return []
    shown = ", ".join(str(day) for day in days["days"][0].head(3))
    return [
        f"{plural(days.height, 'candidate')} of {deliveries.height:,} have answers of several days under one"
        f" number, e.g. {days['candidate_id'][0]!r} ({shown}): one person who sat twice, or two people? They"
        " count as one delivery each. Give every sitting its own delivery_id or attempt, or read the files"
        " apart."
    ]
