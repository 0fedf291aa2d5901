"""Simulated pilots whose truth is known: what they are, who answers them, what is answered.

Sound pilots resemble the scored items of the bank, a little wider spread, as new items are. Of the flawed

- a **flat** item is answered right by everyone with the same chance;
- a **wrong key** credits a distractor;
- with **two right** options, those who know choose the key or the other one, by a share of the item's own;
- a **trap** draws the able away from the key, the more the abler they are: its curve rises and falls again.

Wrong answers spread over the distractors in proportions of their own. Candidates come in groups that share a
form and its pilots.

``TrueProgramme`` can break what the review assumes: pilots that are guessed at, a second dimension, ability
that is not normal. The review then knows what it would know of such a programme, ``known``, and not the
truth.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit

from ciip_irt.arrays import FloatArray, IntArray
from ciip_irt.irt import ResponseBlock
from ciip_irt.irt.estimation import fit_mml
from ciip_irt.provenance import Provenance
from ciip_irt.records import result
from ciip_irt.responses import AdministeredBlock, ScoredResponses
from ciip_irt.tables import ITEMS

__all__ = ["FLAWS", "GOOD_P", "GOOD_R", "SimulatedPilots", "TrueProgramme", "simulate_pilots"]

GOOD_R, GOOD_P = 0.10, (0.25, 0.97)
SPREAD_LOG_SLOPE, WIDER = 0.4, 1.15  # of sound pilots: sd of log a at least; sd of b against the bank's
FLAT_P = (0.25, 0.9)  # from chance with four options to what all believe they know
FLAWS: Mapping[str, float] = MappingProxyType({"flat": 0.4, "wrong_key": 0.3, "two_right": 0.2, "trap": 0.1})
"""Shares among flawed pilots: an assumption, of the order that reports of key validation give."""
TO_THE_KEY = (0.3, 0.7)  # of those who know, with two right options; outside, one of them is hardly chosen
TRAPPED, TRAP_SLOPE, TRAP_FROM = (
    0.85,
    2.5,
    0.2,
)  # share of the ablest that a trap draws; how fast; half of it at
POPULARITY = (3.0, 2.0, 1.0)  # Dirichlet weights of the three distractors
KEY, OTHER = 0, 1  # the option that is right, and the one that a wrong key credits, or that is right too
POINTS, REACH = 121, 6.0  # of ability: a step of a tenth of a standard deviation
SKEW_SHAPE = 4.0  # a mirrored gamma of this shape has skewness -1: a long tail of weak candidates


@result
@dataclass(frozen=True, slots=True)
class TrueProgramme:
    """A programme as it truly is.

    Attributes
    ----------
    scored
        Shape (J, 3): a, b, c of the scored items.
    mean, sd, D
        Population and scaling constant.
    known
        Shape (J, 3): what the review takes the scored items' parameters to be; the truth unless given.
    form_length
        Scored items that a candidate meets, drawn for each group of candidates.
    group_pilots
        Pilots that a group of candidates meets.
    flawed, flaws
        Share of pilots that are flawed, and the shares of each kind among them.
    slopes
        How the slopes of n sound pilots are drawn, ``(n, rng) -> (n,)``; log-normal like the bank's unless
        given.
    guessing
        Chance of a right answer to a pilot for those who do not know.
    second
        Slope on a second, independent ability, as a multiple of the first slope; its sign and size vary
        by item, uniformly from -1/3 to 1 times this.
    skewed
        Ability has a long lower tail (skewness -1) instead of being normal.
    """

    scored: FloatArray
    mean: float = 0.0
    sd: float = 1.0
    D: float = 1.0
    known: FloatArray | None = field(default=None, repr=False)
    form_length: int = 130
    group_pilots: int = 40
    flawed: float = 0.2
    flaws: Mapping[str, float] = field(default_factory=lambda: FLAWS)
    slopes: Callable[[int, np.random.Generator], FloatArray] | None = field(default=None, repr=False)
    guessing: float = 0.0
    second: float = 0.0
    skewed: bool = False

    def population(self) -> tuple[FloatArray, FloatArray]:
        """Points (K, 2) of both abilities in standard deviations, and weights (K,)."""
        u = np.linspace(-REACH, REACH, POINTS)
        density = np.exp(-0.5 * u**2)
        if self.skewed:
            gamma = np.maximum(SKEW_SHAPE - np.sqrt(SKEW_SHAPE) * u, 1e-12)
            first = gamma ** (SKEW_SHAPE - 1) * np.exp(-gamma)
        else:
            first = density
        if not self.second:
            return np.column_stack([u, np.zeros_like(u)]), first / first.sum()
        v, other = u[::4], density[::4]
        weights = np.outer(first, other).ravel()
        return np.column_stack([np.repeat(u, v.size), np.tile(v, u.size)]), weights / weights.sum()

    def draw(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Shape (n, 2): both abilities of n candidates."""
        if self.skewed:
            first = (SKEW_SHAPE - rng.gamma(SKEW_SHAPE, size=n)) / np.sqrt(SKEW_SHAPE)
        else:
            first = rng.normal(size=n)
        return np.column_stack([first, rng.normal(size=n)])

    def second_slopes(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Shape (n,): slopes on the second ability, relative to those on the first."""
        return self.second * rng.uniform(-1.0 / 3.0, 1.0, n)

    def right(self, items: FloatArray, second: FloatArray, abilities: FloatArray) -> FloatArray:
        """Shape (N, J): chance of a right answer of abilities (N, 2) to items (J, 3)."""
        a, b, c = items.T
        slope = self.D * a * self.sd
        logit = slope * (abilities[:, :1] + abilities[:, 1:] * second) + self.D * a * (self.mean - b)
        result: FloatArray = c + (1.0 - c) * expit(logit)
        return result

    def calibrated(self, n: int, rng: np.random.Generator) -> "TrueProgramme":
        """The same programme, its scored items known as a 2PL calibration of n candidates would know them."""
        second = self.second_slopes(len(self.scored), np.random.default_rng(0))
        scores = (rng.random((n, len(self.scored))) < self.right(self.scored, second, self.draw(n, rng))) * 1
        block = ResponseBlock(np.arange(len(self.scored)), scores.astype(np.int8))
        fit = fit_mml([block], "2pl", len(self.scored), standard_errors="none")
        a, b = fit.parameters[:, 0], fit.parameters[:, 1]
        known = np.column_stack([a / (self.D * self.sd), self.mean + self.sd * b, np.zeros(len(a))])
        return replace(self, known=known)


@result
@dataclass(frozen=True, slots=True)
class SimulatedPilots:
    """Pilots with their truth, and the answers to them.

    Attributes
    ----------
    truth
        ``item_id, group, kind`` (sound, or one of ``FLAWS``), ``p, r`` in the population, ``good``.
    parameters
        Shape (J, 3): what the review knows of ``items``; NaN for the pilots.
    """

    truth: pl.DataFrame
    parameters: FloatArray
    items: pl.DataFrame
    blocks: tuple[AdministeredBlock, ...]
    totals: tuple[FloatArray, ...]

    @property
    def pilots(self) -> pl.DataFrame:
        return self.items.filter(pl.col("status") == "pilot")

    def answers(self, n: int) -> ScoredResponses:
        """The answers of the first n candidates of each group."""
        blocks, frames, start = [], [], 0
        for block, totals in zip(self.blocks, self.totals, strict=True):
            rows = slice(0, n)
            blocks.append(
                replace(
                    block, persons=np.arange(start, start + len(totals[rows])),
                    scores=block.scores[rows], choices=block.choices[rows], statuses=block.statuses[rows],
                    times=block.times[rows], positions=block.positions[rows],
                )
            )  # fmt: skip
            start += len(totals[rows])
            frames.append(pl.DataFrame({"form_id": block.form_id, "total": totals[rows]}))
        deliveries = pl.concat(frames).with_row_index("row").with_columns(
            delivery_id=pl.format("D{}", "row"), candidate_id=pl.format("C{}", "row"), attempt=pl.lit("1"),
            delivered_at=pl.lit(None, dtype=pl.String),
        )  # fmt: skip
        responses = sum(block.scores.size for block in blocks)
        nobody = pl.DataFrame(schema={"rule": pl.String})
        origin = Provenance("", deliveries.height, responses)
        return ScoredResponses(deliveries, self.items, tuple(blocks), nobody, (), origin)


@dataclass(frozen=True, slots=True)
class _TruePilots:
    """What n pilots truly are: kinds, parameters, and how those who know and those who do not choose."""

    programme: TrueProgramme
    kind: NDArray[np.str_]
    sound: FloatArray
    second: FloatArray
    flat_p: FloatArray
    popularity: FloatArray
    to_the_key: FloatArray

    @property
    def credited(self) -> IntArray:
        return np.where(self.kind == "wrong_key", OTHER, KEY)

    def knows(self, abilities: FloatArray, which: IntArray) -> FloatArray:
        """Shape (N, n): chance of knowing a right answer; on a flat item, of choosing the key."""
        curves = self.programme.right(self.sound[which], self.second[which], abilities)
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


def _draw_pilots(programme: TrueProgramme, n: int, rng: np.random.Generator) -> _TruePilots:
    sound = _draw_sound(programme, n, rng)
    second = programme.second_slopes(n, rng)
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
    return _TruePilots(programme, kind, sound, second, flat_p, popularity, to_the_key)


def simulate_pilots(
    programme: TrueProgramme, n: int, n_pilots: int, rng: np.random.Generator
) -> SimulatedPilots:
    """``n_pilots`` pilots, each answered by n candidates."""
    known = programme.scored if programme.known is None else programme.known
    n_scored = len(programme.scored)
    scored_second = programme.second_slopes(n_scored, np.random.default_rng(0))
    pilots = _draw_pilots(programme, n_pilots, rng)
    points, weights = programme.population()
    p, r = np.empty(n_pilots), np.empty(n_pilots)
    blocks, totals = [], []
    for group, start in enumerate(range(0, n_pilots, programme.group_pilots)):
        mine = np.arange(start, min(start + programme.group_pilots, n_pilots))
        form = np.sort(rng.permutation(n_scored)[: programme.form_length])
        curves = programme.right(programme.scored[form], scored_second[form], points)
        p[mine], r[mine] = _true_p_and_r(pilots.earns(points, mine), curves, weights)
        abilities = programme.draw(n, rng)
        chance = programme.right(programme.scored[form], scored_second[form], abilities)
        correct = rng.random((n, form.size)) < chance
        chosen = pilots.choose(abilities, mine, rng)
        scores = np.hstack([correct, chosen == pilots.credited[mine]]).astype(np.int8)
        blocks.append(_block(f"F{group + 1}", form, n_scored + mine, scores, chosen))
        totals.append(scores[:, : form.size].sum(axis=1).astype(np.float64))
    truth = pl.DataFrame(
        {"item_id": _pilot_ids(n_pilots), "group": np.arange(n_pilots) // programme.group_pilots,
         "kind": pilots.kind, "p": p, "r": r}
    )  # fmt: skip
    is_good = (pl.col("kind") == "sound") & (pl.col("r") >= GOOD_R) & pl.col("p").is_between(*GOOD_P)
    return SimulatedPilots(
        truth=truth.with_columns(good=is_good),
        parameters=np.vstack([known, np.full((n_pilots, 3), np.nan)]),
        items=_items(n_scored, pilots.credited),
        blocks=tuple(blocks),
        totals=tuple(totals),
    )


def _draw_sound(programme: TrueProgramme, n: int, rng: np.random.Generator) -> FloatArray:
    a, b, _ = programme.scored.T
    log_a = np.log(a)
    if programme.slopes is not None:
        slopes = programme.slopes(n, rng)
    else:
        slopes = np.exp(rng.normal(log_a.mean(), max(SPREAD_LOG_SLOPE, float(log_a.std())), n))
    return np.column_stack([slopes, rng.normal(b.mean(), WIDER * b.std(), n), np.full(n, programme.guessing)])


def _true_p_and_r(
    keyed: FloatArray, curves: FloatArray, weights: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Of curves (K, P), with the total of the scored items' curves (K, J)."""
    tau, noise = curves.sum(axis=1), (curves * (1.0 - curves)).sum(axis=1)
    off = tau - weights @ tau
    p = weights @ keyed
    return p, (weights * off) @ keyed / np.sqrt((weights @ (off**2 + noise)) * p * (1.0 - p))


def _block(
    form_id: str, form: IntArray, pilots: IntArray, scores: np.ndarray, chosen: IntArray
) -> AdministeredBlock:
    shape = scores.shape
    choices = np.full(shape, -1, dtype=np.int8)
    choices[:, form.size :] = chosen
    return AdministeredBlock(
        form_id=form_id,
        persons=np.arange(shape[0]),
        items=np.concatenate([form, pilots]),
        is_scored=np.arange(shape[1]) < form.size,
        scores=scores,
        choices=choices,
        statuses=np.zeros(shape, dtype=np.uint8),
        times=np.full(shape, np.nan, dtype=np.float32),
        positions=np.zeros(shape, dtype=np.int16),
    )


def _pilot_ids(n: int) -> list[str]:
    return [f"P{k + 1:0{len(str(n))}d}" for k in range(n)]


def _items(n_scored: int, credited: IntArray) -> pl.DataFrame:
    n_pilots = credited.size
    return ITEMS.validate(
        pl.DataFrame(
            {
                "item_id": [f"S{k + 1}" for k in range(n_scored)] + _pilot_ids(n_pilots),
                "domain": "all",
                "status": ["scored"] * n_scored + ["pilot"] * n_pilots,
                "key": ["A"] * n_scored + ["ABCD"[k] for k in credited],
                "options": "ABCD",
            }
        ),
        "simulated items",
    )
