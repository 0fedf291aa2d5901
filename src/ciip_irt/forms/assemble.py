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
from dataclasses import replace
from time import monotonic

import numpy as np
import polars as pl

from ciip_irt.arrays import BoolArray, FloatArray
from ciip_irt.bank import Items, as_items
from ciip_irt.blueprint import Blueprint
from ciip_irt.errors import BlueprintError, Problem, plural
from ciip_irt.forms.anchor_block import mark_anchors, with_anchor_block
from ciip_irt.forms.assembly import (
    INFEASIBLE,
    NOTHING_FOUND,
    OPTIMAL,
    STOPPED,
    WITHIN_TOLERANCE,
    Assembly,
    ended,
    forms_frame,
)
from ciip_irt.forms.checking.check import check_form_set
from ciip_irt.forms.constraints import CONSTRAINTS, rows_beside_overlap, rows_of
from ciip_irt.forms.constraints.difficulty import achieved_value
from ciip_irt.forms.findings import ERROR, Finding
from ciip_irt.forms.item_order import ordered_family
from ciip_irt.forms.model.solver import Proposal
from ciip_irt.forms.pilot_filling import fill_pilots, room_for_pilots
from ciip_irt.forms.pilot_plan import left_out, with_pilot_plan
from ciip_irt.forms.pool.bank_pool import bank_pool
from ciip_irt.forms.pool.form_set import Form, form_set
from ciip_irt.forms.pool.held_out import held_out_by, held_out_words
from ciip_irt.forms.pool.item_attributes import TIME
from ciip_irt.forms.pool.pool import Pool, Row
from ciip_irt.forms.promises import achieved_frame, shrinkage_sentences, time_sentences
from ciip_irt.forms.robust import asks_for_certainty, unheard, with_certainty
from ciip_irt.forms.search.parallel import SearchEffort
from ciip_irt.forms.search.strategy import CUT_SHORT, Candidate, solve_forms, solve_with_room
from ciip_irt.forms.shortage.lines import SHORTAGE_COLUMNS
from ciip_irt.forms.shortage.shortage import count_shortages, nearest_change
from ciip_irt.forms.tolerances import TARGET_ROUNDING
from ciip_irt.tables import AnyFrame, polars_frame

__all__ = ["assemble"]

Progress = Callable[[str], None]

NEAR, FAR = "b nearer to it, higher a", "b farther from it, lower a"
# Room for pilots is planned together with scored items up to so many columns.
ROOM = 3_000


