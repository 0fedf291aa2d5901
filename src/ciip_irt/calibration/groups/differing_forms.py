"""Whether the candidates of the forms of a free calibration are one population.

Forms that share a part of their items are on one scale through these. With one population for all, the
items of a form that weaker candidates sat take a part of their weakness for difficulty (two forms a logit
apart with ten of forty items in common: .43 logit). One population is compared with one for each form by the
likelihood ratio

    LR = 2 (log L_forms - log L_one),   chi-square with a mean and a spread for each further form.

Where all forms have the same items, or none in common, there is nothing to take apart.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from ciip_irt.calibration.estimation import Options
from ciip_irt.calibration.groups.groups import GroupedBlocks, Groups, grouped_blocks, population_groups
from ciip_irt.calibration.prepared import Prepared
from ciip_irt.irt import connected_parts
from ciip_irt.irt.estimation import fit_mml
from ciip_irt.records import result
from ciip_irt.screening import Concern, Whole

__all__ = ["DifferingForms", "by_form"]

LEVEL = 0.001  # of the likelihood ratio: a population more costs precision, so not for a doubtful difference
FEWEST = 30  # candidates a form: below, its mean and spread are uncertain by a fifth of a logit and more
MOST = 50  # forms, as many as a calibration takes groups
SHOWN = 5  # names in a sentence: as many as anybody reads


@result
@dataclass(frozen=True, slots=True)
class DifferingForms:
    """The forms as populations, their answers, and what must be said."""

    groups: Groups
    data: GroupedBlocks
    concern: Concern


def by_form(prepared: Prepared, options: Options) -> DifferingForms | None:
    """The forms as populations where they differ beyond chance; ``None`` where one population will do."""
    if not _linked_in_part(prepared):
        return None
    groups = population_groups(prepared.scored, "form_id")
    if int(groups.sizes.min()) < FEWEST:
        return None
    data = grouped_blocks(prepared.scored, groups)
    n_items = prepared.scored.items.height
    one, several = (
        fit_mml(
            blocks,
            options.model,
            n_items,
            priors=options.priors,
            D=options.D,
            max_iterations=options.max_iterations,
            standard_errors="none",
        )
        for blocks in (prepared.data.blocks, data.blocks)
    )
    ratio = 2 * (several.log_likelihood - one.log_likelihood)
    freedom = 2 * (len(groups.names) - 1)
    if not np.isfinite(ratio) or chdtrc(freedom, ratio) > LEVEL:
        return None
    apart = several.population_mean - several.population_mean[0]
    order = np.argsort(-np.abs(apart[1:]))[:SHOWN] + 1
    shown = ", ".join(
        f"{groups.names[k]} is {abs(apart[k]):.1f} logit {'weaker' if apart[k] < 0 else 'stronger'}"
        for k in order
    )
    said = (
        f"The candidates of the forms differ beyond chance on the common items: {shown} than"
        f" {groups.names[0]} (likelihood ratio {ratio:.1f} on {freedom} degrees of freedom). Each form is a"
        " population of its own here; with one for all, the items of a form would take its candidates'"
        " ability for their difficulty."
    )
    remedy = "Groups 'none' keeps one population; groups 'form_id' says it yourself."
    return DifferingForms(groups, data, Concern(Whole.GROUPS, tuple(groups.names), said, remedy))


def _linked_in_part(prepared: Prepared) -> bool:
    """Whether there are several forms that share some items, not all."""
    scored = prepared.scored
    if not 1 < len(scored.form_ids) <= MOST:
        return False
    items: dict[str, set[int]] = {}
    for block in scored.blocks:
        items.setdefault(block.form_id, set()).update(block.items[block.is_scored].tolist())
    together = set.union(*items.values())
    in_part = any(theirs != together for theirs in items.values())
    return in_part and len(connected_parts(prepared.data.blocks, scored.items.height)) == 1
