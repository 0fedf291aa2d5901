"""From answers to evidence: the exact posterior of every pilot item's curve, from whoever answered it.

The scored items fix the scale: with their parameters, each person's ability posterior is known, and with it
the likelihood of every curve a pilot may have (``curves``). All administrations add up. Where an item was
met on forms with different scored items, its R is the mean over the forms, weighted by answers.

Curves are two-parameter; the guessing of a pilot is not modelled, so a very hard item's slope at the lower
end is taken as flatter. The uncertainty of the scored items' parameters is not carried into the posterior.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from ciip_irt.arrays import MISSING, BoolArray, FloatArray, IntArray, ScoreArray
from ciip_irt.bank import CREDIT_ALL, credited_options
from ciip_irt.classical.item_statistics import ItemStatistics, item_statistics_from
from ciip_irt.classical.moments import CategoryMoments, category_moments, merge_moments
from ciip_irt.errors import InputError, Problem, plural
from ciip_irt.pilots.curves import CurveGrid, coarse_log_likelihood, curve_grid, refined
from ciip_irt.pilots.item_evidence import ItemEvidence, Observed, OptionEvidence, curve_posterior
from ciip_irt.pilots.policy import Policy
from ciip_irt.pilots.priors import Belief, BlockPrior, belief_of, distractor_log_prior, estimate_prior
from ciip_irt.pilots.reference import Reference, reference
from ciip_irt.responses import AdministeredBlock, ScoredResponses

__all__ = ["PilotEvidence", "gather_evidence"]

EM_STEP = 4


@dataclass(frozen=True, slots=True)
class PilotEvidence:
    """The evidence on a set of pilot items; ``item(k)`` or iteration gives one item's.

    Attributes
    ----------
    pilots
        ``item_id, domain, key, options`` of every pilot, with answers or without.
    n
        Shape (P,): answers that count.
    prior
        What the block of pilots is like, estimated from all of them.
    reference
        Population and scored items.
    warnings
        What a reader should know.
    """

    pilots: pl.DataFrame
    n: IntArray
    prior: BlockPrior
    reference: Reference
    warnings: tuple[str, ...]
    policy: Policy
    grid: CurveGrid = field(repr=False)
    p: FloatArray = field(repr=False)
    correlations: FloatArray = field(repr=False)
    criterion_share: FloatArray = field(repr=False)
    observed: tuple[Observed, ...] = field(repr=False)
    likelihood: FloatArray = field(repr=False)
    option_likelihood: tuple[FloatArray | None, ...] = field(repr=False)
    option_n: tuple[IntArray | None, ...] = field(repr=False)

    def __len__(self) -> int:
        return self.pilots.height

    def __iter__(self) -> Iterator[ItemEvidence]:
        log_prior = self.prior.log_density(self.grid)
        log_distractor = distractor_log_prior(self.grid, self.prior)
        for k in range(len(self)):
            yield self._item(k, log_prior, log_distractor)

    def item(self, k: int) -> ItemEvidence:
        """The evidence on the pilot in row ``k`` of ``pilots``."""
        return self._item(k, self.prior.log_density(self.grid), distractor_log_prior(self.grid, self.prior))

    def _item(self, k: int, log_prior: FloatArray, log_distractor: FloatArray) -> ItemEvidence:
        row = self.pilots.row(k, named=True)
        share = self.criterion_share[k]
        met = np.flatnonzero(share)
        r = (
            sum((share[f] * self.correlations[f] for f in met), np.zeros(self.grid.shape))
            if met.size
            else None
        )
        posterior = curve_posterior(self.grid, self.likelihood[k], log_prior, self.p, r)
        options, counts = self.option_likelihood[k], self.option_n[k]
        distractors = []
        if options is not None and counts is not None and counts.sum():
            credited = credited_options(row["key"], row["options"])
            distractors = [
                OptionEvidence(
                    letter,
                    int(counts[code]),
                    float(counts[code] / self.n[k]),
                    curve_posterior(self.grid, options[code], log_distractor, self.p, r),
                )
                for code, letter in enumerate(row["options"])
                if letter not in credited
            ]
        s, d = posterior.slopes, posterior.intercepts
        with np.errstate(divide="ignore", invalid="ignore"):
            b = np.where(np.abs(s) > 1e-9, self.reference.mean - self.reference.sd * d / s, np.nan)
        return ItemEvidence(
            item_id=row["item_id"],
            domain=row["domain"],
            n=int(self.n[k]),
            observed=self.observed[k],
            posterior=posterior,
            distractors=tuple(distractors),
            a=s / (self.reference.D * self.reference.sd),
            b=b,
            information=self._information(s, d),
        )

    def _information(self, s: FloatArray, d: FloatArray) -> FloatArray | None:
        """Shape (M,): ``(D a)^2 P Q`` at the cut."""
        if self.policy.theta_cut is None:
            return None
        u = (self.policy.theta_cut - self.reference.mean) / self.reference.sd
        right = 1.0 / (1.0 + np.exp(-(d + s * u)))
        result: FloatArray = (s / self.reference.sd) ** 2 * right * (1.0 - right)
        return result


def gather_evidence(
    scored: ScoredResponses,
    parameters: FloatArray,
    *,
    mean: float,
    sd: float,
    D: float = 1.0,
    policy: Policy,
    pilots: pl.DataFrame | None = None,
) -> PilotEvidence:
    """The evidence on the pilot items of ``scored``.

    Parameters
    ----------
    scored
        Scored responses; an answer to a pilot counts where it was administered unscored.
    parameters
        Shape (J, 3): a, b, c of ``scored.items`` on one scale; NaN where unknown. Only those of scored items
        are used.
    mean, sd
        The reference population on that scale.
    D
        Scaling constant of the parameters.
    pilots
        The pilots to judge (``item_id, domain, key, options``), e.g. those of the bank; items that nobody met
        may be among them. Default: the items of ``scored`` whose status is ``pilot``.

    Raises
    ------
    InputError
        Shapes that do not fit, a population without spread, no calibrated scored item at all.
    """
    _check(scored, parameters, mean, sd, D)
    if pilots is None:
        pilots = scored.items.filter(pl.col("status") == "pilot")
    pilots = pilots.select("item_id", "domain", "key", "options")
    against = reference(parameters, mean=mean, sd=sd, D=D)
    grid = curve_grid(against.u, against.weights)
    gathered = _Gathering(scored, pilots, against, grid)
    for block in scored.blocks:
        gathered.add(block)
    likelihood = gathered.likelihood
    coarser, every = grid.coarser(EM_STEP), slice(None, None, EM_STEP)
    answered = np.flatnonzero(gathered.n > 0)
    fine = [refined(grid, likelihood[k], (every, every)) for k in answered]
    prior = estimate_prior(
        coarser, np.array(fine).reshape(-1, *coarser.shape), _belief(scored, parameters, against)
    )
    return PilotEvidence(
        pilots=pilots,
        n=gathered.n,
        prior=prior,
        reference=against,
        warnings=gathered.warnings(prior),
        policy=policy,
        grid=grid,
        p=grid.p(),
        correlations=grid.correlations(np.array(gathered.criteria).reshape(-1, against.u.size)),
        criterion_share=gathered.criterion_share(),
        observed=gathered.observed(),
        likelihood=likelihood,
        option_likelihood=tuple(gathered.option_likelihood),
        option_n=tuple(gathered.option_n),
    )


class _Gathering:
    """One pass over the blocks, adding up what each tells about each pilot."""

    def __init__(
        self, scored: ScoredResponses, pilots: pl.DataFrame, against: Reference, grid: CurveGrid
    ) -> None:
        self.scored, self.against, self.grid = scored, against, grid
        place = {item_id: k for k, item_id in enumerate(pilots["item_id"])}
        self.place = np.array([place.get(item_id, -1) for item_id in scored.item_ids], dtype=np.int64)
        self.options = pilots["options"].to_list()
        self.judges_options = [key != CREDIT_ALL for key in pilots["key"]]
        height, width = pilots.height, int(np.prod(grid.knots().shape))
        self.n = np.zeros(height, dtype=np.int64)
        self.likelihood = np.zeros((height, width))
        self.option_likelihood: list[FloatArray | None] = [None] * height
        self.option_n: list[IntArray | None] = [None] * height
        self.criteria: list[FloatArray] = []
        self.criterion_of: dict[bytes, int] = {}
        self.criterion_n: list[IntArray] = []
        self.moments: list[CategoryMoments] = []
        self.without_scale = self.in_scored_role = 0
        totals = scored.deliveries.group_by("form_id").agg(pl.col("total").mean())
        self.form_mean = dict(totals.iter_rows())

    def add(self, block: AdministeredBlock) -> None:
        place = self.place[block.items]
        self.in_scored_role += int((block.is_scored & (place >= 0)).sum())
        columns = np.flatnonzero(~block.is_scored & (place >= 0))
        if not columns.size:
            return
        pilots, scores = place[columns], block.scores[:, columns]
        n = (scores != MISSING).sum(axis=0)
        self.n[pilots] += n
        abilities = self.against.abilities(block)
        self.likelihood[pilots] += coarse_log_likelihood(self.grid, abilities, scores)
        self._add_options(block, columns, pilots, abilities)
        self._add_criterion(block, pilots, n)
        self._add_moments(block, pilots, scores)

    def _add_options(
        self, block: AdministeredBlock, columns: IntArray, pilots: IntArray, abilities: FloatArray
    ) -> None:
        stacked: list[ScoreArray] = []
        for column, pilot in zip(columns, pilots, strict=True):
            chosen = block.choices[:, column]
            if not self.judges_options[pilot]:
                continue
            counts = block.scores[:, column] != MISSING
            stacked += [
                np.where(counts, chosen == code, MISSING).astype(np.int8)
                for code in range(len(self.options[pilot]))
            ]
        if not stacked:
            return
        indicators = np.column_stack(stacked)
        surfaces = coarse_log_likelihood(self.grid, abilities, indicators)
        start = 0
        for pilot in pilots:
            if not self.judges_options[pilot]:
                continue
            rows = slice(start, start + len(self.options[pilot]))
            start = rows.stop
            chosen_n = (indicators[:, rows] == 1).sum(axis=0)
            so_far, n_so_far = self.option_likelihood[pilot], self.option_n[pilot]
            self.option_likelihood[pilot] = surfaces[rows] if so_far is None else so_far + surfaces[rows]
            self.option_n[pilot] = chosen_n if n_so_far is None else n_so_far + chosen_n

    def _add_criterion(self, block: AdministeredBlock, pilots: IntArray, n: IntArray) -> None:
        criterion = self.against.criterion(block)
        if criterion is None:
            self.without_scale += int(n.sum())
            return
        name = criterion.tobytes()
        if name not in self.criterion_of:
            self.criterion_of[name] = len(self.criteria)
            self.criteria.append(criterion)
            self.criterion_n.append(np.zeros_like(self.n))
        self.criterion_n[self.criterion_of[name]][pilots] += n

    def _add_moments(self, block: AdministeredBlock, pilots: IntArray, scores: ScoreArray) -> None:
        moments = category_moments(scores, self.scored.totals[block.persons], n_categories=2)
        shifted = moments.shifted(-float(self.form_mean[block.form_id]))
        self.moments.append(shifted.placed(pilots, self.n.size, 2))

    def criterion_share(self) -> FloatArray:
        """Shape (P, F): which criterion an item's answers came with; everyone's where it has none."""
        counts = np.array(self.criterion_n, dtype=np.float64).reshape(len(self.criterion_n), self.n.size).T
        counts = np.where((self.n == 0)[:, None], counts.sum(axis=0), counts)
        total = counts.sum(axis=1, keepdims=True)
        return np.asarray(counts / np.where(total > 0, total, 1.0))

    def observed(self) -> tuple[Observed, ...]:
        if not self.moments:
            nothing = Observed(*[float("nan")] * 6)
            return (nothing,) * self.n.size
        statistics: ItemStatistics = item_statistics_from(merge_moments(self.moments))
        columns = (
            statistics.p, statistics.p_low, statistics.p_high,
            statistics.r, statistics.r_low, statistics.r_high,
        )  # fmt: skip
        return tuple(Observed(*(float(value) for value in row)) for row in zip(*columns, strict=True))

    def warnings(self, prior: BlockPrior) -> tuple[str, ...]:
        said = []
        if self.without_scale:
            said.append(
                f"{self.without_scale:,} answers to pilots came from forms without a calibrated scored item;"
                " they tell p, but nothing about R."
            )
        if self.in_scored_role:
            said.append(
                "Some pilots were scored on some forms; their answers there are not counted as evidence."
            )
        few = int((self.n > 0).sum())
        if 0 < few < 5:
            said.append(
                f"Only {plural(few, 'pilot')} with answers: what pilots are like in general is taken from the"
                " scored items."
            )
        if not prior.converged:
            said.append("The estimate of what the block of pilots is like did not settle completely.")
        return tuple(said)


def _belief(scored: ScoredResponses, parameters: FloatArray, against: Reference) -> Belief:
    """Pilots are believed to be like the scored items, in population standard deviations."""
    is_scored = np.zeros(len(scored.item_ids), dtype=bool)
    for block in scored.blocks:
        is_scored[block.items[block.is_scored]] = True
    a, b, _ = parameters[np.flatnonzero(is_scored * against.calibrated)].T
    return belief_of(against.D * a * against.sd, -against.D * a * (b - against.mean))


def _check(scored: ScoredResponses, parameters: FloatArray, mean: float, sd: float, D: float) -> None:
    problems: list[Problem] = []
    if parameters.shape != (len(scored.item_ids), 3):
        problems.append(
            Problem(
                f"parameters of shape {parameters.shape} do not fit {plural(len(scored.item_ids), 'item')}",
                remedy="Give a, b, c for every row of scored.items, NaN where unknown.",
            )
        )
    else:
        known: BoolArray = np.asarray(np.isfinite(parameters).all(axis=1))
        if not any((block.is_scored & known[block.items]).any() for block in scored.blocks):
            problems.append(
                Problem(
                    "no scored item is calibrated, so nothing tells the candidates' ability",
                    remedy="Calibrate the scored items first, or give a bank with parameters.",
                )
            )
    if not (np.isfinite(mean) and np.isfinite(sd) and sd > 0):
        problems.append(Problem(f"the reference population has mean {mean} and standard deviation {sd}"))
    if not (np.isfinite(D) and D > 0):
        problems.append(Problem(f"the scaling constant D is {D}"))
    if problems:
        raise InputError(problems)
