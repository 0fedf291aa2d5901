"""Blueprints whose counts come from an apportionment: from percentages, or for another length."""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from ciip_irt.blueprint.apportionment import Apportionment, apportion
from ciip_irt.blueprint.apportionment_rules import RULES, Weight, plain
from ciip_irt.blueprint.blueprint import ApportionmentRecord, Blueprint, Domain
from ciip_irt.errors import BlueprintError, Problem

__all__ = ["apportioned_blueprint", "practice_blueprint", "weights_of"]


def weights_of(frame: pl.DataFrame, where: str = "weights") -> list[Domain]:
    """Domains without counts from a table ``letter, domain, percent`` (``letter`` may be left out).

    Raises
    ------
    BlueprintError
        A column is missing, or a cell is empty.
    """
    missing = [name for name in ("domain", "percent") if name not in frame.columns]
    if missing:
        raise BlueprintError(
            Problem(f"column {' and '.join(map(repr, missing))} missing", where=where,
                    remedy="Give the columns domain and percent, and letter if there are letters.")
        )  # fmt: skip
    letters = (
        frame["letter"].cast(pl.String).to_list()
        if "letter" in frame.columns
        else [chr(ord("A") + index) if index < 26 else f"D{index + 1}" for index in range(frame.height)]
    )
    names = frame["domain"].cast(pl.String).to_list()
    percents = frame["percent"].cast(pl.String).to_list()
    problems = [
        Problem("a cell is empty", where=where, row=row, remedy="Every domain needs a name and a percentage.")
        for row, cells in enumerate(zip(letters, names, percents, strict=True), start=2)
        if not all(cells)
    ]
    if problems:
        raise BlueprintError(problems)
    return [Domain(letter, name, 0, percent)
            for letter, name, percent in zip(letters, names, percents, strict=True)]  # fmt: skip


def apportioned_blueprint(
    source: Blueprint | Sequence[Domain],
    length: int,
    rule: str = "webster",
    *,
    normaliser: Weight | None = None,
    tie_break: str | Sequence[str] | None = None,
    name: str = "",
    outline: str = "",
    effective: str = "",
) -> tuple[Blueprint, Apportionment]:
    """Counts for every domain by ``rule`` from the published percentages, recorded in the blueprint.

    ``source`` is a blueprint whose percentages, pilots, targets and constraints are kept, or the domains with
    their percentages. The tie-break may name domains by letter or name.

    Raises
    ------
    BlueprintError
        As ``apportion``; also where a domain has no percentage.
    """
    domains = source.domains if isinstance(source, Blueprint) else tuple(source)
    missing = [domain.letter for domain in domains if domain.percent is None]
    if missing:
        raise BlueprintError(
            Problem("domains without a published percentage cannot be apportioned", examples=missing,
                    remedy="Give each domain its percent; for another length from counts use --length.")
        )  # fmt: skip
    result = _apportion(domains, [d.percent or "" for d in domains], length, rule, normaliser, tie_break)
    filled = tuple(
        Domain(d.letter, d.name, count, d.percent) for d, count in zip(domains, result.counts, strict=True)
    )
    record = _record(result)
    if isinstance(source, Blueprint):
        built = replace(
            source, name=name or source.name, outline=outline or source.outline,
            effective=effective or source.effective, length=length, domains=filled,
            apportionment=record, where="",
        )  # fmt: skip
    else:
        built = Blueprint(name or "exam", outline or "1", effective or "2024", length, filled,
                          apportionment=record)  # fmt: skip
    return built, result


def practice_blueprint(
    blueprint: Blueprint,
    length: int,
    rule: str = "webster",
    *,
    tie_break: str | Sequence[str] | None = None,
) -> tuple[Blueprint, Apportionment]:
    """A practice form of another length in the same proportions, apportioned from the blueprint's counts.

    The counts are the weights, not the published percentages, so nothing is rounded twice. Pilot slots,
    targets with a value, counts and sums by attribute, anchors and items to include are dropped: they belong
    to the full form. Testing time is scaled to the questions that remain.

    >>> from ciip_irt.blueprint.reading import load_blueprint
    >>> practice_blueprint(load_blueprint("ciip-2024"), 65, tie_break="outline order")[0].counts
    (3, 4, 8, 4, 2, 11, 8, 10, 6, 9)
    """
    result = _apportion(blueprint.domains, blueprint.counts, length, rule, blueprint.length, tie_break)
    filled = tuple(
        Domain(d.letter, d.name, count) for d, count in zip(blueprint.domains, result.counts, strict=True)
    )
    minutes = blueprint.testing_time_minutes
    if minutes is not None:
        minutes = max(1, round(minutes * length / (blueprint.length + blueprint.pilot_slots)))
    practice = replace(
        blueprint,
        name=f"{blueprint.name}-{length}",
        title=f"Practice form of {length} items in the proportions of {blueprint.name}",
        length=length,
        domains=filled,
        pilot_slots=0,
        testing_time_minutes=minutes,
        apportionment=replace(
            _record(result),
            note=f"apportioned from the {blueprint.length} counts of {blueprint.name}, not from percentages",
        ),
        targets=tuple(target for target in blueprint.targets if target.value is None),
        requirements=replace(blueprint.requirements, counts=(), sums=(), include=(), anchors=None),
        where="",
    )
    return practice, result


def _apportion(
    domains: Sequence[Domain],
    weights: Sequence[Weight],
    length: int,
    rule: str,
    normaliser: Weight | None,
    tie_break: str | Sequence[str] | None,
) -> Apportionment:
    letters = {d.letter.casefold(): d.name for d in domains} | {d.name.casefold(): d.name for d in domains}
    if tie_break is not None and tie_break != "outline order":
        given = [tie_break] if isinstance(tie_break, str) else tie_break
        tie_break = [letters.get(name.strip().casefold(), name) for name in given]
    return apportion(
        weights, length, rule, normaliser=normaliser, tie_break=tie_break, names=[d.name for d in domains]
    )


def _record(result: Apportionment) -> ApportionmentRecord:
    rule = RULES[result.rule]
    return ApportionmentRecord(
        rule=result.rule,
        normaliser=plain(result.normaliser) if rule.uses_normaliser else "none needed: a divisor rule",
        tie_break=result.tie_break or "none needed: no tie",
    )
