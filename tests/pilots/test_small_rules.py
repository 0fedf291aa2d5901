"""Rules that a line of figures settles: what an answer tells of R, and a ledger in a sentence."""

import numpy as np
import polars as pl
import pytest

from ciip_irt.pilots.decision.criteria.r_above import single_answer
from ciip_irt.pilots.evidence import CurvePosterior
from ciip_irt.pilots.evidence.reference import reference
from ciip_irt.pilots.sheet.promote import decided


def test_the_variance_of_a_point_biserial_is_that_of_large_samples() -> None:
    """Against the spread of such correlations over samples; the criterion is normal in each half."""
    p, r, n = 0.2, 0.3, 400
    curves = CurvePosterior(
        slopes=np.ones(1), intercepts=np.zeros(1), p=np.array([p]), r=np.array([r]), weights=np.ones(1),
        at_edge=np.zeros(1, dtype=bool),
    )  # fmt: skip
    found = single_answer(curves)
    assert found is not None
    rng = np.random.default_rng(1)
    right = rng.random((3000, n)) < p
    apart = r / np.sqrt(p * (1 - p) * (1 - r**2))  # of the halves' means, in their common SD
    total = rng.normal(size=right.shape) + apart * right
    x, y = right - right.mean(axis=1, keepdims=True), total - total.mean(axis=1, keepdims=True)
    seen = (x * y).sum(axis=1) / np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1))
    assert seen.mean() == pytest.approx(r, abs=0.01)
    assert found[0] == pytest.approx(n * seen.var(), rel=0.08)  # 3,000 samples: 2.6 % standard error


def test_a_ledger_in_a_sentence() -> None:
    lines = pl.DataFrame(
        {
            "decision": ["promote", "promote", "hold", "retire"],
            "override": [None, "hold", "hold", "promote"],
        }
    )
    said = decided(lines)
    assert said.startswith("4 decisions brought in: ")
    assert said.endswith("; 2 overrides.")
    assert "2 promoted" in said
    assert "override" not in decided(lines.head(1))


def test_the_reference_knows_items_as_logistic_curves_unless_told_otherwise() -> None:
    items = np.array([[1.2, -0.5, 0.2], [0.7, 1.0, 0.0], [np.nan] * 3])
    found = reference(items, mean=0.3, sd=1.4)
    theta = 0.3 + 1.4 * found.u
    for j, (a, b, c) in enumerate(items[:2]):
        np.testing.assert_allclose(found.right[:, j], c + (1 - c) / (1 + np.exp(-a * (theta - b))))
    assert found.calibrated.tolist() == [True, True, False]
    np.testing.assert_allclose(np.diff(found.u), 0.125)  # an eighth of a standard deviation apart
    assert (found.u[0], found.u[-1], found.weights.argmax()) == (-5.0, 5.0, 40)
