"""How fast, beside what cannot be done without and beside other programs: ``python -m benchmarks``."""
