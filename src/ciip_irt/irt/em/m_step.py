"""The M-step: Fisher scoring of all items at once, with their priors."""

from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray
from ciip_irt.irt.em.free_parameters import FreeParameters
from ciip_irt.irt.models import LEAST_PROBABILITY, ItemModel
from ciip_irt.irt.priors import Priors

__all__ = ["bounds", "free_gradient", "item_gradient", "item_score", "maximize_items"]

SCORING_STEPS = 3  # at most: the next E-step moves the counts anyway
SMALL_STEP = 1e-6  # scoring has arrived; EM itself has still to go
SMALL_NEWTON_STEP = 1e-3  # the next would be its square: without c scoring is (nearly) Newton's method
NO_WORSE = 1e-10  # of the log-posterior: what sums of many thousand terms lose to rounding is no fall
HALVINGS = 6  # of a step that lowers the log-posterior; then the item waits for the next E-step


def item_gradient(model: ItemModel, working: FloatArray, theta: FloatArray, counts: FloatArray) -> FloatArray:
    """Shape (J, P): ``sum_qk counts_qjk d log P_jk(theta_q)`` by the working parameters."""
    ratio = counts / np.maximum(model.working_probability(working, theta), LEAST_PROBABILITY)
    by = model.working_gradient(working, theta)
    return np.stack([_over_points(ratio * by[..., slot]) for slot in range(by.shape[3])], axis=1)


def _over_points(values: FloatArray) -> FloatArray:
    """Shape (J,): sum of (Q, J, K) or (Q, J) over points, then scores; so the sum runs along memory."""
    total: FloatArray = values.sum(axis=0)
    return total if total.ndim == 1 else np.asarray(total.sum(axis=1), dtype=np.float64)


