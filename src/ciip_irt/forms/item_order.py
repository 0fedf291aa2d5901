"""Where the items stand in a form: domains in blocks or interleaved, pilots spread over the form."""

from collections.abc import Sequence

import numpy as np

from ciip_irt.forms.blueprint import Blueprint
from ciip_irt.forms.form_set import PILOT, SCORED, Entry

__all__ = ["ordered_entries"]


def ordered_entries(
    scored: Sequence[tuple[str, str]],
    pilots: Sequence[tuple[str, str]],
    blueprint: Blueprint,
    rng: np.random.Generator,
) -> tuple[Entry, ...]:
    """The entries of a form with positions from 1; ``scored`` and ``pilots`` are ``(item_id, letter)``.

    Each group of items (the scored items of one domain; the pilots) is shuffled and its k-th of m items drawn
    into the k-th of m equal stretches, so that every group is spread evenly. Interleaved, the stretches
    run over the whole form; in domain blocks, over the block, and pilots stand in their domain's block.
    """
    blocks = {letter: index for index, letter in enumerate(blueprint.letters)}
    in_blocks = blueprint.item_order == "domain blocks"
    groups: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for role, chosen in ((SCORED, scored), (PILOT, pilots)):
        for item_id, letter in sorted(chosen):
            together = letter if in_blocks or role == SCORED else ""
            groups.setdefault((role, together), []).append((item_id, letter))
    placed: list[tuple[int, float, str, str, str]] = []
    for (role, _), members in groups.items():
        places = (rng.permutation(len(members)) + rng.random(len(members))) / len(members)
        placed += [
            (blocks[letter] if in_blocks else 0, float(place), item_id, role, letter)
            for (item_id, letter), place in zip(members, places, strict=True)
        ]
    return tuple(
        Entry(position, item_id, role, letter)
        for position, (_, _, item_id, role, letter) in enumerate(sorted(placed), start=1)
    )
