"""``ciip-irt calibrate``: item parameters on the bank scale."""

import argparse

from ciip_irt.cli.options import (
    add_log,
    add_out,
    add_person_misfit,
    number,
    read_items,
    scored_log,
    text_format,
    warn,
    whole,
)

EPILOG = """\
writes parameters.csv, population.csv, fit.csv, abilities.csv, observed_proportions.csv, calibration.json;
with anchors anchors.csv: how far each has moved, which were dropped and why; score_tables.csv: raw score
to theta for every form; with --theta-cut conversion.csv (raw to reported score) and decisions.csv (how
dependable pass and fail are). Whether the model holds: limits in fit.csv, model_fit.csv (M2 by form),
local_dependence.csv (pairs to keep apart), person_fit.csv (answers that hardly fit the score).
Exit code 1: the estimation did not converge (the files are written all the same and say so)."""


def configure(parser: argparse.ArgumentParser) -> None:
    add_log(parser)
    parser.add_argument(
        "--model", choices=("rasch", "1pl", "2pl", "3pl"), default="rasch", help="(default: rasch)"
    )
    _add_scale(parser)
    _add_estimation(parser)
    _add_scores(parser)
    _add_checks(parser)
    parser.add_argument(
        "--dimensionality",
        action="store_true",
        help="also examine whether one ability is enough: dimensionality.csv",
    )
    add_out(parser)


def _add_scale(parser: argparse.ArgumentParser) -> None:
    scale = parser.add_argument_group("scale and anchors")
    scale.add_argument(
        "--anchors",
        default="bank",
        metavar="bank|none|FILE",
        help="hold the scored items at their values in --items (bank, the default) or in FILE"
        " (an items file or a parameters.csv); none: free",
    )
    scale.add_argument(
        "--purify",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="anchors that drifted beyond the limits hold the scale no longer and are estimated anew"
        " (default); --no-purify: report them only",
    )
    scale.add_argument(
        "--displacement",
        type=number,
        default=0.5,
        metavar="LOGIT",
        help="limit of an anchor's displacement (default: 0.5; strict: 0.3)",
    )
    scale.add_argument(
        "--robust-z", type=number, default=1.645, metavar="Z", help="limit of its robust z (default: 1.645)"
    )
    scale.add_argument(
        "--certainty",
        type=number,
        default=3.0,
        metavar="SE",
        help="it counts only beyond so many standard errors (default: 3)",
    )
    scale.add_argument(
        "--keep-anchors",
        type=number,
        default=0.8,
        metavar="SHARE",
        help="share of the anchors that stays at the least (default: 0.8; half of each domain's)",
    )
    scale.add_argument(
        "--scale-id",
        default=None,
        metavar="NAME",
        help="name of a free scale (default: free- and letters that differ from log to log)",
    )
    scale.add_argument(
        "--D", type=number, default=None, metavar="D", help="scaling constant of a free scale (default: 1)"
    )


def _add_estimation(parser: argparse.ArgumentParser) -> None:
    estimation = parser.add_argument_group("estimation")
    estimation.add_argument(
        "--priors",
        choices=("default", "bank", "none"),
        default="default",
        help="bank: what the bank's scored items look like, b around the mean of the new ones; default: none"
        " for rasch and 1pl, for 2pl and 3pl the bank's where it holds the scale",
    )
    estimation.add_argument(
        "--groups",
        default=None,
        metavar="COLUMN",
        help="candidates' column (delivery_mode, first_time, form_id, ...): each of its values is a"
        " population with its own mean and spread",
    )
    estimation.add_argument(
        "--population",
        choices=("normal", "histogram"),
        default="normal",
        help="histogram: any shape; wants about a thousand candidates (default: normal)",
    )
    estimation.add_argument(
        "--max-iterations", type=whole(1), default=None, metavar="N", help="of the estimation (default: 500)"
    )
    estimation.add_argument(
        "--standard-errors", choices=("oakes", "cross_product"), default="oakes", help="(default: oakes)"
    )
    estimation.add_argument(
        "--engine",
        choices=("mml", "girth"),
        default="mml",
        help="girth: a cross-check on complete data of one population (default: mml)",
    )


