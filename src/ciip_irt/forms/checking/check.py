"""Forms against their blueprint and bank: findings, without a solver, however the forms were made."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from ciip_irt.bank import Items, as_items
from ciip_irt.blueprint import Blueprint
from ciip_irt.errors import plural
from ciip_irt.forms.constraints import CONSTRAINTS
from ciip_irt.forms.findings import ERROR, WARNING, Finding, Findings
from ciip_irt.forms.item_order import longest_run, single_keys
from ciip_irt.forms.pool.form_set import FormSet, form_set
from ciip_irt.forms.pool.held_out import held_out_by
from ciip_irt.forms.pool.item_attributes import first_sets
from ciip_irt.tables import AnyFrame, polars_frame

__all__ = ["CHECKED_RULES", "RULE_MEANINGS", "asked", "check_form_set", "check_forms"]

# A domain with so many items can be in a block or not.
BLOCK = 3


def check_forms(
    forms: AnyFrame,
    blueprint: Blueprint,
    items: Items,
    *,
    earlier: AnyFrame | None = None,
    flags: AnyFrame | None = None,
    where: str = "forms",
) -> Findings:
    """Everything in which the forms do not conform, form by form; nothing where they do.

    Parameters
    ----------
    forms
        ``form_id, position, item_id, role, domain``; one or more forms. Overlap is judged among them.
    items
        The bank, or the table of its items; a target without a value is its average.
    earlier
        Forms used before: overlap with each is judged too.
    flags
        ``item_id, flag, severity``: items with open flags of severity 1 or 2 are told as warnings, unless
        the blueprint lets them in by name.

    Returns
    -------
    The findings as a sequence that also knows ``conforms``, ``to_frame()`` and ``summary()``.

    Raises
    ------
    TableError, ScaleError, BlueprintError
        The tables cannot be read as forms and items of this blueprint.

    >>> import polars as pl
    >>> from ciip_irt.blueprint.blueprint import Domain
    >>> two = Blueprint("two", "1", "2024", 2, (Domain("A", "Procurement", 1), Domain("B", "Operations", 1)))
    >>> items = pl.DataFrame({"item_id": ["I1", "I2", "I3"], "domain": ["A", "B", "B"],
    ...                       "status": "scored", "key": "A", "options": "ABCD"})
    >>> form = pl.DataFrame({"form_id": "X", "position": [1, 2], "item_id": ["I2", "I3"],
    ...                      "role": "scored", "domain": "B"})
    >>> findings = check_forms(form, two, items)
    >>> for finding in findings:
    ...     print(finding.message)
    A Procurement: 0 items, blueprint needs 1
    B Operations: 2 items, blueprint needs 1
    >>> findings
    1 form checked: 2 errors; 0 forms conform.
    """
    before = None if earlier is None else polars_frame(earlier, "earlier forms")
    given = form_set(polars_frame(forms, where), blueprint, as_items(items), where, before)
    if flags is not None:
        given = replace(given, held_out=held_out_by(polars_frame(flags, "flags"), blueprint))
    return check_form_set(given)


def check_form_set(given: FormSet) -> Findings:
    """As ``check_forms``, on tables that have been read already."""
    rules = [*TABLE_RULES.values(), *(constraint.check for constraint in CONSTRAINTS.values())]
    findings = [finding for rule in rules for finding in rule(given)]
    order = {form.form_id: number for number, form in enumerate(given.forms)}
    findings.sort(key=lambda finding: order[finding.form_id])
    return Findings(tuple(findings), tuple(order))


def _unknown_items(given: FormSet) -> Iterator[Finding]:
    for form in given.forms:
        for entry in form.entries:
            if entry.item_id not in given.bank:
                message = f"{entry.item_id} at position {entry.position} is not in the bank"
                yield Finding("unknown_item", ERROR, form.form_id, entry.item_id, message)


def _domains(given: FormSet) -> Iterator[Finding]:
    titles = {domain.letter: domain.title for domain in given.blueprint.domains}
    for form in given.forms:
        for entry in form.entries:
            item = given.bank.get(entry.item_id)
            # Without a letter it is classified by another outline, which is told apart.
            if item is not None and item.letter not in ("", entry.letter):
                message = (
                    f"{entry.item_id} stands under {titles[entry.letter]},"
                    f" but the bank has it under {titles[item.letter]}"
                )
                yield Finding("domain", ERROR, form.form_id, entry.item_id, message)


def _positions(given: FormSet) -> Iterator[Finding]:
    for form in given.forms:
        counts = Counter(entry.position for entry in form.entries)
        twice = sorted(position for position, count in counts.items() if count > 1)
        if twice:
            message = f"{plural(len(twice), 'position')} used more than once ({_some(twice)})"
            yield Finding("positions", ERROR, form.form_id, "", message)
        last = max(counts)
        gaps = last - len(counts)
        if gaps:
            missing = [position for position in range(1, min(last, 100_000) + 1) if position not in counts]
            message = f"{plural(gaps, 'position')} missing between 1 and {last} ({_some(missing)})"
            yield Finding("positions", ERROR, form.form_id, "", message)


def _set_order(given: FormSet) -> Iterator[Finding]:
    if given.blueprint.requirements.item_sets is None:
        return
    set_of = first_sets(given.attributes)
    for form in given.forms:
        places: dict[str, list[int]] = {}
        for place, entry in enumerate(sorted(form.entries, key=lambda entry: entry.position)):
            if entry.item_id in set_of:
                places.setdefault(set_of[entry.item_id], []).append(place)
        for set_id, found in places.items():
            if found[-1] - found[0] >= len(found):
                message = f"the items of set {set_id} do not stand together"
                yield Finding("set_order", ERROR, form.form_id, "", message)


def _key_runs(given: FormSet) -> Iterator[Finding]:
    balance = given.blueprint.requirements.key_balance
    if balance is None or balance.longest_run is None:
        return
    keys = single_keys(given.attributes)
    for form in given.forms:
        entries = sorted(form.entries, key=lambda entry: entry.position)
        run, start = longest_run(entries, keys)
        if run > balance.longest_run:
            message = (
                f"key {keys[entries[start].item_id]} comes {run} times running, from position"
                f" {entries[start].position}; blueprint allows {balance.longest_run}"
            )
            yield Finding("key_runs", ERROR, form.form_id, entries[start].item_id, message)


def _anchor_positions(given: FormSet) -> Iterator[Finding]:
    block = given.blueprint.requirements.anchors
    if block is None or not block.same_positions or not given.anchors.items:
        return
    # Where more than the block is common, nothing says which of it are anchors.
    if not given.anchors.named and len(given.anchors.items) > block.count:
        return
    places = [
        (form.form_id, {entry.item_id: entry.position for entry in form.entries if entry.role == "scored"})
        for form in (*(old for old in given.earlier if old.form_id == block.reference), *given.forms)
    ]
    first, expected = places[0]
    for form_id, found in places[1:]:
        moved = sorted(
            item_id
            for item_id in given.anchors.items
            if item_id in found and item_id in expected and found[item_id] != expected[item_id]
        )
        if moved:
            shown = ", ".join(f"{i}: {expected[i]} there, {found[i]} here" for i in moved[:3])
            more = ", ..." if len(moved) > 3 else ""
            what = plural(len(moved), "anchor stands", "anchors stand")
            message = f"{what} at another position than in form {first} ({shown}{more})"
            yield Finding("anchor_positions", ERROR, form_id, moved[0], message)


def _pilot_plan(given: FormSet) -> Iterator[Finding]:
    for form in given.forms:
        if form.form_id not in given.plan:
            continue
        planned = given.plan[form.form_id]
        missing = [item_id for item_id in planned if item_id not in form.pilots]
        strange = [item_id for item_id in form.pilots if item_id not in planned]
        if missing:
            message = f"{len(missing)} of {plural(len(planned), 'planned pilot')} missing ({_some(missing)})"
            yield Finding("pilot_plan", ERROR, form.form_id, missing[0], message)
        if strange:
            message = f"{plural(len(strange), 'pilot item')} that the plan does not have ({_some(strange)})"
            yield Finding("pilot_plan", ERROR, form.form_id, strange[0], message)


def _item_order(given: FormSet) -> Iterator[Finding]:
    for form in given.forms:
        letters = [entry.letter for entry in sorted(form.entries, key=lambda entry: entry.position)]
        starts = [letter for place, letter in enumerate(letters) if not place or letters[place - 1] != letter]
        torn = sorted(letter for letter, runs in Counter(starts).items() if runs > 1)
        message = ""
        if given.blueprint.item_order == "domain blocks":
            if torn:
                message = f"blueprint wants domain blocks; items of {', '.join(torn)} stand in several places"
        else:
            several = [letter for letter, count in Counter(letters).items() if count >= BLOCK]
            blocks = [letter for letter in several if letter not in torn]
            if len(several) > 1 and len(blocks) > len(several) / 2:
                message = "blueprint wants domains interleaved; most of them stand in one block"
        if message:
            yield Finding("item_order", WARNING, form.form_id, "", message)


def _form_outline(given: FormSet) -> Iterator[Finding]:
    ours = given.blueprint.outline
    for form in given.forms:
        for outline in given.outlines.get(form.form_id, ()):
            if outline != ours:
                message = f"the form is of outline {outline}, the blueprint of outline {ours}"
                yield Finding("form_outline", ERROR, form.form_id, "", message)


def _some(numbers: Sequence[object]) -> str:
    return ", ".join(map(str, numbers[:5])) + (", ..." if len(numbers) > 5 else "")


# What concerns the table itself and has no row in the optimisation model.
TABLE_RULES: dict[str, Callable[[FormSet], Iterator[Finding]]] = {
    "unknown_item": _unknown_items,
    "domain": _domains,
    "positions": _positions,
    "form_outline": _form_outline,
    "item_order": _item_order,
    "set_order": _set_order,
    "key_runs": _key_runs,
    "anchor_positions": _anchor_positions,
    "pilot_plan": _pilot_plan,
}

RULE_MEANINGS: dict[str, str] = {
    "unknown_item": "every item is in the bank",
    "domain": "items stand under the domain that the bank has them in",
    "positions": "positions run from 1 without gaps or repetitions",
    "form_outline": "a form that names its outline names the blueprint's",
    "item_order": "domains stand in blocks or interleaved, as the blueprint says",
    "set_order": "the items of a set stand together",
    "key_runs": "no key comes more often running than the blueprint allows",
    "anchor_positions": "anchors stand at the same positions in all forms",
    "pilot_plan": "forms have the pilots that the plan gives them",
    **{name: constraint.meaning for name, constraint in CONSTRAINTS.items()},
}

CHECKED_RULES: tuple[str, ...] = tuple(RULE_MEANINGS)


def asked(given: FormSet, rule: str) -> bool:
    """Whether the blueprint, bank and forms give this rule anything to judge."""
    if rule in CONSTRAINTS:
        return CONSTRAINTS[rule].asked(given)
    requirements = given.blueprint.requirements
    return {
        "form_outline": bool(given.outlines),
        "set_order": requirements.item_sets is not None,
        "key_runs": requirements.key_balance is not None and requirements.key_balance.longest_run is not None,
        "pilot_plan": bool(given.plan),
        "anchor_positions": requirements.anchors is not None and requirements.anchors.same_positions,
    }.get(rule, True)
