"""``ciip-irt analyse``: classical item and option statistics, and what they flag."""

import argparse

from ciip_irt.cli.options import add_groupings, add_log, add_out, number, read_items, scored_log, warn

EPILOG = """\
writes item_statistics.csv, option_statistics.csv, option_quantiles.csv, key_validation.csv, rescoring.csv,
flags.csv, dif.csv, form_summary.csv, domain_scores.csv,
item_times.csv, form_times.csv, pace.csv, delivery_times.csv and exclusions.csv. p and R come with 95 %
intervals; pilots are held against the scored total."""


def configure(parser: argparse.ArgumentParser) -> None:
    add_log(parser)
    parser.add_argument(
        "--testing-time",
        type=number,
        default=None,
        metavar="MINUTES",
        help="minutes allowed for a form, to say what is left of them",
    )
    add_groupings(parser)
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
    add_out(parser)


def run(arguments: argparse.Namespace) -> int:
    from ciip_irt.item_analysis import analyse_items
    from ciip_irt.job.outputs import analysis_outputs, exclusion_outputs
    from ciip_irt.tables import write_outputs

    scored = scored_log(arguments, read_items(arguments))
    raw = arguments.raw_cut
    analysis = analyse_items(
        scored,
        groupings=arguments.dif,
        testing_time_min=arguments.testing_time,
        cuts=None if raw is None else dict.fromkeys(scored.form_ids, raw),
        theta_cut=arguments.theta_cut,
        what_if=dict(_item_and_option(text) for text in arguments.what_if),
    )
    write_outputs(arguments.out, {**exclusion_outputs(scored), **analysis_outputs(analysis)})
    for sentence in scored.warnings:
        warn(sentence)
    print(analysis.summary())
    return 0


def _item_and_option(text: str) -> tuple[str, str | None]:
    item_id, _, option = text.partition("=")
    return item_id.strip(), option.strip() or None
