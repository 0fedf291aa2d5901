"""Blueprint files, written: the same content gives the same bytes."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

from ciip_irt.blueprint.blueprint import Blueprint, Domain, Target
from ciip_irt.blueprint.requirements import AnchorBlock, Between, Condition, FormRequirements, NotIn, UseRule
from ciip_irt.blueprint.targets import QUANTITIES

__all__ = ["blueprint_toml"]

Settings = dict[str, Any]


def blueprint_toml(blueprint: Blueprint) -> str:
    """The blueprint as a TOML file; reading it gives an equal blueprint.

    >>> from ciip_irt.blueprint.reading import load_blueprint, parse_blueprint
    >>> ciip = load_blueprint("ciip-2024")
    >>> parse_blueprint(blueprint_toml(ciip)) == ciip
    True
    """
    # Imported here: a blueprint is read without the package that writes TOML.
    from ciip_irt.settings.writing import toml_text

    b, record = blueprint, blueprint.apportionment
    limits = {} if b.attempts is None else {"limit": b.attempts.limit, "months": b.attempts.months}
    apportionment = {} if record is None else {"rule": record.rule} | _written(
        normaliser=record.normaliser, tie_break=record.tie_break, note=record.note
    )  # fmt: skip
    targets = {target.quantity: _target(target) for target in b.targets}
    difficulty = _written(theta_cut=b.theta_cut) | ({} if b.shrink else {"shrink": False})
    return toml_text(
        {
            "name": b.name,
            **_written(title=b.title),
            "outline": b.outline,
            "effective": b.effective,
            "length": b.length,
            "pilot_slots": b.pilot_slots,
            **_written(testing_time_minutes=b.testing_time_minutes, slow_pace=b.slow_pace),
            "item_order": b.item_order,
            **_written(attempts=limits, apportionment=apportionment),
            "domains": {domain.letter: _domain(domain) for domain in b.domains},
            **_written(difficulty=difficulty | targets),
            **_written(anchors=_anchors(b.requirements.anchors)),
            "constraints": {
                **_written(max_overlap=b.max_overlap),
                "enemies_apart": b.enemies_apart,
                "scored_status": list(b.scored_status),
                "pilot_status": list(b.pilot_status),
                **_requirements(b.requirements),
            },
        }
    )


def _written(**settings: Any) -> Settings:
    """Those that say something: neither ``None``, nor empty text, list or section."""
    return {key: value for key, value in settings.items() if value is not None and value not in ("", [], {})}


def _domain(domain: Domain) -> Settings:
    exact = (domain.low, domain.high) == (domain.count, domain.count)
    return {
        "name": domain.name,
        **_written(percent=domain.percent),
        "count": domain.count,
        **({} if exact else {"range": [domain.low, domain.high]}),
    }


def _requirements(requirements: FormRequirements) -> Settings:
    """The rest of ``[constraints]``: plain keys first, then its sections."""
    sets, balance = requirements.item_sets, requirements.key_balance
    return _written(
        max_overlap_earlier=requirements.max_overlap_earlier,
        include=list(requirements.include),
        exclude=list(requirements.exclude),
        let_in=list(requirements.let_in),
        item_sets=None if sets is None else "whole" if sets.whole else [sets.low, sets.high],
        last_used_before=requirements.last_used_before,
        uses=None if requirements.uses is None else _uses(requirements.uses),
        key_balance=None if balance is None else {
            "low": balance.low, "high": balance.high, "letters": balance.letters,
            **_written(longest_run=balance.longest_run),
        },
        counts=[
            {
                "name": rule.name, **_where(rule.where),
                **({"count": rule.low} if rule.low == rule.high else {"range": [rule.low, rule.high]}),
                **_role(rule.role),
            }
            for rule in requirements.counts
        ],
        if_then=[
            {
                "name": rule.name, **_where(rule.condition, "if"), **_where(rule.consequence, "then"),
                "least": rule.least, **_written(most=rule.most),
                **({"both_ways": True} if rule.both_ways else {}),
            }
            for rule in requirements.if_then
        ],
        limits=[
            {
                "name": rule.name, "column": rule.column, **_where(rule.where),
                **_finite(rule.low, rule.high), **_written(since=rule.since, before=rule.before),
                **_role(rule.role),
            }
            for rule in requirements.limits
        ],
        **{
            section: [
                {
                    "name": rule.name, "column": rule.column, **_where(rule.where),
                    **_finite(rule.low, rule.high),
                }
                for rule in requirements.sums if rule.mean == (section == "means")
            ]
            for section in ("sums", "means")
        },
    )  # fmt: skip


def _uses(rule: UseRule) -> Settings:
    flags = {name: True for name in ("every_item", "fewest_unused") if getattr(rule, name)}
    return {"least": rule.least} | flags | _written(
        most=rule.most, max_exposure=rule.max_exposure, candidates=list(rule.candidates)
    )  # fmt: skip


def _target(target: Target) -> Settings:
    """Its section."""
    severity = {"severity": target.severity}
    if not QUANTITIES[target.quantity].at_thetas:
        return {**_written(value=target.value), "tolerance": target.tolerance, **severity}
    thetas = {"thetas": list(target.thetas)}
    if target.goal == "maximise":
        return {
            **thetas, "goal": "maximise", "equal_within_percent": target.equal_within_percent,
            **_written(weights=list(target.weights or ()), certainty=target.certainty), **severity,
        }  # fmt: skip
    wanted = (
        {"values": list(target.values)}
        if target.values
        else {"relative_to": target.relative_to, "share": target.share} | _written(reference=target.reference)
    )
    room = (
        {"tolerance": target.tolerance}
        if target.tolerance_percent is None
        else {"tolerance_percent": target.tolerance_percent}
    )
    return {**thetas, **wanted, **room, **severity}


def _anchors(block: AnchorBlock | None) -> Settings:
    if block is None:
        return {}
    return {
        "count": block.count, **_written(items=list(block.items)),
        **({} if block.reference is None else {"reference": block.reference}),
        "counted": block.counted, "same_positions": block.same_positions,
        "mean_b": block.mean_b, "sd_b": block.sd_b,
    }  # fmt: skip


def _finite(low: float, high: float) -> Settings:
    return {key: bound for key, bound in (("low", low), ("high", high)) if isfinite(bound)}


def _role(role: str) -> Settings:
    return {} if role == "scored" else {"role": role}


def _where(where: Condition, key: str = "where") -> Mapping[str, Any]:
    from ciip_irt.settings.writing import in_one_line

    if not where:
        return {}
    values = {
        column: _finite(wanted.low, wanted.high)
        if isinstance(wanted, Between)
        else {"not": list(wanted.values)}
        if isinstance(wanted, NotIn)
        else list(wanted)
        for column, wanted in where
    }
    return {key: in_one_line(values)}
