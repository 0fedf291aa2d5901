"""How good could any rule be? The review beside Bayes' rule with the true generating distribution.

    python docs/pilot_bound.py [--pilots 2400] [--out docs/figures]

The first world of pilot_probabilities.py: what pilots are like is known exactly here (shares of flawed items,
distribution of slopes and difficulties, of p of flat items, how wrong answers spread over distractors), and
so is every item's probability to be good, given the answers and the options chosen. No rule that sees the
same answers can promote more good items with the same share of bad ones. Writes pilot_bound.csv: by number
of answers, the share of good items promoted and of bad ones among the promoted for the review and for Bayes'
rule at the same limits, and for Bayes' rule at the limit where its share of bad ones is that of the review.
"""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
from pilot_probabilities import ANSWERS, worlds
from scipy.special import gammaln, logsumexp

from ciip_irt.pilots.decision import verdict
from ciip_irt.pilots.evidence import (
    CurveGrid,
    PilotEvidence,
    estimate_population,
    gather_evidence,
    interpolate,
)
from ciip_irt.pilots.policy import load_policy
from ciip_irt.pilots.simulate.true_programme import (
    FLAT_P,
    GOOD_P,
    GOOD_R,
    POPULARITY,
    SPREAD_LOG_SLOPE,
    WIDER,
    TrueProgramme,
    simulate_pilots,
)

PROGRAMME = 200
SHARES = {"sound": 0.8, "flat": 0.1, "wrong key": 0.1}
NEVER = -1e3
EVERY = slice(None, None, 2), slice(None, None, 2)  # of the grid of curves: enough for sums


def sound_log_density(programme: TrueProgramme, grid: CurveGrid) -> np.ndarray:
    """Shape (S, D): log a normal, b normal and independent of it, as ``planted`` draws them."""
    a, b, _ = programme.scored.T
    log_a = np.log(a)
    s = grid.slopes[:, None]
    log_s = np.log(np.where(s > 1e-9, s, 1.0))
    spread = max(SPREAD_LOG_SLOPE, float(log_a.std()))
    by_slope = np.where(s > 1e-9, -log_s - 0.5 * ((log_s - log_a.mean()) / spread) ** 2, NEVER)
    sd = np.maximum(np.abs(s) * WIDER * b.std(), 0.02)
    by_intercept = -0.5 * ((grid.intercepts[None, :] + s * b.mean()) / sd) ** 2
    by_intercept -= logsumexp(by_intercept, axis=1, keepdims=True)
    return by_slope - logsumexp(by_slope) + by_intercept


def flat_log_density(grid: CurveGrid) -> np.ndarray:
    """Shape (D,): p uniform."""
    p = 1.0 / (1.0 + np.exp(-grid.intercepts))
    inside = (p >= FLAT_P[0]) & (p <= FLAT_P[1])
    density = np.where(inside, p * (1.0 - p), 1e-300)
    return np.log(density / density.sum())


def spread_over(counts: list[int]) -> float:
    """Log probability of how wrong answers spread over three distractors."""
    weights, n = np.array(POPULARITY), np.array(counts)
    total = gammaln(weights.sum()) - gammaln(weights.sum() + n.sum())
    return float(total + np.sum(gammaln(weights + n) - gammaln(weights)))


def good_by_bayes(programme: TrueProgramme, evidence: PilotEvidence, credited: int, k: int) -> float:
    """Probability that pilot k is good, from everything that generated it."""
    whole = evidence.grid
    grid = whole.coarser(2)
    counts, surfaces = evidence.option_n[k], evidence.option_likelihood[k]
    assert counts is not None
    assert surfaces is not None
    r = np.tensordot(evidence.criterion_share[k], evidence.correlations[:, ::2, ::2], 1)
    p = evidence.p[EVERY]
    good = (r >= GOOD_R) & (p >= GOOD_P[0]) & (p <= GOOD_P[1])
    sound = sound_log_density(programme, grid)
    of_key = interpolate(whole, evidence.likelihood[k], EVERY)
    others = [option for option in range(4) if option != credited]
    as_distractors = spread_over([int(counts[option]) for option in others])
    level = int(np.argmin(np.abs(grid.slopes)))
    parts = {
        "good": np.log(SHARES["sound"]) + logsumexp((of_key + sound)[good]) + as_distractors,
        "sound": np.log(SHARES["sound"]) + logsumexp(of_key + sound) + as_distractors,
        "flat": np.log(SHARES["flat"]) + logsumexp(of_key[level] + flat_log_density(grid)) + as_distractors,
    }
    for right in others:
        rest = [option for option in others if option != right]
        parts[f"right is {right}"] = (
            np.log(SHARES["wrong key"] / len(others))
            + logsumexp(interpolate(whole, surfaces[right], EVERY) + sound)
            + spread_over([int(counts[credited]), *(int(counts[option]) for option in rest)])
        )
    certain = logsumexp([part for name, part in parts.items() if name != "good"])
    return float(np.exp(parts["good"] - certain))


