"""Supply against the need of one form, cell by cell, and what else could fill a cell."""

from collections import Counter
from collections.abc import Sequence
from math import inf

from ciip_irt.errors import plural
from ciip_irt.forms.pool.item_attributes import matches, why_resting
from ciip_irt.forms.pool.new_item import NewItem
from ciip_irt.forms.pool.pool import Pool, usable_scored
from ciip_irt.forms.shortage.item_uses import ItemUses
from ciip_irt.forms.shortage.lines import Line
from ciip_irt.forms.shortage.new_items import difficulty_of

__all__ = ["other_sources", "short_cells", "supply_of"]


def short_cells(pool: Pool) -> list[Line]:
    """Supply against the need of one form: per domain, per count by attribute, per key."""
    b = pool.blueprint
    usable = usable_scored(pool)
    supply = Counter(letter for letter, good in zip(pool.letters, usable, strict=True) if good)
    lines: list[Line] = []
    for d in b.domains:
        short = d.low - supply[d.letter]
        if short > 0:
            ways = ", or ".join([f"Write {short}", *other_sources(pool, usable, d.letter)])
            message = (
                f"{d.title} needs {plural(d.low, 'scored item')}; the bank has {supply[d.letter]} that"
                f" qualify. {ways}."
            )
            lines.append(("scored items", d.letter, d.low, supply[d.letter], short, message))
    able = [item_id for item_id, good in zip(pool.item_ids, usable, strict=True) if good]
    needs = [
        (
            rule.name,
            rule.name,
            rule.low,
            sum(matches(pool.attributes, rule.where, item_id) for item_id in able),
        )
        for rule in b.requirements.counts
        if rule.role == "scored"
    ]
    balance = b.requirements.key_balance
    if balance is not None:
        keys = Counter(pool.attributes.named("key").get(item_id) for item_id in able)
        least = balance.items(b.length)[0]
        needs += [
            (f"key {letter}", f"Key {letter} (key balance)", least, keys[letter])
            for letter in balance.letters
        ]
    for what, title, low, count in needs:
        if count < low:
            message = (
                f"{title} needs {plural(low, 'scored item')}; the bank has {count} that qualify."
                f" Write {low - count}, or lower the bound."
            )
            lines.append((what, "", low, count, low - count, message))
    return lines


def other_sources(pool: Pool, usable: Sequence[bool], letter: str) -> list[str]:
    """Items of the domain that could come in without being written."""
    b = pool.blueprint
    here = [
        (item_id, status)
        for item_id, own, status, good in zip(pool.item_ids, pool.letters, pool.statuses, usable, strict=True)
        if own == letter and not good
    ]
    scored = [item_id for item_id, status in here if status in b.scored_status]
    ways = []
    kept_out: set[str] = set()
    reasons = why_resting(pool.attributes, b)
    for words, items in {**reasons, "held out for open flags": set(pool.held_out)}.items():
        found = [item_id for item_id in scored if item_id in items and item_id not in kept_out]
        kept_out |= set(found)
        if found:
            ways.append(f"admit the {plural(len(found), 'scored item')} {words}")
    bare = len(set(scored) - kept_out)
    if bare:
        ways.insert(0, f"calibrate the {plural(bare, 'scored item')} without parameters")
    pilots = sum(status in b.pilot_status and item_id not in pool.held_out for item_id, status in here)
    return [*ways, f"promote from its {plural(pilots, 'pilot item')}"] if pilots else ways


def supply_of(uses: ItemUses, kind: NewItem, *, any_domain: bool = False) -> int:
    """Usable items of the bank that are of this kind."""
    pool = uses.pool
    b = difficulty_of(pool)
    keys = pool.attributes.named("key")
    free = kind.band.low == -inf and kind.band.high == inf
    return sum(
        1
        for item_id, letter, group in zip(pool.item_ids, pool.letters, uses.classes.tolist(), strict=True)
        if group >= 0
        and (any_domain or letter == kind.letter)
        and (free or (item_id in b and b[item_id] in kind.band))
        and all(matches(pool.attributes, where, item_id) for where in kind.others)
        and (kind.key is None or keys.get(item_id) == kind.key)
    )
