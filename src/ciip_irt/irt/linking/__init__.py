"""One scale onto another: constants, drift, displacement of anchors."""

from ciip_irt.irt.linking.anchor_displacement import (
    AnchorScreen,
    free_displacement,
    screen_anchors,
)
from ciip_irt.irt.linking.drift import displacement, purify, robust_z
from ciip_irt.irt.linking.drift_limits import DriftLimits
from ciip_irt.irt.linking.scale_agreement import ScaleAgreement, compare_scales
from ciip_irt.irt.linking.scale_link import (
    METHODS,
    Direction,
    Link,
    link,
    transform_errors,
    transform_parameters,
)

__all__ = [
    "METHODS",
    "AnchorScreen",
    "Direction",
    "DriftLimits",
    "Link",
    "ScaleAgreement",
    "compare_scales",
    "displacement",
    "free_displacement",
    "link",
    "purify",
    "robust_z",
    "screen_anchors",
    "transform_errors",
    "transform_parameters",
]
