"""``ciip-irt report``: pages from the results in a folder."""

import argparse

EPILOG = """\
reads whatever result files DIR holds and writes DIR/report/index.html: one folder, no network. No candidate
identifier is in it; item texts are never read."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder", metavar="DIR", help="folder with the results of run, analyse, calibrate, ..."
    )


def run(arguments: argparse.Namespace) -> int:
    from ciip_irt.report import write_report

    print(f"Report: {write_report(arguments.folder)}")
    return 0
