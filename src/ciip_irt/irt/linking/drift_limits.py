"""When an anchor has drifted too far to hold a scale, and how many may be dropped."""

from dataclasses import dataclass

from ciip_irt.errors import InputError, Problem

__all__ = ["DriftLimits"]


@dataclass(frozen=True, slots=True)
class DriftLimits:
    """When an anchor has drifted, and how many may be dropped.

    Attributes
    ----------
    displacement
        In logits; .5 is the limit in common use for Rasch anchors, .3 the strict one.
    robust_z
        Beyond 1.645 lies one sound anchor in ten (Huynh & Meyer 2010).
    certainty
        In standard errors of the displacement: at 3 chance alone passes once in 370 anchors. An anchor
        drifted where all limits are passed.
    keep_anchors
        Share of all anchors that stays at the least: where more drifted, the scale itself is in question.
    keep_anchors_within
        Share of the anchors of each domain (and of each part of the design) that stays at the least.
    """

    displacement: float = 0.5
    robust_z: float = 1.645
    certainty: float = 3.0
    keep_anchors: float = 0.8
    keep_anchors_within: float = 0.5

    def __post_init__(self) -> None:
        problems = [
            Problem(f"the limit {name} is {value}", remedy="Give zero or more.")
            for name in ("displacement", "robust_z", "certainty")
            if not (value := getattr(self, name)) >= 0
        ]
        problems += [
            Problem(f"{name} is {value}", remedy="Give a share, such as 0.8.")
            for name in ("keep_anchors", "keep_anchors_within")
            if not 0 <= (value := getattr(self, name)) <= 1
        ]
        if problems:
            raise InputError(problems)