def item_score(
    model: ItemModel,
    working: FloatArray,
    theta: FloatArray,
    counts: FloatArray,
    p: FloatArray,
    use: BoolArray | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Gradient (J, P) and expected information (J, P, P) of the complete-data log-likelihood.

    ``p`` has the probabilities (Q, J, K) at ``working``; ``use`` (P,) leaves columns that no item estimates
    at zero.
    """
    by = model.working_gradient(working, theta)
    slots = np.arange(by.shape[3]) if use is None else np.flatnonzero(use)
    gradient = np.zeros((p.shape[1], by.shape[3]))
    information = np.zeros((p.shape[1], by.shape[3], by.shape[3]))
    persons = counts[:, :, 0].copy()
    for score in range(1, counts.shape[2]):
        persons += counts[:, :, score]
    if p.shape[2] == 2:
        # both probabilities move by the same amount: half the arrays
        right, wrong = p[:, :, 1], p[:, :, 0]
        ratio, weight = counts[:, :, 1] / right - counts[:, :, 0] / wrong, persons / right + persons / wrong
        columns = [np.ascontiguousarray(by[:, :, 1, slot]) for slot in slots]
    else:
        ratio, weight = counts / p, persons[:, :, None] / p
        columns = [np.ascontiguousarray(by[..., slot]) for slot in slots]
    for place, slot in enumerate(slots):
        gradient[:, slot] = _over_points(ratio * columns[place])
        weighted = weight * columns[place]
        for other, column in zip(slots[: place + 1], columns, strict=False):
            information[:, slot, other] = information[:, other, slot] = _over_points(weighted * column)
    return gradient, information


def bounds(model: ItemModel, priors: Priors) -> FloatArray:
    """Shape (P, 2): the box of the working parameters; a prior on log a keeps slopes positive."""
    box = np.array(model.working_bounds, dtype=np.float64)
    if priors.log_a is not None:
        box[0, 0] = 1e-3
    return box


@dataclass(frozen=True, slots=True)
class _Items:
    """The items with free values: expected counts (Q, J, K), where priors apply (J, P), their box (P, 2)."""

    model: ItemModel
    free: FreeParameters
    theta: FloatArray
    counts: FloatArray
    priors: Priors
    D: float
    applies: BoolArray
    box: FloatArray

    def place(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Working parameters (J, P) and probabilities (Q, J, K) at a free vector."""
        working = self.free.working(values)[self.free.items]
        return working, np.maximum(self.model.working_probability(working, self.theta), LEAST_PROBABILITY)

    def log_posterior(self, working: FloatArray, p: FloatArray, mean: float) -> FloatArray:
        """Shape (J,): expected log-posterior of each item."""
        terms = np.log(p)
        terms *= self.counts
        total = _over_points(terms)
        if self.priors.log_a is not None and (working[self.applies[:, 0], 0] <= 0).any():
            return np.full(len(working), -np.inf)
        result: FloatArray = total + self.priors.log_density(working, self.D, self.applies, mean)
        return result


def maximize_items(
    model: ItemModel,
    free: FreeParameters,
    values: FloatArray,
    theta: FloatArray,
    counts: FloatArray,
    priors: Priors,
    D: float,
) -> FloatArray:
    """The free vector after a few safeguarded scoring steps on the expected counts (Q, J, K).

    A step that lowers an item's expected log-posterior is halved for that item (for all items where they
    share a slope), so the marginal log-posterior does not fall.
    """
    if not free.size:
        return values
    items = free.items
    part = counts if items.size == counts.shape[1] else counts[:, items, :]
    slots = free.free[items]
    use: BoolArray = np.asarray(slots.any(axis=0), dtype=np.bool_)
    shared = free.shared
    transform = free.transform[items]
    task = _Items(model, free, theta, part, priors, D, free.prior_applies[items], bounds(model, priors))
    small = SMALL_STEP if "c" in model.free else SMALL_NEWTON_STEP
    working, p = task.place(values)
    for _ in range(SCORING_STEPS):
        mean = priors.block_mean(working, task.applies)
        gradient, information = item_score(model, working, theta, part, p, use)
        prior_gradient, curvature = priors.gradient(working, D, task.applies, mean)
        score = np.where(slots, np.einsum("jpr,jp->jr", transform, gradient + prior_gradient), 0.0)
        matrix = transform.transpose(0, 2, 1) @ (information + curvature) @ transform
        open_ = slots & ~_blocked_by_box(free, values, score, task.box, shared)
        step = _newton_step(np.where(open_, score, 0.0), matrix, open_, shared)
        # the whole step is shortened, not its longest component: the direction is what makes it go up
        length = np.abs(step) / np.array(model.largest_step)
        step = step / np.maximum(1.0, length.max() if shared else length.max(axis=1, keepdims=True))
        before = task.log_posterior(working, p, mean)
        trial, working, p = _climb(task, values, step, before, mean)
        moved = float(np.abs(trial - values).max())
        values = trial
        if moved < small:
            break
    return values


def _climb(
    task: _Items, values: FloatArray, step: FloatArray, before: FloatArray, mean: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The free vector after the step, with its working parameters and probabilities.

    The step is halved for items that it makes worse than ``before`` (J,), and in the end not taken for them.
    """
    shared = task.free.shared
    size = np.ones(len(step))
    for _ in range(HALVINGS):
        trial = _apply_step(task.free, values, step * size[:, None], task.box)
        working, p = task.place(trial)
        after = task.log_posterior(working, p, mean)
        worse = after < before - NO_WORSE * (1.0 + np.abs(before))
        if shared:
            worse = np.full(len(step), after.sum() < before.sum() - NO_WORSE * (1.0 + abs(before.sum())))
        if not worse.any():
            return trial, working, p
        size[worse] *= 0.5
    size[worse] = 0.0
    trial = _apply_step(task.free, values, step * size[:, None], task.box)
    return trial, *task.place(trial)


def _blocked_by_box(
    free: FreeParameters, values: FloatArray, score: FloatArray, box: FloatArray, shared: bool
) -> BoolArray:
    """Shape (J, P): slots on the edge of the box that want out: the others step as if these were fixed.

    A joint step cut off at the edge would take the others where they do not belong.
    """
    at = values[np.maximum(free.index[free.items], 0)]
    result: BoolArray = ((at <= box[:, 0]) & (score < 0)) | ((at >= box[:, 1]) & (score > 0))
    if shared:
        result[:, 0] = False
    return result


def _apply_step(free: FreeParameters, values: FloatArray, step: FloatArray, box: FloatArray) -> FloatArray:
    result = values.copy()
    slots = free.free[free.items]
    index = free.index[free.items]
    result[index[slots]] += step[slots]
    place = np.broadcast_to(np.arange(slots.shape[1]), slots.shape)[slots]
    result[index[slots]] = np.clip(result[index[slots]], box[place, 0], box[place, 1])
    return result


def _newton_step(score: FloatArray, matrix: FloatArray, slots: BoolArray, shared: bool) -> FloatArray:
    """Shape (J, P): the scoring step; a common first slot is solved for by its Schur complement."""
    both = slots[:, :, None] & slots[:, None, :]
    identity = np.eye(slots.shape[1])
    matrix = np.where(both, matrix, 0.0)
    diagonal: FloatArray = np.diagonal(matrix, axis1=1, axis2=2)
    # a hundred-millionth of the diagonal keeps a flat item solvable and changes no digit of the others
    matrix = np.where(both, matrix + identity * (1e-8 * diagonal + 1e-10)[:, None, :], identity)
    if not shared:
        return np.asarray(np.linalg.solve(matrix, score[:, :, None])[:, :, 0], dtype=np.float64)
    own = matrix.copy()
    own[:, 0, :] = own[:, :, 0] = 0.0
    own[:, 0, 0] = 1.0
    with_slope = slots[:, 0]
    border = np.where(slots, matrix[:, :, 0], 0.0)
    border[:, 0] = 0.0
    own_score = score.copy()
    own_score[:, 0] = 0.0
    solved = np.linalg.solve(own, np.stack((own_score, border), axis=2))
    rest = score[with_slope, 0].sum() - np.einsum("jp,jp->", border[with_slope], solved[with_slope, :, 0])
    pivot = matrix[with_slope, 0, 0].sum() - np.einsum(
        "jp,jp->", border[with_slope], solved[with_slope, :, 1]
    )
    slope = rest / pivot
    step: FloatArray = solved[:, :, 0] - solved[:, :, 1] * np.where(with_slope, slope, 0.0)[:, None]
    step[:, 0] = np.where(with_slope, slope, 0.0)
    return step


def free_gradient(
    model: ItemModel,
    free: FreeParameters,
    working: FloatArray,
    theta: FloatArray,
    counts: FloatArray,
    priors: Priors,
    D: float,
) -> tuple[FloatArray, FloatArray]:
    """Shapes (size,): gradient of the log-posterior by the items' free values (Fisher's identity).

    With it comes the complete-data information of each free value: ``|gradient| / sqrt(information)`` says
    how far from the maximum an estimate is, in standard errors that complete data would have.
    """
    items = free.items
    applies = free.prior_applies[items]
    mean = priors.block_mean(working[items], applies)
    p = np.maximum(model.working_probability(working[items], theta), LEAST_PROBABILITY)
    by, information = item_score(model, working[items], theta, counts[:, items, :], p)
    by_prior, curvature = priors.gradient(working[items], D, applies, mean)
    transform, open_ = free.transform[items], free.free[items]
    slots = np.einsum("jpr,jp->jr", transform, by + by_prior)
    own = np.einsum("jpr,jps,jsr->jr", transform, information + curvature, transform)
    gradient, weight = np.zeros(free.size), np.zeros(free.size)
    np.add.at(gradient, free.index[items][open_], slots[open_])
    np.add.at(weight, free.index[items][open_], own[open_])
    return gradient, weight
