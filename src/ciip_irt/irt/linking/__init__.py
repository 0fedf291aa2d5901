"""One scale onto another: constants, drift, displacement of anchors."""

from ciip_irt.irt.linking.anchor_displacement import (
    AnchorScreen,
    free_displacement,
    screen_anchors,
)
from ciip_irt.irt.linking.drift import displacement, purify, robust_z
from ciip_irt.irt.linking.drift_limits import DriftLimits
from ciip_irt.irt.linking.link_errors import link_covariance, linked_errors
from ciip_irt.irt.linking.scale_agreement import ScaleAgreement, compare_scales
from ciip_irt.irt.linking.scale_link import (
    METHODS,
    Direction,
    Link,
    link,
    transform_errors,
    transform_parameters,
)
from ciip_irt.irt.linking.several_links import SeveralLinks, link_several

__all__ = [
    "METHODS",
    "AnchorScreen",
    "Direction",
    "DriftLimits",
    "Link",
    "ScaleAgreement",
    "SeveralLinks",
    "compare_scales",
    "displacement",
    "free_displacement",
    "link",
    "link_covariance",
    "link_several",
    "linked_errors",
    "purify",
    "robust_z",
    "screen_anchors",
    "transform_errors",
    "transform_parameters",
]
