"""Forms from a bank: K at once, to the blueprint's counts and difficulty targets.

Find 0/1 columns ``x[f, i]`` that minimise the largest deviation y from a target, in tolerances, over all
forms at once, under the rows of every registered constraint (van der Linden 2005):

    ``min y``   with   ``-u_q y <= Σ_i c_qi x_fi - t_q <= u_q y``   for every form f and target q.

``y <= 1`` means that every form meets every tolerance. For a target that can be reached the bound of the
linear relaxation is 0, so the certificate is y itself, not a gap; where that bound is above 1 the targets are
proven out of reach. Pilots are placed afterwards, next to the scored items chosen. The forms are then
written as a table and checked from it by code that shares nothing with the rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from ciip_irt.arrays import BoolArray
from ciip_irt.errors import BlueprintError, Problem, plural
from ciip_irt.forms.anchor_block import mark_anchors, with_anchor_block
from ciip_irt.forms.assembly import (
    INFEASIBLE,
    NOTHING_FOUND,
    OPTIMAL,
    STOPPED,
    WITHIN_TOLERANCE,
    Assembly,
    achieved_frame,
    forms_frame,
)
from ciip_irt.forms.bank_pool import bank_pool
from ciip_irt.forms.blueprint import Blueprint
from ciip_irt.forms.check import check_form_set
from ciip_irt.forms.constraints import CONSTRAINTS
from ciip_irt.forms.facts import TIME
from ciip_irt.forms.findings import ERROR, Finding
from ciip_irt.forms.form_set import Form, form_set
from ciip_irt.forms.item_order import ordered_family
from ciip_irt.forms.pilot_filling import fill_pilots, room_for_pilots
from ciip_irt.forms.pool import Pool, Row
from ciip_irt.forms.program import build_program
from ciip_irt.forms.shortage import (
    SHORTAGE_COLUMNS,
    count_shortages,
    nearest_change,
    no_shortages,
    usable_scored,
)
from ciip_irt.forms.solve import Effort, Proposal, solve

__all__ = ["assemble"]

Progress = Callable[[str], None]

# Half the tolerance is better than anyone asks for; searching further costs minutes on large banks.
GOOD_ENOUGH = 0.5
NODES = 1000
NODES_IF_HOPELESS = 5
BACKSTOP_S = 600.0


def assemble(
    items: pl.DataFrame,
    blueprint: Blueprint,
    *,
    n_forms: int = 3,
    seed: int = 2024,
    theta_cut: float | None = None,
    earlier: pl.DataFrame | None = None,
    progress: Progress | None = None,
) -> Assembly:
    """Build ``n_forms`` parallel forms, or say why the bank does not allow them.

    Where the bank is large enough, no two forms share a scored item; otherwise they share at most what the
    blueprint allows. Without a value in the blueprint the targets are the average of the bank in the
    blueprint's proportions. The same input and seed give the same forms.

    Parameters
    ----------
    items
        The bank, as the ``items`` contract describes it; ``domain`` holds letters or names. A column ``n``
        (answers so far) sends the pilots with the fewest answers first.
    theta_cut
        The standard on the bank scale; replaces the blueprint's.
    earlier
        Forms used before, as the ``forms`` contract describes them; new forms keep the overlap bound with
        each of them.
    progress
        Is called with a line of text now and then.

    Raises
    ------
    TableError, ScaleError, BlueprintError
        Unusable input: a bank that breaks its contract or mixes scales, unknown domains, no theta_cut.
    """
    if n_forms < 1:
        raise BlueprintError(Problem(f"cannot build {n_forms} forms", remedy="Ask for one form or more."))
    if theta_cut is not None:
        blueprint = replace(blueprint, theta_cut=theta_cut)
    pool, answers, warnings = bank_pool(items, blueprint, n_forms, earlier)
    empty = Assembly(
        status=INFEASIBLE, blueprint=blueprint.name, n_forms=n_forms, seed=seed, forms=forms_frame(()),
        achieved=achieved_frame((), ()), worst=None, bound=None, shortages=no_shortages(),
    )  # fmt: skip
    shortages = count_shortages(pool)
    if not shortages.height and pool.blueprint.demands.anchors is not None:
        pool, words = with_anchor_block(pool, seed)
        blueprint, shortages = pool.blueprint, count_shortages(pool)
        warnings += words
    if shortages.height:
        return replace(empty, shortages=shortages, warnings=tuple(warnings))

    attempt = _best_attempt(pool, seed, progress)
    proposal, rows = attempt.proposal, attempt.rows
    if proposal.values is None:
        if proposal.stopped != "infeasible":
            warnings.append(
                f"The search stopped ({proposal.stopped}) without a form;"
                " that is no proof that there is none."
            )
            return replace(empty, status=NOTHING_FOUND, warnings=tuple(warnings), nodes=proposal.nodes)
        shortages = nearest_change(pool, rows, seed, progress)
        return replace(empty, shortages=shortages, warnings=tuple(warnings), nodes=proposal.nodes)

    half = pool.n_columns // 2
    scored = proposal.values[:half].reshape(n_forms, pool.n_items) > 0.5
    pilots = fill_pilots(pool, rows, scored, answers, seed)
    forms = _forms(pool, scored, pilots, seed)
    table = mark_anchors(forms_frame(forms), pool)
    # Domains are written as the bank writes them; the check reads letters and names alike.
    findings = check_form_set(form_set(table, blueprint, items, "assembled forms", earlier))
    status = _status(proposal, findings, pool)
    warnings += _pilot_warnings(pool, forms)
    result = replace(
        empty, status=status, achieved=achieved_frame(forms, pool.targets),
        worst=_worst(forms, pool), bound=proposal.bound if pool.targets else None,
        findings=tuple(findings), nodes=proposal.nodes,
    )  # fmt: skip
    if status == INFEASIBLE:
        return replace(result, shortages=_missed_targets(result, pool), warnings=tuple(warnings), findings=())
    if status == STOPPED:
        warnings.append(
            f"The search stopped ({proposal.stopped}) before every target was met; a better answer may exist."
        )
    if status == NOTHING_FOUND:
        wrong = "; ".join(f"{f.form_id}: {f.message}" for f in findings if f.severity == ERROR)
        warnings.append(f"The solver's answer failed the check and was discarded ({wrong}).")
        return replace(result, warnings=tuple(warnings))
    return replace(result, forms=table, warnings=tuple(warnings))


@dataclass(frozen=True, slots=True)
class _Attempt:
    proposal: Proposal
    rows: tuple[Row, ...]


def _best_attempt(pool: Pool, seed: int, progress: Progress | None) -> _Attempt:
    """Without shared items first, which is easiest and safest; then with what the blueprint allows."""
    slots = room_for_pilots(pool, _rows(pool), seed) if _pilots_compete(pool) else []
    disjoint = replace(pool, blueprint=replace(pool.blueprint, max_overlap=0.0))
    pools = [disjoint, pool] if _enough_for_disjoint(pool) and pool.blueprint.max_overlap != 0 else [pool]
    tries = [(choice, extra) for extra in ([slots, []] if slots else [[]]) for choice in pools]
    best: _Attempt | None = None
    for choice, extra in tries:
        rows = (*_rows(choice), *extra)
        attempt = _Attempt(_solve(choice, rows, bool(extra), seed, progress), rows)
        if best is None or attempt.proposal.objective < best.proposal.objective:
            best = attempt
        elif attempt.proposal.values is None and best.proposal.values is None:
            # The last try is the least restricted: its verdict is the verdict.
            best = attempt
        if best.proposal.objective <= 1:
            return best
    assert best is not None
    # Every try was made and none met the targets: what is proven is what holds for the least restricted.
    proven = replace(best.proposal, bound=attempt.proposal.bound, stopped=attempt.proposal.stopped)
    return replace(best, proposal=proven)


def _rows(pool: Pool) -> tuple[Row, ...]:
    return tuple(row for constraint in CONSTRAINTS.values() for row in constraint.rows(pool))


def _solve(
    pool: Pool, rows: Sequence[Row], with_pilots: bool, seed: int, progress: Progress | None
) -> Proposal:
    half = pool.n_columns // 2
    upper = np.ones(pool.n_columns)
    if not with_pilots:
        upper[half:] = 0.0
    program = build_program(
        pool.n_columns, rows, lower=np.zeros(pool.n_columns), upper=upper,
        integer=np.arange(pool.n_columns) < half,
    )  # fmt: skip
    if progress is not None:
        progress(f"{plural(len(pool.form_ids), 'form')} from {plural(pool.n_items, 'item')}: searching.")
    relaxed = solve(replace(program, integer=np.zeros_like(program.integer)), Effort(), seed)
    if relaxed.stopped == "infeasible":
        return relaxed
    # Targets out of reach of the relaxation are out of reach: a short search shows how near forms can come.
    hopeless = relaxed.objective > 1
    good_enough = max(0.0, relaxed.objective) + GOOD_ENOUGH
    effort = Effort(NODES_IF_HOPELESS if hopeless else NODES, BACKSTOP_S, good_enough)
    proposal = solve(program, effort, seed, progress)
    return replace(proposal, bound=max(proposal.bound, relaxed.objective))


def _pilots_compete(pool: Pool) -> bool:
    """Whether scored items chosen without regard to pilots could shut them out: by enmity or by time."""
    if not pool.blueprint.pilot_slots:
        return False
    if pool.facts.numbers.get(TIME):
        return True
    if not pool.blueprint.enemies_apart:
        return False
    status = dict(zip(pool.item_ids, pool.statuses, strict=True))
    return any(
        status.get(item) in pool.blueprint.pilot_status and status.get(other) in pool.blueprint.scored_status
        for item, others in pool.enemies.items()
        for other in others
    )


def _enough_for_disjoint(pool: Pool) -> bool:
    usable = usable_scored(pool)
    return all(
        sum(good and letter == d.letter for letter, good in zip(pool.letters, usable, strict=True))
        >= d.count * len(pool.form_ids)
        for d in pool.blueprint.domains
    )


def _forms(pool: Pool, scored: BoolArray, pilots: BoolArray, seed: int) -> list[Form]:
    chosen = [
        [[(pool.item_ids[item], pool.letters[item]) for item in np.flatnonzero(form)] for form in part]
        for part in (scored, pilots)
    ]
    return ordered_family(pool.form_ids, chosen[0], chosen[1], pool.blueprint, seed, pool.facts, pool.earlier)


def _status(proposal: Proposal, findings: Sequence[Finding], pool: Pool) -> str:
    errors = {finding.rule for finding in findings if finding.severity == ERROR}
    if errors - {"difficulty"}:
        return NOTHING_FOUND
    if errors:
        proven = proposal.stopped == "optimal" or proposal.bound > 1
        return INFEASIBLE if proven else STOPPED
    return OPTIMAL if proposal.stopped == "optimal" or not pool.targets else WITHIN_TOLERANCE


def _worst(forms: Sequence[Form], pool: Pool) -> float | None:
    """The largest deviation in tolerances, of the targets that are errors where there are any."""
    strict = [target for target in pool.targets if target.severity == ERROR] or list(pool.targets)
    tolerances = {target.label: target.tolerance for target in strict}
    parts = [
        abs(off) / tolerances[quantity]
        for quantity, off in achieved_frame(forms, strict).select("quantity", "deviation").iter_rows()
        if off is not None
    ]
    return max(parts, default=None)


def _missed_targets(result: Assembly, pool: Pool) -> pl.DataFrame:
    """One row per target out of reach: by how much the nearest forms miss it."""
    rows = []
    for target in pool.targets:
        here = result.achieved.filter((pl.col("quantity") == target.label) & ~pl.col("met").fill_null(True))
        if here.is_empty() or target.severity != ERROR:
            continue
        worst = here.row(int(here["deviation"].abs().arg_max() or 0), named=True)
        unit, decimals = target.quantity.unit, target.quantity.decimals
        harder = (worst["deviation"] < 0) == (target.quantity.name == "mean_b")
        message = (
            f"{target.label}: the nearest forms reach {worst['achieved']:.{decimals}f} {unit}"
            f" ({worst['form_id']}), target {target.value:.{decimals}f} +- {target.tolerance:g}."
            f" Write {'harder' if harder else 'easier'} items, move the target, or widen its tolerance."
        )
        rows.append((target.label, "", None, None, None, message))
    return pl.DataFrame(rows, schema=SHORTAGE_COLUMNS, orient="row")


def _pilot_warnings(pool: Pool, forms: Sequence[Form]) -> list[str]:
    slots = pool.blueprint.pilot_slots
    empty = {form.form_id: slots - len(form.pilots) for form in forms if len(form.pilots) < slots}
    if not empty:
        return []
    supply = sum(status in pool.blueprint.pilot_status for status in pool.statuses)
    where = ", ".join(f"{form_id} {count}" for form_id, count in empty.items())
    return [
        f"Pilot slots stay empty ({where} of {slots}): the bank has {plural(supply, 'pilot item')}."
        " Write more, or leave the slots empty."
    ]
