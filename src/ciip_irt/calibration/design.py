"""Can the design carry a calibration? Parts must share items, and the answers to anchors must differ."""

from collections.abc import Sequence

import numpy as np

from ciip_irt.arrays import MISSING, BoolArray, IntArray
from ciip_irt.errors import DesignError, plural
from ciip_irt.irt import ResponseBlock, connected_parts
from ciip_irt.responses import ScoredResponses

__all__ = ["require_connected", "require_variance"]

SHOWN = 10  # lines of a message: parts of a design that do not hang together


def require_connected(scored: ScoredResponses, blocks: Sequence[ResponseBlock], fixed: BoolArray) -> None:
    """Refuse to put on one scale what nothing ties together.

    One connected part needs nothing; several parts each need items that are held (``fixed``, (J,)).

    Raises
    ------
    DesignError
        Naming the parts with their items, candidates and forms, and what would tie them together.
    """
    parts = connected_parts(blocks, scored.items.height)
    if len(parts) < 2 or all(fixed[part].any() for part in parts):
        return
    lines = [f"  part {k}: {_described(scored, part, fixed)}" for k, part in enumerate(parts, start=1)]
    more = [f"  ... and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    raise DesignError(
        "\n".join(
            [
                f"the design falls into {len(parts)} parts that share no item,"
                " so their difficulties cannot be put on one scale:",
                *lines[:SHOWN],
                *more,
                "Give the forms items in common, hold bank items in every part (--anchors bank),"
                " or calibrate each part alone.",
            ]
        )
    )


def require_variance(blocks: Sequence[ResponseBlock], fixed: BoolArray) -> None:
    """Refuse anchors (``fixed``, (J,)) that everybody answered alike: they place nobody on the scale.

    Raises
    ------
    DesignError
        All answers to anchors are right, or all are wrong.
    """
    scores = np.concatenate([block.scores[:, fixed[block.items]].ravel() for block in blocks])
    scores = scores[scores != MISSING]
    if not scores.size or scores.min() != scores.max():
        return
    raise DesignError(
        f"all {scores.size:,} answers to anchors are {'right' if scores[0] else 'wrong'}: the ability of"
        " these candidates has no limit, so nothing can be estimated from them. Add candidates, or check the"
        " keys."
    )


def _described(scored: ScoredResponses, part: IntArray, fixed: BoolArray) -> str:
    inside = [block for block in scored.blocks if np.isin(block.items, part).any()]
    forms = sorted({block.form_id for block in inside})
    people = sum(len(block.persons) for block in inside)
    named = ", ".join(forms[:5]) + (", ..." if len(forms) > 5 else "")
    held = f", {plural(int(fixed[part].sum()), 'anchor')}" if fixed.any() else ""
    return f"{plural(len(part), 'item')}, {plural(people, 'candidate')}, forms {named}{held}"