def review_programme(programme: TrueProgramme, seed: tuple[int, int]) -> pl.DataFrame:
    policy = load_policy()
    simulated = simulate_pilots(programme, ANSWERS[-1], PROGRAMME, np.random.default_rng(seed))
    keys = [0 if kind != "wrong_key" else 1 for kind in simulated.truth["kind"]]
    frames = []
    for n in ANSWERS:
        scored = simulated.answers(n)
        mean, sd = estimate_population(scored, simulated.parameters, programme.D)
        evidence = gather_evidence(
            scored,
            simulated.parameters,
            mean=mean,
            sd=sd,
            D=programme.D,
            policy=policy,
            pilots=simulated.pilots,
        )
        stated = [verdict(item, policy).probability for item in evidence]
        bayes = [good_by_bayes(programme, evidence, keys[k], k) for k in range(PROGRAMME)]
        frames.append(simulated.truth.select("kind", "good").with_columns(
            n=pl.lit(n), review=pl.Series(stated), bayes=pl.Series(bayes)
        ))  # fmt: skip
    return pl.concat(frames)


def rates(part: pl.DataFrame, rule: str, limit: float, give_up: float) -> dict[str, float]:
    promoted = part.filter(pl.col(rule) >= limit)
    good = part.filter("good")
    return {
        "limit": limit,
        "good_promoted": float((good[rule] >= limit).mean()),  # type: ignore[arg-type]
        "good_lost": float((good[rule] <= give_up).mean()),  # type: ignore[arg-type]
        "bad_of_promoted": float((promoted["kind"] != "sound").mean()),  # type: ignore[arg-type]
    }


def limit_with_bad_share(part: pl.DataFrame, rule: str, share: float) -> float:
    """The lowest limit at which no more than ``share`` of the promoted are bad."""
    ranked = part.sort(rule, descending=True)
    so_far = (ranked["kind"] != "sound").cum_sum() / np.arange(1, ranked.height + 1)
    allowed = np.flatnonzero(so_far.to_numpy() <= share)
    return float(ranked[rule][int(allowed[-1])])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pilots", type=int, default=2400)
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent / "figures")
    arguments = parser.parse_args()
    programme, policy = replace(worlds()["model"], flaws={"flat": 0.5, "wrong_key": 0.5}), load_policy()
    seeds = [(97, place) for place in range(arguments.pilots // PROGRAMME)]
    with ProcessPoolExecutor(2) as pool:
        reviews = pl.concat(list(pool.map(review_programme, [programme] * len(seeds), seeds)))
    rows = []
    for n in ANSWERS:
        part = reviews.filter(n=n)
        ours = rates(part, "review", policy.promote, policy.give_up)
        same_bad = limit_with_bad_share(part, "bayes", ours["bad_of_promoted"])
        for rule, found in (
            ("review", ours),
            ("Bayes at the same limit", rates(part, "bayes", policy.promote, policy.give_up)),
            ("Bayes with the same share of bad", rates(part, "bayes", same_bad, policy.give_up)),
        ):
            rows.append({"n": n, "rule": rule, **found})
    table = pl.DataFrame(rows)
    table.write_csv(arguments.out / "pilot_bound.csv", float_precision=4)
    with pl.Config(tbl_rows=20, tbl_width_chars=140):
        sys.stdout.write(f"{table}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
