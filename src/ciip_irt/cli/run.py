"""``ciip-irt run``: the whole job for the files of an exam file."""

import argparse
from pathlib import Path

from ciip_irt.cli.options import add_out
from ciip_irt.cli.progress import Progress

EPILOG = """\
reads the log, analyses and calibrates the items, reviews the pilots, assembles and checks forms, and writes
every result file and report/index.html. The run's times are in run_times.json, all else is the same for the
same input. Exit code 1: no forms could be found, the calibration did not converge, or a form has findings."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("exam", metavar="EXAM.toml", help="names the files and the settings")
    add_out(parser, "results")


def run(arguments: argparse.Namespace) -> int:
    return whole_job(Path(arguments.exam), Path(arguments.out))


def whole_job(exam_file: Path, out: Path) -> int:
    """Run, write, report, say what came out."""
    from ciip_irt.job.replay import write_run

    with Progress() as progress:
        result, index = write_run(exam_file, out, progress=progress)
    print(result.summary())
    if result.warnings:
        print(f"Read also the {len(result.warnings)} remarks on the report's first page.")
    print(f"Report: {index}")
    return 0 if result.is_yes else 1
