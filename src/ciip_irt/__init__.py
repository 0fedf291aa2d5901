"""Item analysis, calibration, pilot review and form assembly for certification exams."""

__version__ = "0.1.0"
