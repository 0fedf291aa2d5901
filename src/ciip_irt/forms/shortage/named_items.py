"""Items that the blueprint wants by name and that cannot stand there: each with its reason."""

from itertools import combinations

from ciip_irt.forms.pool.item_attributes import why_resting
from ciip_irt.forms.pool.pool import Pool, usable_scored
from ciip_irt.forms.shortage.lines import Line

__all__ = ["named_item_lines"]


def named_item_lines(pool: Pool) -> list[Line]:
    """Included items and listed anchors that may not be scored, or are enemies of one another."""
    requirements = pool.blueprint.requirements
    block = requirements.anchors
    keys = dict.fromkeys(() if block is None else block.items, "anchors")
    keys |= dict.fromkeys(requirements.include, "include")
    usable = dict(zip(pool.item_ids, usable_scored(pool), strict=True))
    status = dict(zip(pool.item_ids, pool.statuses, strict=True))
    reasons = why_resting(pool.attributes, pool.blueprint)
    lines: list[Line] = []
    for item_id, key in keys.items():
        if usable.get(item_id):
            continue
        why = "it has no parameters, which the difficulty target needs"
        if status.get(item_id) not in pool.blueprint.scored_status:
            statuses = " or ".join(pool.blueprint.scored_status)
            why = f"its status in the bank is not {statuses}"
        else:
            named = next((words for words, items in reasons.items() if item_id in items), None)
            why = why if named is None else f"it is {named}"
        message = (
            f"The blueprint wants {item_id} in every form ({key}), but {why}. Take it out of '{key}',"
            " or mend that."
        )
        lines.append((f"{item_id} included", "", 1, 0, 1, message))
    if pool.blueprint.enemies_apart:
        for one, other in combinations(keys, 2):
            if other in pool.enemies.get(one, ()):
                both = f"{one} and {other} in every form ({keys[one]})"
                message = f"The blueprint wants {both}, and they are enemies. Take one of them out."
                lines.append((f"{one} and {other} included", "", 2, 1, 1, message))
    return lines
