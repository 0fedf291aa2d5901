"""The anchor block: scored items that all forms of the family have, so that they can be equated.

The block is chosen before the forms, so the solver's rows only hold it in place; that it resembles the whole
(domains, difficulty) concerns the choice, and is told as a warning.
"""

from collections.abc import Iterator

import numpy as np

from ciip_irt.errors import plural
from ciip_irt.forms.findings import ERROR, WARNING, Finding
from ciip_irt.forms.pool.anchor_items import unlike
from ciip_irt.forms.pool.form_set import SCORED, FormSet
from ciip_irt.forms.pool.pool import Constraint, Pool, Row

__all__ = ["ANCHORS"]

NAME = "anchors"


def rows(pool: Pool) -> Iterator[Row]:
    block = pool.blueprint.requirements.anchors
    for anchor in () if block is None else block.items:
        item = pool.items_where(item_id == anchor for item_id in pool.item_ids)
        for form, form_id in enumerate(pool.form_ids):
            columns = pool.columns(SCORED, form, item)
            yield Row(
                f"{form_id}: anchor {anchor}", 1.0, 1.0, columns, np.ones(len(columns)), relaxable=True,
                label=f"anchor {anchor}",
            )  # fmt: skip


def check(given: FormSet) -> Iterator[Finding]:
    block = given.blueprint.requirements.anchors
    if block is None:
        return
    anchors, first = sorted(given.anchors.items), given.forms[0]
    if given.anchors.named:
        for form in given.forms:
            missing = [item_id for item_id in anchors if item_id not in set(form.scored)]
            if missing:
                message = f"{len(missing)} of {plural(len(anchors), 'anchor')} missing ({_some(missing)})"
                yield Finding(NAME, ERROR, form.form_id, missing[0], message)
    elif not _comparable(given):
        message = (
            "a single form does not show which items are its anchors: check the forms of a family together"
        )
        yield Finding(NAME, WARNING, first.form_id, "", message)
        return
    wrong = len(anchors) != block.count if given.anchors.named else len(anchors) < block.count
    if wrong:
        message = (
            f"the anchor block has {plural(len(anchors), 'item')}, blueprint needs {block.count}"
            if given.anchors.named
            else f"all forms have {plural(len(anchors), 'scored item')} in common,"
            f" the anchor block needs {block.count}"
        )
        yield Finding(NAME, ERROR, first.form_id, "", message)
    if block.reference is not None:
        yield from _reference(given, anchors, block.reference)
    # What forms have in common beyond the block is no fault of the block.
    if given.anchors.named or len(anchors) == block.count:
        letter_of = {item_id: given.bank[item_id].letter for item_id in anchors if item_id in given.bank}
        difficulty = given.attributes.numbers.get("b", {})
        together = [item_id for form in given.forms for item_id in form.scored]
        for words in unlike(given.blueprint, anchors, together, letter_of, difficulty):
            yield Finding(NAME, WARNING, first.form_id, "", f"anchor block: {words}")


def _comparable(given: FormSet) -> bool:
    block = given.blueprint.requirements.anchors
    reference = None if block is None else block.reference
    return len(given.forms) + sum(form.form_id == reference for form in given.earlier) > 1


def _reference(given: FormSet, anchors: list[str], reference: str) -> Iterator[Finding]:
    form_id = given.forms[0].form_id
    found = next((form for form in (*given.earlier, *given.forms) if form.form_id == reference), None)
    if found is None:
        message = f"the anchors come from form {reference}, which is not among the earlier forms given"
        yield Finding(NAME, WARNING, form_id, "", message)
        return
    missing = [item_id for item_id in anchors if item_id not in set(found.scored)]
    if missing:
        message = f"{plural(len(missing), 'anchor')} not in reference form {reference} ({_some(missing)})"
        yield Finding(NAME, ERROR, form_id, missing[0], message)


def _some(items: list[str]) -> str:
    return ", ".join(items[:5]) + (", ..." if len(items) > 5 else "")


ANCHORS = Constraint(
    NAME, "all forms have the anchor block in common", rows, check,
    lambda given: given.blueprint.requirements.anchors is not None, in_words="the anchor block",
)  # fmt: skip