def _add_scores(parser: argparse.ArgumentParser) -> None:
    scores = parser.add_argument_group("abilities and reported scores")
    scores.add_argument(
        "--ability",
        choices=("eap", "map", "ml", "wle"),
        default="eap",
        help="theta in abilities.csv (default: eap)",
    )
    scores.add_argument(
        "--theta-cut",
        type=number,
        default=None,
        metavar="THETA",
        help="the passing standard: raw cut and reported scores of every form, how dependable pass and fail"
        " are",
    )
    scores.add_argument(
        "--score-scale",
        default="arrt",
        metavar="NAME|FILE",
        help="reported scores: arrt (default; 75 passes, 99 is the highest), or a TOML file with at_cut,"
        " at_maximum, lowest, highest, decimals, passing",
    )
    scores.add_argument(
        "--rounding",
        choices=("up", "nearest", "down"),
        default="up",
        help="of the expected score at the standard to the raw cut (default: up)",
    )


def _add_checks(parser: argparse.ArgumentParser) -> None:
    checks = parser.add_argument_group("does the model hold")
    checks.add_argument(
        "--fit-simulations",
        type=whole(0),
        default=None,
        metavar="N",
        help="samples that fit, drawn for the limits of infit and outfit and for dependent pairs"
        " (default: 20 up to 500,000 answers, else 0)",
    )
    add_person_misfit(checks)


def run(arguments: argparse.Namespace) -> int:
    from ciip_irt.bank import read_anchors
    from ciip_irt.calibration import (
        Calibration,
        DriftLimits,
        calibrate,
        calibrated_and_checked,
        examine_dimensionality,
    )
    from ciip_irt.errors import DesignError
    from ciip_irt.job.outputs import (
        CALIBRATION_EXTRAS,
        calibration_outputs,
        check_outputs,
        exclusion_outputs,
        score_outputs,
    )
    from ciip_irt.responses import ScoredResponses
    from ciip_irt.scores import load_scale, score_tables
    from ciip_irt.tables import write_outputs

    limits = DriftLimits(
        arguments.displacement, arguments.robust_z, arguments.certainty, arguments.keep_anchors
    )
    rule = load_scale(arguments.score_scale)
    bank = read_items(arguments)
    scored = scored_log(arguments, bank)
    anchors = None if arguments.anchors == "none" else bank
    if arguments.anchors not in ("bank", "none"):
        anchors = read_anchors(arguments.anchors, bank, **text_format(arguments, arguments.anchors))

    def estimate(of: ScoredResponses) -> Calibration:
        return calibrate(
            of,
            arguments.model,
            anchors=anchors,
            purify=arguments.purify,
            drift=limits,
            priors=arguments.priors,
            groups=arguments.groups,
            population=arguments.population,
            ability=arguments.ability,
            engine=arguments.engine,
            standard_errors=arguments.standard_errors,
            max_iterations=arguments.max_iterations,
            D=arguments.D,
            scale_id=arguments.scale_id,
        )

    scored, calibration, checks = calibrated_and_checked(
        scored,
        estimate,
        simulations=arguments.fit_simulations,
        exclude_misfit=arguments.exclude_person_misfit,
    )
    scores = score_tables(
        scored, calibration, theta_cut=arguments.theta_cut, rule=rule, rounding=arguments.rounding
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
    if arguments.dimensionality:
        try:
            dimensionality = examine_dimensionality(scored)
        except DesignError as error:  # too few for this look; the calibration stands without it
            sentences.append(f"Dimensions were not examined: {error}")
        else:
            outputs["dimensionality.csv"] = dimensionality.to_frame()
            sentences.append(dimensionality.summary())
    write_outputs(arguments.out, outputs, replaces=CALIBRATION_EXTRAS)
    for sentence in scored.warnings:
        warn(sentence)
    print("\n".join(sentences))
    return 1 if calibration.converged is False else 0
