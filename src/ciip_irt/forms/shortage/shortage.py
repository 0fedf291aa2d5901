"""Why no forms can be built, in words, and the least that would mend it.

First supply against need per cell; then what all forms together need (``use_program``): items to write,
overlap to allow, forms to do without; then the rows that cannot hold together and their smallest
loosening.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from math import ceil, inf

import numpy as np
import polars as pl

from ciip_irt.arrays import FloatArray, IntArray
from ciip_irt.errors import plural
from ciip_irt.forms.findings import ERROR
from ciip_irt.forms.model.least import least_slack
from ciip_irt.forms.model.program import build_program
from ciip_irt.forms.model.solver import Effort
from ciip_irt.forms.pool.item_attributes import matches, resting, why_resting
from ciip_irt.forms.pool.new_item import NewItem
from ciip_irt.forms.pool.pool import Pool, Row
from ciip_irt.forms.shortage.conflict import conflicting_demands
from ciip_irt.forms.shortage.item_uses import ItemUses, build_item_uses
from ciip_irt.forms.shortage.items_to_write import items_to_write
from ciip_irt.forms.shortage.least_loosening import least_loosening
from ciip_irt.forms.shortage.least_overlap import are_possible, least_overlap
from ciip_irt.forms.shortage.new_items import difficulty_of
from ciip_irt.forms.tolerances import SOLVED, TOLD

__all__ = [
    "SHORTAGE_COLUMNS", "count_shortages", "most_forms", "nearest_change", "no_shortages",
    "one_form_shortages", "supply_of", "usable_scored",
]  # fmt: skip

SHORTAGE_COLUMNS = {
    "what": pl.String, "domain": pl.String, "needed": pl.Int64, "available": pl.Int64,
    "short": pl.Int64, "message": pl.String,
}  # fmt: skip
Line = tuple[str, str, int | None, int | None, int | None, str]
MAX_ROWS = 15
# A conflict that more rows share than a person can weigh is told by its loosening alone.
MOST_IN_CONFLICT = 6
# Of demands of one rule so many are named one by one.
FEW_ALIKE = 3
# Columns up to which whole forms are searched for the smallest change, and the nodes that it may take: some
# seconds.
LARGEST_SEARCH, NODES = 20_000, 200
# Of slacks between whole numbers, those above are one item.
HALF = 0.5


def no_shortages() -> pl.DataFrame:
    """The table without rows."""
    return pl.DataFrame(schema=SHORTAGE_COLUMNS)


def usable_scored(pool: Pool) -> list[bool]:
    """Which items may stand in a scored slot: by status, parameters where targets ask for them, rules."""
    barred = resting(pool.attributes, pool.blueprint)
    strict = any(target.severity == ERROR for target in pool.targets)
    known = pool.targets[0].contributions if pool.targets else {}
    return [
        status in pool.blueprint.scored_status and (not strict or item_id in known) and item_id not in barred
        for item_id, status in zip(pool.item_ids, pool.statuses, strict=True)
    ]


def count_shortages(pool: Pool) -> pl.DataFrame:
    """Cells in which the bank has fewer items than the forms need, whatever the solver does.

    Each line is a proof. Per domain, key and count by attribute: fewer items than one form needs. For all
    forms together: not even the relaxation of ``use_program`` has a solution.
    """
    lines = _cells(pool)
    n_forms, block = len(pool.form_ids), pool.blueprint.requirements.anchors
    chosen = block is None or bool(block.items)  # until then nobody knows what they take
    if not lines and n_forms > 1 and chosen:
        uses = build_item_uses(pool, targets=False)
        if not (are_possible(uses, n_forms, max_common=0) or are_possible(uses, n_forms)):
            lines = _for_all(uses, n_forms, whole=False) if are_possible(uses, 1) else []
    return _frame(lines)


def nearest_change(
    pool: Pool, rows: Sequence[Row], seed: int, progress: Callable[[str], None] | None = None
) -> pl.DataFrame:
    """What stands in the way where counting finds nothing: first of one form, then of all together."""
    if progress is not None:
        progress("No forms satisfy every row; looking for the smallest change that would help.")
    n_forms = len(pool.form_ids)
    uses = build_item_uses(pool, targets=False)
    if not are_possible(uses, 1, whole=True):
        return _frame(_for_one(uses))
    if n_forms > 1 and not are_possible(uses, n_forms):
        return _frame(_for_all(uses, n_forms, whole=False))
    if pool.n_items * n_forms > LARGEST_SEARCH:
        message = (
            "No single row and no count over all forms stands in the way; together they do."
            " Ask for fewer forms or allow more overlap, and see which demand gives way."
        )
        return _frame([("all forms together", "", None, None, None, message)])
    return _frame(_nearest_forms(pool, rows, seed))


def one_form_shortages(pool: Pool, *, targets: bool = False) -> pl.DataFrame:
    """Why not even one form can be built; empty where nothing is known against one."""
    lines = _cells(pool)
    if not lines:
        uses = build_item_uses(pool, targets=targets)
        if not are_possible(uses, 1, whole=not targets):
            lines = _for_one(uses)
    return _frame(lines)


def most_forms(uses: ItemUses, most: int, *, max_common: int | None = None) -> int:
    """The largest number of forms, up to ``most``, that the relaxation does not rule out."""
    low, high = 0, 1
    while high <= most and are_possible(uses, high, max_common=max_common):
        low, high = high, high * 2
    high = min(high, most + 1)
    while high - low > 1:
        middle = (low + high) // 2
        if are_possible(uses, middle, max_common=max_common):
            low = middle
        else:
            high = middle
    return low


def _frame(lines: Sequence[Line]) -> pl.DataFrame:
    return pl.DataFrame(list(lines[:MAX_ROWS]), schema=SHORTAGE_COLUMNS, orient="row")


def _cells(pool: Pool) -> list[Line]:
    """Supply against the need of one form: per domain, per count by attribute, per key."""
    b = pool.blueprint
    usable = usable_scored(pool)
    supply = Counter(letter for letter, good in zip(pool.letters, usable, strict=True) if good)
    lines: list[Line] = []
    for d in b.domains:
        short = d.low - supply[d.letter]
        if short > 0:
            ways = ", or ".join([f"Write {short}", *_other_sources(pool, usable, d.letter)])
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


def _other_sources(pool: Pool, usable: Sequence[bool], letter: str) -> list[str]:
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
    for words, items in why_resting(pool.attributes, b).items():
        found = [item_id for item_id in scored if item_id in items]
        kept_out |= set(found)
        if found:
            ways.append(f"admit the {plural(len(found), 'scored item')} {words}")
    bare = len(set(scored) - kept_out)
    if bare:
        ways.insert(0, f"calibrate the {plural(bare, 'scored item')} without parameters")
    pilots = sum(status in b.pilot_status for _, status in here)
    return [*ways, f"promote from its {plural(pilots, 'pilot item')}"] if pilots else ways


def _for_all(uses: ItemUses, n_forms: int, *, whole: bool) -> list[Line]:
    """What to write so that all forms can be built; what would do instead of writing."""
    answer = items_to_write(uses, n_forms, whole=whole)
    instead = _instead(uses, n_forms)
    if not answer.possible:
        return _conflict(uses, n_forms, whole=whole)
    lines = _writing(uses, n_forms, answer.written)
    if not lines:
        return []
    if len(lines) == 1:
        what, letter, needed, available, short, message = lines[0]
        return [
            (what, letter, needed, available, short, f"{message}{''.join(f', {way}' for way in instead)}.")
        ]
    total, able = int(answer.written.sum()), _within_reach(uses, n_forms)
    length, bound = uses.pool.blueprint.length, uses.max_common
    sharing = f" that share at most {bound} pairwise" if bound else " that share none" if bound == 0 else ""
    sharing += " besides the anchors" if sharing and uses.pool.blueprint.anchor_items else ""
    message = (
        f"{n_forms} forms of {length} scored items{sharing} need {able + total:,} different items; the bank"
        f" offers {able:,}. Write {total:,}{''.join(f', {way}' for way in instead)}."
    )
    head: Line = ("scored items over all forms", "", able + total, able, total, message)
    return [head, *((*line[:5], f"{line[5]}.") for line in lines)]


def _within_reach(uses: ItemUses, n_forms: int) -> int:
    """Different items that K forms could use: of each domain at most K times what one form takes."""
    letters = Counter(
        letter for letter, group in zip(uses.pool.letters, uses.classes.tolist(), strict=True) if group >= 0
    )
    return sum(min(letters[d.letter], n_forms * d.high) for d in uses.pool.blueprint.domains)


def _instead(uses: ItemUses, n_forms: int) -> list[str]:
    """Mends that need no new item: a wider overlap, fewer forms."""
    ways = []
    bound = uses.max_common
    if n_forms > 1 and bound is not None:
        wider = least_overlap(uses, n_forms)
        if wider.possible:
            items = ceil(wider.max_common - SOLVED)
            if items > bound:
                ways.append(f"or allow an overlap of {plural(items, 'item')} (now {bound})")
    if n_forms > 1:
        fewer = most_forms(uses, n_forms - 1)
        if fewer:
            ways.append(f"or build {plural(fewer, 'form')}")
    return ways


def _writing(uses: ItemUses, n_forms: int, written: IntArray) -> list[Line]:
    """One line per kind of item to write, without the full stop."""
    pool = uses.pool
    usable = [group >= 0 for group in uses.classes.tolist()]
    amounts: dict[tuple[str, str], tuple[NewItem, int]] = {}
    for kind, number in zip(uses.new, written.tolist(), strict=True):
        if number:
            key = (kind.letter if kind.key is None else "", kind.words)
            amounts[key] = (kind, amounts.get(key, (kind, 0))[1] + number)
    lines: list[Line] = []
    for (letter, words), (kind, number) in amounts.items():
        available = supply_of(uses, kind, any_domain=not letter)
        needed = available + number
        # Where a single form lacks nothing, what is short is items that forms do not share.
        alone = ""
        if n_forms > 1:
            alone = " that no other form uses" if uses.max_common == 0 else " over all forms"
        different = "scored items" if n_forms == 1 or uses.max_common == 0 else "different scored items"
        who = f"{pool.blueprint.domain(letter).title} needs" if letter else "All domains need"
        many = "" if n_forms == 1 else f"{n_forms} forms: "
        asked = f" with {words}" if words else ""
        message = (
            f"{many}{who} {needed:,} {different}{asked}{alone}; the bank has {available:,}. Write {number:,}"
        )
        if letter and not words:
            message = ", or ".join([message, *_other_sources(pool, usable, letter)])
        lines.append((words or "scored items", letter, needed, available, number, message))
    return sorted(lines, key=lambda line: (-(line[4] or 0), line[1], line[0]))


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


def _for_one(uses: ItemUses) -> list[Line]:
    """Why not even one form: what to write, which rows collide, by how little they would have to give."""
    lines = _conflict(uses, 1, whole=True)
    answer = items_to_write(uses, 1, whole=True)
    if answer.possible and 0 < answer.written.sum() <= uses.pool.blueprint.length:
        lines += [(*line[:5], f"{line[5]}.") for line in _writing(uses, 1, answer.written)]
    return lines


def _conflict(uses: ItemUses, n_forms: int, *, whole: bool) -> list[Line]:
    """The rows that cannot hold together, then the smallest loosening that makes them."""
    lines: list[Line] = []
    found = conflicting_demands(uses, n_forms, whole=whole)
    alike = Counter(demand.constraint.name for demand in found)
    many = [
        demand for demand in found
        if demand.constraint.many_in_words and alike[demand.constraint.name] > FEW_ALIKE
    ]  # fmt: skip
    shown = [demand.words for demand in found if demand not in many]
    shown += [
        words.format(number)
        for words, number in Counter(demand.constraint.many_in_words for demand in many).items()
    ]
    if 1 < len(shown) <= MOST_IN_CONFLICT:
        named = "; ".join(shown)
        message = f"These cannot all hold: {named}. Give up or loosen one of them."
        lines.append(("conflict", "", None, None, None, message))
    loosened = least_loosening(uses, n_forms, whole=whole)
    if loosened.possible:
        lines += _loosening(uses, n_forms, loosened.slack)
    return lines


def _loosening(uses: ItemUses, n_forms: int, slack: FloatArray) -> list[Line]:
    """A line per row that has to give way, the largest loss first."""
    broken = [
        (row, amount) for row, amount in zip(uses.rows, slack.tolist(), strict=True) if abs(amount) > TOLD
    ]
    nearest = "The nearest form breaks" if n_forms == 1 else f"The nearest {n_forms} forms together break"
    broken.sort(key=lambda found: (-abs(found[1]), found[0].label))
    return [_broken_line(nearest, row.label, amount, row.unit) for row, amount in broken]


def _broken_line(nearest: str, name: str, amount: float, unit: str) -> Line:
    whole = ceil(abs(amount) - TOLD)
    size = plural(whole, unit) if unit == "item" else f"{whole:,} {unit}"
    remedy = "Write items that are free to stand there"
    if amount < 0:
        remedy = "Write items that can take their place"
    if unit != "item":
        remedy = f"Write items with {'more' if amount > 0 else 'fewer'} {unit}"
    few = "few" if amount > 0 else "many"
    message = f"{nearest} '{name}' by {size}: {size} too {few}. {remedy}, or loosen that row."
    return (name, "", None, None, whole, message)


def _nearest_forms(pool: Pool, rows: Sequence[Row], seed: int) -> list[Line]:
    """The fewest items by which named rows of K forms have to give way, searched over whole forms."""
    half = pool.n_columns // 2
    program = build_program(
        pool.n_columns, rows,
        lower=np.zeros(pool.n_columns),
        upper=np.concatenate([np.ones(half), np.zeros(half)]),
        integer=np.arange(pool.n_columns) < half,
        relax=True,
    )  # fmt: skip
    proposal = least_slack(program, Effort(nodes=NODES), seed)
    if proposal.values is None:
        return []
    broken = [
        (row, sign * round(float(amount)))
        for (row, sign), amount in zip(
            program.slack_rows, proposal.values[program.first_slack :], strict=True
        )
        if amount > HALF
    ]
    nearest = "The nearest forms break" if proposal.stopped == "optimal" else "The nearest forms found break"
    broken.sort(key=lambda found: (-abs(found[1]), found[0].name))
    return [_broken_line(nearest, row.name, amount, row.unit) for row, amount in broken]
