"""A blueprint in words: its table, how the counts came about, and what other rules would have given."""

from collections.abc import Sequence
from fractions import Fraction

from ciip_irt.blueprint.apportionment import Apportionment, compare_rules, feasible_counts
from ciip_irt.blueprint.apportionment_rules import RULES, exact, plain
from ciip_irt.blueprint.blueprint import ApportionmentRecord, Blueprint, Target
from ciip_irt.blueprint.requirements import UseRule, conditions_in_words
from ciip_irt.blueprint.targets import QUANTITIES
from ciip_irt.errors import plural

__all__ = ["describe", "describe_apportionment", "describe_feasible"]

Row = tuple[str, ...]
Counts = tuple[int, ...]


def describe(blueprint: Blueprint) -> str:
    """The text of ``ciip-irt blueprint NAME``."""
    b = blueprint
    parts = [f"{b.name}: {b.title}" if b.title else b.name, _facts(b), ""]
    percents = _percents(b)
    if percents is None or not any(map(exact, percents)):
        rows = [(d.letter, d.name, d.wanted) for d in b.domains]
        parts.append(_table(("", "domain", "items"), [*rows, ("", "sum", str(b.length))]))
    else:
        total = sum(map(exact, percents), Fraction(0))
        quotas = [b.length * exact(percent) / total for percent in percents]
        rows4 = [
            (d.letter, d.name, percent, f"{float(quota):.4f}", f"{float(quota % 1):.4f}", d.wanted)
            for d, percent, quota in zip(b.domains, percents, quotas, strict=True)
        ]
        rows4.append(("", "sum", plain(total), str(b.length), "", str(b.length)))
        parts.append(_table(("", "domain", "weight %", "quota", "remainder", "items"), rows4))
        parts.append(f"\nQuota = {b.length} x weight / {plain(total)}.")
    parts.append("\n" + "\n".join(_origin(b, percents)))
    parts += ["", *_requirements(b)]
    return "\n".join(parts) + "\n"


def describe_feasible(blueprint: Blueprint) -> str:
    """The text of ``--list-feasible``: every vector of counts that the published percentages admit."""
    percents = _percents(blueprint)
    if percents is None:
        return (
            f"{blueprint.name} has no published percentages in every domain:"
            " there is nothing to choose from, the counts stand as they are.\n"
        )
    found = feasible_counts(percents, blueprint.length)
    rows = [
        (*map(str, counts), str(sum(counts)), "<- this blueprint" if counts == blueprint.counts else "")
        for counts in found
    ]  # fmt: skip
    head = (
        f"{plural(len(found), 'integer blueprint')} of {blueprint.length} items"
        f" {'has' if len(found) == 1 else 'have'} the published percentages"
        f" ({' '.join(percents)}) when n / {blueprint.length} is rounded half up:\n"
    )
    return head + ("\n" + _table((*blueprint.letters, "sum", ""), rows) + "\n" if found else "")


def describe_apportionment(result: Apportionment) -> str:
    """The text of ``blueprint apportion``: quotas, remainders, ties with each resolution, other rules."""
    rule = RULES[result.rule]
    total = sum(result.weights, Fraction(0))
    decided = len(result.solutions) == 1
    rows = [
        (name, plain(weight), f"{float(quota):.4f}", f"{float(part):.4f}", str(count))
        for name, weight, quota, part, count in zip(
            result.names, result.weights, result.quotas, result.remainders,
            result.counts if decided else ("?",) * len(result.names), strict=True,
        )
    ]  # fmt: skip
    rows.append(("sum", plain(total), f"{float(sum(result.quotas)):.4f}", "", str(result.length)))
    lines = [
        f"{rule.label} over {plural(result.length, 'item')}",
        "",
        _table(("domain", "weight", "quota", "remainder", "items"), rows),
        "",
        f"Quota = {result.length} x weight / {plain(result.normaliser)}."
        + ("" if rule.uses_normaliser else " The rule itself needs no normaliser."),
    ]
    if result.tie is not None:
        tied = ", ".join(result.names[index] for index in result.tie.contenders)
        lines.append(f"Exact tie of {tied} for {plural(result.tie.seats, 'item')}:")
        lines += [f"  {' '.join(map(str, counts))}" for counts in result.tie.resolutions[:20]]
        if result.tie.n_resolutions > 20:
            lines.append(f"  ... {result.tie.n_resolutions - 20:,} more")
        lines.append(f"Broken by: {result.tie_break}." if decided else "Not broken: state a tie-break.")
    else:
        lines.append("No tie.")
    lines += ["", "What the rules give:"]
    lines += [
        f"  {_with_normaliser(other)}{_outcome(other)}"
        for other in compare_rules(result.weights, result.length, names=result.names)
    ]
    return "\n".join(lines) + "\n"


