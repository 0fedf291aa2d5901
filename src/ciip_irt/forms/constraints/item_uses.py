"""In how many forms of a family an item stands, and for what share of the candidates.

Scored slots are counted. Anchors and items that the blueprint includes stand in every form and are not looked
at. Exposure is the share of the forms, or of the candidates where the blueprint says how many are expected
for each form.
"""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from ciip_irt.blueprint import Blueprint
from ciip_irt.errors import plural
from ciip_irt.forms.findings import ERROR, WARNING, Finding
from ciip_irt.forms.pool.form_set import SCORED, FormSet
from ciip_irt.forms.pool.item_attributes import resting
from ciip_irt.forms.pool.pool import Constraint, Pool, Row, usable_scored
from ciip_irt.forms.tolerances import ROUNDING

__all__ = ["ITEM_USES", "limited_items"]

NAME = "item_uses"
SHOWN = 5  # item ids in a message


def limited_items(pool: Pool) -> list[bool]:
    """The items whose uses are bounded: those that may be scored but for anchors and included ones."""
    free = _free(pool.blueprint)
    usable = usable_scored(pool)
    return [good and item_id not in free for item_id, good in zip(pool.item_ids, usable, strict=True)]


def _free(blueprint: Blueprint) -> frozenset[str]:
    return blueprint.anchor_items | frozenset(blueprint.requirements.include)


def rows(pool: Pool) -> Iterator[Row]:
    rule, n_forms = pool.blueprint.requirements.uses, len(pool.form_ids)
    if rule is None or n_forms < 2:
        return
    least, most = rule.bounds(n_forms)
    loads = np.array(rule.loads(n_forms))
    weighted = rule.max_exposure is not None and bool(rule.candidates)
    free, limited = _free(pool.blueprint), limited_items(pool)
    for item in pool.items_where(item_id not in free for item_id in pool.item_ids).tolist():
        columns = np.array([pool.columns(SCORED, form, [item])[0] for form in range(n_forms)])
        label = f"uses of {pool.item_ids[item]}"
        fewest = float(least) if limited[item] else 0.0
        yield Row(label, fewest, float(most), columns, np.ones(n_forms), label=label, relaxable=True)
        if weighted:
            share = n_forms * (rule.max_exposure or 1.0)
            yield Row(f"exposure of {pool.item_ids[item]}", -np.inf, share, columns, loads, label=label)


def check(given: FormSet) -> Iterator[Finding]:
    rule, n_forms = given.blueprint.requirements.uses, len(given.forms)
    if rule is None or n_forms < 2:
        return
    loads = rule.loads(n_forms)
    uses: Counter[str] = Counter()
    exposure: Counter[str] = Counter()
    first: dict[str, str] = {}
    for form, load in zip(given.forms, loads, strict=True):
        for item_id in dict.fromkeys(form.scored):
            uses[item_id] += 1
            exposure[item_id] += load  # type: ignore[assignment]
            first.setdefault(item_id, form.form_id)
    if rule.candidates and len(rule.candidates) != n_forms:
        message = (
            f"the blueprint names the candidates of {plural(len(rule.candidates), 'form')}, {n_forms} are"
            " checked: every form counts alike"
        )
        yield Finding(NAME, WARNING, given.forms[0].form_id, "", message)
    free = _free(given.blueprint)
    most = n_forms if rule.most is None else rule.most
    allowed = n_forms * (1.0 if rule.max_exposure is None else rule.max_exposure) + ROUNDING * n_forms
    for item_id, count in uses.items():
        if item_id in free:
            continue
        if count > most:
            message = f"{item_id} stands in {plural(count, 'form')}, blueprint allows {most}"
            yield Finding(NAME, ERROR, first[item_id], item_id, message)
        elif exposure[item_id] > allowed:
            of = "candidates" if rule.candidates and len(rule.candidates) == n_forms else "forms"
            message = (
                f"{item_id} is met by {100 * exposure[item_id] / n_forms:.3g} % of the {of}, blueprint allows"
                f" {100 * (rule.max_exposure or 1):g} %"
            )
            yield Finding(NAME, ERROR, first[item_id], item_id, message)
    yield from _too_seldom(given, uses, rule.bounds(n_forms)[0])


def _too_seldom(given: FormSet, uses: Counter[str], least: int) -> Iterator[Finding]:
    """One finding for all items that stand in too few forms: no form is more at fault than another."""
    if not least:
        return
    free = _free(given.blueprint)
    away = resting(given.attributes, given.blueprint) | set(given.held_out)
    known = given.targets[0].contributions if given.targets else None
    strict = any(target.severity == ERROR for target in given.targets)
    few = [
        item_id
        for item_id, item in given.bank.items()
        if item.status in given.blueprint.scored_status
        and item_id not in free
        and item_id not in away
        and (not strict or known is None or item_id in known)
        and uses[item_id] < least
    ]
    if few:
        shown = ", ".join(f"{item_id}: {uses[item_id]}" for item_id in few[:SHOWN])
        more = ", ..." if len(few) > SHOWN else ""
        message = (
            f"{plural(len(few), 'item stands', 'items stand')} in fewer than {plural(least, 'form')}"
            f" ({shown}{more})"
        )
        yield Finding(NAME, ERROR, given.forms[0].form_id, few[0], message)


ITEM_USES = Constraint(
    NAME, "every item stands in as many forms of the family as the blueprint allows", rows, check,
    lambda given: given.blueprint.requirements.uses is not None and len(given.forms) > 1,
    between_forms=True,
)  # fmt: skip
