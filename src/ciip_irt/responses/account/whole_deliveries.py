"""Where the answers stand that no item offers: in whole deliveries, in a few items, files or sites."""

import unicodedata
from collections.abc import Sequence

import polars as pl

from ciip_irt.errors import plural
from ciip_irt.responses.rules import Examination

__all__ = ["NOTHING_OFFERED_RULE", "where_invalid", "whole_invalid"]

NOTHING_OFFERED_RULE = "nothing_offered"
"""Name of the rule under which ``exclusions`` list a delivery without any answer that is offered."""


FEWEST_INVALID = 10  # answers not offered: of fewer, where they stand says little
NEARLY_ALL = 0.9  # of them stand in the few named
SMALL_PART = 0.25  # of all answers: what holds more of them holds nearly all by its size
PER_WHOLE = 5  # answers not offered in each delivery or item named: fewer are slips
MOST_VALUES = 30  # of an attribute that can be a place: more tell persons, not groups
SHOWN = 3  # examples in a message


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


def where_invalid(
    examined: Examination, exclusions: pl.DataFrame, deliveries: pl.DataFrame, files: Sequence[str]
) -> list[str]:
    """That the answers not offered stand in a few deliveries, items, files or groups of candidates: they are
    written another way there, or belong to another form. Deliveries left out for them are told apart.
    """
    left_out = exclusions["delivery_id"].implode()
    invalid = examined.listed.filter(pl.col("rule") == "option_not_offered")
    invalid = invalid.filter(~pl.col("delivery_id").is_in(left_out))
    invalid = invalid.select("file", "delivery_id", "item_id", "response")
    if invalid.height < FEWEST_INVALID:
        return []
    attributes = [
        name for name in deliveries.columns
        if name not in ("delivery_id", "candidate_id") and 1 < deliveries[name].n_unique() <= MOST_VALUES
    ]  # fmt: skip
    about = deliveries.select("delivery_id", *attributes)
    given = examined.rows.filter(pl.col("status").is_in(["answered", "invalid"]))
    given = given.filter(~pl.col("delivery_id").is_in(left_out)).select("file", "delivery_id", "item_id")
    given, invalid = (
        table.join(about, on="delivery_id", how="left", maintain_order="left") for table in (given, invalid)
    )
    said = []
    for column, one, many in (
        ("delivery_id", "delivery", "deliveries"), ("item_id", "item", "items"), ("file", "file", "files"),
        *((name, f"{name}", f"groups of {name}") for name in attributes),
    ):  # fmt: skip
        own, of_all = invalid[column].drop_nulls(), given[column].drop_nulls()
        few = _few(own, of_all, column in ("delivery_id", "item_id"))
        if few:
            named = [files[int(name)] if column == "file" else name for name in few]
            shown = ", ".join(map(repr, named[:SHOWN])) + (", ..." if len(few) > SHOWN else "")
            said.append(f"{one} {shown}" if len(few) == 1 else f"{len(few)} {many} ({shown})")
    if not said:
        return []
    answers = invalid["response"].drop_nulls().value_counts(sort=True)["response"].head(SHOWN)
    return [
        f"nearly all of the {invalid.height:,} answers that are not among the options"
        f" ({', '.join(map(_shown, answers))}) stand in {'; and in '.join(said)}. They are written another"
        " way there, or belong to other questions: look at the source."
    ]


def _few(invalid: pl.Series, given: pl.Series, many_each: bool) -> list[str]:
    """The values that hold nearly all of the answers not offered and a small part of all answers."""
    counts = invalid.value_counts(sort=True, name="n")
    if counts.is_empty():
        return []
    held = counts["n"].cum_sum()
    least = int((held < NEARLY_ALL * len(invalid)).sum()) + 1
    few = counts.head(least)
    share = given.is_in(few[invalid.name].implode()).sum() / max(len(given), 1)
    if share > SMALL_PART or (many_each and min(few["n"].to_list()) < PER_WHOLE):
        return []
    return few[invalid.name].to_list()


def _shown(answer: str) -> str:
    """The answer, with its name where it looks like another letter than it is."""
    if answer.isascii() or len(answer) != 1:
        return repr(answer)
    return f"{answer!r}, a {unicodedata.name(answer, 'character of another script').lower()}"
