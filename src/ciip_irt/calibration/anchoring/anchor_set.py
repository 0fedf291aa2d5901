"""Whether the bank's values can hold the scale at all, before they do: direction, unit, single wild values.

Displacements compare each anchor with the others; where all are wrong in the same way (signs turned, another
unit, p values in the column of b) none stands out. Here the set is held against a free estimation of the same
answers (``irt.linking.compare_scales``).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray
from ciip_irt.calibration.anchoring.anchors import HeldAnchors
from ciip_irt.errors import MAX_EXAMPLES, plural
from ciip_irt.irt import Priors, ResponseBlock, connected_parts
from ciip_irt.irt.estimation import fit_mml
from ciip_irt.irt.linking import ScaleAgreement, compare_scales
from ciip_irt.records import result
from ciip_irt.screening import Concern, Whole

__all__ = ["AnchorSet", "examine_anchor_set"]

FEWEST_PERSONS = 20  # below, free difficulties err by half a logit and say nothing
TOLERANCE = 1e-4  # of the free estimation: a ten-thousandth of a logit decides nothing here
IMPOSSIBLE = 10.0  # logit: no item that a person answers is so easy or so hard
MAJORITY = 0.5  # of the anchors displaced: then nothing is "usual among these anchors"


@result
@dataclass(frozen=True, slots=True)
class AnchorSet:
    """What a free estimation says of the anchors.

    Attributes
    ----------
    free
        Shape (J, 3): free estimates of the anchors; NaN for other items.
    wild
        Shape (J,): bank values that no drift explains.
    dropped
        Shape (J,): those of them that do not hold the scale.
    concerns
        What must be said, what stops the work first.
    """

    free: FloatArray
    wild: BoolArray
    dropped: BoolArray
    concerns: tuple[Concern, ...]

    @property
    def belongs(self) -> bool:
        """Whether nothing was found that stops the work."""
        return not any(concern.stops for concern in self.concerns)


def examine_anchor_set(
    blocks: Sequence[ResponseBlock],
    anchors: HeldAnchors,
    item_ids: Sequence[str],
    model: str,
    D: float,
    *,
    purify: bool = True,
) -> AnchorSet:
    """Estimate the anchors freely and hold the bank's values against that.

    Parameters
    ----------
    blocks
        Answers with their populations: one for each form, for a form that abler candidates sat would
        displace its items as if their values were wrong.
    anchors
        The bank's values.
    purify
        Whether single wild values are dropped; where they are not, they stop the work.
    """
    own = [block for block in (_of_items(block, anchors.held) for block in blocks) if block.items.size]
    free_model = "rasch" if model in ("rasch", "1pl") else model
    free, errors = _free_values(own, anchors, free_model, D)
    agreement = compare_scales(
        anchors.values, free, errors, anchors.errors, slopes_vary=free_model != "rasch"
    )
    wild = agreement.wild
    dropped = purify and bool((anchors.held & ~wild).any())
    concerns = [
        *_whole_set(agreement, anchors, free),
        *_single_values(wild, anchors, free, item_ids, dropped=dropped),
    ]
    return AnchorSet(free, wild, wild if dropped else np.zeros_like(wild), tuple(concerns))


def _free_values(
    blocks: Sequence[ResponseBlock], anchors: HeldAnchors, model: str, D: float
) -> tuple[FloatArray, FloatArray]:
    """Two arrays (J, 3): free estimates and their errors; parts of the design that share no anchor are
    estimated apart and moved so that their middle, and with slopes their unit, is the bank's. The bank's c
    are held: where there is guessing, curves without it are flatter, as if in another unit."""
    n_items = anchors.held.size
    held = np.column_stack((np.full((n_items, 2), np.nan), anchors.values[:, 2])) if model == "3pl" else None
    free, errors = np.full((n_items, 3), np.nan), np.full((n_items, 3), np.nan)
    parts = connected_parts(blocks, n_items)
    for part in parts:
        theirs = [block for block in blocks if np.isin(block.items, part).all()]
        if sum(block.scores.shape[0] for block in theirs) < FEWEST_PERSONS:
            continue
        groups = sorted({block.group for block in theirs})
        own = [ResponseBlock(block.items, block.scores, groups.index(block.group)) for block in theirs]
        fit = fit_mml(
            own,
            model,
            n_items,
            fixed=held,
            priors=Priors(),
            D=D,
            tolerance=TOLERANCE,
            standard_errors="cross_product",
        )
        found, theirs_errors = fit.parameters[part, :3].copy(), fit.standard_errors[part, :3].copy()
        if len(parts) > 1:
            bank = anchors.values[part]
            unit = float(np.exp(np.nanmedian(np.log(found[:, 0] / bank[:, 0])))) if model != "rasch" else 1.0
            unit = unit if np.isfinite(unit) and unit > 0 else 1.0
            found[:, 0] /= unit
            found[:, 1] *= unit
            theirs_errors[:, 1] *= unit
            found[:, 1] -= np.nanmedian(found[:, 1] - bank[:, 1])
        free[part], errors[part] = found, theirs_errors
    return np.where(anchors.held[:, None], free, np.nan), np.where(anchors.held[:, None], errors, np.nan)


def _of_items(block: ResponseBlock, wanted: BoolArray) -> ResponseBlock:
    kept = wanted[block.items]
    return ResponseBlock(block.items[kept], np.ascontiguousarray(block.scores[:, kept]), block.group)


def _whole_set(agreement: ScaleAgreement, anchors: HeldAnchors, free: FloatArray) -> list[Concern]:
    if agreement.belongs and agreement.same_unit and agreement.displaced <= MAJORITY:
        return []
    said = (
        f"The bank's difficulties of the {agreement.n} anchors do not belong to these answers:"
        f" their correlation with free estimates is {agreement.correlation:.3f}, the slope of free on bank"
        f" {agreement.slope:.2f} (1 on one scale), {agreement.displaced:.0%} of them are displaced by more"
        " than half a logit and three standard errors."
    )
    conversion = _conversion(agreement, anchors, free)
    remedy = (
        f"{conversion} Convert the items file; nothing is converted here."
        if conversion
        else "Are they of another exam, or was the column sorted apart from the item ids?"
    )
    return [Concern(Whole.ANCHORS, (), said, remedy, stops=True)]


def _conversion(agreement: ScaleAgreement, anchors: HeldAnchors, free: FloatArray) -> str:
    """What would make them belong, in words; empty where nothing simple does."""
    used = anchors.held & ~agreement.wild & np.isfinite(free[:, 1])
    bank = anchors.values[used, 1]
    if abs(agreement.correlation) < 0.7:
        return ""
    if bank.min() >= 0 and bank.max() <= 1 and agreement.correlation < 0:
        return "They look like p values (shares right): easy items have the high values."
    ratio = 1 / agreement.unit_ratio
    if np.abs(bank).max() > 10:
        return (
            f"They look like scores of a reporting scale: (b - {np.median(bank):,.0f}) / {ratio:,.3g} would"
            " be on the logit scale."
        )
    turned = " with the signs turned" if agreement.correlation < 0 else ""
    if abs(np.log(ratio / 1.7)) < 0.15:
        return f"Divided by 1.7{turned} they would belong: the normal metric (D = 1.7)."
    if abs(np.log(ratio * 1.7)) < 0.15:
        return f"Multiplied by 1.7{turned} they would belong: the normal metric (D = 1.7)."
    if agreement.same_unit:
        return "With the signs turned they would belong: are they easiness, as some programs print?"
    return f"Divided by {ratio:.2f}{turned} they would belong."


def _single_values(
    wild: BoolArray, anchors: HeldAnchors, free: FloatArray, item_ids: Sequence[str], *, dropped: bool
) -> list[Concern]:
    rows = np.flatnonzero(wild)
    if not rows.size:
        return []
    rows = rows[np.argsort(-np.abs(anchors.values[rows, 1]))]
    shown = ", ".join(
        f"{item_ids[j]} (b = {anchors.values[j, 1]:g} in the bank, {free[j, 1]:.2f} from these answers)"
        for j in rows[:MAX_EXAMPLES]
    ) + (", ..." if rows.size > MAX_EXAMPLES else "")
    be = "is" if rows.size == 1 else "are"
    if dropped:
        then = "does not hold the scale" if rows.size == 1 else "do not hold the scale"
    else:
        then = "holds the scale all the same" if rows.size == 1 else "hold the scale all the same"
    return [
        Concern(
            Whole.ANCHORS,
            tuple(item_ids[int(j)] for j in rows),
            f"{plural(rows.size, 'anchor')} {be} so far from the answers that no drift explains it,"
            f" and {then}: {shown}.",
            "Has a decimal point been lost, or is the key wrong? Correct the items file.",
            stops=not dropped and bool(np.abs(anchors.values[rows, 1]).max() > IMPOSSIBLE),
        )
    ]