def assemble(
    items: Items,
    blueprint: Blueprint,
    *,
    n_forms: int = 3,
    seed: int = 2026,
    theta_cut: float | None = None,
    earlier: AnyFrame | None = None,
    pilot_plan: AnyFrame | None = None,
    flags: AnyFrame | None = None,
    time_limit: float | None = None,
    progress: Progress | None = None,
) -> Assembly:
    """Build ``n_forms`` parallel forms, or say why the bank does not allow them.

    Where the bank is large enough, no two forms share a scored item; otherwise they share at most what the
    blueprint allows. Without a value in the blueprint the targets are the average of the bank in the
    blueprint's proportions. The same input and seed give the same forms.

    Parameters
    ----------
    items
        The bank, or the table of its items; ``domain`` holds letters or names. A column ``n``
        (answers so far) sends the pilots with the fewest answers first.
    theta_cut
        The standard on the bank scale; replaces the blueprint's.
    earlier
        Forms used before, as the ``forms`` contract describes them; new forms keep the overlap bound with
        each of them.
    pilot_plan
        ``form_id, item_id``: which pilots to seed where, as ``pilots plan`` writes it; forms that it names
        take these pilots only.
    flags
        ``item_id, flag, severity``: items with open flags of severity 1 or 2 stay out of the forms unless
        the blueprint lets them in by name. Targets that are averages of the bank keep counting them.
    time_limit
        Seconds after which the search for better forms stops. The forms then depend on the machine and its
        load; without it the search stops after a fixed amount of work.
    progress
        Is called with a line of text now and then. Ctrl-C ends the search and keeps the best found.

    Raises
    ------
    TableError, ScaleError, BlueprintError
        Unusable input: a bank that breaks its contract or mixes scales, unknown domains, no theta_cut.

    Examples
    --------
    >>> import polars as pl
    >>> from ciip_irt.blueprint import Domain
    >>> two = Blueprint("two", "1", "2024", 2, (Domain("A", "Procurement", 1), Domain("B", "Operations", 1)))
    >>> items = pl.DataFrame({"item_id": [f"I{n}" for n in range(1, 7)], "domain": ["A", "B"] * 3,
    ...                       "status": "scored", "key": "A", "options": "ABCD"})
    >>> assembly = assemble(items, two, n_forms=3)
    >>> assembly.conforms, assembly.to_frame()["item_id"].n_unique()
    (True, 6)
    """
    _check_request(n_forms, time_limit)
    _check_candidates(n_forms, blueprint)
    if theta_cut is not None:
        blueprint = replace(blueprint, theta_cut=theta_cut)
    items, earlier = as_items(items), None if earlier is None else polars_frame(earlier, "earlier forms")
    pool, answers, warnings = bank_pool(items, blueprint, n_forms, earlier)
    if flags is not None:
        held_out = held_out_by(polars_frame(flags, "flags"), blueprint)
        here = set(pool.item_ids)
        pool = replace(pool, held_out={item: why for item, why in held_out.items() if item in here})
        warnings = [held_out_words(pool.held_out), *warnings] if pool.held_out else warnings
    if pilot_plan is not None:
        pool = with_pilot_plan(pool, polars_frame(pilot_plan, "pilot plan"))
    limited = time_limit is not None
    until = monotonic() + (np.inf if time_limit is None else time_limit)
    shortages = count_shortages(pool)
    if not shortages.height and pool.blueprint.requirements.anchors is not None:
        pool, words = with_anchor_block(pool, seed)
        blueprint, shortages = pool.blueprint, count_shortages(pool)
        warnings += words
    empty = Assembly(
        status=INFEASIBLE, blueprint=blueprint.name, n_forms=n_forms, seed=seed, forms=forms_frame(()),
        achieved=achieved_frame((), ()), worst=None, bound=None, shortages=shortages,
        warnings=tuple(warnings), held_out=dict(pool.held_out),
    )  # fmt: skip
    if shortages.height:
        return _told_of_held_out(empty, pool, seed, until, progress)
    candidate = solve_forms(pool, seed, SearchEffort(seconds=until - monotonic()), progress)
    if candidate.proposal.values is None:
        found = _without_forms(empty, pool, candidate, seed, progress, limited=limited)
        return _told_of_held_out(found, pool, seed, until, progress)
    words = unheard(pool)
    if candidate.has_goals and asks_for_certainty(pool):
        pool, candidate, words = with_certainty(pool, candidate, seed, lambda: until - monotonic(), progress)
    candidate, scored, pilots = _with_pilots(pool, candidate, answers, seed, progress)
    forms = _forms(pool, scored, pilots, seed)
    table = mark_anchors(forms_frame(forms), pool)
    # Domains are written as the bank writes them; the check reads letters and names alike.
    given_forms = form_set(table, blueprint, items, "assembled forms", earlier)
    findings = check_form_set(replace(given_forms, held_out=pool.held_out))
    told = [*left_out(pool.plan, forms, pool.held_out), *_pilot_warnings(pool, forms)]
    given = replace(
        empty, forms=table, findings=tuple(findings), warnings=(*empty.warnings, *told), remarks=tuple(words)
    )  # fmt: skip
    return _told_of_held_out(
        _outcome(given, pool, candidate, forms, limited=limited), pool, seed, until, progress
    )


def _told_of_held_out(
    given: Assembly, pool: Pool, seed: int, until: float, progress: Progress | None
) -> Assembly:
    """Whether the items held out are why there are no forms: tried by building forms with them."""
    if not pool.held_out or given.status != INFEASIBLE:
        return given
    if progress is not None:
        progress("Trying whether there would be forms with the items held out.")
    left = until - monotonic()
    if left <= 0:
        words = "Whether the items held out are the cause was not tried for want of time."
        return replace(given, warnings=(*given.warnings, words))
    every = replace(pool, held_out={})
    block = pool.blueprint.requirements.anchors
    if count_shortages(every).is_empty() and block is not None and not block.items:
        every, _ = with_anchor_block(every, seed)
    possible = count_shortages(every).is_empty()
    if possible:
        found = solve_forms(every, seed, SearchEffort(seconds=left))
        # Within every tolerance the objective is 1 at most; of goals it is the negative least.
        possible = found.proposal.values is not None and (
            found.has_goals or found.proposal.objective <= 1 + TARGET_ROUNDING
        )
    number = len(pool.held_out)
    it = "it" if number == 1 else "them"
    words = (
        f"The cause: {plural(number, 'item')} held out for open flags; with {it}, there are forms."
        if possible
        else f"The {plural(number, 'item held out for open flags is', 'items held out for open flags are')}"
        f" not the cause: with {it}, no forms were found either."
    )
    return replace(given, warnings=(*given.warnings, words))


