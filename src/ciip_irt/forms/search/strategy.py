"""One assembly problem, tried in the ways it allows: search first, the general program where that helps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil, inf
from time import monotonic

import numpy as np

from ciip_irt.errors import plural
from ciip_irt.forms.constraints import rows_of
from ciip_irt.forms.constraints.difficulty import LEAST, highest_least
from ciip_irt.forms.model.form_model import FormModel, build_form_model
from ciip_irt.forms.model.program import Program, build_program
from ciip_irt.forms.model.solver import Effort, Proposal, solve
from ciip_irt.forms.pool.item_attributes import first_sets
from ciip_irt.forms.pool.pool import Pool, Row, usable_scored
from ciip_irt.forms.search.parallel import SearchEffort, parallel_forms
from ciip_irt.forms.shortage.item_uses import build_item_uses
from ciip_irt.forms.shortage.least_overlap import least_overlap
from ciip_irt.forms.tolerances import SOLVED

__all__ = ["CUT_SHORT", "Candidate", "solve_forms", "solve_with_room"]

Progress = Callable[[str], None]

# For the general program: nodes at most, so that the answer is the same on every machine; fewer where goals
# make each node dear; a handful where targets are proven out of reach and any near form will do.
NODES, NODES_OF_GOALS, NODES_IF_HOPELESS = 1000, 200, 5
# Of items in sets few exchanges keep every set, so the search finds little: the general program comes first.
# On three forms from 35 passages it is within 4 % of its bound after so many nodes, and gains slowly then.
NODES_OF_SETS = 400
# Of the items, this share is in sets where sets are what a form is made of.
MOSTLY = 0.5
# Only against a single node that never ends: its answer would depend on the machine.
BACKSTOP_S = 600.0
# Half a tolerance is well inside what the blueprint allows: there the solver stops.
GOOD_ENOUGH = 0.5
# Proof by the general program is tried up to so many columns: of targets, where it is enumeration; of goals
# of one form, whose relaxation is near. Up to so many more it may better an answer that is not good enough.
ENUMERABLE, PROVABLE, BETTERED = 100, 1000, 4000
# Without any form from the search, the general program is tried up to so many columns at once: beyond, its
# first relaxation alone takes minutes.
GENERAL = 30_000
# Ended by Ctrl-C or by the clock.
CUT_SHORT = ("interrupted", "seconds")


@dataclass(frozen=True, slots=True)
class Candidate:
    """``proposal.values`` are the columns of the pool."""

    proposal: Proposal
    has_goals: bool = False


def solve_forms(pool: Pool, seed: int, effort: SearchEffort, progress: Progress | None = None) -> Candidate:
    """Without shared items first, which is easiest and safest; then with what the blueprint allows: where it
    states no bound, with as few as the rows need.

    Where information is to be as high as possible, sharing what may be shared is part of it. Where the
    targets beside it cannot be met, the candidate is made without it, to tell how near forms can come.
    """
    if progress is not None:
        progress(f"{plural(len(pool.form_ids), 'form')} from {plural(pool.n_items, 'item')}: searching.")
    goals = any(target.is_goal for target in pool.targets)
    pools = [pool] if goals else _ever_wider(pool)
    best: Candidate | None = None
    until = monotonic() + effort.seconds
    for choice in pools:
        left = replace(effort, seconds=max(0.0, until - monotonic()))
        try:
            candidate = Candidate(_solve(choice, seed, left, progress), goals)
        except KeyboardInterrupt:
            if best is None:
                raise
            return _ended(best)
        if best is None or candidate.proposal.objective < best.proposal.objective:
            best = candidate
        elif candidate.proposal.values is None and best.proposal.values is None:
            # The last try is the least restricted: its verdict is the verdict.
            best = candidate
        if best.proposal.objective <= 1:
            return best
        if candidate.proposal.stopped == "interrupted" and choice is not pools[-1]:
            return _ended(best)
    assert best is not None
    if goals and best.proposal.stopped == "infeasible":
        without = tuple(target for target in pool.targets if not target.is_goal)
        return solve_forms(replace(pool, targets=without), seed, effort)
    # Every try was made and none met the targets: what is proven is what holds for the least restricted.
    proven = replace(best.proposal, bound=candidate.proposal.bound, stopped=candidate.proposal.stopped)
    return replace(best, proposal=proven)


def _ever_wider(pool: Pool) -> list[Pool]:
    """The pool under bounds on shared items from the narrowest that may do to the blueprint's own."""
    b, n_forms = pool.blueprint, len(pool.form_ids)
    if n_forms == 1 or b.max_common_items == 0:
        return [pool]
    bounds = [0] if _enough_for_disjoint(pool) else []
    if b.max_overlap is None:
        least = least_overlap(build_item_uses(pool), n_forms).max_common
        if np.isfinite(least):
            lowest = ceil(least - SOLVED)
            widest = b.length if b.max_common_items is None else b.max_common_items
            bounds += [bound for bound in (lowest, lowest + 1, 2 * lowest + 2) if 0 < bound < widest]
    block = b.requirements.anchors
    within = block.count if block is not None and block.counted == "within" else 0
    # Half an item more: between two whole numbers no rounding of the share decides.
    shares = [(bound + within + 0.5) / b.length if bound else 0.0 for bound in bounds]
    return [*(replace(pool, blueprint=replace(b, max_overlap=share)) for share in shares), pool]


