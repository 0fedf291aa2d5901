"""Evidence: what was observed, against plain correlations; what is unknown stays unknown."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from oracles.item_posterior import item_posterior

from ciip_irt.bank import ItemBank
from ciip_irt.errors import InputError
from ciip_irt.pilots.decision.criteria import CRITERIA
from ciip_irt.pilots.decision.decide import review
from ciip_irt.pilots.decision.evidence_table import EVIDENCE_SCHEMA, evidence_row
from ciip_irt.pilots.decision.joint_probability import all_hold, judge
from ciip_irt.pilots.decision.verdict import verdict
from ciip_irt.pilots.evidence.curves import interpolate
from ciip_irt.pilots.evidence.item_evidence import CurvePosterior, ItemEvidence, Observed
from ciip_irt.pilots.evidence.reference import estimate_population
from ciip_irt.pilots.evidence.review_evidence import gather_evidence
from ciip_irt.pilots.policy import load_policy
from ciip_irt.responses import score

POLICY = replace(
    load_policy(), b_low=-4.0, b_high=2.0, theta_cut=-0.5, information_low=0.02, fit_minimum_n=50,
    time_seconds=90.0,
)  # fmt: skip


@pytest.fixture(scope="module")
def programme(plant: Callable[..., Any]) -> Any:
    return plant(80, n_blocks=2, n_pilots=10, n_scored=40, seed=3)


@pytest.fixture(scope="module")
def evidence(programme: Any) -> Any:
    rng = np.random.default_rng(11)
    blocks = tuple(
        replace(block, times=rng.lognormal(4.2, 0.5, block.scores.shape).astype(np.float32))
        for block in programme.scored.blocks
    )
    dif = pl.DataFrame(
        {"item_id": [f"P{k:03d}" for k in range(20)], "grouping": "region", "reference": "north",
         "focal": "south", "n_reference": 45, "n_focal": 35, "d_dif": -1.2, "prob_c": 0.1}
    )  # fmt: skip
    scored = replace(programme.scored, blocks=blocks)
    return gather_evidence(scored, programme.parameters, mean=0.0, sd=1.0, policy=POLICY, dif=dif)


def test_observed_statistics_are_plain_ones(programme: Any, evidence: Any) -> None:
    totals = programme.scored.totals
    items = list(programme.scored.item_ids)
    for k in (0, 7, 15):
        item = evidence.item(k)
        row = items.index(item.item_id)
        block = next(b for b in programme.scored.blocks if row in b.items)
        x = block.scores[:, list(block.items).index(row)]
        assert item.n == 80
        assert item.observed.p == pytest.approx(x.mean())
        expected = np.corrcoef(x, totals[block.persons])[0, 1]
        # pooled within the form: the criterion is centred on the form's mean, not on the block's
        assert item.observed.r == pytest.approx(expected, abs=1e-9)
        assert item.observed.r_low < item.observed.r < item.observed.r_high


def test_the_posterior_is_the_exact_item_posterior_under_the_same_prior(
    programme: Any, evidence: Any
) -> None:
    item = evidence.item(4)
    row = list(programme.scored.item_ids).index(item.item_id)
    block = next(b for b in programme.scored.blocks if row in b.items)
    x = block.scores[:, list(block.items).index(row)]
    reference = evidence.reference
    scored = block.scores[:, block.is_scored].astype(float)
    a, b, _ = programme.parameters[block.items[block.is_scored]].T
    right = 1 / (1 + np.exp(-a * (reference.u[:, None] - b)))
    log_l = scored @ np.log(right).T + (1 - scored) @ np.log(1 - right).T
    abilities = np.exp(log_l - log_l.max(axis=1, keepdims=True)) * reference.weights
    abilities /= abilities.sum(axis=1, keepdims=True)
    log_prior = evidence.prior.log_density(evidence.grid)
    slope = int(np.argmin(np.abs(evidence.grid.slopes - 0.5)))
    here = np.isclose(item.posterior.slopes, evidence.grid.slopes[slope])
    d = item.posterior.intercepts[here]
    prior = log_prior[slope, np.searchsorted(evidence.grid.intercepts, d - 1e-9)]
    exact = item_posterior(
        abilities, reference.u, x,
        a_grid=evidence.grid.slopes[[slope]], b_grid=(-d / evidence.grid.slopes[slope])[::-1],
        log_prior=prior[None, ::-1],
    )  # fmt: skip
    given_slope = item.posterior.weights[here] / item.posterior.weights[here].sum()
    np.testing.assert_allclose(given_slope, exact.weights[0, ::-1], atol=1e-5)


def test_the_probability_is_that_of_a_sum_over_all_curves_person_by_person(
    programme: Any, evidence: Any
) -> None:
    """By brute force: no knots, no splines, no likely part; the prior of pilots whose key is right."""
    reference, prior = evidence.reference, evidence.prior
    grid = evidence.grid.coarser(3)
    grid = replace(grid, slopes=grid.slopes[grid.slopes > -1.2])
    density = np.exp(prior.one_right_log_density(grid))
    s, d = np.meshgrid(grid.slopes, grid.intercepts, indexing="ij")
    curves = 1 / (1 + np.exp(-(d + s * reference.u[:, None, None])))
    a, b, _ = programme.parameters.T
    for k in (2, 9, 17):
        item = evidence.item(k)
        row = list(programme.scored.item_ids).index(item.item_id)
        block = next(one for one in programme.scored.blocks if row in one.items)
        x = block.scores[:, list(block.items).index(row)]
        known = block.items[block.is_scored]
        right = 1 / (1 + np.exp(-a[known] * (reference.u[:, None] - b[known])))
        answers = block.scores[:, block.is_scored]
        chance = np.where(answers[:, None, :] == 1, right, 1 - right).prod(axis=2) * reference.weights
        chance /= chance.sum(axis=1, keepdims=True)
        p_right = np.tensordot(chance, curves, 1)
        log_l = np.where((x == 1)[:, None, None], np.log(p_right), np.log1p(-p_right)).sum(axis=0)
        weight = density * np.exp(log_l - log_l.max())
        p = np.tensordot(reference.weights, curves, 1)
        tau, noise = right.sum(axis=1), (right * (1 - right)).sum(axis=1)
        off = tau - reference.weights @ tau
        r = np.tensordot(reference.weights * off, curves, 1)
        r /= np.sqrt((reference.weights @ (off**2 + noise)) * p * (1 - p))
        good = (r > 0.1) & (p >= 0.25) & (p <= 0.97)
        one_right = 1 - item.key.wrong - item.key.two_right
        expected = min(one_right * weight[good].sum() / weight.sum(), item.key.right)
        policy = replace(load_policy(), fit_rmsd=None, dif_doubt=None)
        assert all_hold(item, judge(item, policy)) == pytest.approx(expected, abs=0.004)


def test_probabilities_are_those_of_draws_from_the_posterior(evidence: Any) -> None:
    item = evidence.item(2)
    results = judge(item, POLICY)
    posterior = item.posterior
    draws = np.random.default_rng(5).choice(posterior.weights.size, 200_000, p=posterior.weights)
    s, d = posterior.slopes[draws], posterior.intercepts[draws]
    u = evidence.reference.u
    w = evidence.reference.weights
    some = slice(0, 4000)
    p = (1 / (1 + np.exp(-(d[some, None] + s[some, None] * u)))) @ w
    np.testing.assert_allclose(p, posterior.p[draws[some]], atol=1e-9)
    inside = (posterior.p[draws] >= POLICY.p_low) & (posterior.p[draws] <= POLICY.p_high)
    r_high = posterior.r[draws] > POLICY.r_low
    with np.errstate(divide="ignore"):
        b = np.where(s > 1e-9, -d / np.where(s == 0, 1, s), -np.inf)
    right = 1 / (1 + np.exp(-(d + s * POLICY.theta_cut)))
    informative = (s**2 * right * (1 - right) >= POLICY.information_low) & (s > 0)
    useful = (b >= POLICY.b_low) & (b <= POLICY.b_high)
    for name, holds in (("p", inside), ("r", r_high), ("b", useful), ("information", informative)):
        assert results[name].probability == pytest.approx(holds.mean(), abs=0.006)
    together = (inside & r_high & useful & informative).mean()
    apart = np.prod([results[name].probability for name in ("dif", "fit", "time")])
    key, wrong_by_curve = item.key, posterior.mean(posterior.wrong)
    one_right = together * (1.0 - key.wrong - key.two_right) / (1.0 - wrong_by_curve)
    expected = min(one_right, key.right) * apart
    assert all_hold(item, results) == pytest.approx(expected, abs=0.006)
    assert results["dif"].probability == pytest.approx(0.9)
    assert item.posterior.edge_weight < 1e-3


def test_no_likely_curve_is_left_out(evidence: Any) -> None:
    grid, k = evidence.grid, 6
    everywhere = interpolate(grid, evidence.likelihood[k]) + evidence.prior.log_density(grid)
    weights = np.exp(everywhere - everywhere.max())
    weights /= weights.sum()
    posterior = evidence.item(k).posterior
    for low, high in ((-9.0, -0.2), (-0.2, 0.1), (0.1, 0.3), (1.5, 9.0)):
        inside = (grid.slopes > low) & (grid.slopes <= high)
        here = (posterior.slopes > low) & (posterior.slopes <= high)
        assert posterior.weights[here].sum() == pytest.approx(weights[inside].sum(), abs=1e-8)
    tail = weights[:, grid.intercepts > 3.0].sum()
    assert posterior.weights[posterior.intercepts > 3.0].sum() == pytest.approx(tail, abs=1e-8)


def test_the_criterion_is_the_standardised_expected_total(programme: Any, evidence: Any) -> None:
    block = programme.scored.blocks[0]
    a, b, _ = programme.parameters[block.items[block.is_scored]].T
    ability = np.random.default_rng(9).normal(size=200_000)
    right = 1 / (1 + np.exp(-a * (ability[:, None] - b)))
    total = (np.random.default_rng(10).random(right.shape) < right).sum(axis=1)
    near = np.abs(ability - 1.0) < 0.02
    expected = (total[near].mean() - total.mean()) / total.std()
    z = evidence.reference.criterion(block)
    assert np.interp(1.0, evidence.reference.u, z) == pytest.approx(expected, abs=0.03)


def test_what_pilots_are_said_to_be_does_not_count_as_knowledge(programme: Any, evidence: Any) -> None:
    told = programme.parameters.copy()
    told[np.isnan(told).any(axis=1)] = [2.0, 1.0, 0.0]  # a calibration has estimates for pilots too
    again = gather_evidence(programme.scored, told, mean=0.0, sd=1.0, policy=POLICY)
    np.testing.assert_array_equal(again.likelihood, evidence.likelihood)
    assert again.prior == evidence.prior


def test_the_table_holds_what_lies_beside_the_curve(evidence: Any) -> None:
    item = evidence.item(0)
    row = evidence_row(item, verdict(item, POLICY), POLICY)
    assert set(row) == set(EVIDENCE_SCHEMA)
    assert (row["dif_between"], row["d_dif"]) == ("region: north, south", -1.2)
    assert row["rmsd"] == pytest.approx(item.misfit.rmsd)
    assert row["mean_time_s"] == pytest.approx(np.exp(4.2 + 0.5**2 / 2), rel=0.2)
    assert row["probability_time"] == pytest.approx(1.0, abs=0.3)


def test_a_falling_curve_has_no_useful_difficulty() -> None:
    posterior = CurvePosterior(
        slopes=np.array([-0.5, 0.5]), intercepts=np.zeros(2), p=np.full(2, 0.5), r=np.array([-0.2, 0.2]),
        weights=np.array([0.3, 0.7]), at_edge=np.zeros(2, dtype=bool),
    )  # fmt: skip
    item = ItemEvidence(
        "I", "A", 100, Observed(*[0.5] * 6), posterior, (), np.array([-0.5, 0.5]), np.zeros(2),
        np.full(2, 0.06),
    )  # fmt: skip
    for name in ("b", "information"):
        found = CRITERIA[name].judge(item, POLICY)
        assert found is not None
        assert found.probability == pytest.approx(0.7)


@pytest.mark.parametrize("name", CRITERIA)
def test_every_criterion_speaks_in_words_and_knows_what_it_does_not_know(
    programme: Any, evidence: Any, name: str
) -> None:
    known = CRITERIA[name].judge(evidence.item(0), POLICY)
    assert known is not None
    assert known.probability is not None
    assert 0.0 <= known.probability <= 1.0
    assert known.words
    assert not known.words.endswith(".")
    if known.holds is not None:
        assert known.holds.shape == evidence.item(0).posterior.weights.shape
    nobody = pl.DataFrame({"item_id": ["NEW"], "domain": ["A"], "key": ["B"], "options": ["ABCD"]})
    alone = gather_evidence(
        programme.scored, programme.parameters, mean=0.0, sd=1.0, policy=POLICY, pilots=nobody
    )
    unknown = CRITERIA[name].judge(alone.item(0), POLICY)
    assert unknown is not None
    assert unknown.probability is None
    decided = verdict(alone.item(0), POLICY)
    assert (decided.decision, decided.probability, decided.more_needed) == ("hold", None, 50)
    assert "Nobody has answered it yet" in decided.reasons


def test_criteria_that_the_policy_does_not_ask_for_are_not_applied(evidence: Any) -> None:
    bare = replace(
        POLICY, b_low=None, b_high=None, information_low=None, key_doubt=None, dif_doubt=None, fit_rmsd=None,
        time_seconds=None,
    )  # fmt: skip
    assert set(judge(evidence.item(0), bare)) == {"p", "r"}


def test_without_options_the_key_is_unknown_and_does_not_stand_in_the_way(evidence: Any) -> None:
    item = replace(evidence.item(0), distractors=(), key=None)
    results = judge(item, POLICY)
    assert results["key"].probability is None
    assert all_hold(item, results) is not None


def test_the_population_is_found_on_the_scale_of_fixed_items(plant: Callable[..., Any]) -> None:
    programme = plant(500, n_blocks=1, n_pilots=5, n_scored=60, seed=8)
    shifted = programme.parameters * [0.5, 2.0, 1.0] + [0.0, 3.0, 0.0]  # theta' = 2 theta + 3
    mean, sd = estimate_population(programme.scored, shifted)
    assert mean == pytest.approx(3.0, abs=0.25)
    assert sd == pytest.approx(2.0, abs=0.25)
    here = gather_evidence(programme.scored, programme.parameters, mean=0.0, sd=1.0, policy=POLICY)
    there = gather_evidence(programme.scored, shifted, mean=3.0, sd=2.0, policy=POLICY)
    np.testing.assert_allclose(
        here.item(1).posterior.r @ here.item(1).posterior.weights,
        there.item(1).posterior.r @ there.item(1).posterior.weights,
        rtol=1e-9,
    )


def test_two_forms_and_a_pilot_scored_elsewhere() -> None:
    rng = np.random.default_rng(2)
    scored_items, rows = [f"S{k}" for k in range(20)], []
    for form, own in (("F1", scored_items[:15]), ("F2", scored_items[5:])):
        for i in range(60):
            theta = rng.normal()
            for item in [*own, "P1", "P2"]:
                right = rng.random() < 1 / (1 + np.exp(-theta - 0.5))
                role = "scored" if item[0] == "S" or (item == "P2" and form == "F2") else "pilot"
                rows.append((f"{form}{i}", form, item, "A" if right else "B", role))
    log = pl.DataFrame(
        rows, schema=["delivery_id", "form_id", "item_id", "response", "role"], orient="row"
    ).with_columns(
        candidate_id="delivery_id",
        attempt=pl.lit("1"),
        status=pl.lit("answered"),
    )
    bank = ItemBank.from_frame(
        pl.DataFrame(
            {
                "item_id": [*scored_items, "P1", "P2"],
                "domain": "A",
                "status": ["scored"] * 20 + ["pilot"] * 2,
                "key": "A",
                "options": "ABC",
                "b": [-1.5 + 0.1 * k for k in range(20)] + [None] * 2,
            }
        )
    )
    scored = score(log, bank)
    evidence = gather_evidence(scored, bank.parameters(scored.item_ids), mean=0.0, sd=1.0, policy=POLICY)
    assert evidence.n.tolist() == [120, 60]
    assert evidence.criterion_share.tolist() == [[0.5, 0.5], [1.0, 0.0]]
    assert any("scored on some forms" in text for text in evidence.warnings)
    assert any("Only 2 pilots" in text for text in evidence.warnings)
    # the pooled R is the correlation within forms
    x, y = [], []
    for block in scored.blocks:
        column = list(block.items).index(list(scored.item_ids).index("P1"))
        x.append(block.scores[:, column])
        y.append(scored.totals[block.persons] - scored.totals[block.persons].mean())
    assert evidence.item(0).observed.r == pytest.approx(
        np.corrcoef(np.concatenate(x), np.concatenate(y))[0, 1]
    )


def test_everything_wrong_with_the_input_is_said_at_once(programme: Any) -> None:
    with pytest.raises(InputError) as caught:
        gather_evidence(
            programme.scored, programme.parameters * np.nan, mean=np.nan, sd=0.0, D=-1.0, policy=POLICY
        )
    said = str(caught.value)
    assert "no scored item is calibrated" in said
    assert "reference population" in said
    assert "scaling constant" in said
    with pytest.raises(InputError, match="do not fit 60 items"):
        gather_evidence(programme.scored, np.ones((3, 3)), mean=0.0, sd=1.0, policy=POLICY)


def test_a_bank_without_pilots_has_nothing_to_review(programme: Any) -> None:
    bank = ItemBank.from_frame(programme.bank.items.filter(pl.col("status") != "pilot"))
    answers = programme.log.filter(pl.col("item_id").is_in(bank.item_ids))
    scored = score(answers, bank)
    known = dict(zip(programme.scored.item_ids, programme.parameters, strict=True))
    evidence = gather_evidence(
        scored,
        np.array([known[item_id] for item_id in scored.item_ids]),
        mean=0.0,
        sd=1.0,
        policy=POLICY,
        pilots=bank.items.filter(pl.col("status") == "pilot"),
    )
    found = review(evidence, POLICY, scored.provenance)
    assert found.decisions.is_empty()
    assert found.summary() == "The bank has no item with status 'pilot': there is nothing to review."


def test_pilots_nobody_has_met_are_not_told_as_held(programme: Any) -> None:
    new = programme.bank.items.filter(item_id="P000").with_columns(item_id=pl.lit("NEW"))
    pilots = pl.concat([programme.bank.items.filter(pl.col("status") == "pilot"), new])
    evidence = gather_evidence(
        programme.scored, programme.parameters, mean=0.0, sd=1.0, policy=POLICY, pilots=pilots
    )
    found = review(evidence, POLICY, programme.scored.provenance)
    held = found.decisions.filter((pl.col("decision") == "hold") & (pl.col("n") > 0)).height
    assert f" {held} held, " in found.summary()
    assert found.summary().splitlines()[0].endswith(", 1 without an answer that counts (policy 'default').")
