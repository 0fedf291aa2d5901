"""A programme whose truth is known: who answers its pilots (``true_pilots``), and what is answered.

Candidates come in groups that share a form and its pilots. ``TrueProgramme`` can break what the review
assumes: pilots that are guessed at, a second dimension, abilities of their own in each domain, ability that
is not normal, candidates who run out of time. The review then knows what it would know of such a programme,
``known``, and not the truth.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
from scipy.special import expit, ndtr, ndtri
from scipy.stats import qmc

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.irt import ResponseBlock
from ciip_irt.irt.estimation import fit_mml
from ciip_irt.pilots.simulate.true_pilots import FLAWS, draw_pilots
from ciip_irt.provenance import Provenance
from ciip_irt.records import result
from ciip_irt.responses import AdministeredBlock, CellStatus, ScoredResponses
from ciip_irt.tables import ITEMS

__all__ = ["FLAWS", "GOOD_P", "GOOD_R", "SimulatedPilots", "TrueProgramme", "simulate_pilots"]

GOOD_R, GOOD_P = 0.10, (0.25, 0.97)
POINTS, REACH = 121, 6.0  # of ability: a step of a tenth of a standard deviation
SKEW_SHAPE = 4.0  # a mirrored gamma of this shape has skewness -1: a long tail of weak candidates
DOMAINS = 5  # of the exam, where abilities differ between them
SOBOL = 4096  # points of abilities in all domains; R is then off by .002 at the most
STOPS_FROM = 0.6  # share of the form that the slowest still reach


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
    domain_sd
        Standard deviation of the abilities of one's own in each of five domains, which add to the general
        one. Every item belongs to a domain. Not together with ``second`` or ``skewed``.
    out_of_time
        Share of candidates, the less able rather, who stop somewhere in the last two fifths of the form. What
        they do not reach is scored as wrong.
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
    domain_sd: float = 0.0
    out_of_time: float = 0.0

    def population(self) -> tuple[FloatArray, FloatArray]:
        """Points (K, F) of the abilities in standard deviations, the general one first; weights (K,)."""
        if self.domain_sd:
            points = qmc.Sobol(1 + DOMAINS, scramble=False).random(SOBOL) + 0.5 / SOBOL
            return np.asarray(ndtri(points)), np.full(SOBOL, 1.0 / SOBOL)
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
        """Shape (n, F): the abilities of n candidates."""
        if self.skewed:
            first = (SKEW_SHAPE - rng.gamma(SKEW_SHAPE, size=n)) / np.sqrt(SKEW_SHAPE)
        else:
            first = rng.normal(size=n)
        others = DOMAINS if self.domain_sd else 1
        return np.column_stack([first, rng.normal(size=(n, others))])

    def loadings(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Shape (n, F - 1): slopes of n items on the further abilities, relative to the first."""
        if self.domain_sd:
            return self.domain_sd * np.eye(DOMAINS)[rng.integers(DOMAINS, size=n)]
        return self.second * rng.uniform(-1.0 / 3.0, 1.0, (n, 1))

    def right(self, items: FloatArray, loadings: FloatArray, abilities: FloatArray) -> FloatArray:
        """Shape (N, J): chance of a right answer of abilities (N, F) to items (J, 3), (J, F - 1)."""
        a, b, c = items.T
        slope = self.D * a * self.sd
        logit = slope * (abilities[:, :1] + abilities[:, 1:] @ loadings.T) + self.D * a * (self.mean - b)
        result: FloatArray = c + (1.0 - c) * expit(logit)
        return result

    def reached(self, abilities: FloatArray, n_items: int, rng: np.random.Generator) -> BoolArray:
        """Shape (N, n_items): whether each position of the form was reached."""
        stops = rng.random(len(abilities)) < np.minimum(2.0 * self.out_of_time * ndtr(-abilities[:, 0]), 1.0)
        last = np.where(stops, rng.uniform(STOPS_FROM, 1.0, len(abilities)), 1.0) * n_items
        return np.asarray(np.arange(n_items) < last[:, None])

    def calibrated(self, n: int, rng: np.random.Generator) -> "TrueProgramme":
        """The same programme, its scored items known as a 2PL calibration of n candidates would know them."""
        second = self.loadings(len(self.scored), np.random.default_rng(0))
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


def simulate_pilots(
    programme: TrueProgramme, n: int, n_pilots: int, rng: np.random.Generator
) -> SimulatedPilots:
    """``n_pilots`` pilots, each answered by n candidates."""
    known = programme.scored if programme.known is None else programme.known
    n_scored = len(programme.scored)
    scored_second = programme.loadings(n_scored, np.random.default_rng(0))
    pilots = draw_pilots(programme, n_pilots, rng)
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
        block = _block(f"F{group + 1}", form, n_scored + mine, scores, chosen)
        if programme.out_of_time:
            block = _stopped(block, programme.reached(abilities, scores.shape[1], rng), rng)
        blocks.append(block)
        totals.append(block.scores[:, : form.size].sum(axis=1).astype(np.float64))
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


def _stopped(block: AdministeredBlock, reached: BoolArray, rng: np.random.Generator) -> AdministeredBlock:
    """The block with what was not reached, scored as wrong; scored items and pilots stand mixed."""
    lost = ~reached[:, rng.permutation(reached.shape[1])]
    return replace(
        block,
        scores=np.where(lost, 0, block.scores).astype(np.int8),
        choices=np.where(lost, -1, block.choices).astype(np.int8),
        statuses=np.where(lost, CellStatus.NOT_REACHED, block.statuses).astype(np.uint8),
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
