"""One programme of 200 pilots, reviewed at each look, beside Bayes' rule and the fixed rules."""

import numpy as np
import polars as pl

from benchmarks.decisions.bayes import bayes_rule
from benchmarks.decisions.worlds import World
from ciip_irt.pilots.decision.joint_probability import all_hold, judge
from ciip_irt.pilots.evidence import PilotEvidence, estimate_population, gather_evidence
from ciip_irt.pilots.policy import load_policy
from ciip_irt.pilots.simulate.true_programme import SimulatedPilots, TrueProgramme, simulate_pilots
from ciip_irt.responses import ScoredResponses

__all__ = ["PILOTS", "evidence_at", "review_programme", "stated"]

PILOTS = 200


def evidence_at(
    programme: TrueProgramme, simulated: SimulatedPilots, n: int
) -> tuple[PilotEvidence, ScoredResponses]:
    """As a review gathers it, the population estimated."""
    scored = simulated.answers(n)
    mean, sd = estimate_population(scored, simulated.parameters, programme.D)
    evidence = gather_evidence(
        scored, simulated.parameters, mean=mean, sd=sd, D=programme.D, policy=load_policy(),
        pilots=simulated.pilots,
    )  # fmt: skip
    return evidence, scored


def stated(evidence: PilotEvidence) -> pl.DataFrame:
    """By pilot: the probability on the sheet, its parts, the interval of R, what was observed."""
    policy = load_policy()
    rows = []
    for item in evidence:
        results = judge(item, policy)
        r = item.posterior.r
        assert r is not None
        low, high = item.posterior.interval(r)
        rows.append({
            "item_id": item.item_id, "stated": all_hold(item, results), "low": low, "high": high,
            **{name: found.probability for name, found in results.items()},
            "p_observed": item.observed.p, "r_observed": item.observed.r,
        })  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None)


def review_programme(name: str, world: World, place: int) -> pl.DataFrame:
    """Every pilot at every look of the world's ``place``-th programme."""
    programme = world.make()
    seed = [2026, sum(name.encode()), place]
    simulated = simulate_pilots(programme, max(world.looks), PILOTS, np.random.default_rng(seed))
    frames = []
    for n in world.looks:
        evidence, scored = evidence_at(programme, simulated, n)
        best = bayes_rule(programme, evidence, scored)
        bayes = {"bayes": best[:, 0], "bayes_low": best[:, 1], "bayes_high": best[:, 2]}
        frames.append(
            simulated.truth.join(stated(evidence), on="item_id", maintain_order="left")
            .with_columns(world=pl.lit(name), programme=pl.lit(place), n=pl.lit(n), **{
                key: pl.Series(values) for key, values in bayes.items()
            })
        )  # fmt: skip
    return pl.concat(frames, how="diagonal_relaxed")
