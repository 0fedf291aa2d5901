"""``ciip-irt check``: forms against their blueprint; needs no solver."""

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path

from ciip_irt.cli.options import add_items, add_text_format, read_items

EPILOG = """\
one finding per line on standard output. Forms of all files are checked together, so that overlap between
files is seen. Exit code: 0 every form conforms (warnings do not count), 1 findings, 2 unusable input."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "forms", metavar="FORMS", nargs="+", help="form files: form_id, position, item_id, role, domain"
    )
    parser.add_argument("--blueprint", required=True, metavar="B", help="name (ciip-2024) or TOML file")
    add_items(parser)
    add_text_format(parser)
    parser.add_argument(
        "--theta-cut",
        type=float,
        metavar="T",
        help="the standard on the bank scale (default: the blueprint's)",
    )
    parser.add_argument(
        "--format",
        choices=("text", "json", "junit", "github"),
        default="text",
        help="of the findings (default: text)",
    )


def run(arguments: argparse.Namespace) -> int:
    from dataclasses import replace

    import polars as pl

    from ciip_irt.forms import CHECKED_RULES, check_forms, load_blueprint, report_findings
    from ciip_irt.tables import FORMS, read_table

    blueprint = load_blueprint(arguments.blueprint)
    if arguments.theta_cut is not None:
        blueprint = replace(blueprint, theta_cut=arguments.theta_cut)
    bank = read_items(arguments)
    tables = [
        read_table(path, FORMS, delimiter=arguments.delimiter, encoding=arguments.encoding).select(
            FORMS.names
        )
        for path in arguments.forms
    ]
    forms = pl.concat(tables)
    file_of = _file_of_form(arguments.forms, [table["form_id"].unique() for table in tables])
    named = ", ".join(Path(path).name for path in arguments.forms)
    findings = check_forms(forms, blueprint, bank.items, where=named)
    told = report_findings(
        findings,
        arguments.format,
        form_ids=forms["form_id"].unique(maintain_order=True).to_list(),
        rules=CHECKED_RULES,
        file=file_of,
    )
    print(told, end="" if told.endswith("\n") else "\n")
    return 1 if any(finding.severity == "error" for finding in findings) else 0


def _file_of_form(files: Sequence[str], forms: Sequence[Iterable[str]]) -> dict[str, str]:
    """Form -> its file; a form in two files is not one form of double length."""
    from ciip_irt.errors import InputError, Problem

    file_of: dict[str, str] = {}
    problems = []
    for file, form_ids in zip(files, forms, strict=True):
        for form_id in sorted(form_ids):
            if form_id in file_of:
                what = f"form {form_id} is in {file_of[form_id]} already"
                remedy = "Give each file once, and each form a form_id of its own."
                problems.append(Problem(what, where=file, remedy=remedy))
            file_of.setdefault(form_id, file)
    if problems:
        raise InputError(problems)
    return file_of
