"""``ciip-irt schema``: the JSON schema of a kind of TOML file, for editors."""

import argparse

from ciip_irt.job.settings_files import KINDS

EPILOG = """\
ciip-irt schema exam > exam.schema.json, and '#:schema ./exam.schema.json' as the first line of the exam file:
editors that know TOML then complete and check it. docs/settings.md lists the settings."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", choices=tuple(KINDS), help="the kind of file")


def run(arguments: argparse.Namespace) -> int:
    print(KINDS[arguments.kind].schema(arguments.kind), end="")
    return 0
