"""Pilots whose truth is known: which are sound, how the others are flawed, and what is chosen of each.

Sound pilots resemble the scored items of the bank, a little wider spread, as new items are. Of the flawed

- a **flat** item is answered right by everyone with the same chance;
- a **wrong key** credits a distractor;
- with **two right** options, those who know choose the key or the other one, by a share of the item's own;
- a **trap** draws the able away from the key, the more the abler they are: its curve rises and falls again.

Wrong answers spread over the distractors in proportions of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from ciip_irt.arrays import FloatArray, IntArray
from ciip_irt.records import result

if TYPE_CHECKING:
    from ciip_irt.pilots.simulate.true_programme import TrueProgramme

__all__ = ["FLAWS", "TruePilots", "draw_pilots"]

SPREAD_LOG_SLOPE, WIDER = 0.4, 1.15  # of sound pilots: sd of log a at least; sd of b against the bank's
FLAT_P = (0.25, 0.9)  # from chance with four options to what all believe they know
FLAWS: Mapping[str, float] = MappingProxyType({"flat": 0.4, "wrong_key": 0.3, "two_right": 0.2, "trap": 0.1})
"""Shares among flawed pilots: an assumption, of the order that reports of key validation give."""
TO_THE_KEY = (0.3, 0.7)  # of those who know, with two right options; outside, one of them is hardly chosen
# share of the ablest that a trap draws; how fast; half of it at
TRAPPED, TRAP_SLOPE, TRAP_FROM = 0.85, 2.5, 0.2
POPULARITY = (3.0, 2.0, 1.0)  # Dirichlet weights of the three distractors
KEY, OTHER = 0, 1  # the option that is right, and the one that a wrong key credits, or that is right too


@result
@dataclass(frozen=True, slots=True)
class TruePilots:
    """What n pilots truly are: kinds, parameters, and how those who know and those who do not choose."""

    programme: "TrueProgramme"
    kind: NDArray[np.str_]
    sound: FloatArray
    loadings: FloatArray
    flat_p: FloatArray
    popularity: FloatArray
    to_the_key: FloatArray

    @property
    def credited(self) -> IntArray:
        return np.where(self.kind == "wrong_key", OTHER, KEY)

    def knows(self, abilities: FloatArray, which: IntArray) -> FloatArray:
        """Shape (N, n): chance of knowing a right answer; on a flat item, of choosing the key."""
        curves = self.programme.right(self.sound[which], self.loadings[which], abilities)
        return np.where(self.kind[which] == "flat", self.flat_p[which], curves)

    def drawn_away(self, abilities: FloatArray, which: IntArray) -> FloatArray:
        """Shape (N, n): of those who know, who choose the other option: it is right too, or a trap."""
        trapped = TRAPPED * expit(TRAP_SLOPE * (abilities[:, :1] - TRAP_FROM))
        kind = self.kind[which]
        two = np.where(kind == "two_right", 1.0 - self.to_the_key[which], 0.0)
        return np.where(kind == "trap", trapped, two)

    def earns(self, abilities: FloatArray, which: IntArray) -> FloatArray:
        """Shape (N, n): chance of the credited option."""
        knows = self.knows(abilities, which)
        by_luck = (1.0 - knows) * self.popularity[which, 0]
        stays = knows * (1.0 - self.drawn_away(abilities, which))
        return np.where(self.kind[which] == "wrong_key", by_luck, stays)

    def choose(self, abilities: FloatArray, which: IntArray, rng: np.random.Generator) -> IntArray:
        """Shape (N, n): the options chosen."""
        shape = (len(abilities), which.size)
        knows = rng.random(shape) < self.knows(abilities, which)
        bounds = np.cumsum(self.popularity[which], axis=1)[None, :, :-1]
        wrong = (rng.random((*shape, 1)) > bounds).sum(axis=2) + 1
        away = rng.random(shape) < self.drawn_away(abilities, which)
        return np.where(knows, np.where(away, OTHER, KEY), wrong)


def draw_pilots(programme: "TrueProgramme", n: int, rng: np.random.Generator) -> TruePilots:
    sound = _draw_sound(programme, n, rng)
    loadings = programme.loadings(n, rng)
    bad = round(n * programme.flawed)
    exact = {name: bad * share for name, share in programme.flaws.items()}
    whole = {name: int(count + 1e-9) for name, count in exact.items()}
    by_remainder = sorted(exact, key=lambda name: whole[name] - round(exact[name], 9))
    for name in by_remainder[: bad - sum(whole.values())]:
        whole[name] += 1
    names, counts = ["sound", *whole], [n - bad, *whole.values()]
    kind = rng.permuted(np.repeat(names, counts))
    flat_p = rng.uniform(*FLAT_P, n)
    popularity = rng.dirichlet(POPULARITY, n)
    to_the_key = rng.uniform(*TO_THE_KEY, n)
    # where the other option is right too, those who do not know take one of the two that are wrong
    others = popularity.copy()
    others[:, 0] = 0.0
    others /= others.sum(axis=1, keepdims=True)
    popularity = np.where((kind == "two_right")[:, None], others, popularity)
    return TruePilots(programme, kind, sound, loadings, flat_p, popularity, to_the_key)


def _draw_sound(programme: "TrueProgramme", n: int, rng: np.random.Generator) -> FloatArray:
    a, b, _ = programme.scored.T
    log_a = np.log(a)
    if programme.slopes is not None:
        slopes = programme.slopes(n, rng)
    else:
        slopes = np.exp(rng.normal(log_a.mean(), max(SPREAD_LOG_SLOPE, float(log_a.std())), n))
    return np.column_stack([slopes, rng.normal(b.mean(), WIDER * b.std(), n), np.full(n, programme.guessing)])
