"""Why no forms can be built, in words, and the least that would mend it.

First supply against need per cell; then what all forms together need (``use_program``): items to write,
overlap to allow, forms to do without; then the rows that cannot hold together and their smallest
loosening.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from math import ceil

import polars as pl

from ciip_irt.arrays import IntArray
from ciip_irt.errors import plural
from ciip_irt.forms.pool.new_item import NewItem
from ciip_irt.forms.pool.pool import Pool, Row
from ciip_irt.forms.shortage.broken_rows import conflict_lines, nearest_form_lines
from ciip_irt.forms.shortage.item_uses import ItemUses, build_item_uses
from ciip_irt.forms.shortage.items_to_write import items_to_write
from ciip_irt.forms.shortage.least_overlap import are_possible, least_overlap
from ciip_irt.forms.shortage.lines import Line, frame_of_lines
from ciip_irt.forms.shortage.named_items import named_item_lines
from ciip_irt.forms.shortage.supply import other_sources, short_cells, supply_of
from ciip_irt.forms.shortage.use_lines import use_lines
from ciip_irt.forms.tolerances import SOLVED

__all__ = ["count_shortages", "most_forms", "nearest_change", "one_form_shortages"]

# Columns up to which whole forms are searched for the smallest change: some seconds.
LARGEST_SEARCH = 20_000


def count_shortages(pool: Pool) -> pl.DataFrame:
    """Cells in which the bank has fewer items than the forms need, whatever the solver does.

    Each line is a proof. Per domain, key and count by attribute: fewer items than one form needs. For all
    forms together: not even the relaxation of ``use_program`` has a solution.
    """
    lines = [*named_item_lines(pool), *short_cells(pool)]
    lines = lines or use_lines(pool)
    n_forms, block = len(pool.form_ids), pool.blueprint.requirements.anchors
    chosen = block is None or bool(block.items)  # until then nobody knows what they take
    if not lines and n_forms > 1 and chosen:
        uses = build_item_uses(pool, targets=False)
        if not (are_possible(uses, n_forms, max_common=0) or are_possible(uses, n_forms)):
            lines = _for_all(uses, n_forms, whole=False) if are_possible(uses, 1) else []
    return frame_of_lines(lines)


def nearest_change(
    pool: Pool,
    rows_of: Callable[[Pool], Sequence[Row]],
    seed: int,
    progress: Callable[[str], None] | None = None,
) -> pl.DataFrame:
    """What stands in the way where counting finds nothing: first of one form, then of all together."""
    if progress is not None:
        progress("No forms satisfy every row; looking for the smallest change that would help.")
    n_forms = len(pool.form_ids)
    uses = build_item_uses(pool, targets=False)
    if not are_possible(uses, 1, whole=True):
        return frame_of_lines(_for_one(uses))
    if n_forms > 1 and not are_possible(uses, n_forms):
        return frame_of_lines(_for_all(uses, n_forms, whole=False))
    if pool.blueprint.requirements.uses is not None and n_forms > 1:
        return frame_of_lines([_bounds_on_uses(pool)])
    if pool.n_items * n_forms > LARGEST_SEARCH:
        message = (
            "No single row and no count over all forms stands in the way; together they do."
            " Ask for fewer forms or allow more overlap, and see which demand gives way."
        )
        return frame_of_lines([("all forms together", "", None, None, None, message)])
    return frame_of_lines(nearest_form_lines(pool, rows_of(pool), seed))


def _bounds_on_uses(pool: Pool) -> Line:
    least, most = pool.blueprint.requirements.uses.bounds(len(pool.form_ids))  # type: ignore[union-attr]
    message = (
        f"The bounds on the uses of an item ({least} to {most} of {len(pool.form_ids)} forms) cannot be kept"
        " together with everything else; without them, nothing known rules the forms out. Allow more uses, or"
        " write items."
    )
    return ("uses of items", "", None, None, None, message)


def one_form_shortages(pool: Pool, *, targets: bool = False) -> pl.DataFrame:
    """Why not even one form can be built; empty where nothing is known against one."""
    lines = [*named_item_lines(pool), *short_cells(pool)]
    if not lines:
        uses = build_item_uses(pool, targets=targets)
        if not are_possible(uses, 1, whole=not targets):
            lines = _for_one(uses)
    return frame_of_lines(lines)


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


def _for_all(uses: ItemUses, n_forms: int, *, whole: bool) -> list[Line]:
    """What to write so that all forms can be built; what would do instead of writing."""
    answer = items_to_write(uses, n_forms, whole=whole)
    instead = _instead(uses, n_forms)
    if not answer.possible:
        return conflict_lines(uses, n_forms, whole=whole)
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
            message = ", or ".join([message, *other_sources(pool, usable, letter)])
        lines.append((words or "scored items", letter, needed, available, number, message))
    return sorted(lines, key=lambda line: (-(line[4] or 0), line[1], line[0]))


def _for_one(uses: ItemUses) -> list[Line]:
    """Why not even one form: what to write, which rows collide, by how little they would have to give."""
    lines = conflict_lines(uses, 1, whole=True)
    answer = items_to_write(uses, 1, whole=True)
    if answer.possible and 0 < answer.written.sum() <= uses.pool.blueprint.length:
        lines += _writing_for_one(uses, answer.written)
    return lines


def _writing_for_one(uses: ItemUses, written: IntArray) -> list[Line]:
    """One line per kind of item that makes a form possible; the bank has enough of none, whatever it has."""
    amounts: dict[tuple[str, str], int] = {}
    for kind, number in zip(uses.new, written.tolist(), strict=True):
        if number:
            key = (kind.letter if kind.key is None else "", kind.words)
            amounts[key] = amounts.get(key, 0) + number
    together = len(amounts) > 1
    lines: list[Line] = []
    for (letter, words), number in amounts.items():
        who = uses.pool.blueprint.domain(letter).title if letter else "Any domain"
        asked = f" with {words}" if words else ""
        then = "together with the others that makes" if together else "that makes"
        message = (
            f"{who}: write {plural(number, 'scored item')}{asked} free of these rows; {then} a form possible."
        )
        lines.append((words or "scored items", letter, None, None, number, message))
    return sorted(lines, key=lambda line: (-(line[4] or 0), line[1], line[0]))
