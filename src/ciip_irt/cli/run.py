"""``ciip-irt run``: the whole job for the files of an exam file."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from ciip_irt.cli.options import add_out
from ciip_irt.cli.progress import Progress
from ciip_irt.errors import CiipError

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
    from ciip_irt.job.exam import load_exam
    from ciip_irt.job.outputs import ASSEMBLY_FILES, CALIBRATION_EXTRAS
    from ciip_irt.job.run import run_job
    from ciip_irt.job.setting_words import error_as_settings
    from ciip_irt.report import write_results
    from ciip_irt.tables import holding

    started = datetime.now(UTC)
    with Progress() as progress, holding(out):
        exam = load_exam(exam_file)
        try:
            result = run_job(exam, progress=progress)
        except CiipError as error:  # what helps is said in settings, for there are no options here
            raise error_as_settings(error) from None
        progress("writing results and report")
        times = {
            "started": started.isoformat(timespec="seconds"),
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": dict(result.seconds),
        }
        outputs = {**result.outputs(), "run_times.json": times}
        index = write_results(out, outputs, replaces=(*ASSEMBLY_FILES, *CALIBRATION_EXTRAS))
    print(result.summary())
    if result.warnings:
        print(f"Read also the {len(result.warnings)} remarks on the report's first page.")
    print(f"Report: {index}")
    return 0 if result.is_yes else 1
