"""``ciip-irt replay``: the run of a results folder again, from its own record."""

import argparse

from ciip_irt.cli.progress import Progress

EPILOG = """\
holds every file that the run had read against its hash of then, runs again elsewhere and compares every
result byte for byte; nothing in DIR is changed. Exit code 1: an input or a result is not what it was."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", help="folder with the results of run")
    parser.add_argument(
        "--exam-file", metavar="EXAM.toml", default=None, help="the exam file, where it lies elsewhere by now"
    )


def run(arguments: argparse.Namespace) -> int:
    from ciip_irt.job.replay import replay

    with Progress() as progress:
        found = replay(arguments.folder, arguments.exam_file, progress=progress)
    print(found.summary())
    return 0 if found.is_yes else 1
