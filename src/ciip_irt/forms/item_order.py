"""Where the items stand in a form: domains in blocks or interleaved, pilots spread over the form.

Items of a set stand together, and no key runs longer than the blueprint allows, where it asks for that.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from ciip_irt.forms.blueprint import Blueprint
from ciip_irt.forms.facts import Facts
from ciip_irt.forms.form_set import PILOT, SCORED, Entry

__all__ = ["longest_run", "ordered_entries", "single_keys"]

# With four even keys and runs of three at most, one order in seven will do; the last is kept if none does.
ORDERS_TRIED = 300
NOTHING_KNOWN = Facts()


def ordered_entries(
    scored: Sequence[tuple[str, str]],
    pilots: Sequence[tuple[str, str]],
    blueprint: Blueprint,
    rng: np.random.Generator,
    facts: Facts = NOTHING_KNOWN,
) -> tuple[Entry, ...]:
    """The entries of a form with positions from 1; ``scored`` and ``pilots`` are ``(item_id, letter)``.

    Each group of items (the scored items of one domain; the pilots) is shuffled and its k-th of m items drawn
    into the k-th of m equal stretches, so that every group is spread evenly. Interleaved, the stretches
    run over the whole form; in domain blocks, over the block, and pilots stand in their domain's block.
    The items of a set follow the first of them. Orders are drawn until no key runs too long.
    """
    balance = blueprint.demands.key_balance
    limit = None if balance is None else balance.longest_run
    keys = single_keys(facts)
    shortest, best = 0, _drawn(scored, pilots, blueprint, rng, facts)
    if limit is None:
        return best
    shortest = longest_run(best, keys)[0]
    for _ in range(ORDERS_TRIED):
        if shortest <= limit:
            break
        order = _drawn(scored, pilots, blueprint, rng, facts)
        run = longest_run(order, keys)[0]
        if run < shortest:
            shortest, best = run, order
    return best


def single_keys(facts: Facts) -> dict[str, str]:
    """Key per item, of the items with one right option."""
    return {item_id: key for item_id, key in facts.named("key").items() if len(key) == 1 and key != "*"}


def longest_run(entries: Sequence[Entry], keys: Mapping[str, str]) -> tuple[int, int]:
    """How often a key comes running at most, and the place (from 0) at which the first such run begins.

    >>> entries = [Entry(n, item_id, "scored", "A") for n, item_id in enumerate("abcd", start=1)]
    >>> longest_run(entries, {"a": "B", "b": "C", "c": "C", "d": "C"})
    (3, 1)
    """
    longest, start, run, previous = 0, 0, 0, None
    for place, entry in enumerate(entries):
        key = keys.get(entry.item_id)
        run = 0 if key is None else run + 1 if key == previous else 1
        previous = key
        if run > longest:
            longest, start = run, place - run + 1
    return longest, start


def _drawn(
    scored: Sequence[tuple[str, str]],
    pilots: Sequence[tuple[str, str]],
    blueprint: Blueprint,
    rng: np.random.Generator,
    facts: Facts,
) -> tuple[Entry, ...]:
    blocks = {letter: index for index, letter in enumerate(blueprint.letters)}
    in_blocks = blueprint.item_order == "domain blocks"
    set_of = facts.named("set_id") if blueprint.demands.item_sets is not None else {}
    groups: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for role, chosen in ((SCORED, scored), (PILOT, pilots)):
        for item_id, letter in sorted(chosen):
            together = letter if in_blocks or role == SCORED else ""
            groups.setdefault((role, together), []).append((item_id, letter))
    placed: list[tuple[int, float, str, str, str]] = []
    for (role, _), members in groups.items():
        places = (rng.permutation(len(members)) + rng.random(len(members))) / len(members)
        placed += [
            (blocks[letter] if in_blocks else 0, float(place), item_id, role, letter)
            for (item_id, letter), place in zip(members, places, strict=True)
        ]
    placed.sort()
    first: dict[str, int] = {}
    rank = [
        first.setdefault(set_of.get(item_id, f" {item_id}"), number)
        for number, (_, _, item_id, _, _) in enumerate(placed)
    ]
    order = sorted(range(len(placed)), key=lambda number: (rank[number], number))
    return tuple(
        Entry(position, placed[number][2], placed[number][3], placed[number][4])
        for position, number in enumerate(order, start=1)
    )
