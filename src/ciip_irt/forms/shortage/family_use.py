"""K forms seen through how often each item is used: what they need in all, whatever form has which item.

For a row ``lower <= Σ c_i x_fi <= upper`` of every form f, the uses ``z_i = Σ_f x_fi`` satisfy

    ``K lower <= Σ c_i z_i <= K upper``,   and   ``Σ_i z_i (z_i - 1) / 2 <= m K (K - 1) / 2``

where any two forms share at most m items. The second is convex: with ``z_i`` in steps, the u-th use of an
item adds u - 1 pairs (from the fifth on in groups, at the price of the first: no more than the truth). So
a small linear program tells what no solver can get around: where it has no solution, there are no such
forms. Items with the same coefficients in every row are one column, so banks of thousands take a fraction
of a second.

Three questions are put to it: which items to write, how much overlap to allow, which rows to loosen.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.forms.constraints import CONSTRAINTS
from ciip_irt.forms.findings import ERROR
from ciip_irt.forms.model.program import build_program
from ciip_irt.forms.model.solver import Effort, Proposal, solve
from ciip_irt.forms.pool.pool import Pool, Row
from ciip_irt.forms.shortage.new_items import NewItems, new_items

__all__ = ["Answer", "Family", "NamedRow", "ask", "family_of"]

# Uses from which on one more is charged so many pairs.
STEPS = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
MOST_TO_WRITE = 10_000
EXACT = 1e-9
# Among equally many items to write, those of usual difficulty, spread over the domains by their size.
FAR_FROM_USUAL = 1e-3
PART_OF_NEED = 0.125


@dataclass(frozen=True, slots=True)
class NamedRow:
    """One row of one form over the items, under the name that a blueprint author knows.

    ``rule`` is the constraint that it comes from; ``coefficients`` (n_items,).
    """

    rule: str
    name: str
    lower: float
    upper: float
    coefficients: FloatArray
    relaxable: bool
    unit: str


@dataclass(frozen=True, slots=True)
class Family:
    """What K forms from this pool have in common.

    Items that may not be scored are left out; the others are in ``classes`` (class per item, -1 where left
    out), of ``sizes``. ``matrix`` (rows, classes) holds the coefficients, ``counted`` whether the class
    counts for the overlap. ``new`` are the kinds of items that could be written, with their coefficients.
    """

    pool: Pool
    rows: tuple[NamedRow, ...]
    classes: IntArray
    sizes: IntArray
    matrix: FloatArray
    counted: BoolArray
    new: tuple[NewItems, ...]
    new_matrix: FloatArray
    max_common: int | None


@dataclass(frozen=True, slots=True)
class Answer:
    """``possible`` or not; how many items of each kind to write, overlap needed, slack per row.

    ``proven`` is false where a search over whole numbers stopped before it knew.
    """

    possible: bool
    proven: bool
    written: IntArray
    max_common: float
    slack: FloatArray


def family_of(pool: Pool, *, targets: bool = True) -> Family:
    """The rows of one form, gathered from every constraint but the overlap between forms.

    ``targets``: whether difficulty targets that are errors are rows too, within their tolerance.
    """
    one = replace(pool, form_ids=("form",))
    usable = np.ones(pool.n_items, dtype=np.bool_)
    rows: list[NamedRow] = []
    for rule, constraint in CONSTRAINTS.items():
        if rule == "overlap":
            continue
        for row in constraint.rows(one):
            gathered = _one_form(rule, row, pool.n_items, targets=targets)
            if gathered is None:
                continue
            if gathered.lower == gathered.upper == 0 and (gathered.coefficients >= 0).all():
                usable &= gathered.coefficients == 0
            else:
                rows.append(gathered)
    matrix = np.array([row.coefficients for row in rows]).reshape(len(rows), pool.n_items)
    anchors = pool.blueprint.anchor_items
    counted = np.array([item_id not in anchors for item_id in pool.item_ids], dtype=np.bool_)
    columns = np.vstack([matrix[:, usable], counted[None, usable]])
    distinct, inverse = np.unique(columns, axis=1, return_inverse=True)
    classes = np.full(pool.n_items, -1, dtype=np.int64)
    classes[usable] = np.ravel(inverse)
    kinds = new_items(pool, usable, targets=targets)
    return Family(
        pool=pool,
        rows=tuple(rows),
        classes=classes,
        sizes=np.bincount(classes[usable], minlength=distinct.shape[1]).astype(np.int64),
        matrix=distinct[:-1],
        counted=distinct[-1] > 0,
        new=kinds,
        new_matrix=np.array([[kind.coefficient(row, pool) for kind in kinds] for row in rows]).reshape(
            len(rows), len(kinds)
        ),
        max_common=pool.blueprint.max_common_items,
    )


def _one_form(rule: str, row: Row, n_items: int, *, targets: bool) -> NamedRow | None:
    """The scored part of a row; pilots are taken as absent. Nothing where nothing is left."""
    if row.helpers or getattr(row, "goal", False):
        return None
    if row.give > 0 and not (targets and row.severity == ERROR):
        return None
    scored = row.columns < n_items
    if not scored.any() and len(row.columns):
        return None
    coefficients = np.zeros(n_items)
    np.add.at(coefficients, row.columns[scored], row.coefficients[scored])
    name = row.name.removeprefix("form: ").removeprefix("form and ")
    return NamedRow(
        rule, name, row.lower - row.give, row.upper + row.give, coefficients,
        row.relaxable or row.give > 0, row.unit if row.give == 0 else "target",
    )  # fmt: skip


def ask(
    family: Family,
    n_forms: int,
    *,
    max_common: int | None = None,
    write: bool = False,
    overlap: bool = False,
    loosen: bool = False,
    without: frozenset[int] = frozenset(),
    only: IntArray | None = None,
    whole: bool = False,
    seed: int = 1,
) -> Answer:
    """Whether K forms are possible; or the least that makes them so.

    Parameters
    ----------
    max_common
        The overlap bound; by default that of the blueprint.
    write, overlap, loosen
        What may give way: new items (the fewest), the overlap bound (the smallest), relaxable rows (the
        fewest items by which they are broken).
    without
        Numbers of rows that are left out.
    only
        How many of each kind of new items there are already, (kinds,): they are no longer to be written.
    whole
        Uses are whole numbers: slower, and for one form exact.
    """
    bound = family.max_common if max_common is None else max_common
    if bound and n_forms > 1 and not (write or overlap or loosen):
        # Sooner solved than the question whether the bound itself can be kept.
        least = ask(
            family, n_forms, max_common=0, overlap=True, without=without, only=only, whole=whole, seed=seed
        )  # fmt: skip
        return replace(least, possible=least.possible and least.max_common <= bound + EXACT)
    pairs = n_forms * (n_forms - 1) / 2
    shared = bound is not None and n_forms > 1
    steps = _steps(n_forms, limited=shared, disjoint=bound == 0 and not overlap)
    plain = [(0.0, float(n_forms))]
    n_kinds = len(family.new) if write or only is not None else 0
    # Columns: steps of the classes, number of each new kind, steps of the new kinds, overlap, keys, slacks.
    owner: list[int] = []
    charge: list[float] = []
    upper: list[float] = []
    for number, (size, counts) in enumerate(zip(family.sizes.tolist(), family.counted.tolist(), strict=True)):
        for price, cap in steps if counts else plain:
            owner.append(number)
            charge.append(price if counts else 0.0)
            upper.append(size * cap)
    n_use = len(owner)
    uses = family.matrix[:, np.array(owner, dtype=np.int64)] if n_use else np.zeros((len(family.rows), 0))
    parts = [uses]
    rows: list[Row] = []
    cost = [0.0] * n_use
    integer = [whole] * n_use
    lower = [0.0] * n_use
    kinds_at = n_use
    if n_kinds:
        have = np.zeros(n_kinds, dtype=np.int64) if only is None else only
        for kind, already in zip(family.new, have.tolist(), strict=True):
            lower.append(float(already))
            upper.append(float(MOST_TO_WRITE if write else already))
            cost.append(1.0 + FAR_FROM_USUAL * kind.unusual)
            integer.append(True)
        parts.append(np.zeros((len(family.rows), n_kinds)))
        spread = _spread(family, n_forms, kinds_at, len(upper)) if write else ([], [], [])
        rows += spread[0]
        upper += spread[1]
        cost += spread[2]
        lower += [0.0] * len(spread[1])
        integer += [False] * len(spread[1])
        parts.append(np.zeros((len(family.rows), len(spread[1]))))
        for number in range(n_kinds):
            for step_cost, cap in steps:
                column = len(upper)
                rows.append(
                    Row("new items are used as often as others", -np.inf, 0.0,
                        np.array([column, kinds_at + number]), np.array([1.0, -cap]))
                )  # fmt: skip
                upper.append(float(MOST_TO_WRITE * cap))
                lower.append(0.0)
                cost.append(0.0)
                integer.append(whole)
                charge.extend([0.0] * (column - len(charge)))
                charge.append(step_cost)
                parts.append(family.new_matrix[:, [number]])
    charge.extend([0.0] * (len(upper) - len(charge)))
    wider = len(upper)
    if overlap:
        upper.append(float(family.pool.n_items))
        lower.append(0.0)
        cost.append(1.0)
        integer.append(False)
        charge.append(-pairs)
        parts.append(np.zeros((len(family.rows), 1)))
    if shared and not (bound == 0 and not overlap):
        used = np.flatnonzero(charge)
        rows.append(
            Row("scored items in common", -np.inf, float(bound or 0) * pairs, used, np.array(charge)[used])
        )
    matrix = np.hstack(parts)
    # One form can have its length with too few items of a domain; all forms together may lack items.
    several = n_forms > 1
    for number, row in enumerate(family.rows):
        if number in without:
            continue
        columns = np.flatnonzero(matrix[number])
        rows.append(
            Row(str(number), n_forms * row.lower, n_forms * row.upper, columns, matrix[number, columns],
                relaxable=row.relaxable or (several and row.rule == "length"), unit=row.unit)
        )  # fmt: skip
    proposal = _solved(rows, lower, upper, cost, integer, relax=loosen, seed=seed)
    if isinstance(proposal, str):
        nothing = np.zeros(len(family.new), dtype=np.int64)
        return Answer(False, proposal == "infeasible", nothing, np.nan, np.zeros(len(family.rows)))
    values, slacks = proposal
    slack = np.zeros(len(family.rows))
    for (name, sign), amount in slacks:
        slack[int(name)] += sign * amount
    written = np.zeros(len(family.new), dtype=np.int64)
    if n_kinds:
        written = np.round(values[kinds_at : kinds_at + n_kinds]).astype(np.int64) - (
            0 if only is None else only
        )
    common = (
        float(values[wider]) + float(bound or 0) if overlap else float(np.nan if bound is None else bound)
    )
    return Answer(True, True, written, common, slack)


def _spread(
    family: Family, n_forms: int, kinds_at: int, column: int
) -> tuple[list[Row], list[float], list[float]]:
    """Rows, upper bounds and costs of columns that make the next item of a domain a little dearer."""
    rows, upper, cost = [], [], []
    for domain in family.pool.blueprint.domains:
        here = [kinds_at + number for number, kind in enumerate(family.new) if kind.letter == domain.letter]
        part = max(1.0, n_forms * domain.count * PART_OF_NEED)
        parts = [part] * int(1 / PART_OF_NEED) + [float(MOST_TO_WRITE * len(here))]
        columns = np.arange(column, column + len(parts))
        column += len(parts)
        upper += parts
        cost += [FAR_FROM_USUAL * PART_OF_NEED * number for number in range(len(parts))]
        rows.append(
            Row("items written in the domain", 0.0, 0.0, np.concatenate([np.array(here), columns]),
                np.concatenate([np.ones(len(here)), -np.ones(len(parts))]))
        )  # fmt: skip
    return rows, upper, cost


def _steps(n_forms: int, *, limited: bool, disjoint: bool) -> list[tuple[float, float]]:
    """Price in pairs, and how many uses at that price, of one item.

    >>> _steps(6, limited=True, disjoint=False)
    [(0.0, 1.0), (1.0, 1.0), (2.0, 1.0), (3.0, 1.0), (4.0, 2.0)]
    """
    if not limited:
        return [(0.0, float(n_forms))]
    if disjoint:
        return [(0.0, 1.0)]
    starts = [start for start in STEPS if start < n_forms]
    return [
        (float(start), float(end - start)) for start, end in zip(starts, [*starts[1:], n_forms], strict=True)
    ]


def _solved(
    rows: Sequence[Row],
    lower: list[float],
    upper: list[float],
    cost: list[float],
    integer: list[bool],
    *,
    relax: bool,
    seed: int,
) -> tuple[FloatArray, list[tuple[tuple[str, int], float]]] | str:
    """Values of the columns and the slacks that are not zero; or why there are none."""
    program = build_program(
        len(upper), rows, lower=np.array(lower), upper=np.array(upper),
        integer=np.array(integer, dtype=np.bool_), cost=np.array(cost), relax=relax,
    )  # fmt: skip
    proposal: Proposal = solve(program, Effort(nodes=500), seed)
    if proposal.values is None:
        return proposal.stopped
    amounts = proposal.values[program.first_slack :].tolist()
    return proposal.values[: len(upper)], [
        (key, amount) for key, amount in zip(program.slack_rows, amounts, strict=True) if amount > EXACT
    ]
