"""The choice of an anchor block before the forms: a small copy of a form, by a small program of its own.

    ``Σ x_i = n``;   per domain within one of its share;   a quarter of the items (within one) in each quarter
    of the bank's difficulties;   mean and spread of b well within what the blueprint allows

Difficulties of the bank are weighted so that domains count as they do in a form. What cannot be kept is given
up in the order quarters, spread, mean, domains, and told.
"""

from dataclasses import replace
from enum import Enum

import numpy as np
import polars as pl

from ciip_irt.arrays import BoolArray, FloatArray
from ciip_irt.blueprint import AnchorBlock
from ciip_irt.errors import BlueprintError, Problem
from ciip_irt.forms.model.form_model import FormModel, build_form_model
from ciip_irt.forms.model.program import build_program
from ciip_irt.forms.model.solver import Effort, solve
from ciip_irt.forms.pool.anchor_items import ANCHOR, domain_shares
from ciip_irt.forms.pool.item_attributes import first_sets
from ciip_irt.forms.pool.pool import Pool, Row
from ciip_irt.forms.tolerances import ROUNDING

__all__ = ["mark_anchors", "with_anchor_block"]

# Enough to tell easy, middling and hard, few enough for a block of ten.
QUARTERS = 4
# The mean of the forms is not known yet, only what it is aimed at: so room is kept for that.
ROOM, ROOM_SPREAD = 0.5, 0.25


class Likeness(Enum):
    """Wherein a block of anchors is a small copy of the forms, in words."""

    QUARTERS = "quarters of difficulty"
    SPREAD = "spread of b"
    MEAN = "mean b"
    DOMAINS = "domains"


# Given up one after the other where no block keeps to all: what equating needs least goes first.
GIVEN_UP = tuple(tuple(Likeness)[:given_up] for given_up in range(len(Likeness) + 1))


def with_anchor_block(pool: Pool, seed: int) -> tuple[Pool, list[str]]:
    """The pool with an anchor block written into its blueprint, where one is asked for and not listed.

    The second value says in words what the block could not keep to.

    Raises
    ------
    BlueprintError
        Too few items for a block; a reference form that is not among the earlier forms.
    """
    block = pool.blueprint.requirements.anchors
    if block is None or block.items:
        return pool, []
    model = build_form_model(replace(pool, form_ids=("form",)))
    eligible = _eligible(pool, model, block)
    if eligible.sum() < block.count:
        source = f"form {block.reference}" if block.reference is not None else "the bank"
        raise BlueprintError(
            Problem(
                f"[anchors] asks for {block.count} anchors; {source} has {int(eligible.sum())} that qualify",
                where=pool.blueprint.where,
                remedy="Ask for fewer anchors, or free items for them.",
            )
        )
    b = _b(pool)
    for given_up in GIVEN_UP:
        chosen = _chosen(pool, model, block, eligible, b, given_up, seed)
        if chosen is not None:
            items = tuple(np.array(pool.item_ids)[chosen].tolist())
            requirements = replace(pool.blueprint.requirements, anchors=replace(block, items=items))
            words = (
                [f"The anchor block does not keep to {', '.join(likeness.value for likeness in given_up)}."]
                if given_up
                else []
            )
            return replace(pool, blueprint=replace(pool.blueprint, requirements=requirements)), words
    raise BlueprintError(
        Problem(
            f"no {block.count} anchors can stand in a form together", where=pool.blueprint.where,
            remedy="Ask for fewer anchors, or look at enemies and counts by attribute.",
        )
    )  # fmt: skip


def mark_anchors(forms: pl.DataFrame, pool: Pool) -> pl.DataFrame:
    """The forms with a column ``anchor`` (``yes`` or empty), where the blueprint asks for anchors."""
    anchors = pool.blueprint.anchor_items
    if not anchors:
        return forms
    marked = pl.when(pl.col("item_id").is_in(sorted(anchors))).then(pl.lit("yes"))
    return forms.with_columns(marked.otherwise(None).alias(ANCHOR))


