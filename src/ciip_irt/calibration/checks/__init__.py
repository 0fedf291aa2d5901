"""Whether the model of a calibration holds, in tables and words."""
