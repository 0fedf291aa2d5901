"""Ids and frames around the estimation: from scored responses to item parameters on the bank scale."""

from ciip_irt.calibration.calibrate import calibrate
from ciip_irt.calibration.checks.dimensionality import Dimensionality, examine_dimensionality
from ciip_irt.calibration.checks.model_checks import ModelChecks, calibrated_and_checked, check_model
from ciip_irt.calibration.comparison import Comparison, compare
from ciip_irt.calibration.link import LinkedCalibrations, link_calibrations
from ciip_irt.calibration.link_chain import LinkedChain, link_chain
from ciip_irt.calibration.result import Calibration
from ciip_irt.calibration.using import load
from ciip_irt.irt.linking import DriftLimits

__all__ = [
    "Calibration",
    "Comparison",
    "Dimensionality",
    "DriftLimits",
    "LinkedCalibrations",
    "LinkedChain",
    "ModelChecks",
    "calibrate",
    "calibrated_and_checked",
    "check_model",
    "compare",
    "examine_dimensionality",
    "link_calibrations",
    "link_chain",
    "load",
]
