"""``ciip-irt analyse``: classical item and option statistics, and what they flag."""

import argparse
from pathlib import Path

from ciip_irt.cli.declared import add_former_name, told
from ciip_irt.cli.named_files import items_given, no_key, read_log, scored_log
from ciip_irt.cli.options import add_accept, add_dif, add_log, add_out, number
from ciip_irt.cli.remarks import stopped, warn
from ciip_irt.errors import InputError
from ciip_irt.job.exam_settings import ANALYSIS

EPILOG = """\
LOG alone is enough where the file holds the key (a row KEY, a second sheet); else give --key or --items.
How the file is read is said first and kept in mapping.toml; --mapping reads the next file the same way.
writes item_statistics.csv, option_statistics.csv, option_quantiles.csv, key_validation.csv, rescoring.csv,
flags.csv, dif.csv, form_summary.csv, domain_scores.csv,
item_times.csv, form_times.csv, pace.csv, delivery_times.csv, exclusions.csv and report/index.html, into a
folder beside the log (--out for another). p and R come with 95 %
intervals; pilots are held against the scored total.
Exit code 1: the key looks as if it belonged to other questions (--accept key where it is right)."""


def configure(parser: argparse.ArgumentParser) -> None:
    add_log(parser, items_required=False)
    parser.add_argument(
        "--testing-time-minutes",
        type=number,
        default=None,
        metavar="MINUTES",
        help="minutes allowed for a form, to say what is left of them",
    )
    add_former_name(parser, "--testing-time", "--testing-time-minutes")
    add_dif(parser)
    keys = parser.add_argument_group("key validation")
    keys.add_argument(
        "--what-if",
        action="append",
        default=[],
        metavar="ITEM[=OPTION]",
        help="rescore this item under every outcome, OPTION being right too; may be repeated"
        " (items whose key is most doubtful are rescored anyway)",
    )
    keys.add_argument(
        "--theta-cut", type=number, metavar="THETA", help="passing standard on the bank's scale"
    )
    keys.add_argument("--raw-cut", type=number, metavar="SCORE", help="raw score needed to pass, every form")
    add_accept(parser)
    add_out(parser, required=False)


def run(arguments: argparse.Namespace) -> int:
    from ciip_irt.bank import left_out_for_lack
    from ciip_irt.item_analysis import analyse_items
    from ciip_irt.job.outputs import analysis_outputs, exclusion_outputs, reading_outputs
    from ciip_irt.report import write_results

    bank, about = items_given(arguments)
    read = read_log(arguments, bank, about)
    for reading in read.readings:
        print(reading.summary())
    if read.bank is None:
        raise InputError(no_key(arguments, read))
    for sentence in (*read.bank.said, *left_out_for_lack(read.bank.assumed, read.bank.items.height)):
        print(f"  {sentence}")
    scored = scored_log(arguments, read.bank, read)
    analysis = analyse_items(
        scored,
        **told(arguments, ANALYSIS),
        testing_time_minutes=arguments.testing_time_minutes,
        raw_cut=arguments.raw_cut,
        theta_cut=arguments.theta_cut,
        what_if=dict(_item_and_option(text) for text in arguments.what_if),
    )
    out = Path(arguments.out) if arguments.out else _beside(Path(arguments.log[0]))
    outputs = {**exclusion_outputs(scored), **analysis_outputs(analysis), **reading_outputs(read)}
    index = write_results(out, outputs)
    for sentence in scored.warnings:
        warn(sentence)
    print(analysis.summary())
    print(f"Results: {out}\nReport: {index}")
    return 1 if stopped(analysis.concerns, arguments.accept) else 0


def _beside(log: Path) -> Path:
    """The folder for the results of a log: beside it, called after it."""
    return log.with_name(f"{log.name.split('.')[0]}-results")


def _item_and_option(text: str) -> tuple[str, str | None]:
    item_id, _, option = text.partition("=")
    return item_id.strip(), option.strip() or None
