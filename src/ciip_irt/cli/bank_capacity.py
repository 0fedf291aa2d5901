"""``ciip-irt bank capacity``: how many forms a bank supports, and what to write next."""

import argparse

from ciip_irt.cli.named_files import earlier_forms, read_items
from ciip_irt.cli.options import (
    add_accept,
    add_blueprint,
    add_earlier,
    add_items,
    add_out,
    add_seed,
    add_text_format,
    add_theta_cut,
    number,
)
from ciip_irt.cli.progress import Progress
from ciip_irt.cli.remarks import bank_stops, warn

EPILOG = """\
writes capacity.csv (items per domain, range of difficulty, count and key, in the order in which they run
out), capacity_overlap.csv (how much overlap so many forms need at least), writing_assignment.csv (the fewest
items to write for one form more, two and three) and capacity.json. That more forms do not exist is proven;
so many forms as are said to be built were built and checked.
Exit code: 0 the bank supports a form, 1 not even one, 2 unusable input."""


def configure(parser: argparse.ArgumentParser) -> None:
    add_items(parser)
    add_blueprint(parser)
    parser.add_argument(
        "--max-overlap",
        type=number,
        metavar="SHARE",
        help="of scored items that two forms may share; 0: none (default: the blueprint's)",
    )
    add_theta_cut(parser)
    add_earlier(parser, "new forms keep the overlap bound with each of them")
    add_seed(parser)
    building = parser.add_mutually_exclusive_group()
    building.add_argument(
        "--build",
        action="store_const",
        const=True,
        default=None,
        help="build the forms as a proof, however long it takes (default: where it takes seconds)",
    )
    building.add_argument(
        "--no-build", dest="build", action="store_const", const=False, help="count and bound only"
    )
    add_text_format(parser)
    add_accept(parser, "bank")
    add_out(parser)


def run(arguments: argparse.Namespace) -> int:
    from ciip_irt.blueprint import load_blueprint
    from ciip_irt.forms import bank_capacity
    from ciip_irt.job.outputs import CAPACITY_FILES, capacity_outputs
    from ciip_irt.tables import write_outputs

    blueprint = load_blueprint(arguments.blueprint)
    bank = read_items(arguments)
    if bank_stops(bank, arguments.accept):
        return 1
    with Progress() as progress:
        capacity = bank_capacity(
            bank.items,
            blueprint,
            max_overlap=arguments.max_overlap,
            theta_cut=arguments.theta_cut,
            earlier=earlier_forms(arguments),
            build=arguments.build,
            seed=arguments.seed,
            progress=progress,
        )
    write_outputs(arguments.out, capacity_outputs(capacity), replaces=CAPACITY_FILES)
    for sentence in capacity.warnings:
        warn(sentence)
    print(capacity.summary())
    return 0 if capacity.supported else 1
