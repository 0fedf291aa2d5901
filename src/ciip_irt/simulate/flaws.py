"""Planted flaws: which items, which flaw, how large, and the generator after planting.

About one pilot in five is flawed. Of the scored items a dozen are, so that an analysis of them has
something to find. Items with weak distractors count as good: they do their work all the same.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.simulate.design import Design
from ciip_irt.simulate.true_items import TrueItems

__all__ = ["HARMLESS", "NO_FLAW", "PlantedFlaws", "plant_flaws"]

NO_FLAW = "none"
HARMLESS = (NO_FLAW, "dead_distractors")
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
SCORED_COUNTS = {"wrong_key": 2, "two_right": 1, "dead_distractors": 3, "drift": 3, "dif": 2, "leaked": 2}
ON_AN_ANCHOR = ("drift", "dif", "leaked")
DRIFT = (0.8, -0.7, 0.65)
DIF = 0.9
LEAK = -1.8
LEAK_DAYS = (150.0, 210.0)
DEAD = -6.0
POPULATION_MEAN = 0.05
PLANTED_IN = (
    "a", "b", "c", "second", "attraction", "attraction_slope", "online_shift", "leak_day", "leak_shift"
)  # fmt: skip
MIDDLE_B = (-2.0, -0.3)


@dataclass(frozen=True, slots=True)
class PlantedFlaws:
    """What was planted, one entry per item of the bank.

    ``flaw`` its name (``none``), ``size`` logits where the flaw has a size (else NaN), ``detail`` in words;
    ``key`` the option that the bank calls right; ``drift`` logits by which the item is harder now than
    when the bank calibrated it.
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


def plant_flaws(items: TrueItems, design: Design, rng: np.random.Generator) -> tuple[TrueItems, PlantedFlaws]:
    """Plant flaws in administered items; returns the generator with them and the record of them."""
    n = len(items.b)
    changed = {name: getattr(items, name).copy() for name in PLANTED_IN}
    flaw, detail = np.full(n, NO_FLAW, dtype="U20"), np.full(n, "", dtype="U100")
    size, drift, key = np.full(n, np.nan), np.zeros(n), items.right.copy()
    for name, rows in _chosen(items, design, rng):
        for number, row in enumerate(rows):
            flaw[row] = name
            distractors = [k for k in np.flatnonzero(items.offered[row]).tolist() if k != items.right[row]]
            strongest = max(distractors, key=lambda k: changed["attraction"][row, k])
            right = "ABCD"[items.right[row]]
            other = "ABCD"[strongest]
            sign = 1 if number % 2 == 0 else -1
            if name == "wrong_key":
                key[row] = strongest
                detail[row] = f"the key says {other}, right is {right}"
            elif name == "two_right":
                changed["second"][row] = strongest
                detail[row] = f"{other} is as right as the key {right}"
            elif name == "dead_distractors":
                dead = [k for k in distractors if k != strongest]
                changed["attraction"][row, dead] += DEAD
                detail[row] = f"hardly anybody chooses {' or '.join('ABCD'[k] for k in dead)}"
            elif name == "dif":
                changed["online_shift"][row] = size[row] = sign * DIF
                detail[row] = f"{'harder' if sign > 0 else 'easier'} by {DIF:g} logit when delivered online"
            elif name == "drift":
                size[row] = drift[row] = DRIFT[number % len(DRIFT)]
                changed["b"][row] += size[row]
                word = "harder" if size[row] > 0 else "easier"
                detail[row] = f"{word} by {abs(size[row]):g} logit than when the bank calibrated it"
            elif name == "leaked":
                size[row] = changed["leak_shift"][row] = LEAK
                day = changed["leak_day"][row] = LEAK_DAYS[number % len(LEAK_DAYS)]
                detail[row] = f"easier by {-LEAK:g} logit from day {day:.0f} of the year and for retakers"
            elif name in ("flat", "negative"):
                a = rng.uniform(0.0, 0.15) if name == "flat" else -rng.uniform(0.3, 0.6)
                a = np.round(a if abs(a) > 0.02 else 0.02, 4)
                target = rng.uniform(0.45, 0.75)
                changed["a"][row], changed["c"][row] = a, 0.0
                changed["b"][row] = np.round(POPULATION_MEAN - np.log(target / (1 - target)) / a, 4)
                if name == "negative":
                    # Weak candidates find it: only then do strong ones share a wrong belief.
                    changed["attraction_slope"][row, strongest] = 0.3
                detail[row] = "says nothing about ability" if name == "flat" else "the weak do better"
            elif name == "too_easy":
                changed["b"][row] = np.round(rng.uniform(-5.5, -4.3), 4)
                detail[row] = "almost everyone is right"
            else:
                changed["b"][row] = np.round(rng.uniform(2.3, 3.2), 4)
                changed["c"][row] = 0.05
                detail[row] = "almost nobody is right"
    changed["b"] = np.round(changed["b"], 4)
    return replace(items, **changed), PlantedFlaws(flaw, size, detail, key, drift)


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
