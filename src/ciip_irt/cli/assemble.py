"""``ciip-irt assemble``: forms that conform to a blueprint and hit its difficulty target."""

import argparse
import sys

from ciip_irt.cli.named_files import earlier_forms, flags_given, text_format, timed_items
from ciip_irt.cli.options import (
    add_accept,
    add_blueprint,
    add_earlier,
    add_flags,
    add_item_times,
    add_items,
    add_n_forms,
    add_out,
    add_seed,
    add_text_format,
    add_theta_cut,
    number,
)
from ciip_irt.cli.progress import Progress
from ciip_irt.cli.remarks import bank_stops, warn

EPILOG = """\
writes forms.csv, achieved.csv and assembly.json; where no forms exist that conform, shortages.csv says what
the bank lacks, and the exit code is 1."""


def configure(parser: argparse.ArgumentParser) -> None:
    add_items(parser)
    add_blueprint(parser)
    add_n_forms(parser)
    add_seed(parser)
    add_theta_cut(parser)
    add_earlier(parser, "new forms keep the overlap bound with each of them")
    parser.add_argument(
        "--pilot-plan",
        metavar="FILE",
        help="pilot_plan.csv of 'pilots plan': which pilots go into which forms",
    )
    add_flags(parser, "stay out of the forms")
    add_item_times(parser)
    parser.add_argument(
        "--time-limit",
        type=number,
        metavar="SECONDS",
        help="stop the search after so long; the forms then depend on the machine (default: a fixed amount of"
        " work, the same forms everywhere). Ctrl-C keeps the best found",
    )
    add_text_format(parser)
    add_accept(parser, "bank")
    add_out(parser)


def run(arguments: argparse.Namespace) -> int:
    from ciip_irt.blueprint import load_blueprint
    from ciip_irt.forms import assemble
    from ciip_irt.job.curves import form_curves
    from ciip_irt.job.outputs import ASSEMBLY_FILES, assembly_outputs
    from ciip_irt.tables import read_frame, write_outputs

    blueprint = load_blueprint(arguments.blueprint)
    bank, planned = timed_items(arguments), arguments.pilot_plan
    if bank_stops(bank, arguments.accept):
        return 1
    plan = read_frame(planned, **text_format(arguments, planned)) if planned else None
    with Progress() as progress:
        assembly = assemble(
            bank,
            blueprint,
            n_forms=arguments.n_forms,
            seed=arguments.seed,
            theta_cut=arguments.theta_cut,
            earlier=earlier_forms(arguments),
            pilot_plan=plan,
            flags=flags_given(arguments),
            time_limit=arguments.time_limit,
            progress=progress,
        )
    outputs = assembly_outputs(assembly)
    if assembly.forms.height:
        outputs["curves.csv"] = form_curves(assembly.forms, bank)
    write_outputs(arguments.out, outputs, replaces=ASSEMBLY_FILES)
    for sentence in assembly.warnings:
        warn(sentence)
    print("\n".join(assembly.outcome()), file=sys.stdout if assembly.conforms else sys.stderr)
    return 0 if assembly.conforms else 1
