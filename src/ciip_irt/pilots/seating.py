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

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

__all__ = ["FormRoom", "Seating", "Waiting", "enough", "fill_up", "most_reachable", "seat"]

EXHAUSTIVE = 10


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
class Waiting:
    """A pilot that waits for ``wanted`` further answers, and whom it must not meet."""

    item_id: str
    wanted: float
    enemies: frozenset[str] = frozenset()


class Seating:
    """Who stands where, as it grows; ``places`` lists the forms of each pilot by number."""

    def __init__(self, forms: Sequence[FormRoom]) -> None:
        self.forms = tuple(forms)
        self.inside: list[set[str]] = [set() for _ in self.forms]
        self.places: dict[str, tuple[int, ...]] = {}
        self.waiting: dict[str, Waiting] = {}

    def free(self, form: int) -> int:
        return self.forms[form].slots - len(self.inside[form])

    def may_enter(self, pilot: Waiting, form: int) -> bool:
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
        return enough(self.answers(self.places.get(item_id, ())), self.waiting[item_id].wanted)

    def put(self, pilot: Waiting, forms: Iterable[int]) -> None:
        self.waiting[pilot.item_id] = pilot
        self.places[pilot.item_id] = tuple(sorted({*self.places.get(pilot.item_id, ()), *forms}))
        for form in self.places[pilot.item_id]:
            self.inside[form].add(pilot.item_id)

    def move(self, item_id: str, source: int, target: int) -> None:
        self.inside[source].remove(item_id)
        self.inside[target].add(item_id)
        kept = [form for form in self.places[item_id] if form != source]
        self.places[item_id] = tuple(sorted([*kept, target]))


def seat(seating: Seating, pilot: Waiting) -> bool:
    """Places the pilot where it reaches its number; nothing changes where that is impossible.

    >>> seating = Seating([FormRoom("F1", 1, 60.0), FormRoom("F2", 1, 60.0)])
    >>> seat(seating, Waiting("P1", 50)), seat(seating, Waiting("P2", 100)), seat(seating, Waiting("P3", 60))
    (True, False, True)
    """
    chosen = _fewest(seating, pilot, [f for f in range(len(seating.forms)) if seating.free(f) > 0])
    if chosen is None:
        chosen = _after_a_move(seating, pilot)
    if chosen is None:
        return False
    seating.put(pilot, chosen)
    return True


def fill_up(seating: Seating, order: Sequence[Waiting]) -> None:
    """Free slots go to pilots that do not reach their number: a part now, the rest later."""
    placed = True
    while placed:
        placed = False
        for pilot in order:
            seating.waiting.setdefault(pilot.item_id, pilot)
            if seating.reaches(pilot.item_id):
                continue
            open_forms = [
                form for form in range(len(seating.forms))
                if seating.free(form) > 0 and seating.may_enter(pilot, form)
            ]  # fmt: skip
            if open_forms:
                best = max(open_forms, key=lambda f: (seating.forms[f].expected, seating.free(f), -f))
                seating.put(pilot, [best])
                placed = True


def most_reachable(forms: Sequence[FormRoom], wanted: Iterable[float]) -> int:
    """No plan brings more pilots than this to their number of answers.

    Each needs at least as many slots as there are forms that suffice when the largest come first; taking the
    most modest pilots first fills the slots with the most pilots.

    >>> most_reachable([FormRoom("F1", 3, 60.0), FormRoom("F2", 2, 60.0)], [50, 60, 100, 100, 500])
    3
    """
    sizes = sorted((form.expected for form in forms), reverse=True)
    slots = sum(form.slots for form in forms)
    costs = []
    for number in wanted:
        total = 0.0
        for count, expected in enumerate(sizes, start=1):
            total += expected
            if enough(total, number):
                costs.append(count)
                break
    reached = 0
    for cost in sorted(costs):
        if cost > slots:
            break
        slots -= cost
        reached += 1
    return reached


def _fewest(seating: Seating, pilot: Waiting, forms: Sequence[int]) -> tuple[int, ...] | None:
    """The fewest of the forms that suffice, with the least surplus, then with most room."""
    allowed = [form for form in forms if seating.may_enter(pilot, form)]
    allowed.sort(key=lambda form: (-seating.forms[form].expected, -seating.free(form), form))
    if not enough(seating.answers(allowed), pilot.wanted):
        return None
    size = next(
        count
        for count in range(1, len(allowed) + 1)
        if enough(seating.answers(allowed[:count]), pilot.wanted)
    )
    if len(allowed) > EXHAUSTIVE:
        return tuple(allowed[:size])

    def worth(chosen: tuple[int, ...]) -> tuple[float, int, tuple[int, ...]]:
        room = sorted((seating.free(form) for form in chosen), reverse=True)
        return (round(seating.answers(chosen), 9), -sum(room), tuple(sorted(chosen)))

    sufficient = [c for c in combinations(allowed, size) if enough(seating.answers(c), pilot.wanted)]
    return min(sufficient, key=worth)


def _after_a_move(seating: Seating, pilot: Waiting) -> tuple[int, ...] | None:
    """Forms for the pilot after one placed earlier has moved to make room; the move is made."""
    free = [form for form in range(len(seating.forms)) if seating.free(form) > 0]
    for full in range(len(seating.forms)):
        for other in sorted(seating.inside[full]):
            relieved = seating.free(full) == 0 or other in pilot.enemies
            if not relieved:
                continue
            for target in free:
                if target == full or not seating.may_enter(seating.waiting[other], target):
                    continue
                seating.move(other, full, target)
                now = [form for form in range(len(seating.forms)) if seating.free(form) > 0]
                chosen = _fewest(seating, pilot, now) if seating.reaches(other) else None
                if chosen is not None:
                    return chosen
                seating.move(other, target, full)
    return None
