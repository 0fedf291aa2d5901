"""``ciip-irt blueprint``: what a blueprint asks for, and where its counts come from."""

import argparse

from ciip_irt.cli.declared import add_former_name

EPILOG = """\
'ciip-irt blueprint apportion --help' explains how percentages become counts.
--length N apportions a practice form of N items in the same proportions, with --rule and --tie-break."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("blueprint", metavar="B", help="name (ciip-2024, ciip-2019) or TOML file")
    parser.add_argument("--length", type=int, metavar="N", help="counts for a practice form of N items")
    add_former_name(parser, "--items", "--length")
    parser.add_argument("--rule", default="webster", help="for --length (default: webster)")
    parser.add_argument(
        "--tie-break", metavar="WHICH", help="for --length: 'outline order', or domains in order: F,A"
    )
    parser.add_argument(
        "--list-feasible",
        action="store_true",
        help="every set of counts that the published percentages admit",
    )
    parser.add_argument(
        "--out", metavar="FILE", help="write the practice blueprint of --length as a TOML file"
    )


def run(arguments: argparse.Namespace) -> int:
    from pathlib import Path

    from ciip_irt.blueprint import (
        blueprint_toml,
        describe,
        describe_apportionment,
        describe_feasible,
        load_blueprint,
        practice_blueprint,
    )
    from ciip_irt.tables import write_outputs

    blueprint = load_blueprint(arguments.blueprint)
    if arguments.list_feasible:
        print(describe_feasible(blueprint), end="")
    elif arguments.length is None:
        print(describe(blueprint), end="")
    else:
        practice, result = practice_blueprint(
            blueprint, arguments.length, arguments.rule, tie_break=named_tie_break(arguments.tie_break)
        )
        print(f"{practice.title}; the weights are its counts.\n")
        print(describe_apportionment(result), end="")
        if arguments.out:
            target = Path(arguments.out)
            write_outputs(target.parent, {target.name: blueprint_toml(practice)})
            print(f"\nBlueprint: {target}")
    return 0


def named_tie_break(text: str | None) -> str | list[str] | None:
    """``outline order``, or the domains of a list ``F,A``."""
    if text is None or text == "outline order":
        return text
    return [part.strip() for part in text.split(",")]
