"""What a calibration is used for afterwards: scores of new answers; files of its own."""

from ciip_irt.calibration.using.new_scores import scores_of
from ciip_irt.calibration.using.saving import load, save

__all__ = ["load", "save", "scores_of"]
