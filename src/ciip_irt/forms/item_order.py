"""Where the items stand in a form: domains in blocks or interleaved, pilots spread over the form.

Items of a set stand together, anchors at the same positions in every form, and no key runs longer than the
blueprint allows, where it asks for that.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from ciip_irt.blueprint import Blueprint
from ciip_irt.forms.pool.form_set import PILOT, SCORED, Entry, Form
from ciip_irt.forms.pool.item_attributes import ItemAttributes, first_sets

__all__ = ["longest_run", "ordered_entries", "ordered_family", "single_keys"]

# With four even keys and runs of three at most, one order in seven will do; then items change places.
ORDERS_TRIED = 50
# Each takes at least one item out of the runs that are too long: of 170 in random order, with two keys alone
# and runs of three at most, 21 are in them, and never more than 51 in 5,000 orders.
EXCHANGES = 100
NOTHING_KNOWN = ItemAttributes()
NOTHING_FIXED: Mapping[str, int] = {}
Chosen = Sequence[tuple[str, str]]


def ordered_family(
    form_ids: Sequence[str],
    scored: Sequence[Chosen],
    pilots: Sequence[Chosen],
    blueprint: Blueprint,
    seed: int,
    attributes: ItemAttributes = NOTHING_KNOWN,
    earlier: Sequence[Form] = (),
) -> list[Form]:
    """All forms of a family in order; ``scored`` and ``pilots`` are ``(item_id, letter)`` per form.

    Anchors stand where they stand in the blueprint's reference form, if that is among ``earlier``; otherwise
    their places are drawn once for all forms.
    """
    fixed = _anchor_places(scored, pilots, blueprint, np.random.default_rng([seed, len(form_ids)]), earlier)
    return [
        Form(
            form_id,
            ordered_entries(s, p, blueprint, np.random.default_rng([seed, number]), attributes, fixed),
        )
        for number, (form_id, s, p) in enumerate(zip(form_ids, scored, pilots, strict=True))
    ]


def ordered_entries(
    scored: Chosen,
    pilots: Chosen,
    blueprint: Blueprint,
    rng: np.random.Generator,
    attributes: ItemAttributes = NOTHING_KNOWN,
    fixed: Mapping[str, int] = NOTHING_FIXED,
) -> tuple[Entry, ...]:
    """The entries of a form with positions from 1; ``scored`` and ``pilots`` are ``(item_id, letter)``.

    Each group of items (the scored items of one domain; the pilots) is shuffled and its k-th of m items drawn
    into the k-th of m equal stretches, so that every group is spread evenly. Interleaved, the stretches
    run over the whole form; in domain blocks, over the block, and pilots stand in their domain's block.
    The items of a set follow the first of them; the items of ``fixed`` take their positions and the others
    fill the rest. Orders are drawn until no key runs too long, or at last items of the same group change
    places.
    """
    balance = blueprint.requirements.key_balance
    limit = None if balance is None else balance.longest_run
    keys = single_keys(attributes)
    best = _placed(_drawn(scored, pilots, blueprint, rng, attributes, fixed), blueprint, attributes, fixed)
    if limit is None:
        return best
    shortest = longest_run(best, keys)[0]
    for _ in range(ORDERS_TRIED):
        if shortest <= limit:
            return best
        order = _placed(
            _drawn(scored, pilots, blueprint, rng, attributes, fixed), blueprint, attributes, fixed
        )
        run = longest_run(order, keys)[0]
        if run < shortest:
            shortest, best = run, order
    return _exchanged(best, keys, limit, blueprint, attributes, fixed) if shortest > limit else best


def single_keys(attributes: ItemAttributes) -> dict[str, str]:
    """Key per item, of the items with one right option."""
    return {item_id: key for item_id, key in attributes.named("key").items() if len(key) == 1 and key != "*"}


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


def _anchor_places(
    scored: Sequence[Chosen],
    pilots: Sequence[Chosen],
    blueprint: Blueprint,
    rng: np.random.Generator,
    earlier: Sequence[Form],
) -> dict[str, int]:
    """A position for every anchor that all forms have, spread as the scored items are."""
    block = blueprint.requirements.anchors
    if block is None or not block.same_positions or not scored:
        return {}
    letter_of = dict(scored[0])
    anchors = sorted(i for i in blueprint.anchor_items if all(i in dict(items) for items in scored))
    reference = next((form for form in earlier if form.form_id == block.reference), None)
    shortest = min(len(s) + len(p) for s, p in zip(scored, pilots, strict=True))
    if reference is not None:
        places = {entry.item_id: entry.position for entry in reference.entries}
        if all(places.get(item_id, shortest + 1) <= shortest for item_id in anchors):
            return {item_id: places[item_id] for item_id in anchors}
    regions = {"": (0, shortest)}
    if blueprint.item_order == "domain blocks":
        regions = _common_regions(scored, pilots, blueprint)
    found: dict[str, int] = {}
    for region, (start, end) in regions.items():
        drawn: list[tuple[float, str]] = []
        for letter in blueprint.letters:
            members = [i for i in anchors if letter_of[i] == letter and region in ("", letter)]
            spread = (rng.permutation(len(members)) + rng.random(len(members))) / max(1, len(members))
            drawn += zip(spread.tolist(), members, strict=True)
        drawn.sort()
        taken = start
        for number, (place, item_id) in enumerate(drawn):
            # Room is left for the anchors that follow.
            last = max(end, start + len(drawn)) - (len(drawn) - number)
            position = min(max(taken, start + int(place * (end - start))), last)
            found[item_id] = position + 1
            taken = position + 1
    return found


def _common_regions(
    scored: Sequence[Chosen], pilots: Sequence[Chosen], blueprint: Blueprint
) -> dict[str, tuple[int, int]]:
    """Per domain the places (from 0, end excluded) that lie in its block in every form."""
    regions: dict[str, tuple[int, int]] = {}
    for s, p in zip(scored, pilots, strict=True):
        start = 0
        for letter in blueprint.letters:
            end = start + sum(own == letter for _, own in (*s, *p))
            low, high = regions.get(letter, (start, end))
            regions[letter] = (max(low, start), min(high, end))
            start = end
    return regions


def _placed(
    entries: tuple[Entry, ...], blueprint: Blueprint, attributes: ItemAttributes, fixed: Mapping[str, int]
) -> tuple[Entry, ...]:
    """The entries with those of ``fixed`` at their positions, the others in their order around them."""
    if not fixed:
        return entries
    held = {fixed[entry.item_id]: entry for entry in entries if entry.item_id in fixed}
    set_of = first_sets(attributes) if blueprint.requirements.item_sets is not None else {}
    units: list[list[Entry]] = []
    for entry in entries:
        if entry.item_id in fixed:
            continue
        own = set_of.get(entry.item_id)
        if units and own is not None and set_of.get(units[-1][0].item_id) == own:
            units[-1].append(entry)
        else:
            units.append([entry])
    result: list[Entry] = []
    position = 1
    while position <= len(entries):
        if position in held:
            result.append(held[position])
            position += 1
            continue
        room = next((p - position for p in range(position, len(entries) + 2) if p in held), len(units) + 99)
        # A set that does not fit before the next anchor waits for a wider gap.
        fits = (number for number, unit in enumerate(units) if len(unit) <= room)
        unit = units.pop(next(fits, 0))
        result += unit
        position += len(unit)
    return tuple(
        Entry(place, entry.item_id, entry.role, entry.letter) for place, entry in enumerate(result, start=1)
    )


def _exchanged(
    entries: tuple[Entry, ...],
    keys: Mapping[str, str],
    limit: int,
    blueprint: Blueprint,
    attributes: ItemAttributes,
    fixed: Mapping[str, int],
) -> tuple[Entry, ...]:
    """Items change places within their role (and domain, in blocks) while that shortens runs of a key."""
    in_blocks = blueprint.item_order == "domain blocks"
    set_of = first_sets(attributes) if blueprint.requirements.item_sets is not None else {}
    order = list(entries)

    def group(entry: Entry) -> tuple[str, str] | None:
        if entry.item_id in fixed or entry.item_id in set_of:
            return None
        return entry.role, entry.letter if in_blocks else ""

    for _ in range(EXCHANGES):
        run, start = longest_run(order, keys)
        if run <= limit:
            break
        before = _excess(order, keys, limit)
        best: tuple[int, int, int] | None = None
        for place in range(start, start + run):
            for other in range(len(order)):
                same = group(order[place])
                if same is None or same != group(order[other]):
                    continue
                order[place], order[other] = order[other], order[place]
                after = (_excess(order, keys, limit), place, other)
                order[place], order[other] = order[other], order[place]
                if after[0] < before and (best is None or after < best):
                    best = after
            if best is not None:
                break
        if best is None:
            break
        order[best[1]], order[best[2]] = order[best[2]], order[best[1]]
    return tuple(
        Entry(place, entry.item_id, entry.role, entry.letter) for place, entry in enumerate(order, start=1)
    )


def _excess(entries: Sequence[Entry], keys: Mapping[str, str], limit: int) -> int:
    """By how many items runs of one key are too long, in all."""
    total, run, previous = 0, 0, None
    for entry in entries:
        key = keys.get(entry.item_id)
        run = 0 if key is None else run + 1 if key == previous else 1
        previous = key
        total += run > limit
    return total


def _drawn(
    scored: Chosen,
    pilots: Chosen,
    blueprint: Blueprint,
    rng: np.random.Generator,
    attributes: ItemAttributes,
    fixed: Mapping[str, int],
) -> tuple[Entry, ...]:
    blocks = {letter: index for index, letter in enumerate(blueprint.letters)}
    in_blocks = blueprint.item_order == "domain blocks"
    set_of = first_sets(attributes) if blueprint.requirements.item_sets is not None else {}
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
        first.setdefault(f" {item_id}" if item_id in fixed else set_of.get(item_id, f" {item_id}"), number)
        for number, (_, _, item_id, _, _) in enumerate(placed)
    ]
    order = sorted(range(len(placed)), key=lambda number: (rank[number], number))
    return tuple(
        Entry(position, placed[number][2], placed[number][3], placed[number][4])
        for position, number in enumerate(order, start=1)
    )
