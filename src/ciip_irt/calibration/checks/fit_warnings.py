"""What cannot be trusted of an estimation, in the words of the command: its options, items and groups."""

from collections.abc import Sequence

import numpy as np

from ciip_irt.arrays import IntArray
from ciip_irt.errors import MAX_EXAMPLES, plural
from ciip_irt.irt.estimation import MmlFit, no_spread

__all__ = ["warnings_of_fit", "with_names"]

NOT_CONVERGED, NO_SPREAD = "not_converged", "no_spread"  # codes of the estimation's notices
SIMPLER = {"1pl": ("rasch",), "2pl": ("rasch",), "3pl": ("2pl", "rasch")}


def warnings_of_fit(
    fit: MmlFit, item_ids: Sequence[str], groups: Sequence[str], *, with_bank: bool, with_priors: bool
) -> list[str]:
    """The warnings of the estimation with names in place of numbers, and advice that can be followed.

    ``with_bank`` says whether a bank holds the scale, so that its priors can be had; ``with_priors`` whether
    there were some.
    """
    narrow = [notice.subject[0] for notice in fit.notices if notice.code == NO_SPREAD]
    said: list[str] = []
    for notice in fit.notices:
        if notice.code == NOT_CONVERGED:
            said.insert(0, _not_converged(fit, with_bank=with_bank, with_priors=with_priors))
        elif notice.code != NO_SPREAD:
            said.append(notice.words)
        elif notice.subject[0] == narrow[0]:  # one sentence for all populations
            said.append(_no_spread([groups[group] for group in narrow], alone=len(groups) == 1))
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


def _no_spread(names: Sequence[str], *, alone: bool) -> str:
    if alone:
        return no_spread("The population")
    if len(names) == 1:
        return no_spread(f"The population {names[0]!r}")
    shown = ", ".join(names[:MAX_EXAMPLES]) + (", ..." if len(names) > MAX_EXAMPLES else "")
    return no_spread(f"{len(names)} populations ({shown})", several=True)


def _listed(items: IntArray, item_ids: Sequence[str]) -> str:
    return ", ".join(item_ids[j] for j in items[:MAX_EXAMPLES]) + (
        ", ..." if len(items) > MAX_EXAMPLES else ""
    )
