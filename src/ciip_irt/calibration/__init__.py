"""Ids and frames around the estimation: from scored responses to item parameters on the bank scale."""

from ciip_irt.calibration.calibrate import calibrate
from ciip_irt.calibration.dimensionality import Dimensionality, examine_dimensionality
from ciip_irt.calibration.result import Calibration

__all__ = ["Calibration", "Dimensionality", "calibrate", "examine_dimensionality"]
