"""The anchors of a calibration: which hold the scale, and whether the set can."""
