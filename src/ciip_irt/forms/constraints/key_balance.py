"""Each option letter is the key of its share of the scored items; items with several keys count for none."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import FloatArray
from ciip_irt.blueprint import KeyBalance
from ciip_irt.errors import plural
from ciip_irt.forms.findings import ERROR, Finding
from ciip_irt.forms.pool.form_set import SCORED, FormSet
from ciip_irt.forms.pool.new_item import NewItem
from ciip_irt.forms.pool.pool import Constraint, Pool, Row

__all__ = ["KEY_BALANCE"]

NAME = "key_balance"


@dataclass(frozen=True, slots=True)
class BalancedKey:
    """The share of one option letter among the keys."""

    letter: str
    balance: KeyBalance


def rows(pool: Pool) -> Iterator[Row]:
    balance = pool.blueprint.requirements.key_balance
    if balance is None:
        return
    low, high = balance.items(pool.blueprint.length)
    keys = pool.attributes.named("key")
    for letter in balance.letters:
        members = pool.items_where(keys.get(item_id) == letter for item_id in pool.item_ids)
        for form, form_id in enumerate(pool.form_ids):
            label = f"scored items with key {letter}"
            yield Row(
                f"{form_id}: {label}", float(low), float(high),
                pool.columns(SCORED, form, members), np.ones(len(members)), relaxable=True,
                label=label, source=BalancedKey(letter, balance),
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


def adds(item: NewItem, source: object, coefficients: FloatArray) -> float:  # noqa: ARG001
    """An item of any key is taken to have each with the same chance."""
    if not isinstance(source, BalancedKey):
        return 0.0
    return 1 / len(source.balance.letters) if item.key is None else float(item.key == source.letter)


KEY_BALANCE = Constraint(
    NAME, "each option letter is the key of its share of the scored items", rows, check,
    lambda given: given.blueprint.requirements.key_balance is not None,
    bounds_parts=True, spared=5, adds=adds,
)  # fmt: skip
