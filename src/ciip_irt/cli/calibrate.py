"""``ciip-irt calibrate``: item parameters on the bank scale."""

import argparse

from ciip_irt.cli.options import add_log, add_out, read_items, scored_log, warn

EPILOG = """\
writes parameters.csv, population.csv, fit.csv, abilities.csv, observed_proportions.csv and calibration.json.
Exit code 1: the estimation did not converge (the files are written all the same and say so)."""


def configure(parser: argparse.ArgumentParser) -> None:
    add_log(parser)
    parser.add_argument(
        "--model", choices=("rasch", "1pl", "2pl", "3pl"), default="rasch", help="(default: rasch)"
    )
    parser.add_argument(
        "--anchors",
        default="bank",
        metavar="bank|none|FILE",
        help="hold the scored items at their values in --items (bank, the default) or in FILE"
        " (an items file or a parameters.csv); none: free",
    )
    parser.add_argument(
        "--scale-id", default="free", metavar="NAME", help="name of a free scale (default: free)"
    )
    parser.add_argument(
        "--engine",
        choices=("mml", "girth"),
        default="mml",
        help="girth: a cross-check on complete data of one population (default: mml)",
    )
    parser.add_argument(
        "--standard-errors", choices=("oakes", "cross_product"), default="oakes", help="(default: oakes)"
    )
    parser.add_argument(
        "--dimensionality",
        action="store_true",
        help="also examine whether one ability is enough: dimensionality.csv",
    )
    add_out(parser)


def run(arguments: argparse.Namespace) -> int:
    from ciip_irt.bank import read_anchors
    from ciip_irt.calibration import calibrate, examine_dimensionality
    from ciip_irt.job.outputs import CALIBRATION_EXTRAS, calibration_outputs, exclusion_outputs
    from ciip_irt.tables import write_outputs

    bank = read_items(arguments)
    scored = scored_log(arguments, bank)
    other = None if arguments.anchors in ("bank", "none") else read_anchors(arguments.anchors, bank)
    anchors = bank if arguments.anchors == "bank" else other
    calibration = calibrate(
        scored,
        arguments.model,
        anchors=anchors,
        engine=arguments.engine,
        standard_errors=arguments.standard_errors,
        scale_id=arguments.scale_id,
    )
    outputs = {**exclusion_outputs(scored), **calibration_outputs(calibration)}
    sentences = [calibration.summary()]
    if arguments.dimensionality:
        dimensionality = examine_dimensionality(scored)
        outputs["dimensionality.csv"] = dimensionality.to_frame()
        sentences.append(dimensionality.summary())
    write_outputs(arguments.out, outputs, replaces=CALIBRATION_EXTRAS)
    for sentence in scored.warnings:
        warn(sentence)
    print("\n".join(sentences))
    return 1 if calibration.converged is False else 0
