"""Question one: whether K forms are possible, and the least that two of them must have in common."""

import numpy as np

from ciip_irt.forms.model.solver import solve
from ciip_irt.forms.model.use_counts import pairs_of_forms
from ciip_irt.forms.shortage.item_uses import ItemUses
from ciip_irt.forms.shortage.use_program import EFFORT, Answer, Status, UseProgram
from ciip_irt.forms.tolerances import SOLVED

__all__ = ["are_possible", "least_overlap"]


def least_overlap(
    uses: ItemUses,
    n_forms: int,
    *,
    without: frozenset[int] = frozenset(),
    whole: bool = False,
    exact: bool = False,
    seed: int = 1,
) -> Answer:
    """The smallest bound on items in common that K forms could keep, as ``max_common``.

    Parameters
    ----------
    without
        Numbers of rows that are left out.
    whole
        Uses are whole numbers: slower, and for one form exact.
    exact
        Of items used often every use counts: more columns, and a larger least where forms are many.
    """
    program = UseProgram(uses, n_forms, 0, wider=True, whole=whole, exact=exact)
    [wider] = program.add_columns(
        np.array([float(uses.pool.n_items)]), cost=1.0, charge=-pairs_of_forms(n_forms)
    ).tolist()
    proposal = solve(program.program(without=without), EFFORT, seed)
    overlap = np.nan if proposal.values is None else float(proposal.values[wider])
    return program.answer(proposal, max_common=overlap)


def are_possible(
    uses: ItemUses,
    n_forms: int,
    *,
    max_common: int | None = None,
    without: frozenset[int] = frozenset(),
    whole: bool = False,
    seed: int = 1,
) -> bool:
    """Whether nothing rules K forms out; ``max_common`` replaces the blueprint's bound.

    What was not settled is not ruled out where the overlap alone is in doubt, and ruled out otherwise: no
    form is looked for on the word of an answer that nobody has.
    """
    bound = uses.max_common if max_common is None else max_common
    if bound and n_forms > 1:
        # Sooner solved than the question whether the bound itself can be kept.
        least = least_overlap(uses, n_forms, without=without, whole=whole, seed=seed)
        return least.possible and least.max_common <= bound + SOLVED
    program = UseProgram(uses, n_forms, bound, whole=whole)
    answer = program.answer(solve(program.program(without=without), EFFORT, seed))
    return answer.status is Status.POSSIBLE
