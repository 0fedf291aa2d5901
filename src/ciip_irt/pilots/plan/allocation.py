"""Pilots into the slots of forms: everyone who can reach its number of answers, the most needed first.

A pilot in form f gets the answers expected of that form. It *reaches* its number when the forms it stands in
bring enough between them. Pilots come in an order of priority; each is put into the fewest forms that suffice
(among these with the least surplus, then into the emptiest), and where that is impossible, one pilot already
placed may move to make room.

With equal forms and no enemies this never turns away a pilot that could be placed: putting each into the
emptiest forms keeps the numbers of free slots within one of each other, so the m forms wanted exist whenever
m slots are free (McNaughton's rule). Which pilots come first is decided by need; ``most_reachable`` bounds
from above how many any other choice could bring there, so the price of putting need first is known.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, combinations

import numpy as np
from scipy.optimize import linprog

__all__ = [
    "Allocation",
    "FormRoom",
    "PilotRequest",
    "allocate",
    "enough",
    "fill_free_slots",
    "most_reachable",
]

EXHAUSTIVE = 6  # forms up to which every set is tried (at most 20); above, the largest forms come first
MOST_FORMS = 8  # forms up to which the bound counts sets (at most 70 minimal ones); above, slots alone


def enough(answers: float, wanted: float) -> bool:
    """Whether expected answers suffice; the last digits of a sum do not matter."""
    return answers >= wanted - 1e-6


@dataclass(frozen=True, slots=True)
class FormRoom:
    """A form with room for pilots: its slots, the answers expected by the date, and who must not come in."""

    form_id: str
    slots: int
    expected: float
    shut_out: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PilotRequest:
    """A pilot that waits for ``wanted`` further answers, and whom it must not meet."""

    item_id: str
    wanted: float
    enemies: frozenset[str] = frozenset()


class Allocation:
    """Who stands where, as it grows; ``places`` lists the forms of each pilot by number."""

    def __init__(self, forms: Sequence[FormRoom]) -> None:
        self.forms = tuple(forms)
        self.inside: list[set[str]] = [set() for _ in self.forms]
        self.places: dict[str, tuple[int, ...]] = {}
        self.requests: dict[str, PilotRequest] = {}

    def free(self, form: int) -> int:
        return self.forms[form].slots - len(self.inside[form])

    def may_enter(self, pilot: PilotRequest, form: int) -> bool:
        """Whether no rule keeps the pilot out of the form, slots aside."""
        inside = self.inside[form]
        return (
            pilot.item_id not in inside
            and pilot.item_id not in self.forms[form].shut_out
            and not pilot.enemies & inside
        )

    def answers(self, forms: Iterable[int]) -> float:
        return sum(self.forms[form].expected for form in forms)

    def reaches(self, item_id: str) -> bool:
        return enough(self.answers(self.places.get(item_id, ())), self.requests[item_id].wanted)

    def put(self, pilot: PilotRequest, forms: Iterable[int]) -> None:
        self.requests[pilot.item_id] = pilot
        self.places[pilot.item_id] = tuple(sorted({*self.places.get(pilot.item_id, ()), *forms}))
        for form in self.places[pilot.item_id]:
            self.inside[form].add(pilot.item_id)

    def move(self, item_id: str, source: int, target: int) -> None:
        self.inside[source].remove(item_id)
        self.inside[target].add(item_id)
        kept = [form for form in self.places[item_id] if form != source]
        self.places[item_id] = tuple(sorted([*kept, target]))


def allocate(allocation: Allocation, pilot: PilotRequest) -> bool:
    """Places the pilot where it reaches its number; nothing changes where that is impossible.

    >>> allocation = Allocation([FormRoom("F1", 1, 60.0), FormRoom("F2", 1, 60.0)])
    >>> requests = PilotRequest("P1", 50), PilotRequest("P2", 100), PilotRequest("P3", 60)
    >>> [allocate(allocation, request) for request in requests]
    [True, False, True]
    """
    chosen = _fewest(allocation, pilot, [f for f in range(len(allocation.forms)) if allocation.free(f) > 0])
    if chosen is None:
        chosen = _after_a_move(allocation, pilot)
    if chosen is None:
        return False
    allocation.put(pilot, chosen)
    return True


def fill_free_slots(allocation: Allocation, order: Sequence[PilotRequest]) -> None:
    """Free slots go to pilots that do not reach their number: a part now, the rest later."""
    placed = True
    while placed:
        placed = False
        for pilot in order:
            allocation.requests.setdefault(pilot.item_id, pilot)
            if allocation.reaches(pilot.item_id):
                continue
            open_forms = [
                form for form in range(len(allocation.forms))
                if allocation.free(form) > 0 and allocation.may_enter(pilot, form)
            ]  # fmt: skip
            if open_forms:
                best = max(open_forms, key=lambda f: (allocation.forms[f].expected, allocation.free(f), -f))
                allocation.put(pilot, [best])
                placed = True


def most_reachable(forms: Sequence[FormRoom], wanted: Iterable[float]) -> int:
    """No plan brings more pilots than this to their number of answers.

    A pilot that reaches its number stands in one of the smallest sets of forms that suffice for it. With z
    the pilots of a group (who want the same sets) on a set, maximise ``sum z`` where no form holds more than
    its slots and no group has more pilots than it has. Halves of pilots are allowed, which makes it a bound.
    Where forms are equal, or more than eight, slots are counted alone: everyone needs at least as many as
    there are forms that suffice when the largest come first.

    >>> most_reachable([FormRoom("F1", 3, 60.0), FormRoom("F2", 2, 60.0)], [50, 60, 100, 100, 500])
    3
    """
    wanted = list(wanted)
    sizes = tuple(form.expected for form in forms)
    if len(forms) > MOST_FORMS or len(set(sizes)) == 1:
        return _by_slots_alone(forms, wanted)
    groups: Counter[tuple[tuple[int, ...], ...]] = Counter()
    for number, count in Counter(wanted).items():
        groups[_smallest_sets(sizes, number)] += count
    columns = [(group, members) for group, sets in enumerate(groups) for members in sets]
    if not columns:
        return 0
    rows = np.zeros((len(forms) + len(groups), len(columns)))
    for column, (group, members) in enumerate(columns):
        rows[list(members), column] = 1.0
        rows[len(forms) + group, column] = 1.0
    limits = [*(form.slots for form in forms), *groups.values()]
    found = linprog(-np.ones(len(columns)), A_ub=rows, b_ub=limits, method="highs")
    return math.floor(-found.fun + 1e-6) if found.success else _by_slots_alone(forms, wanted)


def _smallest_sets(sizes: Sequence[float], wanted: float) -> tuple[tuple[int, ...], ...]:
    """The sets of forms that suffice and of which no form can be spared."""
    return tuple(
        members
        for count in range(1, len(sizes) + 1)
        for members in combinations(range(len(sizes)), count)
        if enough(total := sum(sizes[form] for form in members), wanted)
        and not any(enough(total - sizes[form], wanted) for form in members)
    )


def _by_slots_alone(forms: Sequence[FormRoom], wanted: Iterable[float]) -> int:
    largest = list(accumulate(sorted((form.expected for form in forms), reverse=True)))
    slots = sum(form.slots for form in forms)
    costs = sorted(
        next((count for count, total in enumerate(largest, start=1) if enough(total, number)), slots + 1)
        for number in wanted
    )
    return sum(total <= slots for total in accumulate(costs))


def _fewest(allocation: Allocation, pilot: PilotRequest, forms: Sequence[int]) -> tuple[int, ...] | None:
    """The fewest of the forms that suffice, with the least surplus, then with most room."""
    allowed = [form for form in forms if allocation.may_enter(pilot, form)]
    allowed.sort(key=lambda form: (-allocation.forms[form].expected, -allocation.free(form), form))
    if not enough(allocation.answers(allowed), pilot.wanted):
        return None
    size = next(
        count
        for count in range(1, len(allowed) + 1)
        if enough(allocation.answers(allowed[:count]), pilot.wanted)
    )
    if len(allowed) > EXHAUSTIVE or len({allocation.forms[form].expected for form in allowed}) == 1:
        return tuple(allowed[:size])

    def worth(chosen: tuple[int, ...]) -> tuple[float, int, tuple[int, ...]]:
        room = sorted((allocation.free(form) for form in chosen), reverse=True)
        return (round(allocation.answers(chosen), 9), -sum(room), tuple(sorted(chosen)))

    sufficient = [c for c in combinations(allowed, size) if enough(allocation.answers(c), pilot.wanted)]
    return min(sufficient, key=worth)


def _room(allocation: Allocation) -> int:
    return sum(allocation.free(form) for form in range(len(allocation.forms)))


def _after_a_move(allocation: Allocation, pilot: PilotRequest) -> tuple[int, ...] | None:
    """Forms for the pilot after one placed earlier has moved to make room; the move is made."""
    free = [form for form in range(len(allocation.forms)) if allocation.free(form) > 0]
    possible = [f for f in range(len(allocation.forms)) if pilot.item_id not in allocation.forms[f].shut_out]
    most = sum(
        sorted((allocation.forms[form].expected for form in possible), reverse=True)[: _room(allocation)]
    )
    if not free or not enough(most, pilot.wanted):
        return None
    for full in range(len(allocation.forms)):
        for other in sorted(allocation.inside[full]):
            relieved = allocation.free(full) == 0 or other in pilot.enemies
            if not relieved:
                continue
            for target in free:
                if target == full or not allocation.may_enter(allocation.requests[other], target):
                    continue
                allocation.move(other, full, target)
                now = [form for form in range(len(allocation.forms)) if allocation.free(form) > 0]
                chosen = _fewest(allocation, pilot, now) if allocation.reaches(other) else None
                if chosen is not None:
                    return chosen
                allocation.move(other, target, full)
    return None
