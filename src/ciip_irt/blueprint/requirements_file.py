"""The requirements in a blueprint file: read from ``[constraints]``, and written back the same."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf
from typing import Any

from ciip_irt.blueprint.blueprint import Domain
from ciip_irt.blueprint.blueprint_reading import Reading
from ciip_irt.blueprint.requirements import (
    DATE,
    AnchorBlock,
    Between,
    Condition,
    CountRule,
    FormRequirements,
    ItemSets,
    KeyBalance,
    LimitRule,
    SumRule,
)

__all__ = [
    "ANCHOR_KEYS",
    "COUNT_KEYS",
    "KEY_BALANCE_KEYS",
    "LIMIT_KEYS",
    "REQUIREMENT_KEYS",
    "SUM_KEYS",
    "read_requirements",
]  # fmt: skip

REQUIREMENT_KEYS = (
    "counts", "sums", "means", "limits", "include", "exclude", "item_sets", "key_balance", "last_used_before",
    "max_overlap_earlier",
)  # fmt: skip
COUNT_KEYS = ("name", "where", "count", "range", "role")
SUM_KEYS = ("name", "column", "where", "low", "high")
LIMIT_KEYS = ("name", "column", "where", "low", "high", "since", "before", "role")
ANCHOR_KEYS = ("count", "items", "reference", "counted", "same_positions", "mean_b", "sd_b")
ROLES = ("scored", "pilot")
COUNTED = ("apart", "within")
KEY_BALANCE_KEYS = ("low", "high", "letters", "longest_run")
SHORTEST_RUN = 3
SECTION = "constraints"


def read_requirements(
    reading: Reading,
    table: Mapping[str, Any],
    domains: Sequence[Domain],
    length: int,
    anchors: Mapping[str, Any] | None = None,
) -> FormRequirements:
    """What ``[constraints]`` and ``[anchors]`` ask for; what is wrong is noted in ``reading``."""
    include, exclude = (reading.texts(SECTION, table, key) for key in ("include", "exclude"))
    both = sorted(set(include) & set(exclude))
    if both:
        reading.wrong(SECTION, "include", f"{', '.join(both[:5])} stands under exclude too")
    counts = tuple(_count(reading, *entry, domains) for entry in _entries(reading, table, "counts"))
    sums = tuple(_sum(reading, *entry, domains) for entry in _entries(reading, table, "sums"))
    sums += tuple(_sum(reading, *entry, domains, mean=True) for entry in _entries(reading, table, "means"))
    limits = tuple(_limit(reading, *entry, domains) for entry in _entries(reading, table, "limits"))
    rows: tuple[CountRule | SumRule | LimitRule, ...] = (*counts, *sums, *limits)
    names = [rule.name for rule in rows]
    for name in dict.fromkeys(name for name in names if name and names.count(name) > 1):
        reading.wrong(SECTION, "counts", f"{name!r} names more than one row", "Give each a name of its own.")
    block = _anchors(reading, anchors, length) if anchors else None
    barred = sorted(set(block.items) & set(exclude)) if block is not None else []
    if barred:
        reading.wrong("anchors", "items", f"{', '.join(barred[:5])} stands under exclude too")
    return FormRequirements(
        counts=counts,
        sums=sums,
        include=include,
        exclude=exclude,
        item_sets=_item_sets(reading, table),
        key_balance=_key_balance(reading, table, length),
        last_used_before=_date(reading, SECTION, table, "last_used_before"),
        max_overlap_earlier=reading.number(SECTION, table, "max_overlap_earlier", 0, 1),
        limits=limits,
        anchors=block,
    )


def _date(reading: Reading, section: str, table: Mapping[str, Any], key: str) -> str | None:
    if key not in table:
        return None
    date = str(table[key]) if isinstance(table[key], datetime.date) else reading.text(section, table, key, "")
    if not DATE.fullmatch(date):
        reading.wrong(section, key, f"is not a date: {date!r}", 'Write "2024", "2024-03" or "2024-03-01".')
    return date


def _anchors(reading: Reading, table: Mapping[str, Any], length: int) -> AnchorBlock | None:
    section = "anchors"
    reading.keys(section, table, ANCHOR_KEYS)
    items = reading.texts(section, table, "items")
    count = reading.whole(section, table, "count", len(items) or None, least=1)
    if count is None:
        if "count" not in table:
            reading.wrong(
                section, "count", "is missing", "Give the number of anchors, or list them as items."
            )
        return None
    if items and len(items) != count:
        what = f"is {count}, but {len(items)} anchors are listed"
        reading.wrong(section, "count", what, "Leave count out, or correct the list.")
    if length and count > length:
        reading.wrong(section, "count", f"is {count}, but a form has {length} scored items")
    same = table.get("same_positions", True)
    if not isinstance(same, bool):
        reading.wrong(section, "same_positions", f"must be true or false, not {same!r}")
    mean_b, sd_b = reading.number(section, table, "mean_b", 0), reading.number(section, table, "sd_b", 0, 1)
    plain = AnchorBlock(count)
    return AnchorBlock(
        count=count,
        items=items,
        counted=reading.choice(section, table, "counted", COUNTED),
        reference=reading.text(section, table, "reference", "") or None,
        same_positions=bool(same),
        mean_b=plain.mean_b if mean_b is None else mean_b,
        sd_b=plain.sd_b if sd_b is None else sd_b,
    )


def _limit(reading: Reading, section: str, entry: Mapping[str, Any], domains: Sequence[Domain]) -> LimitRule:
    reading.keys(section, entry, LIMIT_KEYS)
    column = reading.text(section, entry, "column")
    where = _where(reading, section, entry, domains)
    low, high = _low_high(reading, section, entry)
    since, before = (_date(reading, section, entry, key) for key in ("since", "before"))
    dated, numbered = {"since", "before"} & set(entry), {"low", "high"} & set(entry)
    if bool(dated) == bool(numbered):
        remedy = "Bound a number by low and high, a date by since and before."
        reading.wrong(section, "low", "give bounds of a number or of a date", remedy)
    role = reading.choice(section, entry, "role", ROLES)
    rule = LimitRule("", column, low, high, since, before, where, role)
    name = _name(reading, section, entry, where, f"{column} {rule.wanted}" if dated or numbered else column)
    return replace(rule, name=name)


def _low_high(reading: Reading, section: str, entry: Mapping[str, Any]) -> tuple[float, float]:
    low, high = reading.number(section, entry, "low"), reading.number(section, entry, "high")
    if low is not None and high is not None and low > high:
        reading.wrong(section, "low", f"{low:g} is above high, {high:g}")
    return -inf if low is None else low, inf if high is None else high


def _entries(reading: Reading, table: Mapping[str, Any], key: str) -> list[tuple[str, Mapping[str, Any]]]:
    value = table.get(key, [])
    if not isinstance(value, list) or any(not isinstance(entry, dict) for entry in value):
        reading.wrong(SECTION, key, "must be a list of sections", f"Write [[constraints.{key}]] for each.")
        return []
    return [(f"{SECTION}.{key} {number}", entry) for number, entry in enumerate(value, start=1)]


def _count(reading: Reading, section: str, entry: Mapping[str, Any], domains: Sequence[Domain]) -> CountRule:
    reading.keys(section, entry, COUNT_KEYS)
    where = _where(reading, section, entry, domains)
    if not where and "where" not in entry:
        reading.wrong(section, "where", "is missing", 'Write where = { cognitive_level = "recall" }.')
    bounds = reading.bounds(section, entry, "range")
    exactly = reading.whole(section, entry, "count")
    if ("range" in entry) == ("count" in entry):
        reading.wrong(section, "range", "give either count or range", "count = 40, or range = [35, 45].")
    low, high = bounds or ((exactly, exactly) if exactly is not None else (0, 0))
    role = reading.choice(section, entry, "role", ROLES)
    if role == "pilot" and low > 0:
        remedy = f"Pilot slots may stay empty: write range = [0, {high}]."
        reading.wrong(section, "range", "pilot items have no least number", remedy)
    return CountRule(_name(reading, section, entry, where), where, low, high, role)


def _sum(
    reading: Reading,
    section: str,
    entry: Mapping[str, Any],
    domains: Sequence[Domain],
    *,
    mean: bool = False,
) -> SumRule:
    reading.keys(section, entry, SUM_KEYS)
    column = reading.text(section, entry, "column")
    where = _where(reading, section, entry, domains)
    low, high = _low_high(reading, section, entry)
    if "low" not in entry and "high" not in entry:
        reading.wrong(section, "high", "is missing", "Give low, high, or both.")
    name = _name(reading, section, entry, where, f"{'mean' if mean else 'sum of'} {column}")
    return SumRule(name, column, low, high, where, mean)


def _name(reading: Reading, section: str, entry: Mapping[str, Any], where: Condition, start: str = "") -> str:
    if "name" in entry:
        return reading.text(section, entry, "name")
    conditions = " and ".join(
        f"{column} {values if isinstance(values, Between) else ' or '.join(values)}"
        for column, values in where
    )
    return ", ".join(part for part in (start, conditions) if part)


def _where(reading: Reading, section: str, entry: Mapping[str, Any], domains: Sequence[Domain]) -> Condition:
    value = entry.get("where", {})
    remedy = 'Write where = { domain = "F", cognitive_level = ["recall", "apply"] }.'
    if not isinstance(value, dict) or ("where" in entry and not value):
        reading.wrong(section, "where", f"must name columns and values, not {value!r}", remedy)
        return ()
    found: list[tuple[str, tuple[str, ...] | Between]] = []
    for column, wanted in value.items():
        if isinstance(wanted, dict):
            numbers = [v for k, v in wanted.items() if k in ("low", "high") and isinstance(v, int | float)]
            if not wanted or len(numbers) != len(wanted) or any(isinstance(v, bool) for v in numbers):
                what = f"{column} must be {{ low = a number, high = a number }}, not {wanted!r}"
                reading.wrong(section, "where", what, "One of the two is enough.")
                continue
            between = Between(float(wanted.get("low", -inf)), float(wanted.get("high", inf)))
            if between.low > between.high:
                reading.wrong(section, "where", f"{column}: {between.low:g} is above high, {between.high:g}")
            found.append((column, between))
            continue
        values = [wanted] if isinstance(wanted, str) else wanted
        if not isinstance(values, list) or not values or any(not isinstance(v, str) for v in values):
            reading.wrong(section, "where", f"{column} must be a text or a list of texts", remedy)
            continue
        if column == "domain":
            spelt = {s.casefold(): d.letter for d in domains for s in (d.letter, d.name)}
            unknown = [v for v in values if v.casefold() not in spelt]
            if unknown:
                known = ", ".join(d.title for d in domains)
                reading.wrong(section, "where", f"there is no domain {unknown[0]!r}", f"It has {known}.")
            values = [spelt.get(v.casefold(), v) for v in values]
        found.append((column, tuple(dict.fromkeys(v.strip() for v in values))))
    return tuple(found)


def _item_sets(reading: Reading, table: Mapping[str, Any]) -> ItemSets | None:
    value = table.get("item_sets")
    if value is None:
        return None
    if value == "whole":
        return ItemSets(whole=True)
    if isinstance(value, str):
        reading.wrong(SECTION, "item_sets", f'must be "whole" or [low, high], not {value!r}')
        return None
    bounds = reading.bounds(SECTION, table, "item_sets")
    if bounds is not None and bounds[0] < 1:
        reading.wrong(SECTION, "item_sets", "low must be at least 1", "A set may always be left out.")
    return None if bounds is None else ItemSets(False, *bounds)


def _key_balance(reading: Reading, table: Mapping[str, Any], length: int) -> KeyBalance | None:
    section = f"{SECTION}.key_balance"
    entry = reading.table(section, table, "key_balance")
    if "key_balance" not in table:
        return None
    reading.keys(section, entry, KEY_BALANCE_KEYS)
    low, high = (reading.number(section, entry, key, 0, 1) for key in ("low", "high"))
    low, high = 0.0 if low is None else low, 1.0 if high is None else high
    letters = reading.text(section, entry, "letters", "ABCD")
    if low > high:
        reading.wrong(section, "low", f"{low:g} is above high, {high:g}")
    if len(set(letters)) != len(letters) or not (letters.isalnum() and letters.isascii()):
        reading.wrong(section, "letters", f"must be different letters, not {letters!r}", 'Such as "ABCD".')
    elif low * len(letters) > 1:
        what = f"{len(letters)} letters with a share of at least {low:g} each"
        remedy = f"With {len(letters)} letters a share is at most {1 / len(letters):.2f}."
        reading.wrong(section, "low", what, remedy)
    balance = KeyBalance(low, high, letters)
    least, most = balance.items(length)
    if low <= high and length and least > most:
        what = f"no whole number of {length} items is {100 * low:g} to {100 * high:g} %"
        reading.wrong(section, "high", what, "Widen the share.")
    run = reading.whole(section, entry, "longest_run", least=SHORTEST_RUN)
    return KeyBalance(low, high, letters, run)
