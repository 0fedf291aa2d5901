"""Question three: by how little the rows would have to give way.

Among equal losses the fewest rows, and among those the rows that come first in the blueprint
(``model.least``).
"""

import numpy as np

from ciip_irt.forms.model.least import least_slack
from ciip_irt.forms.shortage.item_uses import ItemUses
from ciip_irt.forms.shortage.use_program import EFFORT, Answer, UseProgram
from ciip_irt.forms.tolerances import TOLD

__all__ = ["least_loosening"]


def least_loosening(uses: ItemUses, n_forms: int, *, whole: bool = False, seed: int = 1) -> Answer:
    """The fewest items by which rows of K forms in all have to be broken, as ``slack`` (rows,).

    ``whole`` as in ``least_overlap``.
    """
    program = UseProgram(uses, n_forms, uses.max_common, whole=whole)
    made = program.program(relax=True)
    proposal = least_slack(made, EFFORT, seed)
    slack = np.zeros(len(uses.rows))
    if proposal.values is not None:
        amounts = proposal.values[made.first_slack :].tolist()
        for (row, sign), amount in zip(made.slack_rows, amounts, strict=True):
            if amount > TOLD and isinstance(row.source, int):
                slack[row.source] += sign * amount
    return program.answer(proposal, slack=slack)