def _facts(b: Blueprint) -> str:
    questions = b.length + b.pilot_slots
    time = f" in {b.testing_time_minutes} minutes" if b.testing_time_minutes else ""
    attempts = f" At most {b.attempts.limit} attempts in {b.attempts.months} months." if b.attempts else ""
    return (
        f"Outline {b.outline}, in force from {b.effective}. {b.length} scored items and"
        f" {plural(b.pilot_slots, 'pilot slot')} = {questions} questions{time}.{attempts}"
    )


def _origin(b: Blueprint, percents: Sequence[str] | None) -> list[str]:
    """Where the counts come from, in sentences."""
    if percents is None:
        return _origin_without_weights(b.apportionment)
    feasible = feasible_counts(percents, b.length)
    others = compare_rules(percents, b.length, names=[d.name for d in b.domains])
    return [
        _sum_of_weights(percents),
        _feasible_blueprints(b, feasible),
        *_recorded_rule(b, others),
        *_same_counts(b, others),
        *(_other_counts(other, feasible) for other in others if other.solutions != (b.counts,)),
    ]


def _origin_without_weights(record: ApportionmentRecord | None) -> list[str]:
    if record is None:
        return []
    note = f": {record.note}" if record.note else ""
    if record.rule == "none":
        return [f"The counts are a decision of the outline{note}."]
    return [f"The counts came by {RULES[record.rule].label}{note}."]


def _sum_of_weights(percents: Sequence[str]) -> str:
    total = sum(map(exact, percents), Fraction(0))
    but = "" if total == 100 else ", not 100"
    return f"The published weights sum to {plain(total)}{but}."


def _feasible_blueprints(b: Blueprint, feasible: Sequence[Counts]) -> str:
    among = (
        " (list them with --list-feasible); the counts are one of them."
        if b.counts in feasible
        else ", and the counts above are NOT among them."
    )
    round_ = "rounds" if len(feasible) == 1 else "round"
    return f"{plural(len(feasible), 'integer blueprint')} of {b.length} items {round_} to them{among}"


def _recorded_rule(b: Blueprint, others: Sequence[Apportionment]) -> list[str]:
    record = b.apportionment
    if record is None or record.rule == "none":
        return ["The file does not record a rule by which the counts came from the weights."]
    known = (("normaliser: ", record.normaliser), ("tie-break: ", record.tie_break), ("", record.note))
    details = "; ".join(f"{name}{value}" for name, value in known if value)
    lines = [f"The counts came by {RULES[record.rule].label}{f' ({details})' if details else ''}."]
    if not any(other.rule == record.rule and b.counts in other.solutions for other in others):
        lines.append("But that rule does not give these counts from these weights: check the file.")
    return lines


def _same_counts(b: Blueprint, others: Sequence[Apportionment]) -> list[str]:
    recorded = b.apportionment.rule if b.apportionment is not None else None
    same = [
        _with_normaliser(other)[:-2]
        for other in others
        if other.solutions == (b.counts,) and other.rule != recorded
    ]
    return [f"The same counts come by {', '.join(same)}."] if same else []


def _other_counts(other: Apportionment, feasible: Sequence[Counts]) -> str:
    outside = (
        " (not among the feasible ones)"
        if other.solutions and not set(other.solutions) & set(feasible)
        else ""
    )
    would = " would have tied" if other.tie else ""
    return f"{_with_normaliser(other)[:-2]}{would}: {_outcome(other)}{outside}."


def _requirements(b: Blueprint) -> list[str]:
    lines = [_target(target, b.theta_cut) for target in b.targets]
    if b.max_overlap is not None:
        lines.append(f"Two forms share at most {b.overlap_bound} scored items ({100 * b.max_overlap:g} %).")
    lines += _more_requirements(b)
    if b.enemies_apart:
        lines.append("Enemies never meet in one sitting, scored or pilot.")
    lines.append(
        f"Scored slots take items with status {' or '.join(b.scored_status)},"
        f" pilot slots {' or '.join(b.pilot_status)}. Item order: {b.item_order}."
    )
    return lines


def _target(target: Target, theta_cut: float | None) -> str:
    """What the target asks for.

    >>> _target(Target("information", 1.0, thetas=(-1.0, 0.0), goal="maximise"), None)
    'Goal: information at theta -1, 0 as high as possible, forms within 2 % of each other \
(error where missed).'
    """
    quantity = QUANTITIES[target.quantity]
    where = f"({target.severity} where missed)."
    if not quantity.at_thetas:
        value = "the average of the bank" if target.value is None else f"{target.value:g}"
        at = f" (theta = {theta_cut:g})" if quantity.needs_cut and theta_cut is not None else ""
        return f"Target: {quantity.label}{at} within {target.tolerance:g} {quantity.unit} of {value} {where}"
    at = f"{quantity.label} at theta {', '.join(f'{theta:g}' for theta in target.thetas)}"
    if target.goal == "maximise":
        return (
            f"Goal: {at} as high as possible"
            f"{'' if target.certainty is None else f' with {100 * target.certainty:g} % certainty'},"
            f" forms within {target.equal_within_percent:g} % of each other {where}"
        )
    share = "" if target.share == 1 else f"{100 * target.share:g} % of "
    value = ", ".join(f"{value:g}" for value in target.values) or (
        f"{share}earlier form {target.reference}" if target.reference
        else f"{share}the bank's {target.relative_to.removeprefix('bank ')}"
    )  # fmt: skip
    width = (
        f"{target.tolerance:g} {quantity.unit}"
        if target.tolerance_percent is None
        else f"{target.tolerance_percent:g} %"
    )
    return f"Target: {at} within {width} of {value} {where}"


