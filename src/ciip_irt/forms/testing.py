"""For the tests of a programme's item-bank repository: forms conform, or the test says why not."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from ciip_irt.bank import as_items, read_bank
from ciip_irt.blueprint import Blueprint, load_blueprint
from ciip_irt.forms.checking.check import check_forms
from ciip_irt.forms.checking.finding_formats import report_findings
from ciip_irt.forms.checking.form_files import read_form_files
from ciip_irt.forms.findings import ERROR

__all__ = ["assert_form_conforms"]

Forms = pl.DataFrame | str | Path | Sequence[str | Path]


def assert_form_conforms(
    forms: Forms,
    *,
    blueprint: Blueprint | str | Path,
    items: pl.DataFrame | str | Path,
    earlier: Forms | None = None,
    theta_cut: float | None = None,
    warnings: bool = False,
) -> None:
    """Fail with one line per finding where the forms do not conform to the blueprint.

    Parameters
    ----------
    forms, earlier
        A table, a file, a pattern (``"forms/*.csv"``), or several files and patterns. All forms are checked
        together, so that overlap among them is seen; overlap with ``earlier`` ones is judged too.
    blueprint
        A blueprint, its name (``"ciip-2024"``) or its file.
    items
        The bank as a table or file.
    theta_cut
        The standard on the bank scale; replaces the blueprint's.
    warnings
        Whether warnings fail too.

    Raises
    ------
    AssertionError
        The forms do not conform; the message is what ``ciip-irt check`` prints.
    InputError
        Files or tables that cannot be read as forms, items or blueprint.

    >>> from ciip_irt.blueprint.blueprint import Domain
    >>> one = Blueprint("one", "1", "2024", 1, (Domain("A", "Procurement", 1),))
    >>> bank = pl.DataFrame({"item_id": ["I1"], "domain": "A", "status": "draft", "key": "A",
    ...                      "options": "AB"})
    >>> form = pl.DataFrame({"form_id": "X", "position": [1], "item_id": "I1", "role": "scored",
    ...                      "domain": "A"})
    >>> assert_form_conforms(form, blueprint=one, items=bank)
    Traceback (most recent call last):
    AssertionError: X: I1 is in a scored slot, but its status is draft (needs scored) [status]
    1 form checked: 1 error; 0 forms conform.
    """
    __tracebackhide__ = True
    if not isinstance(blueprint, Blueprint):
        blueprint = load_blueprint(blueprint)
    if theta_cut is not None:
        blueprint = replace(blueprint, theta_cut=theta_cut)
    bank = read_bank(items).items if isinstance(items, str | Path) else as_items(items)
    table = _table(forms, bank, blueprint)
    before = None if earlier is None else _table(earlier, bank, blueprint)
    findings = check_forms(table, blueprint, bank, earlier=before)
    if any(warnings or finding.severity == ERROR for finding in findings):
        form_ids = table["form_id"].cast(pl.String).unique(maintain_order=True).to_list()
        raise AssertionError(report_findings(findings, form_ids=form_ids).rstrip())


def _table(forms: Forms, bank: pl.DataFrame, blueprint: Blueprint) -> pl.DataFrame:
    if isinstance(forms, pl.DataFrame):
        return forms
    names = [forms] if isinstance(forms, str | Path) else forms
    return read_form_files(names, items=bank, blueprint=blueprint).forms