def _check_candidates(n_forms: int, blueprint: Blueprint) -> None:
    uses = blueprint.requirements.uses
    if uses is not None and uses.candidates and len(uses.candidates) != n_forms:
        raise BlueprintError(
            Problem(
                f"[constraints.uses] names the candidates of {plural(len(uses.candidates), 'form')},"
                f" and {n_forms} are asked for",
                where=blueprint.where,
                remedy="Give one number for every form, in their order, or leave candidates out.",
            )
        )


def _check_request(n_forms: int, time_limit: float | None) -> None:
    if n_forms < 1:
        raise BlueprintError(Problem(f"cannot build {n_forms} forms", remedy="Ask for one form or more."))
    if time_limit is not None and not time_limit >= 0:
        raise BlueprintError(Problem(f"a time limit of {time_limit:g} seconds", remedy="Give 0 or more."))


def _without_forms(
    empty: Assembly,
    pool: Pool,
    candidate: Candidate,
    seed: int,
    progress: Progress | None,
    *,
    limited: bool,
) -> Assembly:
    """Why there are none: a proof with what stands in the way, or a search that ended."""
    proposal = candidate.proposal
    if proposal.stopped == "infeasible":
        shortages = nearest_change(pool, rows_of, seed, progress)
        return replace(empty, shortages=shortages, nodes=proposal.nodes)
    how = _how(proposal.stopped, limited=limited)
    words = f"The search ended{how} without a form; that is no proof that there is none."
    status = ended(NOTHING_FOUND, proposal.stopped, limited=limited)
    return replace(empty, status=status, warnings=(*empty.warnings, words), nodes=proposal.nodes)


def _outcome(
    given: Assembly, pool: Pool, candidate: Candidate, forms: Sequence[Form], *, limited: bool
) -> Assembly:
    """The forms with what they reach; or, where the check refuses them or targets are out of reach, without
    them and with the reason.
    """
    proposal, goals = candidate.proposal, candidate.has_goals
    status = _status(proposal, given.findings, pool)
    result = replace(
        given, status=ended(status, proposal.stopped, limited=limited),
        achieved=achieved_frame(forms, pool.targets), worst=_worst(forms, pool),
        bound=proposal.bound if pool.targets and not goals else None, nodes=proposal.nodes,
        remarks=(
            *given.remarks, *shrinkage_sentences(forms, pool.targets, pool.blueprint),
            *time_sentences(forms, pool.attributes.times, pool.blueprint.testing_time_minutes),
        ),
    )  # fmt: skip
    if goals and status in (OPTIMAL, WITHIN_TOLERANCE, STOPPED):
        result = replace(
            result, least=_least(forms, pool), least_bound=-proposal.bound,
            least_unit=_unit(pool.blueprint),
        )  # fmt: skip
    if status == INFEASIBLE:
        return replace(result, forms=forms_frame(()), shortages=_missed_targets(result, pool), findings=())
    how = _how(proposal.stopped, limited=limited)
    words: list[str] = []
    if status == NOTHING_FOUND:
        wrong = "; ".join(f"{f.form_id}: {f.message}" for f in given.findings if f.severity == ERROR)
        words = [f"The solver's answer failed the check and was discarded ({wrong})."]
        result = replace(result, forms=forms_frame(()))
    elif status == STOPPED:
        words = [f"The search ended{how} before every target was met; a better answer may exist."]
    elif proposal.stopped in CUT_SHORT:
        words = [f"The search ended{how}: another run may give other forms."]
    return replace(result, warnings=(*result.warnings, *words))


def _with_pilots(
    pool: Pool, candidate: Candidate, answers: FloatArray, seed: int, progress: Progress | None
) -> tuple[Candidate, BoolArray, BoolArray]:
    """Scored items and pilots of each form; where slots stay empty for want of room, with room kept."""

    rows = rows_beside_overlap(pool) if pool.blueprint.pilot_slots else ()

    def filled(of: Candidate, more: Sequence[Row] = ()) -> tuple[BoolArray, BoolArray]:
        assert of.proposal.values is not None
        half = pool.n_columns // 2
        scored = of.proposal.values[:half].reshape(len(pool.form_ids), pool.n_items) > 0.5
        if not pool.blueprint.pilot_slots:
            return scored, np.zeros_like(scored)
        try:
            return scored, fill_pilots(pool, (*rows, *more), scored, answers, seed)
        except KeyboardInterrupt:
            return scored, np.zeros_like(scored)

    scored, pilots = filled(candidate)
    full = bool((pilots.sum(axis=1) >= pool.blueprint.pilot_slots).all())
    full = full or candidate.proposal.stopped in CUT_SHORT
    if full or candidate.has_goals or pool.n_columns // 2 > ROOM or not _pilots_compete(pool):
        return candidate, scored, pilots
    room = room_for_pilots(pool, rows_of(pool), seed)
    try:
        other = solve_with_room(pool, room, seed, progress) if room else candidate
    except KeyboardInterrupt:
        return candidate, scored, pilots
    if other.proposal.values is None or other.proposal.objective > max(1.0, candidate.proposal.objective):
        return candidate, scored, pilots
    theirs = filled(other, room)
    return (other, *theirs) if theirs[1].sum() > pilots.sum() else (candidate, scored, pilots)


