"""Who sits when: candidates, their sittings over a year, and who comes back after failing."""

from dataclasses import dataclass, fields
from datetime import datetime

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.simulate.design import Design
from ciip_irt.simulate.true_items import REFERENCE_SD

__all__ = [
    "MAX_ATTEMPTS", "POPULATION_MEAN", "REGIONS", "YEAR_START", "Sittings", "first_sittings", "next_sittings"
]  # fmt: skip

YEAR_START = datetime(2025, 1, 1)  # a fixed one: the same seed gives the same bytes
DAYS = 365  # of one administration: delivered all the year round
POPULATION_MEAN = 0.05  # not 0, so that nobody takes the bank's origin for the population's mean
MAX_ATTEMPTS = 3  # within the year, as CIIP allows
ONLINE_SHARE = 0.35  # enough for DIF between ways of delivery to show
SPEED_SD = 0.17  # of log seconds between persons: the slowest tenth needs a quarter more time
RETURN_SHARE = 0.75  # of those who failed
WAIT_DAYS = (40, 120)  # until they come again
REGIONS = ("Northeast", "Midwest", "South", "West", "International")
REGION_SHARES = (0.2, 0.22, 0.3, 0.2, 0.08)  # unequal, one of them too small to compare
DISENGAGED_SHARE = 0.012  # of candidates give up on the way and answer at random


@dataclass(frozen=True, slots=True)
class Sittings:
    """One entry per delivery.

    Attributes
    ----------
    candidate
        Number of the candidate.
    attempt
        1, 2 or 3.
    form, window
        Form and pilot window (rows of ``Design.forms`` and ``Design.windows``).
    day
        Day of the year with the hour as fraction, from 0.
    theta
        Ability at this sitting.
    speed
        Log seconds saved per item.
    online
        Delivered online, else in a test centre.
    region
        Index into ``REGIONS``.
    gives_up_at
        Position from which the candidate answers at random in seconds; beyond the form: never.
    """

    candidate: IntArray
    attempt: IntArray
    form: IntArray
    window: IntArray
    day: FloatArray
    theta: FloatArray
    speed: FloatArray
    online: BoolArray
    region: IntArray
    gives_up_at: IntArray

    def __len__(self) -> int:
        return len(self.candidate)

    def where(self, kept: BoolArray) -> "Sittings":
        return Sittings(**{f.name: getattr(self, f.name)[kept] for f in fields(self)})


def first_sittings(n: int, design: Design, rng: np.random.Generator) -> Sittings:
    """First attempts spread over the year; forms and pilot windows in equal numbers, at random."""
    turn = rng.permutation(n)
    days = np.sort(np.floor(rng.random(n) * DAYS))
    return Sittings(
        candidate=np.arange(n),
        attempt=np.ones(n, dtype=np.int64),
        form=turn % len(design.forms),
        window=turn // len(design.forms) % len(design.windows),
        day=days + _hour(n, rng),
        theta=rng.normal(POPULATION_MEAN, REFERENCE_SD, n),
        speed=rng.normal(0.0, SPEED_SD, n),
        online=rng.random(n) < ONLINE_SHARE,
        region=np.searchsorted(np.cumsum(REGION_SHARES), rng.random(n) * 0.999999),
        gives_up_at=_gives_up_at(n, design, rng),
    )


def next_sittings(failed: Sittings, design: Design, rng: np.random.Generator) -> Sittings:
    """The next attempt of those who failed: most come back, a little better, to another form."""
    n = len(failed)
    back = np.where(rng.random(n) < RETURN_SHARE, rng.integers(*WAIT_DAYS, n), 2 * DAYS)
    step = np.where(failed.candidate % 2 == 0, 1, -1)
    later = Sittings(
        candidate=failed.candidate,
        attempt=failed.attempt + 1,
        form=(failed.form + step) % len(design.forms),
        window=(failed.window + 2) % len(design.windows),
        day=np.floor(failed.day) + back + _hour(n, rng),
        theta=failed.theta + rng.normal(0.08, 0.1, n),
        speed=failed.speed,
        online=failed.online,
        region=failed.region,
        gives_up_at=_gives_up_at(n, design, rng),
    )
    return later.where(later.day < DAYS)


def _hour(n: int, rng: np.random.Generator) -> FloatArray:
    """Quarters of an hour from 8:00 to 16:45, as a fraction of the day."""
    return (32 + np.floor(rng.random(n) * 36)) / 96


def _gives_up_at(n: int, design: Design, rng: np.random.Generator) -> IntArray:
    length = design.orders.shape[1]
    positions = np.floor(length * (0.3 + 0.5 * rng.random(n))).astype(np.int64)
    start: IntArray = np.where(rng.random(n) < DISENGAGED_SHARE, positions, length)
    return start