def _ended(best: Candidate) -> Candidate:
    """Interrupted before forms that share items were tried: what was found proves nothing about those."""
    return replace(
        best, proposal=replace(best.proposal, stopped="interrupted", bound=min(0.0, best.proposal.bound))
    )


def solve_with_room(
    pool: Pool, room: Sequence[Row], seed: int, progress: Progress | None = None
) -> Candidate:
    """With rows that keep room for pilots, by the general program, which knows both roles together."""
    rows = (*rows_of(pool), *room)
    return Candidate(_general(pool, rows, True, seed, progress))


@dataclass(frozen=True, slots=True)
class _Task:
    """Forms of one pool: what every way of building them needs to know."""

    pool: Pool
    model: FormModel
    effort: SearchEffort
    seed: int
    progress: Progress | None
    until: float

    @property
    def half(self) -> int:
        return self.pool.n_columns // 2

    @property
    def size(self) -> int:
        """Columns that the items make which may be used."""
        return int(self.model.usable.sum()) * self.model.n_forms

    @property
    def goals(self) -> bool:
        return len(self.model.goals) > 0


def _solve(pool: Pool, seed: int, effort: SearchEffort, progress: Progress | None) -> Proposal:
    """Every way of building forms in its turn, until what is found cannot or need not be bettered."""
    task = _Task(pool, build_form_model(pool), effort, seed, progress, monotonic() + effort.seconds)
    found = Proposal("work", None, inf, -inf, 0)
    if _of_passages(task) and task.size <= BETTERED:
        found = _general(pool, rows_of(pool), False, seed, progress, task.until, NODES_OF_SETS)
        if found.values is not None or found.stopped in ("infeasible", *CUT_SHORT):
            return found
    for way in (_by_search, _by_bettering, _by_program):
        found = way(task, found)
        if found.stopped in ("optimal", "infeasible", *CUT_SHORT):
            break
    return found


def _of_passages(task: _Task) -> bool:
    """Whether most items that may be used are in sets of which forms have many items or none."""
    if task.pool.blueprint.requirements.item_sets is None:
        return False
    in_set = first_sets(task.pool.attributes)
    usable = [item_id for item_id, use in zip(task.pool.item_ids, task.model.usable, strict=True) if use]
    return sum(item_id in in_set for item_id in usable) > MOSTLY * len(usable)


def _by_search(task: _Task, found: Proposal) -> Proposal:
    """Relaxation, rounding and swaps, where the form model says all there is."""
    if not task.model.complete:
        return found
    found = parallel_forms(task.model, task.effort, task.seed, task.progress)
    if found.values is None:
        return found
    found = replace(found, values=np.concatenate([found.values, np.zeros(task.half)]))
    return replace(found, stopped="optimal") if found.objective <= found.bound + SOLVED else found


