"""What cannot be trusted of an estimation, in the words of the command: its options, items and groups."""

from collections.abc import Sequence

import numpy as np

from ciip_irt.arrays import IntArray
from ciip_irt.errors import plural
from ciip_irt.irt.mml_fit import MmlFit

__all__ = ["warnings_of_fit", "with_names"]

SHOWN = 5
SIMPLER = {"1pl": ("rasch",), "2pl": ("rasch",), "3pl": ("2pl", "rasch")}


def warnings_of_fit(
    fit: MmlFit, item_ids: Sequence[str], groups: Sequence[str], *, with_bank: bool, with_priors: bool
) -> list[str]:
    """The warnings of the estimation with names in place of numbers, and advice that can be followed.

    ``with_bank`` says whether a bank holds the scale, so that its priors can be had; ``with_priors`` whether
    there were some.
    """
    said = [sentence for sentence in fit.warnings if not sentence.startswith("The iteration stopped")]
    for number, name in enumerate(groups):
        known_as = "The population" if len(groups) == 1 else f"The population {name!r}"
        said = [_renamed(sentence, f"Population {number} ", f"{known_as} ") for sentence in said]
    if not fit.converged:
        said.insert(0, _not_converged(fit, with_bank=with_bank, with_priors=with_priors))
    said = with_names(said, fit.no_variance, item_ids)
    edge = np.flatnonzero(fit.at_bound.any(axis=1))
    if edge.size:
        said.append(f"At the edge of the range: {_listed(edge, item_ids)}.")
    return said


def with_names(warnings: Sequence[str], no_variance: IntArray, item_ids: Sequence[str]) -> list[str]:
    """The warnings, and which items have no estimate."""
    if not len(no_variance):
        return list(warnings)
    return [*warnings, f"Without an estimate: {_listed(no_variance, item_ids)}."]


def _not_converged(fit: MmlFit, *, with_bank: bool, with_priors: bool) -> str:
    help_by = []
    if not with_priors:
        help_by.append("--priors bank" if with_bank else "--priors bank with anchors")
    if fit.model in SIMPLER:
        help_by.append(f"a model with fewer parameters (--model {' or '.join(SIMPLER[fit.model])})")
    help_by.append(f"--max-iterations {max(10 * fit.iterations, 1000)}")
    return (
        f"The estimation did not converge in {plural(fit.iterations, 'iteration')} (the last changed a value"
        f" by {fit.largest_change:.1g}). Try{' in this order' if len(help_by) > 1 else ''}:"
        f" {', '.join(help_by)}."
    )


def _renamed(sentence: str, before: str, after: str) -> str:
    return after + sentence.removeprefix(before) if sentence.startswith(before) else sentence


def _listed(items: IntArray, item_ids: Sequence[str]) -> str:
    return ", ".join(item_ids[j] for j in items[:SHOWN]) + (", ..." if len(items) > SHOWN else "")