def _more_requirements(b: Blueprint) -> list[str]:
    requirements = b.requirements
    lines = [f"{rule.name}: {rule.wanted} {rule.role} items." for rule in requirements.counts]
    lines += [
        f"{rule.name}: {'mean ' if rule.mean else ''}{rule.column} of the scored items {rule.wanted}."
        for rule in requirements.sums
    ]
    lines += [
        f"{rule.name}: {rule.column} of each {rule.role} item {rule.wanted}." for rule in requirements.limits
    ]
    block = requirements.anchors
    if block is not None:
        chosen = "listed" if block.items else "chosen in proportion to the domains, as difficult as the form"
        counted = "on top of" if block.counted == "apart" else "counted in"
        places = " at the same positions" if block.same_positions else ""
        lines.append(
            f"All forms have {block.count} anchors in common{places}"
            f" ({chosen}; {counted} the overlap allowed)."
        )
        if block.reference is not None:
            lines.append(f"The anchors are items of form {block.reference}.")
    if requirements.max_overlap_earlier is not None:
        lines.append(f"With an earlier form at most {b.max_common_earlier} scored items in common.")
    if requirements.include:
        lines.append(f"Every form includes {', '.join(requirements.include)}.")
    if requirements.exclude:
        lines.append(f"No form has {', '.join(requirements.exclude)}.")
    if requirements.let_in:
        lines.append(f"In spite of open flags a form may have {', '.join(requirements.let_in)}.")
    lines += [
        f"{rule.name}: a form with {conditions_in_words(rule.condition)} has {rule.wanted} with"
        f" {conditions_in_words(rule.consequence)}{', and the other way round' if rule.both_ways else ''}."
        for rule in requirements.if_then
    ]
    lines += _uses(requirements.uses)
    sets = requirements.item_sets
    if sets is not None:
        how = "whole or not at all" if sets.whole else f"with {sets.low} to {sets.high} items or not at all"
        lines.append(f"An item set is taken {how}, and its items stand together.")
    if requirements.last_used_before is not None:
        lines.append(f"Scored items were last used before {requirements.last_used_before}.")
    balance = requirements.key_balance
    if balance is not None:
        run = f"; none more than {balance.longest_run} times running" if balance.longest_run else ""
        lines.append(
            f"Each of {', '.join(balance.letters)} is the key of {100 * balance.low:g} to"
            f" {100 * balance.high:g} % of the scored items{run}."
        )
    return lines


def _uses(rule: UseRule | None) -> list[str]:
    if rule is None:
        return []
    parts = [f"at least {rule.least}"] if rule.least else []
    parts += [f"at most {rule.most}"] if rule.most is not None else []
    if rule.max_exposure is not None:
        of = "candidates" if rule.candidates else "forms"
        parts.append(f"at most {100 * rule.max_exposure:g} % of the {of}")
    lines = [f"An item stands in {' and '.join(parts)}, anchors and included items aside."] if parts else []
    if rule.every_item:
        lines.append("Every item that may be scored is used.")
    if rule.fewest_unused:
        lines.append("As few items as can be stay unused.")
    return lines


def _percents(b: Blueprint) -> list[str] | None:
    given = [d.percent for d in b.domains if d.percent is not None]
    return given if len(given) == len(b.domains) else None


def _with_normaliser(result: Apportionment) -> str:
    rule = RULES[result.rule]
    against = f" with normaliser {plain(result.normaliser)}" if rule.uses_normaliser else ""
    return f"{rule.label}{against}: "


def _outcome(result: Apportionment) -> str:
    if not result.solutions:
        return f"no answer: {result.note}"
    if result.tie is None:
        return ", ".join(map(str, result.solutions[0]))
    tied = _joined([result.names[index] for index in result.tie.contenders])
    shown = " or ".join(", ".join(map(str, counts)) for counts in result.solutions[:3])
    more = result.tie.n_resolutions - min(3, len(result.solutions))
    return (
        f"{shown}{f' or {more:,} more' if more else ''}"
        f" (exact tie of {tied} for {plural(result.tie.seats, 'item')})"
    )


def _joined(names: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def _table(head: Row, rows: Sequence[Row]) -> str:
    """Columns of text, the first two left, numbers right."""
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    words = [any(row[i][:1].isalpha() for row in rows) for i in range(len(head))]
    lines = [
        "  ".join(
            cell.ljust(width) if word else cell.rjust(width)
            for cell, width, word in zip(row, widths, words, strict=True)
        ).rstrip()
        for row in (head, *rows)
    ]
    return "\n".join(lines)
