"""How many further answers should settle a decision that is open now.

Let t be the normal deviate of the probability that all criteria hold, ``q = Phi(t)``: the distance of the
doubtful quantity (R, p, ...) from its limit in posterior standard deviations. The posterior is worth n_e
answers: those given, and what the prior adds, ``n_e = v / s^2`` with v the variance that a single answer
leaves in the quantity and s its posterior standard deviation. After k more answers s shrinks by
``rho = sqrt(n_e / (n_e + k))``, and where t will be then is not known, but how it is distributed is:

    t' ~ N(t / rho, (1 - rho^2) / rho^2).

The decision falls if t' passes the deviate of ``promote`` above or of ``give_up`` below. The number told is
the smallest k, in tens, at which the chance of that is at least one half. An approximation: it takes the
posterior as normal and one quantity as the doubtful one.
"""

import numpy as np
from scipy.special import ndtr, ndtri

from ciip_irt.pilots.decision.criteria import CRITERIA
from ciip_irt.pilots.evidence import ItemEvidence
from ciip_irt.pilots.policy import Policy

__all__ = ["answers_needed", "chance_to_settle"]

STEP = 10  # answers: the number told is rough, and a finer one would promise more than it holds
ENOUGH = 0.5  # chance of being settled: the number told is the median of what it takes


def answers_needed(evidence: ItemEvidence, probability: float, doubtful: str, policy: Policy) -> int | None:
    """Further answers, in tens; ``None`` where the policy's maximum comes first.

    Parameters
    ----------
    probability
        That all criteria hold, as of now.
    doubtful
        The criterion least likely to hold.
    """
    worth = _worth(evidence, doubtful)
    for more in range(STEP, policy.maximum_n - evidence.n, STEP):
        if chance_to_settle(probability, worth, more, policy) >= ENOUGH:
            return more
    return None


def chance_to_settle(probability: float, worth: float, more: int, policy: Policy) -> float:
    """The chance that ``more`` answers settle what now has ``probability`` and is worth ``worth`` answers.

    >>> from ciip_irt.pilots.policy import load_policy
    >>> [round(chance_to_settle(0.7, 100.0, more, load_policy()), 2) for more in (10, 50, 200)]
    [0.06, 0.29, 0.5]
    """
    t = ndtri(np.clip(probability, 1e-9, 1 - 1e-9))
    rho2 = worth / (worth + more)
    mean, sd = t / np.sqrt(rho2), np.sqrt((1 - rho2) / rho2)
    above = ndtr((mean - ndtri(policy.promote)) / sd) if policy.promote < 1 else 0.0
    below = ndtr((ndtri(policy.give_up) - mean) / sd) if policy.give_up > 0 else 0.0
    return float(above + below)


def _worth(evidence: ItemEvidence, doubtful: str) -> float:
    """n_e of the doubtful quantity; where it is no quantity of the curve, the answers themselves."""
    single_answer = CRITERIA[doubtful].single_answer
    posterior = evidence.posterior
    found = None if single_answer is None else single_answer(posterior)
    if found is None:
        return float(evidence.n)
    single, values = found
    variance = posterior.mean(values**2) - posterior.mean(values) ** 2
    return max(float(evidence.n), single / max(variance, 1e-12))
