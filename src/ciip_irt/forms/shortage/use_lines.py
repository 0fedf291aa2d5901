"""Domains in which bounds on the uses of an item leave too few uses, or ask for too many."""

import numpy as np

from ciip_irt.errors import plural
from ciip_irt.forms.constraints import limited_items
from ciip_irt.forms.pool.pool import Pool, usable_scored
from ciip_irt.forms.shortage.lines import Line

__all__ = ["use_lines"]


def use_lines(pool: Pool) -> list[Line]:
    """Uses needed and uses to be had, domain by domain: each line is a proof."""
    rule, n_forms = pool.blueprint.requirements.uses, len(pool.form_ids)
    if rule is None or n_forms < 2:
        return []
    least, most = rule.bounds(n_forms)
    letters, usable = np.array(pool.letters), np.array(usable_scored(pool))
    limited = np.array(limited_items(pool))
    lines: list[Line] = []
    for domain in pool.blueprint.domains:
        here = usable & (letters == domain.letter)
        few, free = int((here & limited).sum()), int((here & ~limited).sum())
        needed, had = n_forms * domain.low, most * few + n_forms * free
        if needed > had:
            short = -(-(needed - had) // most) if most else None
            write = "Allow more uses" if short is None else f"Write {short}, or allow more uses"
            message = (
                f"{domain.title}: {n_forms} forms use items {needed} times; {few + free} items, each in"
                f" {plural(most, 'form')} at most, stand {had} times. {write}, or build fewer forms."
            )
            lines.append(("uses of items", domain.letter, needed, had, needed - had, message))
        wanted, room = least * few + n_forms * free, n_forms * domain.high
        if wanted > room:
            message = (
                f"{domain.title}: {few + free} items, each in {plural(least, 'form')} at least, stand"
                f" {wanted} times; {n_forms} forms have room for {room}. Ask for fewer uses or more forms."
            )
            lines.append(("uses of items", domain.letter, wanted, room, wanted - room, message))
    return lines
