"""Planted flaws: which items, which flaw, how large, and the generator after planting.

About one pilot in five is flawed. Of the scored items a dozen are, so that an analysis of them has
something to find. Items with weak distractors count as good: they do their work all the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.simulate.design import Design
from ciip_irt.simulate.sittings import POPULATION_MEAN, YEAR_START
from ciip_irt.simulate.true_items import TrueItems

__all__ = ["HARMLESS", "NO_FLAW", "PlantedFlaws", "plant_flaws"]

NO_FLAW = "none"
HARMLESS = (NO_FLAW, "dead_distractors")
# of the pilots: one in five has a flaw, so that each kind comes up several times
PILOT_SHARES = {
    "wrong_key": 0.03,
    "two_right": 0.02,
    "dead_distractors": 0.025,
    "dif": 0.02,
    "flat": 0.03,
    "negative": 0.02,
    "too_easy": 0.03,
    "too_hard": 0.025,
}
# few, for scored items were pilots once; enough that each kind of flag has something to find
SCORED_COUNTS = {"wrong_key": 2, "two_right": 1, "dead_distractors": 3, "drift": 3, "dif": 2, "leaked": 2}
ON_AN_ANCHOR = ("drift", "dif", "leaked")
DRIFT = (0.8, -0.7, 0.65)  # logits: beyond the .5 at which an anchor is dropped, either way
DIF_SIZE = 0.9  # logits: class C begins at .64
LEAK = -1.8  # logits: the odds of a right answer are six times what they were
LEAK_DAYS = (150.0, 210.0)  # of the year: there is a before and an after
DEAD = -6.0  # logits of attraction: next to nobody chooses the option
LETTERS = "ABCD"
PLANTED_IN = (
    "a", "b", "c", "second", "attraction", "attraction_slope", "online_shift", "leak_day", "leak_shift"
)  # fmt: skip
MIDDLE_B = (-2.0, -0.3)  # difficulties at which an item of this population can show a flaw


@dataclass(frozen=True, slots=True)
class PlantedFlaws:
    """What was planted, one entry per item of the bank.

    ``flaw`` its name (``none``), ``size`` logits where the flaw has a size (else NaN), ``detail`` in words;
    ``key`` the option that the bank calls right; ``drift`` logits by which the item is harder now than
    when the bank calibrated it (``TrueItems.b`` is how it is now).
    """

    flaw: NDArray[np.str_]
    size: FloatArray
    detail: NDArray[np.str_]
    key: IntArray
    drift: FloatArray

    @property
    def good(self) -> BoolArray:
        """(J,) the item deserves to be scored as it stands."""
        return np.isin(self.flaw, HARMLESS)


@dataclass(frozen=True, slots=True)
class _Site:
    """One item to be spoilt: its row, the how-manieth of its flaw, its right option, the distractors."""

    row: int
    number: int
    right: int
    strongest: int
    weaker: tuple[int, ...]

    @property
    def sign(self) -> int:
        return 1 if self.number % 2 == 0 else -1


Arrays = dict[str, NDArray[Any]]
Planted = tuple[float, str]
UNSIZED = float("nan")


def _wrong_key(arrays: Arrays, site: _Site, _: np.random.Generator) -> Planted:
    arrays["key"][site.row] = site.strongest
    return UNSIZED, f"the key says {LETTERS[site.strongest]}, right is {LETTERS[site.right]}"


def _two_right(arrays: Arrays, site: _Site, _: np.random.Generator) -> Planted:
    arrays["second"][site.row] = site.strongest
    return UNSIZED, f"{LETTERS[site.strongest]} is as right as the key {LETTERS[site.right]}"


def _dead_distractors(arrays: Arrays, site: _Site, _: np.random.Generator) -> Planted:
    arrays["attraction"][site.row, list(site.weaker)] += DEAD
    return UNSIZED, f"hardly anybody chooses {' or '.join(LETTERS[k] for k in site.weaker)}"


def _dif(arrays: Arrays, site: _Site, _: np.random.Generator) -> Planted:
    _unit_slope(arrays, site.row)
    size = arrays["online_shift"][site.row] = site.sign * DIF_SIZE
    return size, f"{_harder(size)} by {DIF_SIZE:g} logit when delivered online"


def _drift(arrays: Arrays, site: _Site, _: np.random.Generator) -> Planted:
    _unit_slope(arrays, site.row)
    size = arrays["drift"][site.row] = DRIFT[site.number % len(DRIFT)]
    return size, f"{_harder(size)} by {abs(size):g} logit than when the bank calibrated it"


def _leaked(arrays: Arrays, site: _Site, _: np.random.Generator) -> Planted:
    _unit_slope(arrays, site.row)
    day = arrays["leak_day"][site.row] = LEAK_DAYS[site.number % len(LEAK_DAYS)]
    arrays["leak_shift"][site.row] = LEAK
    since = (YEAR_START + timedelta(days=day)).date()
    return LEAK, f"{_harder(LEAK)} by {-LEAK:g} logit from {since} on, and for all who come again"


def _flat(arrays: Arrays, site: _Site, rng: np.random.Generator) -> Planted:
    _turn(arrays, site.row, rng.uniform(0.02, 0.15), rng.uniform(0.45, 0.75))
    return UNSIZED, "says nothing about ability"


def _negative(arrays: Arrays, site: _Site, rng: np.random.Generator) -> Planted:
    _turn(arrays, site.row, -rng.uniform(0.3, 0.6), rng.uniform(0.45, 0.75))
    arrays["attraction_slope"][site.row, site.strongest] = 0.3
    return UNSIZED, f"the weak do better; the strong fall for {LETTERS[site.strongest]}"


def _too_easy(arrays: Arrays, site: _Site, rng: np.random.Generator) -> Planted:
    arrays["b"][site.row] = rng.uniform(-5.5, -4.3)
    return UNSIZED, "almost everyone is right"


def _too_hard(arrays: Arrays, site: _Site, rng: np.random.Generator) -> Planted:
    arrays["b"][site.row], arrays["c"][site.row] = rng.uniform(2.3, 3.2), 0.05
    return UNSIZED, "almost nobody is right"


FLAWS: Mapping[str, Callable[[Arrays, _Site, np.random.Generator], Planted]] = {
    "wrong_key": _wrong_key,
    "two_right": _two_right,
    "dead_distractors": _dead_distractors,
    "dif": _dif,
    "drift": _drift,
    "leaked": _leaked,
    "flat": _flat,
    "negative": _negative,
    "too_easy": _too_easy,
    "too_hard": _too_hard,
}


def plant_flaws(items: TrueItems, design: Design, rng: np.random.Generator) -> tuple[TrueItems, PlantedFlaws]:
    """Plant flaws in administered items; returns the generator with them and the record of them."""
    n = len(items.b)
    arrays: Arrays = {name: getattr(items, name).copy() for name in PLANTED_IN}
    arrays |= {"key": items.right.copy(), "drift": np.zeros(n)}
    flaw, detail = np.full(n, NO_FLAW, dtype="U20"), np.full(n, "", dtype="U100")
    size = np.full(n, np.nan)
    for name, rows in _chosen(items, design, rng):
        for number, row in enumerate(rows):
            flaw[row] = name
            size[row], detail[row] = FLAWS[name](arrays, _site(items, row, number), rng)
    for name in ("a", "b"):
        arrays[name] = np.round(arrays[name], 4)
    changed = {name: arrays[name] for name in PLANTED_IN}
    return replace(items, **changed), PlantedFlaws(flaw, size, detail, arrays["key"], arrays["drift"])


def _site(items: TrueItems, row: int, number: int) -> _Site:
    right = int(items.right[row])
    distractors = [k for k in np.flatnonzero(items.offered[row]).tolist() if k != right]
    strongest = max(distractors, key=lambda k: float(items.attraction[row, k]))
    return _Site(row, number, right, strongest, tuple(k for k in distractors if k != strongest))


def _turn(arrays: Arrays, row: int, a: float, p: float) -> None:
    """Another discrimination, with ``b`` such that an average candidate is right with probability ``p``."""
    arrays["a"][row], arrays["c"][row] = a, 0.0
    arrays["b"][row] = POPULATION_MEAN - np.log(p / (1 - p)) / a


def _unit_slope(arrays: Arrays, row: int) -> None:
    """With a = 1 a shift has the size in logits that the truth table says."""
    arrays["a"][row] = 1.0


def _harder(size: float) -> str:
    return "harder" if size > 0 else "easier"


def _chosen(items: TrueItems, design: Design, rng: np.random.Generator) -> list[tuple[str, IntArray]]:
    """Rows for each flaw; of middle difficulty, so that the flaw and not p = 1 shows."""
    in_the_middle = (items.b > MIDDLE_B[0]) & (items.b < MIDDLE_B[1])
    in_sets = np.concatenate(design.sets) if design.sets else np.zeros(0, dtype=np.int64)
    anchors = [row for row in rng.permutation(design.anchors).tolist() if in_the_middle[row]]
    others = [
        row
        for row in rng.permutation(np.setdiff1d(design.forms, design.anchors)).tolist()
        if in_the_middle[row] and row not in in_sets
    ]
    chosen: list[tuple[str, IntArray]] = []
    for name, count in SCORED_COUNTS.items():
        rows = [anchors.pop()] if name in ON_AN_ANCHOR and anchors else []
        rows += [others.pop() for _ in range(min(count - len(rows), len(others)))]
        chosen.append((name, np.array(rows, dtype=np.int64)))
    pilots = [row for row in rng.permutation(design.pilots).tolist() if in_the_middle[row]]
    for name, share in PILOT_SHARES.items():
        count = min(round(share * len(design.pilots)), len(pilots))
        chosen.append((name, np.array([pilots.pop() for _ in range(count)], dtype=np.int64)))
    return chosen
