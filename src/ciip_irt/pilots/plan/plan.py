"""Which pilots go into which form, so that needs are met and every pilot reaches its number of answers.

``priority`` says in which order the pilots choose and how many answers each wants, ``allocation`` puts them
into slots.

**Answers** in a form by the date are taken as Poisson with the expected number as mean; ``chance`` is the
probability that the pilot gets what it wants.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import polars as pl
from scipy.special import pdtrc

from ciip_irt.bank import Items, as_items
from ciip_irt.errors import InputError, Problem, plural
from ciip_irt.pilots.plan.allocation import (
    Allocation,
    FormRoom,
    allocate,
    enough,
    fill_free_slots,
    most_reachable,
)
from ciip_irt.pilots.plan.needs import Demand, Needs, bank_needs
from ciip_irt.pilots.plan.priority import NEW_PILOT_N, Pilot, Row, prioritise, request_answers
from ciip_irt.pilots.policy import Policy
from ciip_irt.records import result
from ciip_irt.tables import AnyFrame, polars_frame, show_html

__all__ = ["PLAN_SCHEMA", "PilotPlan", "months_between", "plan_pilots"]

DAYS_PER_MONTH = 365.25 / 12  # of the mean year with its leap days
PLAN_SCHEMA = {
    "form_id": pl.String, "item_id": pl.String, "domain": pl.String, "n_now": pl.Int64,
    "n_expected": pl.Float64, "n_wanted": pl.Int64, "reaches": pl.Boolean, "chance": pl.Float64,
    "why": pl.String,
}  # fmt: skip
EXCHANGES = 4  # how often pilots may be exchanged, when it is asked what would do
LONGEST_WAIT = 60  # months looked ahead when it is asked how long all pilots would take
SLOTS_TRIED = 200  # more than any form has: where that does not do, slots are not what is short


@result
@dataclass(frozen=True, slots=True)
class PilotPlan:
    """A plan, and what it cannot do.

    Attributes
    ----------
    table
        One row per form and pilot: ``form_id`` (empty = no place), ``item_id``, ``domain``, ``n_now``,
        ``n_expected`` (of the item at the date, over all its forms), ``n_wanted``, ``reaches`` (expected is
        enough), ``chance`` (that it gets there), ``why``.
    reached, waiting, most
        How many pilots reach their number; how many wait for answers; how many any plan could bring there.
    free_slots
        Slots that stay empty because there is no pilot left for them.
    advice
        What would do where not all reach their number, in words.
    """

    table: pl.DataFrame
    forms: tuple[FormRoom, ...]
    until: date
    reached: int
    waiting: int
    most: int
    free_slots: int
    advice: tuple[str, ...]

    def to_frame(self) -> pl.DataFrame:
        return self.table

    def summary(self) -> str:
        answers = sorted({round(form.expected) for form in self.forms})
        each = f"{answers[0]:,}" if len(answers) == 1 else f"{answers[0]:,} to {answers[-1]:,}"
        slots = sum(form.slots for form in self.forms)
        lines = [
            f"{plural(len(self.forms), 'form')} with {plural(slots, 'pilot slot')} in all, about {each}"
            f" answers per slot by {self.until.isoformat()}."
        ]
        if not self.waiting:
            lines.append("No pilot waits for answers.")
        elif self.reached == self.waiting:
            lines.append(f"Every pilot that waits ({self.waiting:,}) reaches the answers it wants.")
        else:
            lines.append(
                f"{self.reached:,} of {plural(self.waiting, 'pilot')} that wait reach the answers they want"
                + (f"; no plan brings more than {self.most:,} there." if self.most < self.waiting else ".")
            )
        if self.free_slots:
            lines.append(f"{plural(self.free_slots, 'slot stays', 'slots stay')} free: no pilot is left.")
        return "\n".join([*lines, *self.advice])

    def _repr_html_(self) -> str:
        return show_html("Pilot plan", self.summary(), self.table)


def months_between(start: date, end: date) -> float:
    """Months of average length.

    >>> round(months_between(date(2026, 1, 1), date(2027, 1, 1)), 2)
    11.99
    """
    return (end - start).days / DAYS_PER_MONTH


def plan_pilots(
    items: Items,
    forms: Sequence[FormRoom],
    demand: Demand,
    policy: Policy,
    *,
    start: date,
    until: date,
    review: AnyFrame | None = None,
    new_pilot_n: int = NEW_PILOT_N,
    statuses: Sequence[str] = ("pilot",),
) -> PilotPlan:
    """Seat the bank's pilots in the forms.

    Parameters
    ----------
    items
        The bank, or the table of its items; ``enemies`` never meet in a form.
    forms
        Their slots, and the answers expected of each between ``start`` and ``until``.
    demand
        What forms want of the bank, for the order of the pilots.
    policy
        Bounds the answers wanted: from its minimum to its maximum.
    start, until
        The days between which the forms are in use.
    review
        ``item_id, decision, probability, n, more_needed, b`` of the last review; without it every pilot is
        new.
    new_pilot_n
        Answers that a pilot wants which nobody has met yet.

    Raises
    ------
    InputError
        No forms, no slots, dates in the wrong order, no answers expected; all at once.

    Examples
    --------
    >>> from ciip_irt.pilots import load_policy
    >>> items = pl.DataFrame({"item_id": ["P1", "P2"], "domain": "A", "status": "pilot",
    ...     "enemies": ["P2", None]})
    >>> plan = plan_pilots(items, [FormRoom("F1", 2, 120.0), FormRoom("F2", 2, 80.0)],
    ...     Demand({"A": 10}, {"a": "A"}, 2), load_policy(), start=date(2026, 1, 1), until=date(2026, 7, 1))
    >>> plan.table.select("form_id", "item_id", "n_expected", "reaches").rows()
    [('F1', 'P1', 120.0, True), ('F2', 'P2', 80.0, False)]
    """
    _check(forms, start, until)
    items = as_items(items)
    review = None if review is None else polars_frame(review, "review")
    evidence = None if review is None else review.select("item_id", "b", "probability")
    needs = bank_needs(items, demand, evidence)
    pilots, rows = request_answers(items, demand, policy, review, new_pilot_n, statuses)
    queue = prioritise(pilots, needs, demand, forms)
    allocation = _allocate_all(forms, queue)
    by_id = {pilot.request.item_id: pilot for pilot in pilots}
    rows = [*(row for pilot in queue for row in _rows(pilot, allocation, needs, until)), *rows]
    reached = sum(allocation.reaches(item_id) for item_id in by_id)
    most = most_reachable(forms, [pilot.request.wanted for pilot in pilots])
    names = {form.form_id: place for place, form in enumerate(forms)}
    table = pl.DataFrame(
        sorted(rows, key=lambda row: (names.get(str(row[0]), len(names)),)), schema=PLAN_SCHEMA, orient="row"
    )
    return PilotPlan(
        table=table,
        forms=tuple(forms),
        until=until,
        reached=reached,
        waiting=len(pilots),
        most=most,
        free_slots=sum(allocation.free(form) for form in range(len(forms))),
        advice=_advice(forms, queue, reached, start, until),
    )


def _allocate_all(forms: Sequence[FormRoom], queue: Sequence[Pilot]) -> Allocation:
    allocation = Allocation(forms)
    left = [pilot.request for pilot in queue if not allocate(allocation, pilot.request)]
    fill_free_slots(allocation, left)
    return allocation


def _rows(pilot: Pilot, allocation: Allocation, needs: Needs, until: date) -> list[Row]:
    request = pilot.request
    places = allocation.places.get(request.item_id, ())
    expected = allocation.answers(places)
    reaches = enough(expected, request.wanted)
    chance = float(pdtrc(request.wanted - 1, expected)) if places else 0.0
    total = pilot.n_now + expected
    day = until.isoformat()
    if reaches:
        said = f"About {total:.0f} answers by {day}; {pilot.n_wanted} are wanted."
    elif places:
        said = f"About {total:.0f} of {pilot.n_wanted} answers by {day}; the rest needs longer."
    elif any(allocation.free(form) > 0 for form in range(len(allocation.forms))):
        said = "Enemies of it stand in every form that has a slot left."
    else:
        said = f"No slot left by {day}: others come first."
    why = f"{said} {needs.sentence(pilot.letter, pilot.b)}"
    names = [allocation.forms[form].form_id for form in places] or [None]  # type: ignore[list-item]
    return [
        (name, request.item_id, pilot.domain, pilot.n_now, round(total, 1), pilot.n_wanted, reaches,
         round(chance, 4), why)
        for name in names
    ]  # fmt: skip


def _advice(
    forms: Sequence[FormRoom], queue: Sequence[Pilot], reached: int, start: date, until: date
) -> tuple[str, ...]:
    """What would bring all pilots to their number: more time, or more slots."""
    if reached == len(queue):
        return ()

    def all_reach(length: float = 1.0, more_slots: int = 0, times: int = 1) -> bool:
        changed = [
            replace(form, expected=form.expected * length / times, slots=(form.slots + more_slots) * times)
            for form in forms
        ]
        if most_reachable(changed, [pilot.request.wanted for pilot in queue]) < len(queue):
            return False
        allocation = Allocation(changed)
        return all(allocate(allocation, pilot.request) for pilot in queue)

    months = months_between(start, until)
    said = []
    longer = _least(lambda extra: all_reach(length=(months + extra) / months), LONGEST_WAIT)
    if longer is not None:
        day = until + timedelta(days=round(longer * DAYS_PER_MONTH))
        said.append(f"{plural(longer, 'month')} more ({day.isoformat()})")
    slots = _least(lambda more: all_reach(more_slots=more), SLOTS_TRIED)
    if slots is not None:
        said.append(f"{plural(slots, 'more slot', 'more slots')} in each form")
    exchanged = _least(lambda extra: all_reach(times=1 + extra), EXCHANGES)
    if exchanged is not None:
        how_often = ("once", "twice")[exchanged - 1] if exchanged < 3 else f"{exchanged} times"
        said.append(f"exchanging the pilots of the forms {how_often} on the way, at even intervals")
    later = len(queue) - reached
    said.append(f"leaving {plural(later, 'pilot')} for later forms")
    hopeless = sum(not enough(sum(form.expected for form in forms), pilot.request.wanted) for pilot in queue)
    alone = (
        (f"{plural(hopeless, 'pilot')} would not reach it by the date even in every form.",)
        if hopeless else ()
    )  # fmt: skip
    return (*alone, f"What would do: {', or '.join(said)}.")


def _least(suffices: Callable[[int], bool], largest: int) -> int | None:
    """A whole number from 1 that is enough and whose predecessor is not; ``None`` where there is none."""
    high = 1
    while not suffices(high):
        if high >= largest:
            return None
        high = min(2 * high, largest)
    low = high // 2 if high > 1 else 0
    while high - low > 1:
        middle = (low + high) // 2
        if suffices(middle):
            high = middle
        else:
            low = middle
    return high


def _check(forms: Sequence[FormRoom], start: date, until: date) -> None:
    problems = []
    if not forms:
        problems.append(Problem("no form to put pilots into", remedy="Give forms, or say how many."))
    elif not any(form.slots > 0 for form in forms):
        problems.append(
            Problem("the forms have no pilot slots", remedy="Say --pilot-slots, or use another blueprint.")
        )
    elif not any(form.expected > 0 for form in forms):
        problems.append(Problem("no answers are expected", remedy="Say how many candidates arrive a month."))
    if until <= start:
        what = f"the date {until.isoformat()} is not after the start {start.isoformat()}"
        problems.append(Problem(what, remedy="Give a later --until, or an earlier --start."))
    if problems:
        raise InputError(problems)