def _eligible(pool: Pool, model: FormModel, block: AnchorBlock) -> BoolArray:
    """Usable items; with parameters where any has; of the reference form; not of an item set."""
    usable: BoolArray = model.usable
    known = np.isfinite(_b(pool))
    if (known & usable).any():
        usable = usable & known
    if pool.blueprint.requirements.item_sets is not None:
        in_set = first_sets(pool.attributes)
        usable = usable & np.array([item_id not in in_set for item_id in pool.item_ids])
    if block.reference is not None:
        form = next((form for form in pool.earlier if form.form_id == block.reference), None)
        if form is None:
            raise BlueprintError(
                Problem(
                    f"[anchors] reference {block.reference!r} is not among the earlier forms",
                    where=pool.blueprint.where,
                    remedy="Give the file of that form with --earlier.",
                )
            )
        theirs = frozenset(form.scored)
        usable = usable & np.array([item_id in theirs for item_id in pool.item_ids])
    return usable


def _b(pool: Pool) -> FloatArray:
    known = pool.attributes.numbers.get("b", {})
    return np.array([known.get(item_id, np.nan) for item_id in pool.item_ids])


def _chosen(
    pool: Pool,
    model: FormModel,
    block: AnchorBlock,
    eligible: BoolArray,
    b: FloatArray,
    given_up: tuple[Likeness, ...],
    seed: int,
) -> BoolArray | None:
    n, blueprint = pool.n_items, pool.blueprint
    every = np.arange(n)
    rows = [Row("anchors", float(block.count), float(block.count), every, np.ones(n))]
    letters = np.array(pool.letters)
    shares = domain_shares(blueprint, block.count)
    for domain in blueprint.domains:
        here = np.flatnonzero(letters == domain.letter)
        low, high = (0, domain.high) if Likeness.DOMAINS in given_up else shares[domain.letter]
        rows.append(Row(domain.title, float(low), float(min(high, domain.high)), here, np.ones(len(here))))
    # Enemies, counts and the like: what a part of a form may not exceed.
    rows += [
        Row(row.label, -np.inf, row.upper, every, row.coefficients)
        for row in model.demands
        if row.constraint.bounds_parts and np.isfinite(row.upper)
    ]
    usable = model.usable
    weights = _weights(pool, usable & np.isfinite(b))
    if weights.any():
        rows += _difficulty(pool, block, b, weights, given_up)
    program = build_program(
        n, rows, lower=np.zeros(n), upper=eligible.astype(np.float64), integer=np.ones(n, dtype=np.bool_),
        cost=np.random.default_rng([seed, n]).random(n),
    )  # fmt: skip
    proposal = solve(program, Effort(nodes=200), seed)
    return None if proposal.values is None else proposal.values[:n] > 0.5


def _weights(pool: Pool, usable: BoolArray) -> FloatArray:
    """What each item counts for in a form: its domain's count, shared among its usable items."""
    letters, weights = np.array(pool.letters), np.zeros(pool.n_items)
    for domain in pool.blueprint.domains:
        here = usable & (letters == domain.letter)
        weights[here] = domain.count / max(1, here.sum())
    return weights


def _difficulty(
    pool: Pool, block: AnchorBlock, b: FloatArray, weights: FloatArray, given_up: tuple[Likeness, ...]
) -> list[Row]:
    known = np.flatnonzero(weights > 0)
    aim = float(np.average(b[known], weights=weights[known]))
    wanted = next((t for t in pool.targets if t.quantity.name == "mean_b"), None)
    if wanted is not None:
        aim = wanted.value
    rows = []
    if Likeness.MEAN not in given_up:
        room = ROOM * block.mean_b * block.count
        rows.append(
            Row("mean b", aim * block.count - room, aim * block.count + room, known, b[known])
        )  # fmt: skip
    if Likeness.SPREAD not in given_up:
        center = float(np.average(b[known], weights=weights[known]))
        squares = (b[known] - center) ** 2
        variance = float(np.average(squares, weights=weights[known])) * block.count
        low, high = (variance * (1 + sign * ROOM_SPREAD * block.sd_b) ** 2 for sign in (-1, 1))
        rows.append(Row("spread of b", low, high, known, squares))
    if Likeness.QUARTERS not in given_up:
        order = known[np.argsort(b[known], kind="stable")]
        reached = np.cumsum(weights[order]) / weights[order].sum()
        quota = block.count / QUARTERS
        for quarter in range(QUARTERS):
            inside = (reached > quarter / QUARTERS) & (reached <= (quarter + 1) / QUARTERS + ROUNDING)
            items = order[inside]
            rows.append(
                Row(f"quarter {quarter + 1}", float(np.ceil(quota - 1)), float(np.floor(quota + 1)), items,
                    np.ones(len(items)))
            )  # fmt: skip
    return rows
