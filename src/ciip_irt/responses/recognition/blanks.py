"""What empty cells of a wide log mean: an answer left out, or an item that was never given."""

from collections import Counter
from collections.abc import Hashable, Sequence

__all__ = ["meaning_of_blanks"]

SCATTERED = 0.15  # at most this share of any item's cells: single omissions; a design leaves out whole forms
SHARED = 5  # persons with the very same gaps: chance does not repeat a gap of several items
GAP = 2  # items in a gap that can be a design's
ABSENT = 0.5  # of an item's cells: an item that half never answered was not given to them


def meaning_of_blanks(empty: Sequence[Sequence[bool]], forms: Sequence[Hashable]) -> tuple[str | None, str]:
    """``omitted``, ``not_administered`` or ``None`` (both are possible), and why.

    Parameters
    ----------
    empty
        (persons, items): whether the cell is empty.
    forms
        The form of each person; one value where the file has no column of forms.

    >>> meaning_of_blanks([[False, False, True, True]] * 6 + [[True, True, False, False]] * 6, ["F"] * 12)[0]
    'not_administered'
    >>> meaning_of_blanks([[False] * 4] * 19 + [[True, False, False, False]], ["F"] * 20)[0]
    'omitted'
    """
    met = [row for row in empty if not all(row)]
    if not any(map(any, met)):
        return "omitted", "no cell is empty"
    of_form = {form: [row for row, own in zip(empty, forms, strict=True) if own == form and not all(row)]
               for form in set(forms)}  # fmt: skip
    whole = scattered = unclear = False
    for rows in of_form.values():
        if not rows:
            continue
        shares = [sum(column) / len(rows) for column in zip(*rows, strict=True)]
        absent = {place for place, share in enumerate(shares) if share >= ABSENT}
        gaps = [
            tuple(place for place, gone in enumerate(row) if gone and place not in absent) for row in rows
        ]
        common = {gap for gap, n in Counter(gaps).items() if len(gap) >= GAP and n >= SHARED}
        swapped = [
            sum(not row[place] for place in absent) for row in rows
        ]  # rare items met instead of others
        loose = [
            place
            for gap, extra in zip(gaps, swapped, strict=True)
            if gap not in common and len(gap) > extra
            for place in gap
        ]
        whole |= bool(absent) or bool(common)
        if not loose:
            continue
        scattered = True
        worst = Counter(loose).most_common(1)[0][1] / len(rows)
        unclear |= worst > SCATTERED
    if whole and not scattered:
        return "not_administered", "the gaps are whole blocks of items that groups of candidates share"
    if scattered and not whole and not unclear:
        return "omitted", "single gaps, each item is answered by nearly all"
    return None, "some gaps look like a design, others like answers left out"
