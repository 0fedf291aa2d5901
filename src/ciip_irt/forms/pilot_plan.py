"""A pilot plan (``pilot_plan.csv``): which pilots go into which forms; read, obeyed and checked."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from ciip_irt.errors import InputError, Problem, plural
from ciip_irt.forms.pool.form_set import Form
from ciip_irt.forms.pool.pool import Pool
from ciip_irt.forms.shortage.shortage import count_shortages
from ciip_irt.tables import Column, Table

__all__ = ["PILOT_PLAN", "left_out", "planned_pilots", "with_pilot_plan"]

PILOT_PLAN = Table(
    "pilot_plan",
    (
        Column("form_id", pl.String, "form; empty for a pilot that gets no place", nullable=True),
        Column("item_id", pl.String, "pilot item"),
    ),
    allow_empty=True,
)


def planned_pilots(plan: pl.DataFrame, where: str = "pilot plan") -> dict[str, tuple[str, ...]]:
    """Pilots per form; those without a place are left out.

    Raises
    ------
    TableError, InputError
        The table is no plan; a pilot is planned twice for a form.

    >>> planned_pilots(pl.DataFrame({"form_id": ["a", None, "a"], "item_id": ["P1", "P2", "P3"]}))
    {'a': ('P1', 'P3')}
    """
    table = PILOT_PLAN.validate(plan, where)
    found: dict[str, list[str]] = {}
    for form_id, item_id in table.select("form_id", "item_id").iter_rows():
        if form_id is not None:
            found.setdefault(form_id, []).append(item_id)
    twice = [f"{item} in {form}" for form, items in found.items() for item in items if items.count(item) > 1]
    if twice:
        raise InputError(
            Problem("pilots are planned twice for a form", where=where, examples=tuple(dict.fromkeys(twice)),
                    remedy="Keep one row for each form and pilot.")
        )  # fmt: skip
    return {form_id: tuple(items) for form_id, items in found.items()}


def with_pilot_plan(pool: Pool, plan: pl.DataFrame, where: str = "pilot plan") -> Pool:
    """The pool with its plan; enemies of planned pilots stay out, so that no scored item bars a pilot.

    Enemies that the blueprint includes, takes as anchors or cannot do without stay; their pilots are then
    left out and told.

    Raises
    ------
    TableError, InputError
        As ``planned_pilots``; forms that are not built, items that are no pilots of the bank, more pilots
        than slots: all at once.
    """
    planned = planned_pilots(plan, where)
    b = pool.blueprint
    status = dict(zip(pool.item_ids, pool.statuses, strict=True))
    problems = []
    strange = [form_id for form_id in planned if form_id not in pool.form_ids]
    if strange:
        remedy = f"The forms to be built are {', '.join(pool.form_ids)}: plan for as many, or rename them."
        problems.append(
            Problem("forms that are not built", where=where, examples=tuple(strange), remedy=remedy)
        )
    wrong = dict.fromkeys(
        item for items in planned.values() for item in items if status.get(item) not in b.pilot_status
    )
    if wrong:
        what = f"items that are not in the bank with status {' or '.join(b.pilot_status)}"
        remedy = "Plan again with this bank, or correct the statuses."
        problems.append(
            Problem(what, where=where, count=len(wrong), examples=tuple(wrong)[:5], remedy=remedy)
        )
    many = [f"{form}: {len(items)}" for form, items in planned.items() if len(items) > b.pilot_slots]
    if many:
        what = f"more pilots than the {plural(b.pilot_slots, 'slot')} of a form"
        problems.append(Problem(what, where=where, examples=tuple(many), remedy="Take some out of the plan."))
    if problems:
        raise InputError(problems)
    kept = {*b.requirements.include, *b.anchor_items}
    barred: set[str] = set()
    if b.enemies_apart:
        pilots = {item for items in planned.values() for item in items}
        enemies = {other for item in pilots for other in pool.enemies.get(item, ())}
        barred = {item for item in enemies if status.get(item) in b.scored_status} - kept - pilots
    if not barred:
        return replace(pool, plan=planned)
    exclude = (*b.requirements.exclude, *sorted(barred - set(b.requirements.exclude)))
    blueprint = replace(b, requirements=replace(b.requirements, exclude=exclude))
    cleared = replace(pool, blueprint=blueprint, plan=planned)
    # The scored items come first: where they cannot do without those enemies, pilots are left out instead.
    if count_shortages(cleared).height and not count_shortages(pool).height:
        return replace(pool, plan=planned)
    return cleared


def left_out(
    plan: Mapping[str, Sequence[str]], forms: Sequence[Form], held_out: Mapping[str, str]
) -> list[str]:
    """What to warn of: planned pilots that found no place though they were not held out."""
    missing = [
        f"{item_id} in {form.form_id}"
        for form in forms
        for item_id in plan.get(form.form_id, ())
        if item_id not in form.pilots and item_id not in held_out
    ]
    if not missing:
        return []
    shown = ", ".join(missing[:5]) + (", ..." if len(missing) > 5 else "")
    return [
        f"{plural(len(missing), 'planned pilot')} could not be placed beside enemies or within the time:"
        f" {shown}."
    ]