def _by_bettering(task: _Task, found: Proposal) -> Proposal:
    """The search's forms handed to the solver, to prove them best or to better what is not good enough."""
    if found.values is None:
        return found
    one = task.model.n_forms == 1
    if task.size <= (PROVABLE if task.goals and one else ENUMERABLE):
        nodes = NODES_OF_GOALS if task.goals and task.size > ENUMERABLE else NODES
        return _better(task, found, Effort(nodes, _seconds(task.until)))
    if task.size <= BETTERED and not task.goals and found.objective > found.bound + GOOD_ENOUGH:
        hopeless = found.bound > 1
        good_enough = found.bound + GOOD_ENOUGH
        more = Effort(NODES_IF_HOPELESS if hopeless else NODES, _seconds(task.until), good_enough)
        return _better(task, found, more)
    return found


def _by_program(task: _Task, found: Proposal) -> Proposal:
    """All forms at once by the solver, where the search cannot work or finds none."""
    if found.values is not None or (task.model.complete and task.half > GENERAL):
        return found
    return _general(task.pool, rows_of(task.pool), False, task.seed, task.progress, task.until)


def _program(pool: Pool, rows: Sequence[Row], with_pilots: bool) -> tuple[Program, float]:
    """The program, and what its objective is to be multiplied with."""
    half = pool.n_columns // 2
    upper = np.ones(pool.n_columns)
    if not with_pilots:
        upper[half:] = 0.0
    goals = any(target.is_goal for target in pool.targets)
    program = build_program(
        pool.n_columns, rows, lower=np.zeros(pool.n_columns), upper=upper,
        integer=np.arange(pool.n_columns) < half, goal=LEAST if goals else None,
    )  # fmt: skip
    return program, highest_least(pool) if goals else 1.0


def _better(task: _Task, found: Proposal, effort: Effort) -> Proposal:
    """What the solver makes of these forms in a limited amount of work."""
    assert found.values is not None
    pool = task.pool
    program, unit = _program(pool, rows_of(pool), False)
    try:
        answer = _in_units(solve(program, effort, task.seed, task.progress, start=found.values), unit)
    except KeyboardInterrupt:
        return replace(found, stopped="interrupted")
    bound = max(found.bound, answer.bound)
    if answer.values is None or answer.objective >= found.objective:
        settled = answer.stopped == "optimal" or found.objective <= bound + SOLVED
        cut = answer.stopped if answer.stopped in CUT_SHORT else found.stopped
        return replace(found, bound=bound, stopped="optimal" if settled else cut)
    kept = ("optimal", "good enough", *CUT_SHORT)
    stopped = answer.stopped if answer.stopped in kept else found.stopped
    return replace(answer, bound=bound, stopped=stopped, values=answer.values[: pool.n_columns])


def _general(
    pool: Pool, rows: Sequence[Row], with_pilots: bool, seed: int, progress: Progress | None,
    until: float = inf, nodes: int = NODES,
) -> Proposal:  # fmt: skip
    program, unit = _program(pool, rows, with_pilots)
    at_most = Effort(seconds=_seconds(until))
    relaxed = solve(replace(program, integer=np.zeros_like(program.integer)), at_most, seed)
    if relaxed.values is None:
        return relaxed if relaxed.stopped == "infeasible" else replace(relaxed, bound=-inf)
    # Targets out of reach of the relaxation are out of reach: a short search shows how near forms can come.
    hopeless = relaxed.objective > 1
    goals = any(target.is_goal for target in pool.targets)
    prove = goals or pool.n_columns // 2 <= ENUMERABLE
    good_enough = -np.inf if prove else max(0.0, relaxed.objective) + GOOD_ENOUGH
    effort = Effort(NODES_IF_HOPELESS if hopeless else nodes, _seconds(until), good_enough)
    proposal = solve(program, effort, seed, progress)
    proposal = replace(proposal, bound=max(proposal.bound, relaxed.objective))
    return _in_units(proposal, unit)


def _seconds(until: float) -> float:
    return min(BACKSTOP_S, max(0.0, until - monotonic()))


def _in_units(proposal: Proposal, unit: float) -> Proposal:
    return replace(proposal, objective=proposal.objective * unit, bound=proposal.bound * unit)


def _enough_for_disjoint(pool: Pool) -> bool:
    usable = usable_scored(pool)
    return all(
        sum(good and letter == d.letter for letter, good in zip(pool.letters, usable, strict=True))
        >= d.count * len(pool.form_ids)
        for d in pool.blueprint.domains
    )
