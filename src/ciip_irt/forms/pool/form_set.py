"""Forms as the check sees them: plain rows next to the bank, no matrices and no solver."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl

from ciip_irt.arrays import FloatArray
from ciip_irt.bank import ItemBank, enemies_of
from ciip_irt.blueprint import Blueprint, ResolvedTarget, resolve_domains, resolve_targets
from ciip_irt.forms.pool.anchor_items import Anchors, anchors_in
from ciip_irt.forms.pool.item_attributes import ItemAttributes, read_attributes, resting
from ciip_irt.tables import FORMS

__all__ = [
    "PILOT",
    "SCORED",
    "BankItem",
    "Entry",
    "Form",
    "FormSet",
    "earlier_forms",
    "form_set",
    "letters_of",
    "targets_of",
]

SCORED, PILOT = "scored", "pilot"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a form. ``letter`` is the domain that the form claims."""

    position: int
    item_id: str
    role: str
    letter: str


@dataclass(frozen=True)
class Form:
    """The entries of one form in the order of the table."""

    form_id: str
    entries: tuple[Entry, ...]

    @cached_property
    def scored(self) -> tuple[str, ...]:
        return tuple(entry.item_id for entry in self.entries if entry.role == SCORED)

    @cached_property
    def pilots(self) -> tuple[str, ...]:
        return tuple(entry.item_id for entry in self.entries if entry.role == PILOT)


@dataclass(frozen=True, slots=True)
class BankItem:
    """What the check needs to know of an item."""

    letter: str
    status: str
    enemies: frozenset[str]


@dataclass(frozen=True, slots=True)
class FormSet:
    """All forms under check with their bank and targets.

    ``outlines`` are what the forms themselves name, where their table has a column ``outline``; ``anchors``
    the anchor block of the family, where the blueprint asks for one; ``plan`` the pilots planned per form;
    ``held_out`` items known to be bad, with their flags.
    """

    blueprint: Blueprint
    forms: tuple[Form, ...]
    bank: Mapping[str, BankItem]
    targets: tuple[ResolvedTarget, ...]
    attributes: ItemAttributes = field(default_factory=ItemAttributes)
    earlier: tuple[Form, ...] = ()
    outlines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    anchors: Anchors = field(default_factory=Anchors)
    plan: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    held_out: Mapping[str, str] = field(default_factory=dict)


def letters_of(bank: ItemBank, blueprint: Blueprint) -> list[str]:
    """The domain of every item of the bank, as a letter of the blueprint.

    Items that the bank classifies by another outline may have domains that this one lacks; their letter is
    then empty, and the rule ``outline`` keeps them out of forms.

    Raises
    ------
    BlueprintError
        Domains that the blueprint lacks, of items that are classified by its outline or by none named.
    """
    domains = bank.items["domain"]
    if "outline" not in bank.items.columns:
        return resolve_domains(domains, blueprint, bank.where)
    named = bank.items["outline"].cast(pl.String)
    other = (named.is_not_null() & (named != blueprint.outline)).to_list()
    spelt = blueprint.spellings()
    ours = (domain for domain, away in zip(domains, other, strict=True) if not away)
    resolved = iter(resolve_domains(ours, blueprint, bank.where))
    return [
        spelt.get(" ".join(domain.split()).casefold(), "") if away else next(resolved)
        for domain, away in zip(domains, other, strict=True)
    ]


def targets_of(
    bank: ItemBank,
    letters: list[str],
    blueprint: Blueprint,
    attributes: ItemAttributes,
    earlier: Sequence[Form] = (),
) -> tuple[ResolvedTarget, ...]:
    """The blueprint's targets on this bank; see ``resolve_targets``."""
    if not blueprint.targets:
        return ()
    eligible = bank.items["status"].is_in(list(blueprint.scored_status))
    away = resting(attributes, blueprint)
    if away:
        eligible &= ~bank.items["item_id"].is_in(list(away))
    return resolve_targets(
        blueprint,
        bank.item_ids,
        bank.parameters(),
        bank.scale.D if bank.scale is not None else 1.0,
        letters,
        np.asarray(eligible.to_numpy(), dtype=np.bool_),
        errors=_errors(bank.items),
        earlier={form.form_id: form.scored for form in earlier},
    )


