"""Each option letter is the key of its share of the scored items; items with several keys count for none."""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from ciip_irt.errors import plural
from ciip_irt.forms.findings import ERROR, Finding
from ciip_irt.forms.pool.form_set import SCORED, FormSet
from ciip_irt.forms.pool.pool import Constraint, Pool, Row

__all__ = ["KEY_BALANCE"]

NAME = "key_balance"


def rows(pool: Pool) -> Iterator[Row]:
    balance = pool.blueprint.requirements.key_balance
    if balance is None:
        return
    low, high = balance.items(pool.blueprint.length)
    keys = pool.attributes.named("key")
    for letter in balance.letters:
        members = pool.items_where(keys.get(item_id) == letter for item_id in pool.item_ids)
        for form, form_id in enumerate(pool.form_ids):
            yield Row(
                f"{form_id}: scored items with key {letter}", float(low), float(high),
                pool.columns(SCORED, form, members), np.ones(len(members)), relaxable=True,
            )  # fmt: skip


def check(given: FormSet) -> Iterator[Finding]:
    balance = given.blueprint.requirements.key_balance
    if balance is None:
        return
    low, high = balance.items(given.blueprint.length)
    keys = given.attributes.named("key")
    for form in given.forms:
        counts = Counter(keys.get(item_id) for item_id in form.scored)
        for letter in balance.letters:
            if not low <= counts[letter] <= high:
                message = (
                    f"key {letter}: {plural(counts[letter], 'scored item')}, blueprint needs {low} to {high}"
                )
                yield Finding(NAME, ERROR, form.form_id, "", message)


KEY_BALANCE = Constraint(
    NAME, "each option letter is the key of its share of the scored items", rows, check,
    lambda given: given.blueprint.requirements.key_balance is not None,
)  # fmt: skip
