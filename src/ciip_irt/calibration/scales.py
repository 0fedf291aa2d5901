"""Which scale a calibration is on, and what may not be mixed with it."""

from ciip_irt.bank import ItemBank, Scale, scale_of
from ciip_irt.errors import Problem, ScaleError
from ciip_irt.responses import ScoredResponses

__all__ = ["scale_of_calibration"]


def scale_of_calibration(
    scored: ScoredResponses, model: str, D: float | None, scale_id: str | None, anchors: ItemBank | None
) -> Scale:
    """A free calibration's own scale, or that of its anchors.

    Raises
    ------
    ScaleError
        An empty name. The anchors have no scale; they are of another model, or another D or scale was asked
        for; the items' own file has the same scale with another model or D.
    """
    if scale_id is not None and not scale_id.strip():
        raise ScaleError(Problem("the scale has an empty name", remedy="Name it, or leave the name out."))
    if anchors is None:
        # two free calibrations are on two scales: one name for both would let them be mixed
        name = f"free-{scored.provenance.data_hash[:6]}" if scale_id is None else scale_id
        return Scale(name, model, 1.0 if D is None else D)
    scale = anchors.scale
    if scale is None:
        raise ScaleError(
            Problem(
                "no item of the bank has parameters, so nothing can hold the scale",
                where=anchors.where,
                remedy="Calibrate freely (--anchors none); later calibrations can hold on to its"
                " parameters.csv (--anchors parameters.csv), or to the bank when it has them.",
            )
        )
    problems = []
    if scale.model != model:
        problems.append(
            Problem(
                f"the bank is calibrated with {scale.model}, the calibration asked for is {model}",
                where=anchors.where,
                remedy=f"Use --model {scale.model}, or calibrate freely with --anchors none.",
            )
        )
    if D is not None and D != scale.D:
        problems.append(
            Problem(
                f"the anchors have D = {scale.D:g}, the calibration asked for has D = {D:g}",
                where=anchors.where,
                remedy="Leave D out: an anchored calibration takes the anchors'.",
            )
        )
    if scale_id is not None and scale_id != scale.scale_id:
        problems.append(
            Problem(
                f"the anchors are on scale {scale.scale_id!r}, the one asked for is {scale_id!r}",
                where=anchors.where,
                remedy="Leave the name out: an anchored calibration is on the anchors' scale.",
            )
        )
    here = scale_of(scored.items)
    if here is not None and here.scale_id == scale.scale_id and here != scale:
        problems.append(
            Problem(
                f"the anchors and the items are both on scale {scale.scale_id!r}, but the anchors are"
                f" {scale.model} with D = {scale.D:g}, the items {here.model} with D = {here.D:g}",
                where=anchors.where,
                remedy="One of the files is mislabelled: correct model, D or scale_id.",
            )
        )
    if problems:
        raise ScaleError(problems)
    return scale
