"""Ids and frames around the estimation: from scored responses to item parameters on the bank scale."""

from ciip_irt.calibration.calibrate import calibrate
from ciip_irt.calibration.dimensionality import Dimensionality, examine_dimensionality
from ciip_irt.calibration.link import LinkedCalibrations, link_calibrations
from ciip_irt.calibration.model_checks import ModelChecks, calibrated_and_checked, check_model
from ciip_irt.calibration.result import Calibration
from ciip_irt.calibration.scale_rule import load_scale
from ciip_irt.calibration.score_tables import ScoreTables, score_tables
from ciip_irt.irt.anchor_displacement import DriftLimits

__all__ = [
    "Calibration",
    "Dimensionality",
    "DriftLimits",
    "LinkedCalibrations",
    "ModelChecks",
    "ScoreTables",
    "calibrate",
    "calibrated_and_checked",
    "check_model",
    "examine_dimensionality",
    "link_calibrations",
    "load_scale",
    "score_tables",
]
