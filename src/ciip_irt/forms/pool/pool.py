"""Items as the solver sees them: one 0/1 column per item, form and role, and named rows over them."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from ciip_irt.arrays import FloatArray, IntArray
from ciip_irt.blueprint import Blueprint, ResolvedTarget
from ciip_irt.forms.findings import ERROR, Finding
from ciip_irt.forms.pool.form_set import PILOT, SCORED, Form, FormSet
from ciip_irt.forms.pool.item_attributes import ItemAttributes, resting
from ciip_irt.forms.pool.new_item import NewItem

__all__ = ["Constraint", "Pool", "Row", "usable_scored"]

ROLES = (SCORED, PILOT)


@dataclass(frozen=True, slots=True)
class Pool:
    """Items and the forms to build from them.

    Column ``x[role, form, item]`` is 1 where the item is in the form in that role; columns are numbered
    role by role, form by form, item by item. ``held_out`` are items known to be bad, with their flags.
    """

    blueprint: Blueprint
    form_ids: tuple[str, ...]
    item_ids: tuple[str, ...]
    letters: tuple[str, ...]
    statuses: tuple[str, ...]
    enemies: Mapping[str, frozenset[str]]
    targets: tuple[ResolvedTarget, ...]
    attributes: ItemAttributes = field(default_factory=ItemAttributes)
    earlier: tuple[Form, ...] = ()
    plan: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    held_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def n_items(self) -> int:
        return len(self.item_ids)

    @property
    def n_columns(self) -> int:
        return len(ROLES) * len(self.form_ids) * self.n_items

    def columns(self, role: str, form: int, items: Iterable[int] | IntArray | None = None) -> IntArray:
        """Column numbers of these items (all by default) in that form and role."""
        start = (ROLES.index(role) * len(self.form_ids) + form) * self.n_items
        chosen = np.arange(self.n_items) if items is None else np.asarray(items, dtype=np.int64)
        return chosen + start

    def items_where(self, wanted: Iterable[bool]) -> IntArray:
        """Numbers of the items for which ``wanted`` is true."""
        return np.flatnonzero(np.fromiter(wanted, dtype=np.bool_, count=self.n_items)).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Row:
    """``lower <= Σ coefficients x + Σ helpers <= upper``, under a name that a blueprint author knows.

    ``source`` is what in the blueprint (or pool) asks for it: a domain, a rule, a key, an earlier form; rows
    of one source are one demand. ``label`` is the name without the form of which it is asked.
    ``give > 0`` makes it a target: the bounds widen by ``give * y``, and ``y`` is minimised; ``y <= 1`` means
    within the tolerance. ``helpers`` are continuous columns from 0 to 1 that rows share by key.
    ``relaxable`` rows may be broken, at a price per item, when nothing satisfies all of them; a row that sums
    another ``unit`` pays by its average item. ``bounds_told``: whether its bounds mean something to people.
    ``goal`` rows hold a quantity above a level that is to be raised.
    """

    name: str
    lower: float
    upper: float
    columns: IntArray
    coefficients: FloatArray
    helpers: tuple[tuple[Hashable, float], ...] = ()
    give: float = 0.0
    severity: str = ERROR
    relaxable: bool = False
    unit: str = "item"
    goal: bool = False
    label: str = ""
    source: object = None
    bounds_told: bool = True


def _always(given: FormSet) -> bool:  # noqa: ARG001
    return True


def _adds_nothing(item: NewItem, source: object, coefficients: FloatArray) -> float:  # noqa: ARG001
    return 0.0


@dataclass(frozen=True, slots=True)
class Constraint:
    """A rule with two faces written apart: rows for the solver, findings for people.

    A form satisfies the rows (with ``y = 1`` in targets) exactly where ``check`` finds no error.

    Attributes
    ----------
    asked
        Whether blueprint and bank give the check anything to judge.
    between_forms
        The rows concern several forms at once.
    targets
        Its errors are targets missed: of forms that can be shown, as the nearest there are.
    bounds_parts
        An upper bound on a form bounds what is chosen for it first (the anchor block), too.
    gives_way_together
        All forms together may lack items of this rule, though one form alone may not.
    in_words
        Words for all its rows as one demand; without them each source is a demand.
    many_in_words
        Words for ``{}`` of its demands, where a conflict has more of them than a person wants to read.
    spared
        In the search for a conflict: rules are left out as a whole in this order, so that few rows remain,
        and those that a blueprint author thinks in; rules without a number are looked at row by row.
    adds
        What one new item adds to a row of this source with these coefficients.
    """

    name: str
    meaning: str
    rows: Callable[[Pool], Iterable[Row]]
    check: Callable[[FormSet], Iterable[Finding]]
    asked: Callable[[FormSet], bool] = _always
    between_forms: bool = False
    targets: bool = False
    bounds_parts: bool = False
    gives_way_together: bool = False
    in_words: str = ""
    many_in_words: str = ""
    spared: int | None = None
    adds: Callable[[NewItem, object, FloatArray], float] = _adds_nothing


def usable_scored(pool: Pool) -> list[bool]:
    """Which items may stand in a scored slot: by status, parameters where targets ask for them, rules."""
    barred = resting(pool.attributes, pool.blueprint) | set(pool.held_out)
    strict = any(target.severity == ERROR for target in pool.targets)
    known = pool.targets[0].contributions if pool.targets else {}
    return [
        status in pool.blueprint.scored_status and (not strict or item_id in known) and item_id not in barred
        for item_id, status in zip(pool.item_ids, pool.statuses, strict=True)
    ]
