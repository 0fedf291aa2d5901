"""What a blueprint wants of a bank, as the pilots' needs are counted."""

from ciip_irt.blueprint import Blueprint, load_blueprint
from ciip_irt.errors import InputError, Problem
from ciip_irt.pilots.plan import Demand

__all__ = ["demand_named", "demand_of"]


def demand_of(blueprint: Blueprint, n_forms: int) -> Demand:
    """The demand of ``n_forms`` forms.

    >>> from ciip_irt.blueprint import load_blueprint
    >>> demand_of(load_blueprint("ciip-2024"), 3).wanted()["F"]
    49
    """
    targets = {target.quantity: target.value for target in blueprint.targets}
    return Demand(
        counts={domain.letter: domain.count for domain in blueprint.domains},
        letter_of=blueprint.spellings(),
        n_forms=n_forms,
        max_overlap=1.0 if blueprint.max_overlap is None else blueprint.max_overlap,
        mean_b=targets.get("mean_b"),
        statuses=blueprint.scored_status,
    )


def demand_named(name_or_path: str, n_forms: int) -> Demand:
    """The same for a blueprint by name or file.

    Raises
    ------
    InputError
        No such blueprint, or no form wanted.
    """
    if n_forms < 1:
        raise InputError(
            Problem(f"--n-forms {n_forms} is no number of forms", remedy="Ask for at least one.")
        )
    return demand_of(load_blueprint(name_or_path), n_forms)
