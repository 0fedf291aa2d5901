"""ML, MAP and WLE: the root of the estimating function, bracketed on a grid, then solved by scoring."""

from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.irt.likelihood import answered_sum, likelihood_terms, of_scores
from ciip_irt.irt.models import LEAST_PROBABILITY, ItemModel
from ciip_irt.irt.response_blocks import ResponseBlock
from ciip_irt.records import result

__all__ = ["EstimatingFunction", "solve_abilities"]

SCORING_STEPS = 60  # at most: halving alone takes a bracket of a quarter logit to the smallest step in 28
SMALLEST_STEP = 1e-9  # of theta: the root is found; a double holds about six more digits
LIMIT = 12.0  # of the search for theta: twelve logits from 0 every curve in use is flat
GRID_POINTS = 97  # a quarter logit apart: even with a D a of 4 a curve takes 1.1 logits from .1 to .9


@result
@dataclass(frozen=True, slots=True)
class EstimatingFunction:
    """``l'(theta)``, for MAP with ``-(theta - mean) / sd^2`` on top, for WLE with ``J / (2 I)``.

    ``parameters`` (J, P) are those of the items of the block at hand.
    """

    method: str
    parameters: FloatArray
    mean: float
    sd: float
    D: float
    model: ItemModel

    def on_grid(self, block: ResponseBlock, grid: FloatArray) -> FloatArray:
        """Shape (N_b, Q): at every point, by matrix products."""
        terms = likelihood_terms(self.parameters, grid, self.D, self.model)
        slope = terms.slope
        mask = block.answered.astype(np.float64)
        value: FloatArray = mask @ slope[:, :, 0].T
        for score in range(1, slope.shape[2]):
            above = (slope[:, :, score] - slope[:, :, 0]).T
            value += np.equal(block.scores, score).astype(np.float64) @ above
        if self.method == "map":
            value += -(grid - self.mean) / self.sd**2
        if self.method == "wle":
            information = mask @ terms.information.T
            value += mask @ terms.bias.T / (2.0 * np.maximum(information, LEAST_PROBABILITY))
        return value

    def at(self, block: ResponseBlock, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Shapes (N_b,): at each person's own theta, with the information there."""
        terms = likelihood_terms(self.parameters, theta, self.D, self.model)
        answered = block.answered
        value = answered_sum(of_scores(terms.slope, block.scores), answered)
        information = answered_sum(terms.information, answered)
        if self.method == "wle":
            bias = answered_sum(terms.bias, answered)
            return value + bias / (2.0 * np.maximum(information, LEAST_PROBABILITY)), information
        if self.method == "map":
            return value - (theta - self.mean) / self.sd**2, information + 1.0 / self.sd**2
        return value, information

    def information(self, block: ResponseBlock, theta: FloatArray) -> FloatArray:
        """Shape (N_b,): the information at each person's own theta; for MAP the population's with it."""
        terms = likelihood_terms(self.parameters, theta, self.D, self.model)
        information = answered_sum(terms.information, block.answered)
        return information + 1.0 / self.sd**2 if self.method == "map" else information


def solve_abilities(
    block: ResponseBlock, function: EstimatingFunction
) -> tuple[FloatArray, FloatArray, BoolArray, BoolArray, IntArray]:
    """Shapes (N_b,): theta, its standard error, whether it was found, whether it is at an end, and answers.

    Of several roots the one with the highest integral of the function counts.
    """
    grid = np.linspace(-LIMIT, LIMIT, GRID_POINTS)
    n_answers = block.answered.sum(axis=1)
    on_grid = function.on_grid(block, grid)
    # a maximum lies where the function falls through zero; several are compared by the area under it
    falls: BoolArray = (on_grid[:, :-1] > 0) & (on_grid[:, 1:] <= 0)
    area = np.cumsum(0.5 * (on_grid[:, :-1] + on_grid[:, 1:]), axis=1)
    place = np.where(falls, area, -np.inf).argmax(axis=1)
    found = np.any(falls, axis=1)
    low, high = grid[place], grid[place + 1]
    rows = np.arange(block.n_persons)
    value_low, value_high = on_grid[rows, place], on_grid[rows, place + 1]
    theta = np.where(
        found, low + (high - low) * value_low / np.where(found, value_low - value_high, 1.0), 0.0
    )
    theta, active = _polished(block, function, theta, low, high, found)
    converged = found & ~active
    up = on_grid.sum(axis=1) > 0
    edge = np.inf if function.method == "ml" else LIMIT
    theta = np.where(found, theta, np.where(up, edge, -edge))
    finite = np.isfinite(theta)
    information = function.information(block, np.where(finite, theta, 0.0))
    with np.errstate(divide="ignore"):
        se = np.where(finite, 1.0 / np.sqrt(information), np.nan)
    if function.method == "map":
        return theta, se, converged, ~found, n_answers
    nothing = n_answers == 0
    theta = np.where(nothing, np.nan, theta)
    return theta, np.where(nothing, np.nan, se), converged & ~nothing, ~found & ~nothing, n_answers


def _polished(
    block: ResponseBlock,
    function: EstimatingFunction,
    theta: FloatArray,
    low: FloatArray,
    high: FloatArray,
    bracketed: BoolArray,
) -> tuple[FloatArray, BoolArray]:
    """Theta (N_b,) of the bracketed persons by scoring, halving the bracket where a step leaves it.

    With it, who was still moving in the end. ``theta``, ``low`` and ``high`` are used up.
    """
    active: BoolArray = np.array(bracketed)
    for _ in range(SCORING_STEPS):
        at = np.flatnonzero(active)
        if not at.size:
            break
        value, information = function.at(ResponseBlock(block.items, block.scores[at]), theta[at])
        low[at] = np.where(value > 0, theta[at], low[at])
        high[at] = np.where(value > 0, high[at], theta[at])
        step = value / np.maximum(information, LEAST_PROBABILITY)
        new = theta[at] + step
        outside = ((new <= low[at]) | (new >= high[at])) & (np.abs(step) > SMALLEST_STEP)
        new = np.where(outside, 0.5 * (low[at] + high[at]), new)
        moved = np.abs(new - theta[at])
        theta[at] = new
        active[at] = moved > SMALLEST_STEP
    return theta, active
