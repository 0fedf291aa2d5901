"""Which named rows cannot hold together: deletion filtering (Chinneck 2008).

Rows are left out group by group; a group without which nothing holds either stays out. What remains is a
conflict from which nothing can be left out: any one of its groups given up resolves it.
"""

from ciip_irt.forms.shortage.family_use import Family, NamedRow, ask

__all__ = ["conflicting_rows"]

TOGETHER = {
    "enemies": "enemies apart",
    "item_sets": "item sets",
    "listed": "the items to include",
    "anchors": "the anchor block",
}
# Left out as a whole first, so that few rows remain, and those that a blueprint author thinks in.
WHOLE_RULES = (
    "item_sets", "time_budget", "earlier_overlap", "key_balance", "enemies", "domain_counts", "length",
    "attribute_sums", "attribute_counts",
)  # fmt: skip


def conflicting_rows(family: Family, n_forms: int, *, whole: bool = False) -> list[tuple[str, NamedRow]]:
    """The groups of a smallest conflict, each with its (first) row; empty where the rows can hold.

    Rows about enemies are one group, as are item sets, items to include and anchors. ``whole``: as in
    ``ask``.
    """
    groups: dict[str, list[int]] = {}
    rules: dict[str, list[int]] = {}
    for number, row in enumerate(family.rows):
        groups.setdefault(TOGETHER.get(row.rule, row.name), []).append(number)
        rules.setdefault(row.rule, []).append(number)
    if ask(family, n_forms, whole=whole).possible:
        return []
    left_out = frozenset[int]()
    for rule in WHOLE_RULES:
        tried = left_out | frozenset(rules.get(rule, ()))
        if tried != left_out and not ask(family, n_forms, without=tried, whole=whole).possible:
            left_out = tried
    kept = []
    for name, numbers in groups.items():
        tried = left_out | frozenset(numbers)
        if tried == left_out:
            continue
        if ask(family, n_forms, without=tried, whole=whole).possible:
            kept.append((name, family.rows[numbers[0]]))
        else:
            left_out = tried
    return kept
