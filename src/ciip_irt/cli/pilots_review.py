"""``ciip-irt pilots review``: evidence and a decision for each pilot item."""

import argparse

from ciip_irt.cli.declared import told
from ciip_irt.cli.named_files import items_and_log
from ciip_irt.cli.options import (
    add_accept,
    add_dif,
    add_log,
    add_n_forms,
    add_out,
    add_person_misfit,
    add_policy,
)
from ciip_irt.cli.remarks import note, stopped, warn
from ciip_irt.job.exam_settings import ANALYSIS

EPILOG = """\
writes pilot_decisions.csv and .xlsx (decision, reasons; reviewer, override and comment are for people; either
is read back in by 'ciip-irt promote'), pilot_evidence.csv, pilot_parameters.csv and pilot_review.json; with
--blueprint also bank_needs.csv.
Give the logs of all administrations: evidence adds up. Answers given to a pilot before its 'revised_on' in
the bank do not count. Policies that ship: default, arrt-like; or a TOML file of your own.
Exit code 1: the calibration behind the decisions did not converge, or anchors or key look wrong as a whole,
so that every pilot is held (--accept anchors where they are right; the files are written all the same)."""


def configure(parser: argparse.ArgumentParser) -> None:
    add_log(parser)
    add_policy(parser)
    parser.add_argument(
        "--blueprint",
        default=None,
        metavar="B",
        help="name (ciip-2024) or TOML file: tells of each pilot whether the bank lacks such items",
    )
    add_n_forms(parser)
    add_dif(parser)
    add_person_misfit(parser)
    add_accept(parser)
    add_out(parser)


def run(arguments: argparse.Namespace) -> int:
    from ciip_irt.calibration import Calibration, calibrate, calibrated_and_checked
    from ciip_irt.item_analysis import dif_between_groups
    from ciip_irt.job.demand import demand_named
    from ciip_irt.job.outputs import PILOT_EXTRAS, exclusion_outputs, pilot_outputs
    from ciip_irt.pilots import load_policy, review_pilots
    from ciip_irt.pilots.plan import bank_needs, with_needs
    from ciip_irt.responses import ScoredResponses
    from ciip_irt.tables import write_outputs

    policy = load_policy(arguments.policy)
    demand = demand_named(arguments.blueprint, arguments.n_forms) if arguments.blueprint else None
    bank, scored = items_and_log(arguments)

    def estimate(of: ScoredResponses) -> Calibration:
        return calibrate(of, bank.scale.model, anchors=bank) if bank.scale else calibrate(of, "rasch")

    if arguments.exclude_person_misfit is None:
        calibration = estimate(scored)
    else:
        scored, calibration, checks = calibrated_and_checked(
            scored, estimate, fit_simulations=0, exclude_person_misfit=arguments.exclude_person_misfit
        )
        note(checks.left_out)
    dif, _ = dif_between_groups(scored, **told(arguments, ANALYSIS))
    review = review_pilots(
        scored, bank, policy, calibration=calibration, dif_table=dif, accept=arguments.accept
    )
    needs = None
    if demand is not None:
        needs = bank_needs(bank.items, demand, review.evidence)
        review = with_needs(review, needs, demand)
    write_outputs(
        arguments.out,
        {**exclusion_outputs(scored), **pilot_outputs(review, bank, calibration, needs)},
        replaces=PILOT_EXTRAS,
    )
    for sentence in (*scored.warnings, *calibration.warnings):
        warn(sentence)
    print(review.summary())
    if needs is not None:
        print(needs.summary())
    if not calibration.converged:
        warn("the calibration did not converge, so these decisions rest on no sound scale.")
    halted = stopped(review.concerns, arguments.accept)
    return 1 if halted or not calibration.converged else 0
