"""Priors learnt from a bank: what they are, and whether they help with a hundred answers."""

import numpy as np
import pytest

from ciip_irt.irt.estimation.mml import fit_mml
from ciip_irt.irt.models.logistic import probability
from ciip_irt.irt.priors import NormalPrior, Priors, empirical_priors
from ciip_irt.irt.response_blocks import ResponseBlock

N_ANCHORS, N_PILOTS = 60, 12
BLOCK = 1.2  # the pilots are hard


def test_estimation_errors_are_taken_out_of_the_spread() -> None:
    rng = np.random.default_rng(1)
    n = 4000
    log_a, b, c = rng.normal(-0.1, 0.25, n), rng.normal(-0.8, 1.1, n), rng.beta(8, 30, n)
    errors = np.column_stack((np.full(n, 0.2) * np.exp(log_a), np.full(n, 0.5), np.full(n, 0.04)))
    seen = np.column_stack((np.exp(log_a + rng.normal(0, 0.2, n)), b, c))
    seen[:, 1:] += rng.normal(size=(n, 2)) * errors[:, 1:]
    priors = empirical_priors(seen, errors, "3pl")
    assert priors.log_a is not None
    assert priors.b is not None
    assert priors.c is not None
    assert priors.log_a.mean == pytest.approx(-0.1, abs=0.02)
    assert priors.log_a.sd == pytest.approx(0.25, abs=0.03)
    assert priors.b.mean is None
    assert priors.b.sd == pytest.approx(1.1, abs=0.05)
    assert priors.c.alpha / (priors.c.alpha + priors.c.beta) == pytest.approx(8 / 38, abs=0.01)
    assert priors.c.alpha + priors.c.beta == pytest.approx(38, rel=0.15)


def test_each_model_gets_the_priors_of_its_own_parameters() -> None:
    bank = np.column_stack((np.full(9, 0.9), np.linspace(-1, 1, 9), np.full(9, 0.2)))
    nothing = np.full((9, 3), np.nan)
    assert empirical_priors(bank, nothing, "rasch").log_a is None
    assert empirical_priors(bank, nothing, "1pl").log_a is None
    two = empirical_priors(bank, nothing, "2pl")
    assert two.c is None
    assert two.log_a is not None
    assert two.log_a.sd == pytest.approx(0.1)  # alike as they are, new items may differ


def recovery(model: str, seeds: range) -> dict[str, np.ndarray]:
    """Estimates less truth (runs, pilots, [log a, b]) of pilots with 100 answers each, by kind of prior."""
    found: dict[str, list[np.ndarray]] = {"bank": [], "none": [], "centred at 0": []}
    for seed in seeds:
        rng = np.random.default_rng(seed)
        n = N_ANCHORS + N_PILOTS
        a = rng.lognormal(0, 0.25, n) if model == "2pl" else np.ones(n)
        items = np.column_stack((a, rng.normal(0, 0.8, n), np.zeros(n)))
        items[N_ANCHORS:, 1] += BLOCK
        p = probability(items, rng.normal(0.3, 0.9, 100))[:, :, 1]
        blocks = [ResponseBlock(np.arange(n), (rng.random(p.shape) < p).astype(np.int8))]
        held = items.copy()
        held[N_ANCHORS:] = np.nan
        bank = empirical_priors(items[:N_ANCHORS], np.full((N_ANCHORS, 3), np.nan), model)
        assert bank.b is not None
        priors = {
            "bank": bank,
            "none": Priors(),
            "centred at 0": Priors(bank.log_a, NormalPrior(0.0, bank.b.sd)),
        }
        for kind, prior in priors.items():
            fit = fit_mml(blocks, model, n, fixed=held, priors=prior, standard_errors="none")
            slope = np.maximum(fit.parameters[:, 0], 0.1)  # without a prior even negative ones come out
            away = np.column_stack((np.log(slope / a), fit.parameters[:, 1] - items[:, 1]))
            found[kind].append(away[N_ANCHORS:])
    return {kind: np.array(away) for kind, away in found.items()}


@pytest.mark.parametrize("model", ["rasch", "2pl"])
def test_a_hundred_answers_are_better_used_with_the_bank_s_priors(model: str) -> None:
    away = recovery(model, range(12))
    rmse = {kind: np.sqrt(np.mean(value**2, axis=(0, 1))) for kind, value in away.items()}
    assert rmse["bank"][1] < rmse["none"][1]
    if model == "2pl":
        assert rmse["bank"][0] < 0.8 * rmse["none"][0]
        assert rmse["bank"][1] < 0.9 * rmse["none"][1]


def test_a_hard_block_is_not_pulled_to_zero() -> None:
    """Babcock and Hodge (2020): a mean fixed at 0 makes hard pilots too easy."""
    away = recovery("2pl", range(30, 42))
    bias = {kind: float(value[..., 1].mean()) for kind, value in away.items()}
    assert abs(bias["bank"]) < 0.08
    assert bias["centred at 0"] < -0.12