def _pilots_compete(pool: Pool) -> bool:
    """Whether scored items chosen without regard to pilots could shut them out: by enmity or by time."""
    if not pool.blueprint.pilot_slots:
        return False
    if pool.attributes.numbers.get(TIME):
        return True
    if not pool.blueprint.enemies_apart:
        return False
    status = dict(zip(pool.item_ids, pool.statuses, strict=True))
    return any(
        status.get(item) in pool.blueprint.pilot_status and status.get(other) in pool.blueprint.scored_status
        for item, others in pool.enemies.items()
        for other in others
    )


def _forms(pool: Pool, scored: BoolArray, pilots: BoolArray, seed: int) -> list[Form]:
    chosen = [
        [[(pool.item_ids[item], pool.letters[item]) for item in np.flatnonzero(form)] for form in part]
        for part in (scored, pilots)
    ]
    return ordered_family(
        pool.form_ids, chosen[0], chosen[1], pool.blueprint, seed, pool.attributes, pool.earlier
    )


def _how(stopped: str, *, limited: bool) -> str:
    """
    >>> _how("seconds", limited=True)
    ' at the time limit'
    """
    clock = "the time limit" if limited else "the solver's own limit"
    words = {"seconds": f" at {clock}", "interrupted": " by Ctrl-C"}
    return words.get(
        stopped, f" ({stopped})" if stopped.startswith("solver") else " after its amount of work"
    )


def _status(proposal: Proposal, findings: Sequence[Finding], pool: Pool) -> str:
    errors = {finding.rule for finding in findings if finding.severity == ERROR}
    if not all(rule in CONSTRAINTS and CONSTRAINTS[rule].targets for rule in errors):
        return NOTHING_FOUND
    if errors:
        proven = proposal.stopped == "optimal" or proposal.bound > 1
        return INFEASIBLE if proven else STOPPED
    return OPTIMAL if proposal.stopped == "optimal" or not pool.targets else WITHIN_TOLERANCE


def _least(forms: Sequence[Form], pool: Pool) -> float:
    """The least of the goals over forms, each divided by its weight: of what was raised."""
    return min(
        (achieved_value(target.raised, form.scored) or 0.0) / target.value
        for target in pool.targets if target.is_goal for form in forms
    )  # fmt: skip


def _unit(blueprint: Blueprint) -> str:
    given = any(target.weights for target in blueprint.targets if target.goal == "maximise")
    sure = next((t.certainty for t in blueprint.targets if t.certainty is not None), None)
    with_it = "" if sure is None else f", with {100 * sure:g} % certainty (to the first order)"
    return ("times the weights" if given else "times the information of an average form") + with_it


def _worst(forms: Sequence[Form], pool: Pool) -> float | None:
    """The largest deviation in tolerances, of the targets that are errors where there are any."""
    reached = [target for target in pool.targets if not target.is_goal]
    strict = [target for target in reached if target.severity == ERROR] or reached
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
        if here.is_empty() or target.severity != ERROR or target.is_goal:
            continue
        worst = here.row(int(here["deviation"].abs().arg_max() or 0), named=True)
        unit, decimals = target.quantity.unit, target.quantity.decimals
        low = worst["deviation"] < 0
        write = f"{'harder' if low == (target.quantity.name == 'mean_b') else 'easier'} items"
        if target.quantity.name == "information":
            write = f"items that tell {'more' if low else 'less'} there ({NEAR if low else FAR})"
        message = (
            f"{target.label}: the nearest forms reach {worst['achieved']:.{decimals}f} {unit}"
            f" ({worst['form_id']}), target {target.value:.{decimals}f} +- {target.tolerance:.3g}."
            f" Write {write}, move the target, or widen its tolerance."
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
    planned = [form_id for form_id in empty if form_id in pool.plan]
    if len(planned) == len(empty):
        return [f"Pilot slots stay empty ({where} of {slots}): the plan has no more pilots that fit there."]
    return [
        f"Pilot slots stay empty ({where} of {slots}): the bank has {plural(supply, 'pilot item')}."
        " Write more, or leave the slots empty."
    ]
