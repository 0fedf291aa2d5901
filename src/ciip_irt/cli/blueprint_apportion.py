"""``ciip-irt blueprint apportion``: published percentages into item counts, by a named rule."""

import argparse

from ciip_irt.cli.blueprint import named_tie_break
from ciip_irt.cli.declared import add_former_name
from ciip_irt.cli.named_files import text_format
from ciip_irt.cli.options import add_text_format

EPILOG = """\
shows quota, remainder, every tie and what the other rules give; a tie without --tie-break is an error. With
--out the counts are written into a blueprint file together with rule, normaliser and tie-break. WEIGHTS is a
blueprint (its percentages are used) or a CSV file with the columns letter, domain, percent."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("weights", metavar="WEIGHTS", help="blueprint name, TOML file, or CSV of percentages")
    parser.add_argument("--length", type=int, required=True, metavar="N", help="number of scored items")
    add_former_name(parser, "--items", "--length")
    parser.add_argument(
        "--rule",
        default="webster",
        help="webster, largest_remainder, dhondt, hill, dean or round_half_up (default: webster)",
    )
    parser.add_argument(
        "--normaliser", metavar="X", help="what quotas are taken against: the weights' sum, or 100"
    )
    parser.add_argument(
        "--tie-break", metavar="WHICH", help="'outline order', or domains in the order they come first: F,A"
    )
    parser.add_argument("--name", default="", help="name of the blueprint written")
    parser.add_argument("--outline", default="", help="version of the outline")
    parser.add_argument("--effective", default="", metavar="DATE", help="in force from")
    add_text_format(parser)
    parser.add_argument("--out", metavar="FILE", help="write the blueprint as a TOML file")


def run(arguments: argparse.Namespace) -> int:
    from pathlib import Path

    from ciip_irt.blueprint import (
        apportioned_blueprint,
        blueprint_toml,
        describe_apportionment,
        load_blueprint,
        weights_of,
    )
    from ciip_irt.tables import read_csv, write_outputs

    given = arguments.weights
    source = (
        weights_of(read_csv(given, **text_format(arguments, given)), given)
        if given.lower().endswith(".csv")
        else load_blueprint(given)
    )
    blueprint, result = apportioned_blueprint(
        source,
        arguments.length,
        arguments.rule,
        normaliser=arguments.normaliser,
        tie_break=named_tie_break(arguments.tie_break),
        name=arguments.name,
        outline=arguments.outline,
        effective=arguments.effective,
    )
    print(describe_apportionment(result), end="")
    if arguments.out:
        target = Path(arguments.out)
        write_outputs(target.parent, {target.name: blueprint_toml(blueprint)})
        print(f"\nBlueprint: {target}")
    return 0
