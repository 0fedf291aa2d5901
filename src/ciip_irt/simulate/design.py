"""Who is asked what: the items of a bank, the forms made from them, and the rotation of the pilots.

Every form holds the blueprint's counts. Some scored items are in all forms, so that the forms are
connected. The pilots lie on a ring; a delivery gets the forty from one of several starting places, each
starting place about twenty pilots after the one before, so that neighbours overlap and every pilot meets
candidates of every form.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ciip_irt.arrays import IntArray
from ciip_irt.blueprint import Blueprint, apportion
from ciip_irt.errors import Problem, plural

__all__ = ["Design", "design_problems", "draw_design"]

N_ANCHORS = 30  # scored items that every form shares: a fifth of 130 and some
WAITING_PILOTS = 120  # written, not yet given: three forms' worth
DRAFTS = 40  # one form's worth of pilots
RETIRED = 40  # a bank has a past
PILOT_STEP = 20  # pilots: neighbouring windows share half of the 40 of a form
SPARE_SCORED = 150  # scored items beyond what the forms need, so that assembly has a choice
USUAL_BANK = 480  # scored items: between three and four forms of 130
SETS = (("F", 3), ("H", 3), ("J", 3), ("C", 2))


@dataclass(frozen=True, slots=True)
class Design:
    """Items are rows of the bank throughout.

    Attributes
    ----------
    item_ids, domains, statuses
        (J,) name, letter of the domain, place in the life cycle.
    forms
        (K, length) the scored items of each form.
    anchors
        The scored items that all forms share.
    pilots
        (P,) the pilots in the order of the ring.
    windows
        (W, slots) which pilots each starting place gives.
    orders
        (K, length + slots) what stands at each position: an index into the form's scored items, or
        ``length`` + the pilot slot.
    sets
        Items that share a stimulus; they stand next to each other.
    """

    item_ids: NDArray[np.str_]
    domains: NDArray[np.str_]
    statuses: NDArray[np.str_]
    forms: IntArray
    anchors: IntArray
    pilots: IntArray
    windows: IntArray
    orders: IntArray
    sets: tuple[IntArray, ...]

    @property
    def form_ids(self) -> tuple[str, ...]:
        return tuple(f"CIIP-{k + 1}" for k in range(len(self.forms)))

    def items_at(self, form: IntArray, window: IntArray) -> IntArray:
        """(N, length + slots) the item at each position of deliveries with that form and window."""
        given = np.concatenate([self.forms[form], self.windows[window]], axis=1)
        return np.take_along_axis(given, self.orders[form], axis=1)


def draw_design(
    blueprint: Blueprint, n_forms: int, n_pilots: int, n_bank_items: int | None, rng: np.random.Generator
) -> Design:
    """A bank laid out in the blueprint's proportions, with its forms; see ``design_problems``."""
    anchors_by_domain = _in_proportion(blueprint, N_ANCHORS)
    n_scored = _n_scored(blueprint, n_forms, n_bank_items)
    item_ids, domains, statuses, administered = _bank(blueprint, n_scored, n_pilots, rng)
    exclusive: list[list[int]] = [[] for _ in range(n_forms)]
    anchors: list[int] = []
    for domain, count, n_anchors in zip(blueprint.domains, blueprint.counts, anchors_by_domain, strict=True):
        rows = rng.permutation(np.flatnonzero((domains == domain.letter) & (statuses == "scored")))
        anchors += rows[:n_anchors].tolist()
        own = count - n_anchors
        for k in range(n_forms):
            exclusive[k] += rows[n_anchors + k * own : n_anchors + (k + 1) * own].tolist()
    forms = np.array([anchors + own for own in exclusive], dtype=np.int64)
    pilots = rng.permutation(administered)
    starts = np.round(np.arange(n_windows := max(2, round(n_pilots / PILOT_STEP))) * n_pilots / n_windows)
    slots = np.arange(blueprint.pilot_slots)
    windows = pilots[(starts.astype(np.int64)[:, None] + slots) % n_pilots]
    sets = tuple(
        np.array(own_rows[:size], dtype=np.int64)
        for k, (letter, size) in enumerate(SETS)
        if len(own_rows := [row for row in exclusive[k % n_forms] if domains[row] == letter]) >= size
    )
    orders = np.array([_order(form, blueprint.pilot_slots, sets, rng) for form in forms])
    return Design(
        item_ids=item_ids, domains=domains, statuses=statuses, forms=forms,
        anchors=np.array(sorted(anchors), dtype=np.int64), pilots=pilots, windows=windows, orders=orders,
        sets=sets,
    )  # fmt: skip


