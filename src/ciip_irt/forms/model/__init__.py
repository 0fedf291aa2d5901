"""Rows of a blueprint as one mathematical program, and the only file that calls the solver."""

from ciip_irt.forms.model.program import Program, build_program
from ciip_irt.forms.model.solver import Effort, solve

__all__ = [
    "Effort",
    "Program",
    "build_program",
    "solve",
]
