"""``ciip-irt check``: forms against their blueprint; needs no solver."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ciip_irt.cli.named_files import flags_given, text_format, timed_items
from ciip_irt.cli.options import (
    add_blueprint,
    add_earlier,
    add_flags,
    add_item_times,
    add_items,
    add_text_format,
    add_theta_cut,
)
from ciip_irt.cli.remarks import warn

if TYPE_CHECKING:
    from ciip_irt.forms import FormFiles

EPILOG = """\
one finding per line on standard output. Forms of all files are checked together, so that overlap between
files is seen. Forms and bank may be CSV or XLSX files, also made by hand: a column item_id is enough (the
form then has the name of its sheet or file), or one column for each form, headed by its name.
Exit code: 0 every form conforms (warnings do not count), 1 findings, 2 unusable input."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "forms",
        metavar="FORMS",
        nargs="+",
        help="form files (form_id, position, item_id, role, domain; CSV or XLSX) or patterns: 'forms/*.csv'",
    )
    add_blueprint(parser)
    add_items(parser)
    add_earlier(parser, "overlap with each of them is judged too")
    parser.add_argument(
        "--pilot-plan", metavar="FILE", help="pilot_plan.csv: forms must have the pilots planned for them"
    )
    add_flags(parser, "are told as warnings")
    add_item_times(parser)
    add_text_format(parser)
    add_theta_cut(parser)
    parser.add_argument(
        "--format",
        choices=("text", "json", "junit", "github", "sarif"),
        default="text",
        help="of the findings (default: text)",
    )
    loudness = parser.add_mutually_exclusive_group()
    loudness.add_argument("--quiet", action="store_true", help="errors only; nothing where all forms conform")
    loudness.add_argument(
        "--verbose", action="store_true", help="text: every rule for every form, and the targets reached"
    )


def run(arguments: argparse.Namespace) -> int:
    from dataclasses import replace

    from ciip_irt.bank import implausible_scale
    from ciip_irt.blueprint import load_blueprint
    from ciip_irt.forms import ERROR, planned_pilots
    from ciip_irt.forms.checking import (
        RULE_MEANINGS,
        check_form_set,
        read_form_files,
        report_findings,
        verbose_report,
    )
    from ciip_irt.forms.pool import form_set, held_out_by
    from ciip_irt.tables import read_frame

    blueprint = load_blueprint(arguments.blueprint)
    if arguments.theta_cut is not None:
        blueprint = replace(blueprint, theta_cut=arguments.theta_cut)
    how = {"delimiter": arguments.delimiter or ",", "encoding": arguments.encoding or "utf-8"}
    bank = timed_items(arguments)
    if (wrong := implausible_scale(bank.items)) is not None:
        warn(f"{wrong[0]} {wrong[1]}")

    def read_forms(names: list[str]) -> "FormFiles":
        return read_form_files(names, **how, items=bank.items, blueprint=blueprint)

    read = read_forms(arguments.forms)
    earlier = read_forms(arguments.earlier).forms if arguments.earlier else None
    named = ", ".join(Path(path).name for path in dict.fromkeys(read.file_of.values()))
    given = form_set(read.forms, blueprint, bank.items, named, earlier)
    if arguments.pilot_plan is not None:
        table = read_frame(arguments.pilot_plan, **text_format(arguments, arguments.pilot_plan))
        plan = planned_pilots(table, arguments.pilot_plan)
        given = replace(given, plan=plan)
    if (flags := flags_given(arguments)) is not None:
        given = replace(given, held_out=held_out_by(flags, blueprint))
    findings = check_form_set(given)
    if arguments.verbose and arguments.format == "text":
        print(verbose_report(given, findings))
    told = report_findings(
        findings,
        arguments.format,
        form_ids=tuple(read.file_of),
        rules=RULE_MEANINGS,
        file=read.file_of,
        lines=read.line_of,
        quiet=arguments.quiet,
    )
    print(told, end="")
    return 1 if any(finding.severity == ERROR for finding in findings) else 0
