"""One scale onto another: constants, drift, displacement of anchors."""

from ciip_irt.irt.linking.anchor_displacement import (
    AnchorScreen,
    DriftLimits,
    free_displacement,
    screen_anchors,
)
from ciip_irt.irt.linking.drift import displacement, purify, robust_z
from ciip_irt.irt.linking.linking import METHODS, Direction, Link, link, transformed, transformed_errors

__all__ = [
    "METHODS",
    "AnchorScreen",
    "Direction",
    "DriftLimits",
    "Link",
    "displacement",
    "free_displacement",
    "link",
    "purify",
    "robust_z",
    "screen_anchors",
    "transformed",
    "transformed_errors",
]
