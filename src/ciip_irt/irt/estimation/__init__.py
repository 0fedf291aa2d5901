"""Item parameters from responses, marginal or conditional, and how sure they are."""

from ciip_irt.irt.estimation.anchor_uncertainty import ErrorsWithAnchors, errors_with_anchors
from ciip_irt.irt.estimation.anchored_information import AnchoredInformation, information_with_anchors
from ciip_irt.irt.estimation.cml import CmlFit, fit_cml
from ciip_irt.irt.estimation.intervals import parameter_intervals
from ciip_irt.irt.estimation.mml import fit_mml
from ciip_irt.irt.estimation.mml_fit import MmlFit, no_spread
from ciip_irt.irt.estimation.sample_size import TARGETS, SampleAdvice, sample_advice

__all__ = [
    "TARGETS",
    "AnchoredInformation",
    "CmlFit",
    "ErrorsWithAnchors",
    "MmlFit",
    "SampleAdvice",
    "errors_with_anchors",
    "fit_cml",
    "fit_mml",
    "information_with_anchors",
    "no_spread",
    "parameter_intervals",
    "sample_advice",
]
