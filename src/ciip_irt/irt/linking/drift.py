"""Drift of common items: displacement, robust z, and purification of the anchor set.

Displacement is ``d_j = A b_new,j + B - b_old,j``: how much harder (+) the item is than on the old scale.
"""

from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray
from ciip_irt.errors import plural
from ciip_irt.irt.linking.drift_limits import DriftLimits
from ciip_irt.irt.linking.scale_link import SHIFTS, Direction, Link, link
from ciip_irt.records import result

__all__ = ["DroppedAnchor", "Purification", "displacement", "purify", "robust_z"]

ENOUGH_CORRELATION = 0.95  # of old and new difficulties, from which a link is trusted
USUAL_RATIO = (0.9, 1.1)  # of the spreads of difficulty, new over old; Huynh & Meyer (2010)
IQR_TO_SD = 0.74  # standard deviations in an interquartile range of a normal distribution, inverted


def robust_z(d: FloatArray, reference: BoolArray | None = None) -> FloatArray:
    """Shape (J,): ``(d - median(d)) / (.74 IQR(d))``.

    Approximately standard normal for items that did not drift, whatever the drifted ones do. Beyond 1.645
    lies one undrifted item in ten, so z alone is a hint, not a verdict. Where the middle half of the
    differences is equal, z is 0 for items at the median and inf or -inf elsewhere.

    Parameters
    ----------
    d
        Shape (J,): differences of difficulty, or of log slope.
    reference
        Shape (J,): the items that median and quartiles are taken from; all by default.

    Source: Huynh & Meyer (2010), Practical Assessment, Research & Evaluation 15(2).

    >>> robust_z(np.array([-0.2, -0.1, 0.0, 0.1, 0.2, 1.5])).round(2)
    array([-1.35, -0.81, -0.27,  0.27,  0.81,  7.84])
    """
    d = np.asarray(d, dtype=np.float64)
    inside = d if reference is None else d[reference]
    if not inside.size:
        return np.full(d.shape, np.nan)
    low, middle, high = np.quantile(inside, [0.25, 0.5, 0.75])
    spread = IQR_TO_SD * (high - low)
    away = d - middle
    if spread <= 1e-12:
        return np.where(np.abs(away) <= 1e-12, 0.0, np.copysign(np.inf, away))
    return np.asarray(away / spread)


