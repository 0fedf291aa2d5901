"""What the scored items say: each person's ability, and what the scored total is worth as a criterion."""

from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import MISSING, BoolArray, FloatArray
from ciip_irt.irt import ResponseBlock, person_posteriors
from ciip_irt.irt.models import probability
from ciip_irt.records import result
from ciip_irt.responses import AdministeredBlock, ScoredResponses

__all__ = ["Reference", "estimate_population", "reference"]

POINTS, REACH = 81, 5.0  # of ability: an eighth of a standard deviation apart, to where nobody is


@result
@dataclass(frozen=True, slots=True)
class Reference:
    """The reference population N(mean, sd^2) and the scored items, on ability points.

    Attributes
    ----------
    u
        Shape (Q,): ability in standard deviations from the mean; ``theta = mean + sd * u``.
    weights
        Shape (Q,): the population.
    mean, sd, D
        The population on the scale, the scaling constant.
    parameters
        Shape (J, 3): a, b, c; NaN for items without.
    right
        Shape (Q, J): probability of a right answer; NaN for items without parameters.
    calibrated
        Shape (J,): which items have parameters.
    """

    u: FloatArray
    weights: FloatArray
    mean: float
    sd: float
    D: float
    parameters: FloatArray
    right: FloatArray
    calibrated: BoolArray

    def abilities(self, block: AdministeredBlock) -> FloatArray:
        """Shape (N_b, Q): the ability posterior of each person from the calibrated scored items alone.

        The parameters are taken as known: their own uncertainty is not carried further.
        """
        used = block.is_scored & self.calibrated[block.items]
        scored = ResponseBlock(block.items[used], block.scores[:, used])
        theta = self.mean + self.sd * self.u
        return person_posteriors([scored], self.parameters, theta, self.weights, self.D)

    def criterion(self, block: AdministeredBlock) -> FloatArray | None:
        """Shape (Q,): the expected scored total of the block's items at each u, standardised.

        ``z(u) = (tau(u) - E tau) / sqrt(Var tau + E sum PQ)`` over the reference population. ``None`` where
        no scored item of the block is calibrated.
        """
        used = block.items[block.is_scored & self.calibrated[block.items]]
        if not used.size:
            return None
        right = self.right[:, used]
        tau, noise = right.sum(axis=1), (right * (1.0 - right)).sum(axis=1)
        mean = self.weights @ tau
        variance = self.weights @ ((tau - mean) ** 2 + noise)
        result: FloatArray = (tau - mean) / np.sqrt(variance)
        return result


def reference(parameters: FloatArray, *, mean: float, sd: float, D: float = 1.0) -> Reference:
    """The reference for a pool of items with ``parameters`` (J, 3); NaN where an item has none."""
    u = np.linspace(-REACH, REACH, POINTS)
    weights = np.exp(-0.5 * u**2)
    calibrated: BoolArray = np.asarray(np.isfinite(parameters).all(axis=1))
    right = probability(parameters, mean + sd * u, D)[:, :, 1]
    return Reference(u, weights / weights.sum(), mean, sd, D, parameters, right, calibrated)


def estimate_population(
    scored: ScoredResponses, parameters: FloatArray, D: float = 1.0
) -> tuple[float, float]:
    """Mean and standard deviation of the candidates on the scale of fixed item parameters (J, 3).

    Marginal maximum likelihood of a normal population by EM (Bock & Aitkin 1981, items fixed), from the
    answers to the calibrated scored items.
    """
    mean, sd = 0.0, 1.0
    for _ in range(200):
        now = reference(parameters, mean=mean, sd=sd, D=D)
        persons = np.zeros(now.u.size)
        for block in scored.blocks:
            if (block.is_scored & now.calibrated[block.items]).any() and (block.scores != MISSING).any():
                persons += now.abilities(block).sum(axis=0)
        theta = mean + sd * now.u
        persons /= persons.sum()
        new_mean = float(persons @ theta)
        new_sd = float(np.sqrt(max(float(persons @ (theta - new_mean) ** 2), 1e-4)))
        moved = max(abs(new_mean - mean), abs(new_sd - sd))
        mean, sd = new_mean, new_sd
        if moved < 1e-4:
            break
    return mean, sd
