"""Worlds whose pilots are known: fixed before anything was tuned on them.

All have an easy, homogeneous population (mean p .73, reliability .87), 200 pilots in a programme. Where the
review cannot know its scored items exactly, it knows them from a 2PL calibration, as a programme would.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import FloatArray
from ciip_irt.pilots.simulate.true_programme import TrueProgramme

__all__ = ["WORLDS", "World"]

CALIBRATED = 3000  # candidates of the calibration where nothing else is said
LOOKS = (50, 100, 200)


@dataclass(frozen=True, slots=True)
class World:
    """``make`` gives the programme; ``broken`` says what is not as the review assumes."""

    make: Callable[[], TrueProgramme]
    broken: str
    looks: tuple[int, ...] = LOOKS


def scored_items() -> FloatArray:
    rng = np.random.default_rng(7)
    return np.column_stack([rng.lognormal(-0.5, 0.3, 130), rng.normal(-1.88, 1.3, 130), np.zeros(130)])


def near_zero(n: int, rng: np.random.Generator) -> FloatArray:
    """A quarter with hardly a slope."""
    lump = rng.random(n) < 0.25
    return np.where(lump, np.abs(rng.normal(0.06, 0.06, n)) + 0.005, np.exp(rng.normal(-0.5, 0.4, n)))


def uniform(n: int, rng: np.random.Generator) -> FloatArray:
    return rng.uniform(0.02, 1.3, n)


def two_humps(n: int, rng: np.random.Generator) -> FloatArray:
    """Half weak, around the limit of R, half strong."""
    weak = rng.random(n) < 0.5
    return np.where(weak, np.maximum(rng.normal(0.25, 0.06, n), 0.02), rng.normal(0.9, 0.12, n))


def gamma(n: int, rng: np.random.Generator) -> FloatArray:
    """Many weak ones."""
    return rng.gamma(2.0, 0.32, n) + 0.005


def heavy_tails(n: int, rng: np.random.Generator) -> FloatArray:
    return np.exp(np.clip(-0.5 + 0.35 * rng.standard_t(2.5, n), -4.0, 1.2))


def _plain(**broken: object) -> Callable[[], TrueProgramme]:
    return lambda: TrueProgramme(scored_items(), **broken)  # type: ignore[arg-type]


def _calibrated(n: int = CALIBRATED, **broken: object) -> Callable[[], TrueProgramme]:
    return lambda: _plain(**broken)().calibrated(n, np.random.default_rng(3))


def _guessed() -> TrueProgramme:
    items = scored_items() + np.array([0.0, 0.7, 0.2])
    return TrueProgramme(items, guessing=0.2, slopes=gamma).calibrated(CALIBRATED, np.random.default_rng(3))


WORLDS: Mapping[str, World] = {
    "base": World(_plain(), "nothing", (50, 100, 150, 200, 300)),
    "half bad": World(_plain(flawed=0.5), "half of the pilots flawed"),
    "near zero": World(_plain(slopes=near_zero), "a quarter of the sound slopes near zero"),
    "uniform": World(_plain(slopes=uniform), "slopes uniform from .02 to 1.3"),
    "two humps": World(_plain(slopes=two_humps), "half of the slopes near .25, half near .9"),
    "gamma": World(_plain(slopes=gamma), "slopes gamma, shape 2"),
    "heavy tails": World(_plain(slopes=heavy_tails), "log slopes t with 2.5 degrees of freedom"),
    "two right": World(
        _plain(flaws={"two_right": 0.8, "flat": 0.2}), "of the flawed, 80 % two right options"
    ),
    "traps": World(
        _plain(flaws={"trap": 0.8, "flat": 0.2}, slopes=gamma), "of the flawed, 80 % traps; gamma slopes"
    ),
    "speeded": World(_plain(out_of_time=0.3, slopes=uniform), "30 % run out of time; uniform slopes"),
    "domains": World(_calibrated(domain_sd=0.6), "own abilities in five domains, SD .6"),
    "two dimensions": World(_calibrated(second=0.8), "a second ability, slopes up to .8 of the first"),
    "skewed ability": World(
        _calibrated(skewed=True, slopes=heavy_tails), "ability of skewness -1; heavy tails"
    ),
    "guessing": World(_guessed, "pilots guessed at, .20; gamma slopes"),
    "bank of 150": World(_calibrated(150), "scored items known from 150 candidates"),
}
