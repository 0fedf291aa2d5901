"""Class probabilities of DIF: stated and true agree, and no certainty comes from a plugged-in variance."""

import numpy as np
import pytest

from ciip_irt.classical.dif_classes import class_probabilities


def programme(
    seed: int, tau: float, share: float, items: int = 300
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    clear = rng.random(items) < share
    true = rng.normal(0, np.where(clear, 2.0, tau))
    se = rng.uniform(0.3, 1.4, items)
    return true, true + rng.normal(0, se), se


@pytest.mark.parametrize(("tau", "share"), [(0.0, 0.03), (0.2, 0.1), (0.5, 0.05), (0.7, 0.2)])
def test_stated_probabilities_hold(tau: float, share: float) -> None:
    stated, true = [], []
    for seed in range(30):
        d, observed, se = programme(seed, tau, share)
        found = class_probabilities(observed, se, np.ones(len(d), dtype=bool)).probability
        assert found.sum(axis=0) == pytest.approx(1.0)
        stated.append(found[2])
        true.append(np.abs(d) > 1.5)
    p, is_c = np.concatenate(stated), np.concatenate(true)
    for low, high in ((0.0, 0.05), (0.05, 0.3), (0.3, 0.7), (0.7, 1.01)):
        inside = (p >= low) & (p < high)
        if inside.sum() >= 60:
            error = np.sqrt(p[inside].mean() * (1 - p[inside].mean()) / inside.sum())
            assert p[inside].mean() == pytest.approx(is_c[inside].mean(), abs=max(0.05, 4 * error))


def test_a_large_d_among_quiet_items_stays_possible() -> None:
    rng = np.random.default_rng(4)
    se = rng.uniform(0.5, 1.0, 200)
    d = rng.normal(0, 0.95 * se)
    d[0], se[0] = 3.41, 1.39
    p = class_probabilities(d, se, np.ones(200, dtype=bool)).probability[:, 0]
    assert 0.01 < p[2] < 0.5
    assert p[0] < 0.99


def test_a_sure_item_is_sure() -> None:
    d, se = np.zeros(60), np.full(60, 0.3)
    d[0] = 3.0
    found = class_probabilities(d, se, np.ones(60, dtype=bool))
    assert found.probability[2, 0] > 0.99
    assert (found.probability[0, 1:] > 0.99).all()


def test_without_items_to_learn_from_nothing_is_said() -> None:
    assert np.isnan(class_probabilities(np.ones(4), np.ones(4), np.ones(4, dtype=bool)).probability).all()


def test_items_without_a_d_stay_without() -> None:
    d = np.append(np.linspace(-0.3, 0.3, 20), np.nan)
    informs = np.isfinite(d)
    p = class_probabilities(d, np.where(informs, 0.4, np.nan), informs).probability
    assert np.isnan(p[:, -1]).all()
    assert np.isfinite(p[:, :-1]).all()
