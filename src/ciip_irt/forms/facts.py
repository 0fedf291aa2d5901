"""What the demands of a blueprint need to know of the items, taken from the bank once."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from ciip_irt.errors import BlueprintError, Problem
from ciip_irt.forms.demands import Where

if TYPE_CHECKING:
    from ciip_irt.forms.blueprint import Blueprint

__all__ = ["DATE", "TIME", "TIME_COLUMNS", "Facts", "facts_of", "matches", "resting", "used_since"]

# Expected seconds, by the first of these columns that the bank has.
TIME_COLUMNS = ("expected_time_s", "median_time_s")
TIME = "expected time"
DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")


@dataclass(frozen=True, slots=True)
class Facts:
    """``text[column][item_id]`` and ``numbers[column][item_id]``; an item without a value has no entry."""

    text: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    numbers: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def named(self, column: str) -> Mapping[str, str]:
        """The texts of a column; nothing where the column was not needed or the bank lacks it."""
        return self.text.get(column, {})


def matches(facts: Facts, where: Where, item_id: str) -> bool:
    """Whether the item has one of the values in every column, capitals aside.

    >>> facts = Facts(text={"cognitive_level": {"I1": "Recall"}})
    >>> matches(facts, (("cognitive_level", ("recall", "apply")),), "I1")
    True
    """
    for column, values in where:
        value = facts.named(column).get(item_id)
        if value is None or value.casefold() not in {wanted.casefold() for wanted in values}:
            return False
    return True


def used_since(last_used: str, before: str) -> bool | None:
    """Whether a date is not before the bound; nothing where it is too coarse to tell.

    >>> used_since("2024-07-01", "2024-06"), used_since("2023", "2024-06"), used_since("2024", "2024-06")
    (True, False, None)
    """
    common = min(len(last_used), len(before))
    if last_used[:common] != before[:common]:
        return last_used[:common] > before[:common]
    return True if len(last_used) >= len(before) else None


def resting(facts: Facts, blueprint: "Blueprint") -> set[str]:
    """Items that the blueprint keeps out of scored slots: excluded, used too lately, of another outline."""
    demands = blueprint.demands
    found = set(demands.exclude)
    found |= {item_id for item_id, name in facts.named("outline").items() if name != blueprint.outline}
    if demands.last_used_before is not None:
        dates = facts.named("last_used").items()
        found |= {item_id for item_id, date in dates if used_since(date, demands.last_used_before)}
    return found


def facts_of(
    items: pl.DataFrame, letters: Sequence[str], blueprint: "Blueprint", where: str = "items"
) -> Facts:
    """The facts that this blueprint needs of this bank.

    Raises
    ------
    BlueprintError
        A column that the blueprint names and the bank lacks, values that are no numbers or dates, items to
        include that the bank does not have; all at once.
    """
    demands = blueprint.demands
    problems: list[Problem] = []
    filled = {name for name in items.columns if items[name].null_count() < items.height}
    named = [rule.where for rule in demands.counts] + [rule.where for rule in demands.sums]
    texts = {column for where_rule in named for column, _ in where_rule}
    numbers = {rule.column for rule in demands.sums}
    if demands.item_sets is not None:
        texts.add("set_id")
    problems += [
        Problem(
            f"the blueprint needs the column {column!r}, and no item has a value in it",
            where=where,
            remedy="Add it to the bank, or take that row out of the blueprint.",
        )
        for column in sorted(texts | numbers)
        if column not in filled
    ]
    if demands.key_balance is not None:
        texts.add("key")
    if demands.last_used_before is not None:
        texts.add("last_used")
    texts.add("outline")
    text = {name: _texts(items, name) for name in sorted(texts) if name in filled and name != "domain"}
    if "domain" in texts:
        text["domain"] = dict(zip(items["item_id"], letters, strict=True))
    if demands.last_used_before is not None:
        problems += _not_dates(text.get("last_used", {}), where)
    number = {name: _numbers(items, name, where, problems) for name in sorted(numbers) if name in filled}
    times = [name for name in TIME_COLUMNS if name in filled]
    if times and blueprint.testing_time_minutes is not None:
        number[TIME] = _numbers(items, times[0], where, problems)
    known = set(items["item_id"]) if demands.include else set()
    strangers = [item_id for item_id in demands.include if item_id not in known]
    if strangers:
        problems.append(
            Problem(
                "items that the blueprint includes are not in the bank",
                where=where,
                count=len(strangers),
                examples=tuple(strangers[:5]),
                remedy="Correct 'include' in the blueprint, or add the items.",
            )
        )
    if problems:
        raise BlueprintError(problems)
    return Facts(text, number)


def _texts(items: pl.DataFrame, column: str) -> dict[str, str]:
    known = items.filter(pl.col(column).is_not_null()).select("item_id", pl.col(column).cast(pl.String))
    return dict(known.iter_rows())


def _numbers(items: pl.DataFrame, column: str, where: str, problems: list[Problem]) -> dict[str, float]:
    known = items.filter(pl.col(column).is_not_null()).select(
        "item_id", value=pl.col(column).cast(pl.Float64, strict=False), shown=pl.col(column).cast(pl.String)
    )
    wrong = known.filter(~pl.col("value").is_finite().fill_null(False))
    if wrong.height:
        problems.append(_unreadable(column, "numbers", wrong.select("item_id", "shown").iter_rows(), where))
    return dict(known.select("item_id", "value").iter_rows())


def _not_dates(values: Mapping[str, str], where: str) -> list[Problem]:
    wrong = [(item_id, value) for item_id, value in values.items() if not DATE.fullmatch(value[:10])]
    return [_unreadable("last_used", "dates (2024, 2024-03 or 2024-03-01)", wrong, where)] if wrong else []


def _unreadable(column: str, kind: str, rows: Iterable[tuple[str, str]], where: str) -> Problem:
    found = list(rows)
    return Problem(
        f"column {column!r} holds values that are no {kind}",
        where=where,
        count=len(found),
        examples=tuple(f"{item_id}: {value}" for item_id, value in found[:5]),
        remedy="Correct the cells, or leave them empty where the value is unknown.",
    )
