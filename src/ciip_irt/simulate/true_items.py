"""How the simulated items really work: the right option, the distractors, and what was planted.

The right option is chosen with probability ``c + (1 - c) / (1 + exp(-a (theta - b - shift)))``, where
``shift`` is what delivery mode or a leak does; ``a`` is near 1 and ``c`` near 0, so that sound items are
nearly, but not exactly, Rasch. Who misses it chooses among the distractors by their attraction, which
depends a little on ability.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.simulate.design import Design

__all__ = ["MAX_OPTIONS", "REFERENCE_SD", "TrueItems", "draw_items", "rasch_difficulty"]

MAX_OPTIONS = 4  # A to D, as in the exam; one item in ten has three
REFERENCE_SD = 0.6  # logits: a homogeneous population, for which 130 items have a reliability of about .9
QUADRATURE = np.polynomial.hermite_e.hermegauss(31)  # exact for polynomials of degree 61


@dataclass(frozen=True, slots=True)
class TrueItems:
    """The generator, one row per item of the bank.

    Attributes
    ----------
    a, b, c
        (J,) discrimination, difficulty on the bank scale, lower asymptote of the right option.
    right, second
        (J,) index of the right option, and of another that is right as well (-1: none).
    offered
        (J, 4) which options the item has.
    attraction, attraction_slope
        (J, 4) logit of choosing the option when the right one is missed, at theta = 0 and per theta.
    online_shift
        (J,) logits by which the item is harder when delivered online.
    leak_day, leak_shift
        (J,) day of the year from which the item is known (infinity: never), and by how many logits it is
        then harder (negative).
    log_time
        (J,) mean log seconds.
    words
        (J,) length of the item.
    """

    a: FloatArray
    b: FloatArray
    c: FloatArray
    right: IntArray
    second: IntArray
    offered: BoolArray
    attraction: FloatArray
    attraction_slope: FloatArray
    online_shift: FloatArray
    leak_day: FloatArray
    leak_shift: FloatArray
    log_time: FloatArray
    words: IntArray


def draw_items(design: Design, rng: np.random.Generator) -> TrueItems:
    """Sound items: easy for this population, nearly Rasch, one right option."""
    n = len(design.item_ids)
    established = np.isin(design.statuses, ("scored", "retired"))
    n_options = np.where(rng.random(n) < 0.1, 3, MAX_OPTIONS)
    offered = np.arange(MAX_OPTIONS) < n_options[:, None]
    words = np.clip(np.round(rng.lognormal(3.7, 0.4, n)), 12, 120).astype(np.int64)
    difficulty = rng.normal(size=n)
    b: FloatArray = np.where(
        established,
        np.clip(-1.2 + 0.85 * difficulty, -3.3, 0.9),
        np.clip(-1.1 + 0.75 * difficulty, -2.5, 0.4),
    )
    return TrueItems(
        a=np.round(np.clip(np.exp(rng.normal(0.06, 0.18, n)), 0.65, 1.7), 4),
        b=b.round(4),
        c=np.round(rng.uniform(0.0, 0.1, n), 4),
        right=np.floor(rng.random(n) * n_options).astype(np.int64),
        second=np.full(n, -1),
        offered=offered,
        attraction=rng.normal(0.0, 0.8, (n, MAX_OPTIONS)),
        attraction_slope=np.clip(rng.normal(0.0, 0.15, (n, MAX_OPTIONS)), -0.3, 0.3),
        online_shift=np.zeros(n),
        leak_day=np.full(n, np.inf),
        leak_shift=np.zeros(n),
        log_time=3.69 + 0.25 * (np.log(words) - 3.7) + rng.normal(0.0, 0.3, n),
        words=words,
    )


def rasch_difficulty(a: FloatArray, b: FloatArray, c: FloatArray) -> FloatArray:
    """The Rasch difficulty that gives the same p in the reference population N(0, 0.6).

    ``a, b, c`` (J,) describe the generator; the answer (J,) is what a Rasch calibration aims at.

    >>> rasch_difficulty(np.array([1.0, 1.0]), np.array([-1.0, -1.0]), np.array([0.0, 0.2])).round(2)
    array([-1.  , -1.32])
    """
    theta, weights = QUADRATURE[0] * REFERENCE_SD, QUADRATURE[1] / QUADRATURE[1].sum()
    p = (c[:, None] + (1 - c[:, None]) * expit(a[:, None] * (theta - b[:, None]))) @ weights
    low, high = np.full(len(b), -12.0), np.full(len(b), 12.0)
    for _ in range(60):
        middle = (low + high) / 2
        too_easy = expit(theta - middle[:, None]) @ weights > p
        low, high = np.where(too_easy, middle, low), np.where(too_easy, high, middle)
    found: FloatArray = (low + high) / 2
    return found