def _errors(items: pl.DataFrame) -> FloatArray | None:
    """Standard errors of a, b, c, (J, 3), where the bank has any."""
    if not {"se_a", "se_b", "se_c"} & set(items.columns):
        return None
    columns = [
        items[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        if name in items.columns
        else np.full(items.height, np.nan)
        for name in ("se_a", "se_b", "se_c")
    ]
    return np.stack(columns, axis=1)


def earlier_forms(table: pl.DataFrame, judged: Sequence[Form] = ()) -> tuple[Form, ...]:
    """Forms used before, held against no bank; a form under check that is among them is left out.

    Raises
    ------
    TableError
        The table cannot be read as forms.
    """
    read = FORMS.validate(table, "earlier forms").select("form_id", "position", "item_id", "role", "domain")
    entries: dict[str, list[Entry]] = {}
    for form_id, position, item_id, role, domain in read.iter_rows():
        entries.setdefault(form_id, []).append(Entry(position, item_id, role, domain))
    same = {form.form_id: set(form.scored) for form in judged}
    found = (Form(form_id, tuple(lines)) for form_id, lines in entries.items())
    return tuple(form for form in found if same.get(form.form_id) != set(form.scored))


def _outlines(table: pl.DataFrame) -> dict[str, tuple[str, ...]]:
    if "outline" not in table.columns:
        return {}
    named = table.select("form_id", pl.col("outline").cast(pl.String)).drop_nulls()
    found: dict[str, dict[str, None]] = {}
    for form_id, outline in named.iter_rows():
        found.setdefault(form_id, {})[outline.strip()] = None
    return {form_id: tuple(outlines) for form_id, outlines in found.items()}


def _claimed(
    table: pl.DataFrame, known: Mapping[str, BankItem], blueprint: Blueprint, where: str
) -> list[str]:
    """The domain that the form gives each item; the bank's where it gives none."""
    resolved = iter(resolve_domains(table["domain"].drop_nulls(), blueprint, where))
    pairs = table.select("item_id", "domain").iter_rows()
    return [
        next(resolved) if domain is not None else known[item_id].letter if item_id in known else ""
        for item_id, domain in pairs
    ]


def form_set(
    forms: pl.DataFrame,
    blueprint: Blueprint,
    items: pl.DataFrame,
    where: str = "forms",
    earlier: pl.DataFrame | None = None,
) -> FormSet:
    """Both tables checked against their contracts and brought together.

    Raises
    ------
    TableError, ScaleError, BlueprintError
        Tables that cannot be read as forms or items; domains that the blueprint lacks.
    """
    table = FORMS.validate(forms, where)
    bank = ItemBank.from_frame(items)
    letters = letters_of(bank, blueprint)
    enemies = enemies_of(bank.items)
    none: frozenset[str] = frozenset()
    known = {
        item_id: BankItem(letter, status, enemies.get(item_id, none))
        for item_id, letter, status in zip(bank.item_ids, letters, bank.items["status"], strict=True)
    }
    entries: dict[str, list[Entry]] = {}
    claimed = _claimed(table, known, blueprint, where)
    rows = table.select("form_id", "position", "item_id", "role").iter_rows()
    for (form_id, position, item_id, role), letter in zip(rows, claimed, strict=True):
        entries.setdefault(form_id, []).append(Entry(position, item_id, role, letter))
    judged = tuple(Form(form_id, tuple(lines)) for form_id, lines in entries.items())
    attributes = read_attributes(bank.items, letters, blueprint, bank.where)
    used = () if earlier is None else earlier_forms(earlier, judged)
    return FormSet(
        blueprint=blueprint,
        forms=judged,
        bank=known,
        targets=targets_of(
            bank, letters, blueprint, attributes, () if earlier is None else earlier_forms(earlier)
        ),
        attributes=attributes,
        earlier=used,
        outlines=_outlines(table),
        anchors=anchors_in(
            blueprint, table, [form.scored for form in judged], {form.form_id: form.scored for form in used}
        ),
    )
