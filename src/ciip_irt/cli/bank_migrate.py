"""``ciip-irt bank migrate``: a bank moves to the domains of a new content outline."""

import argparse

from ciip_irt.cli.declared import add_former_name
from ciip_irt.cli.named_files import read_items, text_format
from ciip_irt.cli.options import add_items, add_out, add_text_format

EPILOG = """\
MAP is a table with the columns old and new (domains: letters or names), one row for every domain of the bank;
a divided domain has several, and rows with an item_id say where each item goes. Writes items.csv (the bank,
with a column outline), migration.csv (what moved) and supply.csv (scored items per new domain, before and
after). Exit code: 0 done, 1 items of divided domains wait for a decision (they stay under the old outline,
and no form of the new one takes them), 2 unusable input."""


def configure(parser: argparse.ArgumentParser) -> None:
    add_items(parser)
    parser.add_argument("--old", required=True, metavar="B", help="blueprint of the old outline")
    parser.add_argument("--new", required=True, metavar="B", help="blueprint of the new outline")
    add_former_name(parser, "--from", "--old")
    add_former_name(parser, "--to", "--new")
    parser.add_argument("--mapping", required=True, metavar="MAP", help="old, new and item_id: CSV file")
    add_text_format(parser)
    add_out(parser)


def run(arguments: argparse.Namespace) -> int:
    from ciip_irt.blueprint import OUTLINE_MAPPING, load_blueprint, migrate
    from ciip_irt.tables import read_table, write_outputs

    result = migrate(
        read_items(arguments).items,
        read_table(arguments.mapping, OUTLINE_MAPPING, **text_format(arguments, arguments.mapping)),
        old=load_blueprint(arguments.old),
        new=load_blueprint(arguments.new),
        where=arguments.mapping,
    )
    outputs = {"items.csv": result.items, "migration.csv": result.moves, "supply.csv": result.supply}
    write_outputs(arguments.out, outputs)
    print(result.summary())
    return 1 if result.undecided else 0
