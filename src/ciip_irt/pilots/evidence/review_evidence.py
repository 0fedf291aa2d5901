"""From answers to evidence: the exact posterior of every pilot item's curve, from whoever answered it.

The scored items fix the scale: with their parameters, each person's ability posterior is known, and with it
the likelihood of every curve a pilot may have (``curves``). All administrations add up. Where an item was
met on forms with different scored items, its R is the mean over the forms, weighted by answers.

Curves are two-parameter; the guessing of a pilot is not modelled, so a very hard item's slope at the lower
end is taken as flatter. The uncertainty of the scored items' parameters is not carried into the posterior.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.bank import credited_options
from ciip_irt.errors import InputError, Problem, plural
from ciip_irt.item_analysis import judge_keys
from ciip_irt.pilots.evidence.curves import CurveGrid, curve_grid, interpolate
from ciip_irt.pilots.evidence.from_analysis import read_differences, read_keys
from ciip_irt.pilots.evidence.gathering import Gathering
from ciip_irt.pilots.evidence.item_evidence import (
    GroupDifference,
    ItemEvidence,
    KeyEvidence,
    Misfit,
    Observed,
    OptionEvidence,
    TimeEvidence,
    curve_posterior,
)
from ciip_irt.pilots.evidence.prior_beliefs import centre_on_scored_items
from ciip_irt.pilots.evidence.prior_estimate import KeyDoubts, estimate_prior
from ciip_irt.pilots.evidence.priors import PilotPrior, PriorCentre, distractor_log_prior
from ciip_irt.pilots.evidence.reference import Reference, reference
from ciip_irt.pilots.policy import Policy
from ciip_irt.records import result
from ciip_irt.responses import ScoredResponses, Untelling, keep_telling_answers, untelling_answers

__all__ = ["PilotEvidence", "gather_evidence"]

EM_STEP = 4  # every fourth slope and intercept (.1 apart) is enough to estimate the prior
OPTION_STEP = 5  # and every fifth for distractors, of which only is asked whether they draw the able


@result
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
    prior: PilotPrior
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
    misfit: tuple[Misfit | None, ...] = field(repr=False)
    times: tuple[TimeEvidence | None, ...] = field(repr=False)
    groups: Mapping[str, tuple[GroupDifference, ...]] = field(repr=False)
    keys: Mapping[str, KeyEvidence] = field(repr=False)
    untelling: Mapping[str, Untelling] = field(repr=False)

    def __len__(self) -> int:
        return self.pilots.height

    def __iter__(self) -> Iterator[ItemEvidence]:
        beliefs = _Beliefs.of(self.prior, self.grid)
        for k in range(len(self)):
            yield self._item(k, beliefs)

    def item(self, k: int) -> ItemEvidence:
        """The evidence on the pilot in row ``k`` of ``pilots``."""
        return self._item(k, _Beliefs.of(self.prior, self.grid))

    def _item(self, k: int, beliefs: "_Beliefs") -> ItemEvidence:
        row = self.pilots.row(k, named=True)
        share = self.criterion_share[k]
        met = np.flatnonzero(share)
        r = (
            sum((share[f] * self.correlations[f] for f in met), np.zeros(self.grid.shape))
            if met.size
            else None
        )
        posterior = curve_posterior(
            self.grid, self.likelihood[k], beliefs.pilot, self.p, r, beliefs.wrong_share
        )
        options, counts = self.option_likelihood[k], self.option_n[k]
        distractors = []
        if options is not None and counts is not None and counts.sum():
            credited = credited_options(row["key"], row["options"])
            distractors = [
                OptionEvidence(
                    letter,
                    int(counts[code]),
                    float(counts[code] / self.n[k]),
                    curve_posterior(
                        self.grid, options[code], beliefs.distractor, self.p, r, step=OPTION_STEP
                    ),
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
            key=self.keys.get(row["item_id"]),
            untelling=self.untelling.get(row["item_id"], Untelling()),
            misfit=self.misfit[k],
            time=self.times[k],
            groups=self.groups.get(row["item_id"], ()),
        )

    def _information(self, s: FloatArray, d: FloatArray) -> FloatArray | None:
        """Shape (M,): ``(D a)^2 P Q`` at the cut."""
        if self.policy.theta_cut is None:
            return None
        u = (self.policy.theta_cut - self.reference.mean) / self.reference.sd
        right = 1.0 / (1.0 + np.exp(-(d + s * u)))
        result: FloatArray = (s / self.reference.sd) ** 2 * right * (1.0 - right)
        return result


@dataclass(frozen=True, slots=True)
class _Beliefs:
    """Log weights (S, D) of what pilots and distractors may be; of each curve, the share of wrong keys."""

    pilot: FloatArray
    distractor: FloatArray
    wrong_share: FloatArray

    @classmethod
    def of(cls, prior: PilotPrior, grid: CurveGrid) -> "_Beliefs":
        return cls(prior.log_density(grid), distractor_log_prior(grid, prior), prior.wrong_share(grid))


def gather_evidence(
    scored: ScoredResponses,
    parameters: FloatArray,
    *,
    mean: float,
    sd: float,
    D: float = 1.0,
    policy: Policy,
    pilots: pl.DataFrame | None = None,
    dif: pl.DataFrame | None = None,
    keys: pl.DataFrame | None = None,
    judged: int | None = None,
) -> PilotEvidence:
    """The evidence on the pilot items of ``scored``.

    Parameters
    ----------
    scored
        Scored responses; an answer to a pilot counts where it was administered unscored and tells something
        (``item_analysis.keep_telling_answers``).
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
    dif
        Differences between groups of candidates, as ``ItemAnalysis.dif`` has them.
    keys
        Probabilities about the keys, as ``ItemAnalysis.key_validation`` or ``KeyCheck.table`` has them; by
        default those of ``check_keys(scored)``, which are the same.
    judged
        How many of the pilots are to be judged, the first ones; the others, decided about before, tell what
        the block is like. Default: all.

    Raises
    ------
    InputError
        Shapes that do not fit, a population without spread, no calibrated scored item at all.
    """
    _check(scored, parameters, mean, sd, D)
    untelling = untelling_answers(scored)
    scored = keep_telling_answers(scored)
    if pilots is None:
        pilots = scored.items.filter(pl.col("status") == "pilot")
    pilots = pilots.select("item_id", "domain", "key", "options")
    against = reference(parameters, mean=mean, sd=sd, D=D)
    grid = curve_grid(against.u, against.weights)
    gathered = Gathering(scored, pilots, against, grid, pilots.height if judged is None else judged)
    for block in scored.blocks:
        gathered.add(block)
    likelihood = gathered.likelihood
    known = read_keys(judge_keys(scored).table if keys is None else keys)
    coarser, every = grid.coarser(EM_STEP), slice(None, None, EM_STEP)
    answered = np.flatnonzero(gathered.n > 0)
    surfaces = interpolate(grid, likelihood[answered], (every, every))
    prior = estimate_prior(
        coarser,
        surfaces,
        _prior_centre(scored, parameters, against),
        _key_doubts(known, pilots["item_id"].gather(answered).to_list()),
    )
    p, correlations = grid.p_and_correlations(np.array(gathered.criteria).reshape(-1, against.u.size))
    curves = np.full((pilots.height, against.u.size), 0.5)
    curves[answered] = _mean_curves(coarser, surfaces, prior)
    return PilotEvidence(
        pilots=pilots,
        n=gathered.n,
        prior=prior,
        reference=against,
        warnings=gathered.warnings(prior),
        policy=policy,
        grid=grid,
        p=p,
        correlations=correlations,
        criterion_share=gathered.criterion_share(),
        observed=gathered.observed(),
        likelihood=likelihood,
        option_likelihood=tuple(gathered.option_likelihood),
        option_n=tuple(gathered.option_n),
        misfit=gathered.by_ability.misfit(curves),
        times=gathered.times(),
        groups=read_differences(dif),
        keys=known,
        untelling=dict(zip(scored.item_ids, untelling, strict=True)),
    )


def _key_doubts(keys: Mapping[str, KeyEvidence], item_ids: list[str]) -> KeyDoubts:
    found = [keys.get(item_id) for item_id in item_ids]
    return KeyDoubts(
        one_right=np.array([np.nan if key is None else 1.0 - key.other for key in found]),
        wrong=np.array([np.nan if key is None else key.wrong for key in found]),
    )


def _mean_curves(grid: CurveGrid, log_likelihood: FloatArray, prior: PilotPrior) -> FloatArray:
    """Shape (J, Q): the posterior mean of each curve."""
    joint = log_likelihood + prior.log_density(grid)
    weights = np.exp(joint - joint.max(axis=(1, 2), keepdims=True))
    weights = (weights / weights.sum(axis=(1, 2), keepdims=True)).reshape(
        -1, grid.slopes.size * grid.intercepts.size
    )
    result: FloatArray = weights @ grid.curves().T
    return result


def _prior_centre(scored: ScoredResponses, parameters: FloatArray, against: Reference) -> PriorCentre:
    """Pilots are believed to be like the scored items, in population standard deviations."""
    a, b, _ = parameters[np.flatnonzero(scored.scored_somewhere * against.calibrated)].T
    return centre_on_scored_items(against.D * a * against.sd, -against.D * a * (b - against.mean))


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
