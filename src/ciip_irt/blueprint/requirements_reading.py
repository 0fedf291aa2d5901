"""``[constraints]`` and ``[anchors]`` of a blueprint file become records; contradictions are noted."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from math import inf

from ciip_irt.blueprint.blueprint import Domain
from ciip_irt.blueprint.requirements import (
    AnchorBlock,
    Between,
    Condition,
    CountRule,
    FormRequirements,
    IfThen,
    KeyBalance,
    LimitRule,
    NotIn,
    SumRule,
    UseRule,
    Wanted,
    in_words,
)
from ciip_irt.settings import Table

__all__ = ["read_requirements"]


def read_requirements(told: Table, domains: Sequence[Domain]) -> FormRequirements:
    """What the file asks for beyond counts per domain and difficulty."""
    table, length = told["constraints"], told["length"] or 0
    counts = tuple(_count(entry, domains) for entry in table["counts"])
    sums = tuple(_sum(entry, domains) for entry in table["sums"])
    sums += tuple(_sum(entry, domains, mean=True) for entry in table["means"])
    limits = tuple(_limit(entry, domains) for entry in table["limits"])
    if_then = tuple(_if_then(entry, domains) for entry in table["if_then"])
    rules: tuple[CountRule | SumRule | LimitRule | IfThen, ...] = (*counts, *sums, *limits, *if_then)
    _check_names(table, [rule.name for rule in rules])
    block = _anchors(told["anchors"], length)
    excluded = set(table["exclude"])
    for section, key, items in (
        (table, "include", table["include"]),
        (table, "let_in", table["let_in"]),
        (told["anchors"], "items", block.items if block is not None else ()),
    ):
        both = sorted(set(items) & excluded)
        if both:
            section.wrong(key, f"{', '.join(both[:5])} stands under exclude too")
    return FormRequirements(
        counts=counts,
        sums=sums,
        include=table["include"],
        exclude=table["exclude"],
        let_in=table["let_in"],
        item_sets=table["item_sets"],
        key_balance=_key_balance(table["key_balance"], length) if "key_balance" in table.given else None,
        last_used_before=table["last_used_before"],
        max_overlap_earlier=table["max_overlap_earlier"],
        limits=limits,
        anchors=block,
        if_then=if_then,
        uses=_uses(table["uses"]) if "uses" in table.given else None,
    )


def _check_names(table: Table, names: Sequence[str]) -> None:
    for name, times in Counter(names).items():
        if name and times > 1:
            table.wrong("counts", f"{name!r} names more than one row", "Give each a name of its own.")


def _anchors(table: Table, length: int) -> AnchorBlock | None:
    if not table.given or not table.sound("count", "items"):
        return None
    items, count = table["items"], table["count"]
    if items and count is not None and len(items) != count:
        what = f"is {count}, but {len(items)} anchors are listed"
        table.wrong("count", what, "Leave count out, or correct the list.")
    count = len(items) if count is None else count
    if length and count > length:
        table.wrong("count", f"is {count}, but a form has {length} scored items")
    block: AnchorBlock = table.record(count=count, reference=table["reference"] or None)
    return block


def _if_then(entry: Table, domains: Sequence[Domain]) -> IfThen:
    condition, consequence = _resolved(entry, domains, "if"), _resolved(entry, domains, "then")
    least = entry["least"] if "least" in entry.given else int(entry["most"] is None)
    if entry["most"] is not None and entry["most"] < least:
        entry.wrong("most", f"is {entry['most']}, below least, {least}")
    name = _name(entry, condition, "if")
    return IfThen(name, condition, consequence, least, entry["most"], entry["both_ways"])


def _uses(table: Table) -> UseRule:
    rule: UseRule = table.record()
    if rule.most is not None and rule.most < rule.least:
        table.wrong("most", f"is {rule.most}, below least, {rule.least}")
    if rule.candidates and rule.max_exposure is None:
        table.wrong("candidates", "has no meaning without max_exposure")
    return rule


def _count(entry: Table, domains: Sequence[Domain]) -> CountRule:
    where = _resolved(entry, domains)
    exactly, bounds, role = entry["count"], entry["range"], entry["role"]
    low, high = bounds or ((exactly, exactly) if exactly is not None else (0, 0))
    if role == "pilot" and low > 0:
        remedy = f"Pilot slots may stay empty: write range = [0, {high}]."
        entry.wrong("range", "pilot items have no least number", remedy)
    return CountRule(_name(entry, where), where, low, high, role)


def _sum(entry: Table, domains: Sequence[Domain], *, mean: bool = False) -> SumRule:
    column, where = entry["column"] or "", _resolved(entry, domains)
    low, high = _low_high(entry)
    name = _name(entry, where, f"{'mean' if mean else 'sum of'} {column}")
    return SumRule(name, column, low, high, where, mean)


def _limit(entry: Table, domains: Sequence[Domain]) -> LimitRule:
    column, where = entry["column"] or "", _resolved(entry, domains)
    low, high = _low_high(entry)
    rule = LimitRule("", column, low, high, entry["since"], entry["before"], where, entry["role"])
    bounded = {"low", "high", "since", "before"} & entry.given
    return replace(rule, name=_name(entry, where, f"{column} {rule.wanted}" if bounded else column))


def _low_high(entry: Table) -> tuple[float, float]:
    low = -inf if entry["low"] is None else entry["low"]
    high = inf if entry["high"] is None else entry["high"]
    if low > high:
        entry.wrong("low", f"{low:g} is above high, {high:g}")
    return low, high


def _name(entry: Table, where: Condition, start: str = "") -> str:
    """The name given, or what the row is about."""
    if "name" in entry.given:
        return entry["name"] or ""
    conditions = " and ".join(f"{column} {in_words(values)}" for column, values in where)
    return ", ".join(part for part in (start, conditions) if part)


def _resolved(entry: Table, domains: Sequence[Domain], key: str = "where") -> Condition:
    """The conditions of a row, its domains by letter."""
    spelt = {spelling.casefold(): d.letter for d in domains for spelling in (d.letter, d.name)}
    found: list[tuple[str, Wanted]] = []
    for column, values in entry[key] or ():
        if column == "domain" and not isinstance(values, Between):
            named = values.values if isinstance(values, NotIn) else values
            unknown = [value for value in named if value.casefold() not in spelt]
            if unknown:
                known = ", ".join(domain.title for domain in domains)
                entry.wrong(key, f"there is no domain {unknown[0]!r}", f"It has {known}.")
            letters = tuple(dict.fromkeys(spelt.get(value.casefold(), value) for value in named))
            values = NotIn(letters) if isinstance(values, NotIn) else letters
        found.append((column, values))
    return tuple(found)


def _key_balance(table: Table, length: int) -> KeyBalance:
    balance: KeyBalance = table.record()
    low, high, letters = balance.low, balance.high, balance.letters
    if low > high:
        table.wrong("low", f"{low:g} is above high, {high:g}")
    if len(set(letters)) != len(letters) or not (letters.isalnum() and letters.isascii()):
        table.wrong("letters", f"must be different letters, not {letters!r}", 'Such as "ABCD".')
    elif low * len(letters) > 1:
        what = f"{len(letters)} letters with a share of at least {low:g} each"
        remedy = f"With {len(letters)} letters a share is at most {1 / len(letters):.2f}."
        table.wrong("low", what, remedy)
    least, most = balance.items(length)
    if low <= high and length and least > most:
        what = f"no whole number of {length} items is {100 * low:g} to {100 * high:g} %"
        table.wrong("high", what, "Widen the share.")
    return balance
