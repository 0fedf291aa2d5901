"""``ciip-irt calibrate``: item parameters on the bank scale."""

import argparse

from ciip_irt.cli.declared import add_settings, told
from ciip_irt.cli.named_files import items_and_log
from ciip_irt.cli.options import add_accept, add_log, add_out, number
from ciip_irt.cli.remarks import stopped, warn
from ciip_irt.job.exam_settings import CALIBRATION, SCORES

EPILOG = """\
writes parameters.csv, population.csv, fit.csv, abilities.csv, observed_proportions.csv, calibration.json;
with anchors anchors.csv: how far each has moved, which were dropped and why; score_tables.csv: raw score
to theta for every form; with --theta-cut conversion.csv (raw to reported score) and decisions.csv (how
dependable pass and fail are). Whether the model holds: limits in fit.csv, model_fit.csv (M2 by form),
local_dependence.csv (pairs to keep apart), person_fit.csv (answers that hardly fit the score).
Exit code 1: the estimation did not converge, or the anchors do not belong to these answers (--accept anchors
where they do; the files are written all the same and say so)."""


SCALE_AND_ANCHORS = {
    "anchors": "bank|none|FILE",
    "purify": "",
    "displacement": "LOGIT",
    "robust_z": "Z",
    "certainty": "SE",
    "keep_anchors": "SHARE",
    "keep_anchors_within": "SHARE",
    "scale_id": "NAME",
    "D": "D",
}
ESTIMATION = {
    "priors": "",
    "groups": "COLUMN",
    "population": "",
    "max_iterations": "N",
    "standard_errors": "",
    "engine": "",
}
CHECKS = {"fit_simulations": "N", "exclude_person_misfit": "P", "dimensionality": ""}


def configure(parser: argparse.ArgumentParser) -> None:
    add_log(parser, items_required=False)
    add_settings(parser, CALIBRATION, {"model": ""})
    add_settings(parser.add_argument_group("scale and anchors"), CALIBRATION, SCALE_AND_ANCHORS)
    add_settings(parser.add_argument_group("estimation"), CALIBRATION, ESTIMATION)
    scores = parser.add_argument_group("abilities and reported scores")
    add_settings(scores, CALIBRATION, {"ability": ""})
    scores.add_argument(
        "--theta-cut",
        type=number,
        default=None,
        metavar="THETA",
        help="the passing standard: raw cut and reported scores of every form, how dependable pass and fail"
        " are",
    )
    add_settings(scores, SCORES, {"score_scale": "NAME|FILE", "rounding": ""})
    add_settings(parser.add_argument_group("does the model hold"), CALIBRATION, CHECKS)
    add_accept(parser)
    add_out(parser)


def run(arguments: argparse.Namespace) -> int:
    from ciip_irt.job.calibrating import calibrate_as_told, look_at_dimensions
    from ciip_irt.job.outputs import (
        CALIBRATION_EXTRAS,
        calibration_outputs,
        check_outputs,
        dimensionality_outputs,
        exclusion_outputs,
        score_outputs,
    )
    from ciip_irt.scores import load_scale, score_tables
    from ciip_irt.tables import write_outputs

    scale = load_scale(arguments.score_scale)
    bank, scored = items_and_log(arguments)
    scored, calibration, checks = calibrate_as_told(scored, bank, told(arguments, CALIBRATION))
    scores = score_tables(
        scored, calibration, theta_cut=arguments.theta_cut, score_scale=scale, rounding=arguments.rounding
    )
    outputs = {
        **exclusion_outputs(scored),
        **calibration_outputs(calibration),
        **check_outputs(checks),
        **score_outputs(scores),
    }
    sentences = [
        calibration.summary(),
        checks.summary(),
        *([scores.summary()] if arguments.theta_cut is not None else []),
    ]
    dimensions = look_at_dimensions(scored, told(arguments, CALIBRATION))
    outputs |= dimensionality_outputs(dimensions.found)
    sentences += [dimensions.said] if dimensions.said else []
    write_outputs(arguments.out, outputs, replaces=CALIBRATION_EXTRAS)
    for sentence in scored.warnings:
        warn(sentence)
    print("\n".join(sentences))
    halted = stopped(calibration.concerns, arguments.accept)
    return 1 if halted or calibration.converged is False else 0
