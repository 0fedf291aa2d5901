"""Recovery and intervals, a small edition of ``python -m benchmarks.coverage``: pilots missing by design."""

from math import sqrt

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import norm

from benchmarks.coverage import measured
from ciip_irt.errors import InputError
from ciip_irt.irt.estimation.intervals import parameter_intervals
from ciip_irt.irt.estimation.mml import fit_mml
from ciip_irt.irt.models import MODELS
from ciip_irt.irt.priors import BetaPrior, NormalPrior, Priors
from ciip_irt.irt.response_blocks import ResponseBlock

SAMPLES = {"3pl": 12}


@pytest.mark.parametrize("model", MODELS)
def test_intervals_hold_the_truth_and_estimates_are_not_biased(model: str) -> None:
    for line in measured(model, 1000, SAMPLES.get(model, 8)):
        where = f"{model} {line.parameter} of {line.items}"
        assert line.unconverged == 0, where
        assert line.missing < 0.01, where
        # items of a sample share its candidates, so that samples count beside intervals
        error = max(line.error, sqrt(0.95 * 0.05 / line.intervals))
        assert abs(line.share - 0.95) < 0.01 + 4 * error, where
        assert abs(line.rmse / line.mean_se - 1) < 0.35, where
        # priors of the 3pl pull every estimate, which its intervals allow for
        allowed = 0.15 if model == "3pl" else 0.03
        assert abs(line.bias) < allowed + 4 * line.rmse / sqrt(line.intervals), where


def sample(model: str, n: int = 500) -> tuple[list[ResponseBlock], Priors]:
    rng = np.random.default_rng(4)
    p = expit(np.linspace(0.7, 1.6, 12) * (rng.normal(size=(n, 1)) - np.linspace(-1, 1, 12)))
    if model == "3pl":
        p = 0.2 + 0.8 * p
    priors = Priors(NormalPrior(0.0, 0.4), None, BetaPrior(6, 18) if model == "3pl" else None)
    return [ResponseBlock(np.arange(12), (rng.random(p.shape) < p).astype(np.int8))], priors


def test_without_priors_slopes_are_symmetric_on_the_scale_of_their_root() -> None:
    blocks, _ = sample("2pl")
    fit = fit_mml(blocks, "2pl", 12)
    low, high = parameter_intervals(fit, level=0.9)
    z = norm.ppf(0.95)
    a, se = fit.parameters[:, 0], fit.standard_errors[:, 0]
    assert low[:, 0] == pytest.approx((np.sqrt(a) - z * se / (2 * np.sqrt(a))) ** 2)
    assert np.sqrt(low[:, 0]) + np.sqrt(high[:, 0]) == pytest.approx(2 * np.sqrt(a))
    assert (high + low)[:, 1] == pytest.approx(2 * fit.parameters[:, 1])
    assert np.isnan(low[:, 2]).all()


def test_a_slope_that_may_be_negative_says_so() -> None:
    blocks, _ = sample("2pl", 300)
    scores = blocks[0].scores.copy()
    scores[:, 0] = np.random.default_rng(1).random(300) < 0.5
    fit = fit_mml([ResponseBlock(np.arange(12), scores)], "2pl", 12)
    low, high = parameter_intervals(fit)
    assert low[0, 0] < 0 < high[0, 0]


@pytest.mark.parametrize("model", ["1pl", "2pl", "3pl"])
def test_with_priors_intervals_are_centred_on_the_mode_in_logs(model: str) -> None:
    """Against a fit whose priors are changed so that its maximum is that of the density in logs.

    A density of a of lognormal (m, s) has its maximum where the density of log a has for m - s^2; Beta
    (alpha, beta) of c where that of the log-odds has for (alpha - 1, beta - 1).
    """
    blocks, priors = sample(model)
    fit = fit_mml(blocks, model, 12, priors=priors)
    moved = Priors(
        NormalPrior(priors.log_a.mean + priors.log_a.sd**2, priors.log_a.sd),  # type: ignore[union-attr,operator]
        None,
        BetaPrior(7, 19) if model == "3pl" else None,
    )
    wanted = fit_mml(blocks, model, 12, priors=moved, tolerance=1e-8).parameters
    low, high = parameter_intervals(fit, priors)
    center = np.sqrt(low[:, 0] * high[:, 0])
    step = np.abs(np.log(wanted[:, 0] / fit.parameters[:, 0]))
    # one Newton step leads nearly all the way
    assert np.abs(np.log(center / wanted[:, 0])).max() < 0.25 * step.max() + 1e-4
    assert np.abs((low + high)[:, 1] / 2 - wanted[:, 1]).max() < 0.03
    if model == "3pl":
        odds = np.log(low[:, 2] / (1 - low[:, 2])) + np.log(high[:, 2] / (1 - high[:, 2]))
        assert np.abs(expit(odds / 2) - wanted[:, 2]).max() < 0.005


def test_a_level_that_is_no_share_is_refused() -> None:
    blocks, _ = sample("2pl")
    with pytest.raises(InputError, match="level 95"):
        parameter_intervals(fit_mml(blocks, "2pl", 12), level=95)