def _in_proportion(blueprint: Blueprint, length: int) -> tuple[int, ...]:
    return apportion(blueprint.counts, length, tie_break="outline order").counts


def design_problems(
    blueprint: Blueprint, n_forms: int, n_pilots: int, n_bank_items: int | None
) -> list[Problem]:
    """Why these numbers make no design; empty where they do."""
    problems = []
    if n_forms < 1:
        problems.append(Problem(f"{n_forms} forms", "simulate", remedy="Ask for at least one form."))
    if n_pilots < blueprint.pilot_slots:
        problems.append(
            Problem(
                f"{n_pilots} pilots do not fill the {blueprint.pilot_slots} pilot slots of a form",
                where="simulate",
                remedy=f"Ask for at least {blueprint.pilot_slots} pilots.",
            )
        )
    n_scored = _n_scored(blueprint, n_forms, n_bank_items)
    available = _in_proportion(blueprint, n_scored) if n_scored >= 1 else (0,) * len(blueprint.domains)
    short = [
        f"{domain.letter} has {has}, needs {needs}"
        for domain, has, needs in zip(blueprint.domains, available, _needed(blueprint, n_forms), strict=True)
        if has < needs
    ]
    if short and n_forms >= 1:
        problems.append(
            Problem(
                f"a bank of {n_scored} scored items is too small for {plural(n_forms, 'form')}",
                where="simulate",
                examples=tuple(short),
                remedy="Ask for fewer forms or a larger bank.",
            )
        )
    return problems


def _needed(blueprint: Blueprint, n_forms: int) -> list[int]:
    anchors = _in_proportion(blueprint, N_ANCHORS)
    return [a + n_forms * (count - a) for count, a in zip(blueprint.counts, anchors, strict=True)]


def _n_scored(blueprint: Blueprint, n_forms: int, n_bank_items: int | None) -> int:
    usual = max(USUAL_BANK, sum(_needed(blueprint, n_forms)) + SPARE_SCORED)
    return usual if n_bank_items is None else n_bank_items


def _bank(
    blueprint: Blueprint, n_scored: int, n_pilots: int, rng: np.random.Generator
) -> tuple[NDArray[np.str_], NDArray[np.str_], NDArray[np.str_], IntArray]:
    """Names, domains and statuses by domain and age, and the rows of the pilots that were administered."""
    sizes = {"scored": n_scored, "retired": RETIRED, "pilot": n_pilots, "waiting": WAITING_PILOTS}
    by_domain = {name: _in_proportion(blueprint, n) for name, n in (sizes | {"draft": DRAFTS}).items()}
    names: list[str] = []
    domains: list[str] = []
    kinds: list[str] = []
    width = 3 if max(map(sum, zip(*by_domain.values(), strict=True))) < 1000 else 4
    for d, domain in enumerate(blueprint.domains):
        old = ["scored"] * by_domain["scored"][d] + ["retired"] * by_domain["retired"][d]
        here = [old[i] for i in rng.permutation(len(old))]
        for kind in ("pilot", "waiting", "draft"):
            here += [kind] * by_domain[kind][d]
        names += [f"{domain.letter}{number + 1:0{width}d}" for number in range(len(here))]
        domains += [domain.letter] * len(here)
        kinds += here
    kind_of = np.array(kinds)
    statuses = np.where(kind_of == "waiting", "pilot", kind_of)
    return np.array(names), np.array(domains), statuses, np.flatnonzero(kind_of == "pilot")


def _order(form: IntArray, slots: int, sets: tuple[IntArray, ...], rng: np.random.Generator) -> IntArray:
    places = rng.random(len(form) + slots)
    for members in sets:
        at = np.flatnonzero(np.isin(form, members))
        places[at] = places[at[0]] + np.arange(len(at)) * 1e-12 if len(at) else 0.0
    return np.argsort(places, kind="stable")
