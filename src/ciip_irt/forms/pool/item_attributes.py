"""What the requirements of a blueprint need to know of the items, taken from the bank once."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from ciip_irt.blueprint import DATE, Between, Condition, CountRule, LimitRule, NotIn, SumRule
from ciip_irt.errors import BlueprintError, Problem, did_you_mean
from ciip_irt.forms.pool.expected_times import ExpectedTimes, expected_times

if TYPE_CHECKING:
    from ciip_irt.blueprint import DATE, Blueprint

__all__ = [
    "TIME",
    "TIME_COLUMNS",
    "ItemAttributes",
    "first_sets",
    "matches",
    "outside",
    "read_attributes",
    "resting",
    "sets_of",
    "used_since",
    "values_of_no_item",
    "why_resting",
]  # fmt: skip

# Expected seconds, by the first of these columns that the bank has.
TIME_COLUMNS = ("expected_time_s", "median_time_s")
TIME = "expected time"


@dataclass(frozen=True, slots=True)
class ItemAttributes:
    """``text[column][item_id]`` and ``numbers[column][item_id]``; an item without a value has no entry.

    ``times`` says how long forms take, where the bank has expected times: predicted where not measured.
    """

    text: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    numbers: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    times: ExpectedTimes | None = None

    def named(self, column: str) -> Mapping[str, str]:
        """The texts of a column; nothing where the column was not needed or the bank lacks it."""
        return self.text.get(column, {})


def matches(attributes: ItemAttributes, where: Condition, item_id: str) -> bool:
    """Whether the item has one of the values in every column, capitals aside.

    >>> attributes = ItemAttributes(text={"cognitive_level": {"I1": "Recall"}})
    >>> matches(attributes, (("cognitive_level", ("recall", "apply")),), "I1")
    True
    >>> matches(attributes, (("cognitive_level", NotIn(("recall",))),), "I1")
    False
    """
    for column, values in where:
        if isinstance(values, Between):
            number = attributes.numbers.get(column, {}).get(item_id)
            if number is None or number not in values:
                return False
            continue
        value = attributes.named(column).get(item_id)
        if isinstance(values, NotIn):
            if value is None or value.casefold() in {unwanted.casefold() for unwanted in values.values}:
                return False
            continue
        if value is None or value.casefold() not in {wanted.casefold() for wanted in values}:
            return False
    return True


def sets_of(attributes: ItemAttributes) -> dict[str, tuple[str, ...]]:
    """The sets of every item that has one, parted by ``|``, comma or semicolon.

    >>> sets_of(ItemAttributes(text={"set_id": {"I1": "S1", "I2": "S1; case 2"}}))
    {'I1': ('S1',), 'I2': ('S1', 'case 2')}
    """
    return {
        item_id: tuple(dict.fromkeys(part.strip() for part in re.split("[|,;]", text) if part.strip()))
        for item_id, text in attributes.named("set_id").items()
    }


def first_sets(attributes: ItemAttributes) -> dict[str, str]:
    """The set that every item stands with."""
    return {item_id: sets[0] for item_id, sets in sets_of(attributes).items() if sets}


def used_since(last_used: str, before: str) -> bool | None:
    """Whether a date is not before the bound; nothing where it is too coarse to tell.

    >>> used_since("2024-07-01", "2024-06"), used_since("2023", "2024-06"), used_since("2024", "2024-06")
    (True, False, None)
    """
    common = min(len(last_used), len(before))
    if last_used[:common] != before[:common]:
        return last_used[:common] > before[:common]
    return True if len(last_used) >= len(before) else None


def outside(attributes: ItemAttributes, rule: LimitRule, item_id: str) -> bool | None:
    """Whether the item breaks the limit; nothing where its value is unknown or too coarse to tell."""
    if not matches(attributes, rule.where, item_id):
        return False
    if not rule.dated:
        number = attributes.numbers.get(rule.column, {}).get(item_id)
        return None if number is None else not rule.low <= number <= rule.high
    date = attributes.named(rule.column).get(item_id)
    if date is None:
        return None
    verdicts = []
    if rule.since is not None:
        later = used_since(date, rule.since)
        verdicts.append(None if later is None else not later)
    if rule.before is not None:
        verdicts.append(used_since(date, rule.before))
    return True if True in verdicts else None if None in verdicts else False


def why_resting(attributes: ItemAttributes, blueprint: "Blueprint") -> dict[str, set[str]]:
    """Items that the blueprint keeps out of scored slots, by the words of the first demand that does so."""
    requirements = blueprint.requirements
    found = {"on the list of excluded items": set(requirements.exclude)}
    outlines = attributes.named("outline").items()
    found["classified by another outline"] = {i for i, name in outlines if name != blueprint.outline}
    if requirements.last_used_before is not None:
        dates = attributes.named("last_used").items()
        late = {item_id for item_id, date in dates if used_since(date, requirements.last_used_before)}
        found[f"used {requirements.last_used_before} or later"] = late
    for rule in requirements.limits:
        known = attributes.named(rule.column) if rule.dated else attributes.numbers.get(rule.column, {})
        if rule.role == "scored":
            found[f"outside '{rule.name}'"] = {
                item_id for item_id in known if outside(attributes, rule, item_id)
            }
    seen: set[str] = set()
    for words, items in found.items():
        found[words] = items - seen
        seen |= items
    return {words: items for words, items in found.items() if items}


def resting(attributes: ItemAttributes, blueprint: "Blueprint") -> set[str]:
    """Items that the blueprint keeps out of scored slots: excluded, used too lately, past a limit."""
    return set().union(*why_resting(attributes, blueprint).values())


def read_attributes(
    items: pl.DataFrame, letters: Sequence[str], blueprint: "Blueprint", where: str = "items"
) -> ItemAttributes:
    """The attributes that this blueprint needs of this bank.

    Raises
    ------
    BlueprintError
        A column that the blueprint names and the bank lacks, values that are no numbers or dates, items to
        include that the bank does not have; all at once.
    """
    filled = {name for name in items.columns if items[name].null_count() < items.height}
    needed = _columns_needed(blueprint)
    problems = _columns_missing(needed, filled, items.columns, blueprint)
    text = {name: _texts(items, name) for name in sorted(needed.texts & filled) if name != "domain"}
    if "domain" in needed.texts:
        text["domain"] = dict(zip(items["item_id"], letters, strict=True))
    for column in sorted(needed.dates):
        problems += _not_dates(column, text.get(column, {}), where)
    number = {name: _numbers(items, name, where, problems) for name in sorted(needed.numbers & filled)}
    times = [name for name in TIME_COLUMNS if name in filled]
    if times and blueprint.testing_time_minutes is not None:
        number[TIME] = _numbers(items, times[0], where, problems)
    expected = None
    if TIME in number and not problems:
        expected = expected_times(number[TIME], items, letters)
        number[TIME] = dict(expected.seconds)
    problems += _strangers(items, blueprint, where)
    if problems:
        raise BlueprintError(problems)
    return ItemAttributes(text, number, expected)


@dataclass(frozen=True, slots=True)
class _Needed:
    """Columns by what is read from them; ``rows`` are those that rows of the blueprint cannot do without,
    the others are read where the bank has them.
    """

    texts: frozenset[str]
    numbers: frozenset[str]
    dates: frozenset[str]
    rows: frozenset[str]


def _rules(blueprint: "Blueprint") -> tuple[CountRule | SumRule | LimitRule, ...]:
    requirements = blueprint.requirements
    return (*requirements.counts, *requirements.sums, *requirements.limits)


def _columns_needed(blueprint: "Blueprint") -> _Needed:
    requirements = blueprint.requirements
    conditions = [condition for rule in _rules(blueprint) for condition in rule.where]
    conditions += [c for rule in requirements.if_then for c in (*rule.condition, *rule.consequence)]
    dates = {rule.column for rule in requirements.limits if rule.dated}
    texts = {column for column, values in conditions if not isinstance(values, Between)} | dates
    numbers = {column for column, values in conditions if isinstance(values, Between)}
    numbers |= {rule.column for rule in requirements.sums}
    numbers |= {rule.column for rule in requirements.limits if not rule.dated}
    if requirements.item_sets is not None:
        texts.add("set_id")
    rows = frozenset(texts | numbers)
    texts.add("outline")
    if requirements.key_balance is not None:
        texts.add("key")
    if requirements.last_used_before is not None:
        texts.add("last_used")
        dates.add("last_used")
    if requirements.anchors is not None:
        numbers.add("b")
    return _Needed(frozenset(texts), frozenset(numbers), frozenset(dates), rows)


def _columns_missing(
    needed: _Needed, filled: set[str], columns: Sequence[str], blueprint: "Blueprint"
) -> list[Problem]:
    return [
        Problem(
            f"{_named_in(_rules(blueprint), blueprint, column)} needs the column {column!r},"
            " and no item of the bank has a value in it",
            where=blueprint.where,
            remedy=f"{did_you_mean(column, columns, 'The bank has')}"
            " Add it to the bank, or take that row out of the blueprint.",
        )
        for column in sorted(needed.rows - filled)
    ]


def _strangers(items: pl.DataFrame, blueprint: "Blueprint", where: str) -> list[Problem]:
    """Items that the blueprint names and the bank does not have."""
    requirements = blueprint.requirements
    problems = []
    for key, doing, listed in (
        ("include", "includes", requirements.include),
        ("anchors", "takes as anchors", () if requirements.anchors is None else requirements.anchors.items),
    ):
        known = set(items["item_id"]) if listed else set()
        strangers = [item_id for item_id in listed if item_id not in known]
        if strangers:
            problems.append(
                Problem(
                    f"items that the blueprint {doing} are not in the bank",
                    where=where,
                    count=len(strangers),
                    examples=tuple(strangers[:5]),
                    remedy=f"Correct '{key}' in the blueprint, or add the items.",
                )
            )
    return problems


def _named_in(rules: Iterable[CountRule | SumRule | LimitRule], blueprint: "Blueprint", column: str) -> str:
    """Which rows of the blueprint want the column: ``row 'Recall'``."""
    names = [
        repr(rule.name)
        for rule in rules
        if column in {getattr(rule, "column", ""), *(named for named, _ in rule.where)}
    ]
    names += [
        repr(rule.name)
        for rule in blueprint.requirements.if_then
        if column in {named for named, _ in (*rule.condition, *rule.consequence)}
    ]
    return f"row {' and '.join(names)}" if names else "the blueprint"


def values_of_no_item(attributes: ItemAttributes, blueprint: "Blueprint") -> list[str]:
    """Values that rows of the blueprint name and no item of the bank has, in sentences: mostly misspelt."""
    sentences = []
    conditions = [(rule.name, rule.where) for rule in _rules(blueprint)]
    for if_then in blueprint.requirements.if_then:
        conditions += [(if_then.name, if_then.condition), (if_then.name, if_then.consequence)]
    for name, where in conditions:
        for column, wanted in where:
            if isinstance(wanted, Between) or column == "domain":
                continue
            known = sorted(set(attributes.text.get(column, {}).values()))
            spelt = {value.casefold() for value in known}
            sentences += [
                f"Row {name!r}: no item of the bank has {value!r} in the column {column!r}."
                f" {did_you_mean(value, known[:20], 'It has')}"
                for value in (wanted.values if isinstance(wanted, NotIn) else wanted)
                if value.casefold() not in spelt
            ]
    return sentences


def _texts(items: pl.DataFrame, column: str) -> dict[str, str]:
    known = items.filter(pl.col(column).is_not_null()).select("item_id", value=pl.col(column).cast(pl.String))
    return dict(known.iter_rows())


def _numbers(items: pl.DataFrame, column: str, where: str, problems: list[Problem]) -> dict[str, float]:
    known = items.filter(pl.col(column).is_not_null()).select(
        "item_id", value=pl.col(column).cast(pl.Float64, strict=False), shown=pl.col(column).cast(pl.String)
    )
    wrong = known.filter(~pl.col("value").is_finite().fill_null(False))
    if wrong.height:
        problems.append(_unreadable(column, "numbers", wrong.select("item_id", "shown").iter_rows(), where))
    return dict(known.select("item_id", "value").iter_rows())


def _not_dates(column: str, values: Mapping[str, str], where: str) -> list[Problem]:
    wrong = [(item_id, value) for item_id, value in values.items() if not DATE.fullmatch(value[:10])]
    return [_unreadable(column, "dates (2024, 2024-03 or 2024-03-01)", wrong, where)] if wrong else []


def _unreadable(column: str, kind: str, rows: Iterable[tuple[str, str]], where: str) -> Problem:
    found = list(rows)
    return Problem(
        f"column {column!r} holds values that are no {kind}",
        where=where,
        count=len(found),
        examples=tuple(f"{item_id}: {value}" for item_id, value in found[:5]),
        remedy="Correct the cells, or leave them empty where the value is unknown.",
    )
