"""Question two: the fewest items to write so that K forms are possible.

Among equally many: of usual difficulty and few attributes, spread over the domains by their size; among
those, of the kinds that come first (domains in the blueprint's order).
"""

import numpy as np

from ciip_irt.arrays import IntArray
from ciip_irt.forms.model.least import solve_in_order
from ciip_irt.forms.pool.pool import Row
from ciip_irt.forms.shortage.item_uses import ItemUses
from ciip_irt.forms.shortage.use_program import EFFORT, Answer, UseProgram

__all__ = ["items_to_write"]

# More than any programme writes, few enough for the solver's arithmetic.
MOST_TO_WRITE = 10_000
# What a step away from usual costs, in items: so little that a thousand steps weigh one item.
FAR_FROM_USUAL = 1e-3
# The next item of a domain is dearer after each eighth of what the forms need of it.
PART_OF_NEED = 0.125


def items_to_write(
    uses: ItemUses, n_forms: int, *, max_common: int | None = None, whole: bool = False, seed: int = 1
) -> Answer:
    """How many items of each kind to write, as ``written`` (kinds,), in the order of ``uses.new``.

    ``max_common`` replaces the blueprint's bound; ``whole`` as in ``least_overlap``.
    """
    bound = uses.max_common if max_common is None else max_common
    program = UseProgram(uses, n_forms, bound, whole=whole)
    n_kinds = len(uses.new)
    kinds = program.add_columns(
        np.full(n_kinds, float(MOST_TO_WRITE)),
        cost=np.array([1.0 + FAR_FROM_USUAL * kind.unusual for kind in uses.new]), integer=True,
    )  # fmt: skip
    _spread_over_domains(program, kinds)
    for price, cap in program.steps:
        used = program.add_columns(
            np.full(n_kinds, MOST_TO_WRITE * cap), coefficients=uses.new_matrix, charge=price, integer=whole
        )
        program.rows += [
            Row("new items are used as often as others", -np.inf, 0.0, np.array(pair), np.array([1.0, -cap]))
            for pair in zip(used.tolist(), kinds.tolist(), strict=True)
        ]
    made = program.program()
    places = np.arange(1.0, n_kinds + 1)
    first = np.zeros((2, len(made.cost)))
    first[:, kinds] = places, places**2
    proposal = solve_in_order(made, list(first), EFFORT, seed)
    written = None if proposal.values is None else np.round(proposal.values[kinds]).astype(np.int64)
    return program.answer(proposal, written=written)


def _spread_over_domains(program: UseProgram, kinds: IntArray) -> None:
    """Columns that make the next item of a domain a little dearer, and rows that fill them."""
    uses = program.uses
    for domain in uses.pool.blueprint.domains:
        here = [at for at, kind in zip(kinds.tolist(), uses.new, strict=True) if kind.letter == domain.letter]
        part = max(1.0, program.n_forms * domain.count * PART_OF_NEED)
        parts = [part] * int(1 / PART_OF_NEED) + [float(MOST_TO_WRITE * len(here))]
        dearer = FAR_FROM_USUAL * PART_OF_NEED * np.arange(len(parts), dtype=np.float64)
        filled = program.add_columns(np.array(parts), cost=dearer)
        program.rows.append(
            Row("items written in the domain", 0.0, 0.0, np.append(np.array(here, dtype=np.int64), filled),
                np.append(np.ones(len(here)), -np.ones(len(parts))))
        )  # fmt: skip
