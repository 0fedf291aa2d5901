"""How far each anchor would move if it were free, and which anchors drifted too far to hold the scale.

The displacement of an anchor is its free re-estimate minus the value held: b re-estimated with its slope and
lower asymptote held, everything else that is free (other items, populations) re-estimated with it. From the
gradient g and the information H at the anchored solution (``anchored_information``), with N everything free,

    displacement_f = g_f / S_ff,   Var = 1 / S_ff,   S = H_FF - H_FN H_NN^-1 H_NF,

to which the curvature of the item's own curve is added, so that large displacements are right too. Freeing an
anchor moves it from F to N, which changes the displacement of all others without another estimation.

Source: Saris, Satorra & Soerbom (1987), Sociological Methodology 17:105-129, on expected parameter change;
Huynh & Meyer (2010), Practical Assessment, Research & Evaluation 15(2), on robust z.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.irt.curves import expected_item_score, item_information
from ciip_irt.irt.estimation.anchored_information import AnchoredInformation
from ciip_irt.irt.linking.drift import robust_z
from ciip_irt.irt.linking.drift_limits import DriftLimits
from ciip_irt.records import result
from ciip_irt.threads import one_blas_thread

__all__ = ["AnchorScreen", "free_displacement", "screen_anchors"]

FEWEST_FOR_Z = 5  # below, quartiles say nothing
STEPS = 25  # of a safeguarded search in one unknown: a stop


@result
@dataclass(frozen=True, slots=True)
class AnchorScreen:
    """Displacement of every anchor, and what should be done.

    Attributes
    ----------
    displacement, se, z
        Shape (J,): in logits, + where harder than held; NaN for other items and for anchors that everybody
        answered alike. ``se`` includes the bank's own error where it is known.
    drifted
        Shape (J,): beyond all limits.
    dropped
        Those of them that should hold the scale no longer, in order.
    protected
        Shape (J,): drifted, but too few anchors would be left, in all or within their domain.
    """

    displacement: FloatArray
    se: FloatArray
    z: FloatArray
    drifted: BoolArray
    dropped: tuple[int, ...]
    protected: BoolArray


def free_displacement(at: AnchoredInformation, freed: Sequence[int] = ()) -> tuple[FloatArray, FloatArray]:
    """Two arrays (J,): displacement of every anchor in logits and its standard error.

    ``freed`` are anchors already taken as free; they get NaN, as do items that are no anchors and anchors
    that everybody answered alike.
    """
    return _displacement(_profile(at), list(freed))


def screen_anchors(
    at: AnchoredInformation,
    limits: DriftLimits | None = None,
    *,
    bank_se: FloatArray | None = None,
    held_at_first: BoolArray | None = None,
    cells: Sequence[IntArray] = (),
) -> AnchorScreen:
    """Find the anchors that drifted: the one displaced most goes first, then all are looked at again.

    One at a time, because one bad anchor displaces all others. Which of them are dropped is a proposal: what
    is estimated stays as it is.

    Parameters
    ----------
    limits
        See ``DriftLimits``.
    bank_se
        Shape (J,): standard error of each held b; NaN counts as 0.
    held_at_first
        Shape (J,): the anchors before any were dropped, which the shares to keep refer to.
    cells
        Arrays (J,) of labels, such as the domain of each item: within each label enough anchors must stay.

    >>> from ciip_irt.irt.estimation.anchored_information import information_with_anchors
    >>> from ciip_irt.irt.estimation.mml import fit_mml
    >>> from ciip_irt.irt.response_blocks import ResponseBlock
    >>> rng = np.random.default_rng(1)
    >>> b = np.linspace(-2, 2, 20)
    >>> scores = (rng.random((800, 20)) < 1 / (1 + np.exp(b - rng.normal(size=(800, 1))))).astype(np.int8)
    >>> held = np.column_stack((np.ones(20), b - 0.9 * (np.arange(20) == 7), np.zeros(20)))
    >>> blocks = [ResponseBlock(np.arange(20), scores)]
    >>> screen = screen_anchors(information_with_anchors(blocks, fit_mml(blocks, "rasch", 20, fixed=held)))
    >>> screen.dropped, round(float(screen.displacement[7]), 1)
    ((7,), 1.0)
    """
    with one_blas_thread():
        limits = DriftLimits() if limits is None else limits
        first = at.anchors if held_at_first is None else held_at_first
        bank = np.zeros(first.size) if bank_se is None else np.nan_to_num(bank_se)
        profile = _profile(at)
        dropped: list[int] = []
        kept = at.anchors.copy()
        last: tuple[FloatArray, FloatArray] | None = None
        at_drop = np.full((3, first.size), np.nan)
        while True:
            d, se = _displacement(profile, dropped)
            se = np.hypot(se, bank)
            known = kept & np.isfinite(d)
            z = robust_z(d, known) if known.sum() >= FEWEST_FOR_Z else np.full(d.shape, np.nan)
            last = d, se
            with np.errstate(invalid="ignore"):
                drifted = (
                    known
                    & (np.abs(z) > limits.robust_z)
                    & (np.abs(d) > limits.displacement)
                    & (np.abs(d) > limits.certainty * se)
                )
            free_to_go = drifted & _may_go(kept, first, cells, limits)
            if not free_to_go.any():
                break
            worst = int(np.argmax(np.where(free_to_go, np.abs(d), -1.0)))
            at_drop[:, worst] = d[worst], se[worst], z[worst]
            kept[worst] = False
            dropped.append(worst)
        gone = np.isfinite(at_drop[0])
        d, se = (np.where(gone, then, now) for then, now in zip(at_drop[:2], last, strict=True))
        return AnchorScreen(
            d, se, np.where(gone, at_drop[2], z), drifted | gone, tuple(dropped), drifted & ~free_to_go
        )


def _may_go(kept: BoolArray, first: BoolArray, cells: Sequence[IntArray], limits: DriftLimits) -> BoolArray:
    """Shape (J,): anchors without which enough would stay."""
    result = np.full(
        kept.shape, int(kept.sum()) > max(float(_ceiling(limits.keep_anchors * first.sum())), 1.0)
    )
    for labels in cells:
        size = int(labels.max(initial=0)) + 1
        before = np.bincount(labels[first], minlength=size)
        now = np.bincount(labels[kept], minlength=size)
        result &= (
            now > np.maximum(_ceiling(np.asarray(limits.keep_anchors_within * before, dtype=np.float64)), 1)
        )[labels]
    return result


def _ceiling(value: FloatArray | float) -> FloatArray:
    return np.asarray(np.ceil(np.asarray(value) - 1e-9))


@dataclass(frozen=True, slots=True)
class _Profile:
    """What is left of information and gradient when all that is free has followed.

    ``information`` (|F|, |F|) and ``gradient`` (|F|,) by the anchors' values; ``bend`` and ``tightness`` (J,)
    of ``_curvature``.
    """

    at: AnchoredInformation
    information: FloatArray
    gradient: FloatArray
    bend: FloatArray
    tightness: FloatArray


def _profile(at: AnchoredInformation) -> _Profile:
    N, F = np.flatnonzero(at.estimated), np.flatnonzero(at.held)
    information = at.matrix[np.ix_(F, F)]
    if N.size:
        information = information + at.matrix[np.ix_(F, N)] @ at.response
    bend, tightness = np.full(at.anchors.shape, np.nan), np.full(at.anchors.shape, np.nan)
    items = np.flatnonzero(at.anchors)
    bend[items], tightness[items] = _curvature(at, items)
    return _Profile(at, information, at.gradient[F], bend, tightness)


def _displacement(profile: _Profile, freed: list[int]) -> tuple[FloatArray, FloatArray]:
    at = profile.at
    place = np.full(at.held.size, -1, dtype=np.int64)
    place[at.held] = np.arange(int(at.held.sum()))
    difficulty = at.free.index[:, 1]
    candidates = np.flatnonzero(at.anchors & (difficulty >= 0))
    candidates = candidates[~np.isin(candidates, freed)]
    own = place[difficulty[candidates]]
    information, slope = profile.information[own, own], profile.gradient[own]
    if freed:
        theirs = at.free.index[freed][at.free.free[freed]]
        out = np.unique(place[theirs])
        across = profile.information[np.ix_(out, own)]
        solved = np.linalg.lstsq(profile.information[np.ix_(out, out)], across, rcond=None)[0]
        information = information - np.einsum("fo,fo->o", across, solved)
        slope = slope - solved.T @ profile.gradient[out]
    steep = at.working[candidates, 0]
    displacement, error = np.full(at.anchors.shape, np.nan), np.full(at.anchors.shape, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        linear = -slope / information / steep
        se = 1.0 / np.sqrt(information) / np.abs(steep)
    bend, tightness = profile.bend[candidates], profile.tightness[candidates]
    usable = (information > 0) & np.isfinite(bend)
    displacement[candidates] = np.where(usable, linear * bend, np.nan)
    error[candidates] = np.where(usable, se * tightness, np.nan)
    return displacement, error


def _curvature(at: AnchoredInformation, items: IntArray) -> tuple[FloatArray, FloatArray]:
    """What a straight line misses: the shift of b that the item's expected answers ask for, over Newton's.

    And the ratio of the standard errors before and after it. NaN where everybody answered alike.
    """
    counts = at.counts[:, items]
    persons, right = counts.sum(axis=2).T, counts[:, :, 1].sum(axis=0)
    held = at.model.from_working(at.working[items], at.D)
    low, high = np.full(items.size, -8.0), np.full(items.size, 8.0)

    def shifted(by: FloatArray) -> FloatArray:
        moved = held.copy()
        moved[:, 1] += by
        return moved

    def excess(by: FloatArray) -> FloatArray:
        result: FloatArray = (persons * expected_item_score(shifted(by), at.theta, at.D).T).sum(
            axis=1
        ) - right
        return result

    def information(by: FloatArray) -> FloatArray:
        result: FloatArray = (persons * item_information(shifted(by), at.theta, at.D).T).sum(axis=1)
        return result

    for _ in range(STEPS):
        middle = (low + high) / 2
        too_many = (excess(middle) > 0) == (at.working[items, 0] > 0)
        low, high = np.where(too_many, middle, low), np.where(too_many, high, middle)
    shift = (low + high) / 2
    step = 1e-4
    start = excess(np.zeros(items.size))
    slope = (excess(np.full(items.size, step)) - excess(np.full(items.size, -step))) / (2 * step)
    with np.errstate(divide="ignore", invalid="ignore"):
        newton = -start / slope
        bend = np.where(np.abs(newton) > 1e-3, shift / newton, 1.0)
        tightness = np.sqrt(information(np.zeros(items.size)) / information(shift))
    alike = (right <= 0) | (right >= persons.sum(axis=1))
    return np.where(alike, np.nan, bend), np.where(alike, np.nan, tightness)
