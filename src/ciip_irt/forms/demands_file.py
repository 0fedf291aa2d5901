"""The demands of a blueprint in its file: read from ``[constraints]``, and written back the same."""

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

from ciip_irt.forms.blueprint import Domain
from ciip_irt.forms.blueprint_reading import Reading
from ciip_irt.forms.demands import CountRule, Demands, ItemSets, KeyBalance, SumRule, Where
from ciip_irt.forms.facts import DATE

__all__ = ["COUNT_KEYS", "DEMAND_KEYS", "KEY_BALANCE_KEYS", "SUM_KEYS", "read_demands"]

DEMAND_KEYS = (
    "counts", "sums", "include", "exclude", "item_sets", "key_balance", "last_used_before",
    "max_overlap_earlier",
)  # fmt: skip
COUNT_KEYS = ("name", "where", "count", "range")
SUM_KEYS = ("name", "column", "where", "low", "high")
KEY_BALANCE_KEYS = ("low", "high", "letters", "longest_run")
SHORTEST_RUN = 3
SECTION = "constraints"


def read_demands(
    reading: Reading, table: Mapping[str, Any], domains: Sequence[Domain], length: int
) -> Demands:
    """What ``[constraints]`` asks for; what is wrong is noted in ``reading``."""
    include, exclude = (reading.texts(SECTION, table, key) for key in ("include", "exclude"))
    both = sorted(set(include) & set(exclude))
    if both:
        reading.wrong(SECTION, "include", f"{', '.join(both[:5])} stands under exclude too")
    counts = tuple(_count(reading, *entry, domains) for entry in _entries(reading, table, "counts"))
    sums = tuple(_sum(reading, *entry, domains) for entry in _entries(reading, table, "sums"))
    names = [*(rule.name for rule in counts), *(rule.name for rule in sums)]
    for name in dict.fromkeys(name for name in names if name and names.count(name) > 1):
        reading.wrong(SECTION, "counts", f"{name!r} names more than one row", "Give each a name of its own.")
    before = reading.text(SECTION, table, "last_used_before", "") if "last_used_before" in table else None
    if before is not None and not DATE.fullmatch(before):
        what = f"is not a date: {before!r}"
        reading.wrong(SECTION, "last_used_before", what, 'Write "2024", "2024-03" or "2024-03-01".')
    return Demands(
        counts=counts,
        sums=sums,
        include=include,
        exclude=exclude,
        item_sets=_item_sets(reading, table),
        key_balance=_key_balance(reading, table, length),
        last_used_before=before,
        max_overlap_earlier=reading.number(SECTION, table, "max_overlap_earlier", 0, 1),
    )


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
    return CountRule(_name(reading, section, entry, where), where, low, high)


def _sum(reading: Reading, section: str, entry: Mapping[str, Any], domains: Sequence[Domain]) -> SumRule:
    reading.keys(section, entry, SUM_KEYS)
    column = reading.text(section, entry, "column")
    where = _where(reading, section, entry, domains)
    low, high = reading.number(section, entry, "low"), reading.number(section, entry, "high")
    if "low" not in entry and "high" not in entry:
        reading.wrong(section, "high", "is missing", "Give low, high, or both.")
    if low is not None and high is not None and low > high:
        reading.wrong(section, "low", f"{low:g} is above high, {high:g}")
    name = _name(reading, section, entry, where, f"sum of {column}")
    return SumRule(name, column, -inf if low is None else low, inf if high is None else high, where)


def _name(reading: Reading, section: str, entry: Mapping[str, Any], where: Where, start: str = "") -> str:
    if "name" in entry:
        return reading.text(section, entry, "name")
    conditions = " and ".join(f"{column} {' or '.join(values)}" for column, values in where)
    return ", ".join(part for part in (start, conditions) if part)


def _where(reading: Reading, section: str, entry: Mapping[str, Any], domains: Sequence[Domain]) -> Where:
    value = entry.get("where", {})
    remedy = 'Write where = { domain = "F", cognitive_level = ["recall", "apply"] }.'
    if not isinstance(value, dict) or ("where" in entry and not value):
        reading.wrong(section, "where", f"must name columns and values, not {value!r}", remedy)
        return ()
    found = []
    for column, wanted in value.items():
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
