"""Time: candidates need no more than the policy's seconds on average. Asked only if the policy says."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from scipy.special import ndtr

from ciip_irt.pilots.decision.criteria.criterion import Criterion, CriterionResult
from ciip_irt.pilots.evidence import ItemEvidence
from ciip_irt.pilots.policy import Policy

__all__ = ["TIME_IN_BUDGET"]

ENOUGH = 10  # times from which on Cox's interval is close to its level (Zhou & Gao 1997, table 1)


def judge(evidence: ItemEvidence, policy: Policy) -> CriterionResult | None:
    """Probability that the expected answer time is at most ``time_seconds``, times being lognormal.

    ``log E = m + s^2 / 2`` with variance ``s^2 / n + s^4 / (2 (n - 1))`` (Cox's method, Zhou & Gao 1997).
    Unknown below ten times.
    """
    if policy.time_seconds is None:
        return None
    time = evidence.time
    if time is None or time.n < ENOUGH:
        return CriterionResult(None, "how long it takes is unknown", separate=True)
    variance = time.sd_log**2
    log_mean = time.mean_log + variance / 2.0
    se = max(np.sqrt(variance / time.n + variance**2 / (2.0 * (time.n - 1))), 1e-9)
    low, high = np.exp(log_mean - 1.96 * se), np.exp(log_mean + 1.96 * se)
    words = f"it takes between {low:.0f} and {high:.0f} seconds on average"
    return CriterionResult(float(ndtr((np.log(policy.time_seconds) - log_mean) / se)), words, separate=True)


def blame(words: str, policy: Policy) -> str:
    return f"Time: {words}, the budget is {policy.time_seconds:.0f}. Shorten it."


def row(evidence: ItemEvidence, policy: Policy) -> Mapping[str, Any]:  # noqa: ARG001 (as every criterion)
    """The expected seconds."""
    time = evidence.time
    return {} if time is None else {"mean_time_s": float(np.exp(time.mean_log + time.sd_log**2 / 2.0))}


TIME_IN_BUDGET = Criterion(judge, blame=blame, columns={"mean_time_s": pl.Float64}, row=row)