def displacement(old: FloatArray, new: FloatArray, link: Link) -> FloatArray:
    """Shape (J,): ``A b_new + B - b_old`` in logits of the old scale; + where the item became harder.

    >>> same = Link(1.0, 0.5, "mean_shift", "", 20, 0.0, 0.1, True, ())
    >>> displacement(np.array([[1.0, 0.0, 0.0]]), np.array([[1.0, 0.25, 0.0]]), same)
    array([0.75])
    """
    return np.asarray(link.A * new[:, 1] + link.B - old[:, 1], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class DroppedAnchor:
    """An anchor that no longer holds the scale, as it stood when it was dropped.

    ``item`` is its row; ``displacement`` in logits, ``z`` its robust z, both under the link of the items then
    kept, itself included.
    """

    item: int
    displacement: float
    z: float
    reason: str


@result
@dataclass(frozen=True, slots=True)
class Purification:
    """A link through the anchors that stayed, and what was dropped on the way.

    Attributes
    ----------
    link
        Through the kept items.
    kept
        Shape (J,).
    dropped
        In the order in which they were dropped.
    displacement, z
        Shape (J,): of every item under the final link; quartiles from the kept items.
    correlation, sd_ratio
        Of old and new difficulties of the kept items; Huynh & Meyer (2010) ask for at least .95 and for .9 to
        1.1. NaN where difficulties do not vary.
    warnings
        Plain sentences.
    """

    link: Link
    kept: BoolArray
    dropped: tuple[DroppedAnchor, ...]
    displacement: FloatArray
    z: FloatArray
    correlation: float
    sd_ratio: float
    warnings: tuple[str, ...]

    def summary(self) -> str:
        """A few plain sentences."""
        lines = [
            f"{plural(int(self.kept.sum()), 'anchor')} kept of {self.kept.size}"
            f" (correlation {self.correlation:.3f}, ratio of spreads {self.sd_ratio:.2f}).",
            self.link.equation(),
            *(f"Dropped item {one.item}: {one.reason}" for one in self.dropped),
        ]
        return "\n".join([*lines, *self.warnings])


def purify(
    old: FloatArray,
    new: FloatArray,
    method: str = "mean_shift",
    *,
    D: float = 1.0,
    direction: Direction = "symmetric",
    se_old: FloatArray | None = None,
    se_new: FloatArray | None = None,
    limits: DriftLimits | None = None,
    hold_slope: bool = False,
) -> Purification:
    """Link, drop the anchor that drifted most, link again, until none is left that drifted.

    An anchor drifted where its robust z is beyond its limit **and** it is displaced by more than
    the limit **and** by more than three standard errors (those of both difficulties, as far as they are
    known): z alone would drop one sound item in ten, displacement alone would drop imprecise items. It is the
    rule of an anchored calibration. Of those the one displaced most goes first, one at a time, because one
    bad anchor shifts the displacement of all others. At most ``1 - keep_anchors`` of the anchors go: with
    more, the scale itself is in question, and a person should look. Where a quarter or more drifted the same
    way, quartiles cannot tell drifted from sound; displaced anchors that stay are said in the warnings.

    Parameters
    ----------
    old, new
        Shape (J, 3): a, b, c on both scales, as ``link`` takes them.
    method, D, direction, se_old, se_new, hold_slope
        As in ``link``.
    limits
        ``displacement``, ``robust_z`` and ``certainty``, of which 0 makes a condition void, and
        ``keep_anchors``.

    Raises
    ------
    InputError, DesignError
        As ``link``.

    >>> b = np.linspace(-2, 2, 21)
    >>> now = b + 0.3 + np.where(np.arange(21) == 4, 0.9, 0.05 * np.sin(np.arange(21)))
    >>> rasch = lambda b: np.column_stack((np.ones(21), b, np.zeros(21)))
    >>> done = purify(rasch(b), rasch(now))
    >>> [one.item for one in done.dropped], round(done.link.B, 2)
    ([4], -0.3)
    """
    limits = DriftLimits() if limits is None else limits
    old, new = np.asarray(old, dtype=np.float64), np.asarray(new, dtype=np.float64)
    kept = np.ones(len(old), dtype=np.bool_)
    fewest = max(int(np.ceil(limits.keep_anchors * len(old) - 1e-9)), 1)
    dropped: list[DroppedAnchor] = []
    warnings: list[str] = []
    while True:
        found = link(
            old[kept],
            new[kept],
            method,
            D=D,
            direction=direction,
            se_old=None if se_old is None else np.asarray(se_old)[kept],
            se_new=None if se_new is None else np.asarray(se_new)[kept],
            hold_slope=hold_slope,
        )
        moved = displacement(old, new, found)
        z = robust_z(moved, kept)
        drifted = kept & _beyond(moved, z, _error(found, len(old), se_old, se_new), limits)
        if not drifted.any():
            break
        if kept.sum() <= fewest:
            warnings.append(
                f"{plural(int(drifted.sum()), 'further anchor')} drifted, but no more than"
                f" {1 - limits.keep_anchors:.0%} may be dropped. Review the anchors: has the content changed,"
                " have items leaked, or is the population another one?"
            )
            break
        worst = int(np.argmax(np.where(drifted, np.abs(moved), -1.0)))
        kept[worst] = False
        dropped.append(
            DroppedAnchor(worst, float(moved[worst]), float(z[worst]), _reason(moved[worst], z[worst]))
        )
    wide = kept & (np.abs(moved) > limits.displacement) & (np.abs(z) <= limits.robust_z)
    if wide.any() and limits.displacement > 0:
        warnings.append(
            f"{plural(int(wide.sum()), 'kept anchor')} displaced by more than {limits.displacement:g} logit,"
            " which is usual among these anchors: a quarter or more drifted, or the difficulties are"
            " imprecise. More answers, or a review of the anchors, would tell."
        )
    correlation, ratio = _agreement(old[kept, 1], new[kept, 1])
    warnings += _agreement_warnings(correlation, ratio, shift=hold_slope or method in SHIFTS)
    return Purification(
        found, kept, tuple(dropped), moved, z, correlation, ratio, (*found.warnings, *warnings)
    )


def _beyond(moved: FloatArray, z: FloatArray, error: FloatArray, limits: DriftLimits) -> BoolArray:
    """Shape (J,): beyond all limits."""
    far = (np.abs(moved) > limits.displacement) & (np.abs(moved) > limits.certainty * error)
    return np.asarray(far & (np.abs(z) > limits.robust_z))


def _error(found: Link, n: int, se_old: FloatArray | None, se_new: FloatArray | None) -> FloatArray:
    """Shape (n,): standard error of each displacement on the old scale; 0 where nothing is known."""
    old = np.zeros(n) if se_old is None else np.nan_to_num(np.asarray(se_old, dtype=np.float64))
    new = np.zeros(n) if se_new is None else np.nan_to_num(np.asarray(se_new, dtype=np.float64))
    return np.asarray(np.hypot(old, found.A * new))


def _reason(displacement: float, z: float) -> str:
    way = "harder" if displacement > 0 else "easier"
    return f"{way} by {abs(displacement):.2f} logit than on the old scale (robust z {z:+.1f})."


def _agreement(old: FloatArray, new: FloatArray) -> tuple[float, float]:
    """Correlation and ratio of spreads, new over old."""
    if old.size < 2 or min(old.std(), new.std()) <= 1e-12:
        return float("nan"), float("nan")
    return float(np.corrcoef(old, new)[0, 1]), float(new.std() / old.std())


def _agreement_warnings(correlation: float, ratio: float, *, shift: bool) -> list[str]:
    warnings = []
    if correlation < ENOUGH_CORRELATION:
        warnings.append(
            f"Old and new difficulties of the kept anchors correlate {correlation:.2f}, below"
            f" {ENOUGH_CORRELATION}: they may no longer measure the same, or there are too few answers."
        )
    low, high = USUAL_RATIO
    if shift and np.isfinite(ratio) and not low <= ratio <= high:
        warnings.append(
            f"The kept anchors spread {ratio:.2f} times as much as before (.9 to 1.1 is usual): a mere shift"
            " does not describe the change."
        )
    return warnings
