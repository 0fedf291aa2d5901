"""``ciip-irt link``: two calibrations on one scale."""

import argparse

from ciip_irt.cli.options import add_accept, add_out, add_text_format, number, stopped, text_format

EPILOG = """\
NEW and OLD are parameters.csv files of two calibrations. Writes linked_parameters.csv (the new items on the
old scale), link.csv (every common item: how far it moved, kept or dropped and why) and link.json (A and B of
theta_old = A theta_new + B).
Exit code 1: the search for A and B did not converge, or the common items do not belong together
(--accept anchors where they do)."""
METHODS = (
    "mean_mean",
    "mean_gmean",
    "mean_sigma",
    "haebara",
    "stocking_lord",
    "mean_shift",
    "weighted_shift",
    "robust_shift",
)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("new", metavar="NEW", help="parameters.csv of the calibration to be moved")
    parser.add_argument("old", metavar="OLD", help="parameters.csv of the calibration whose scale is kept")
    parser.add_argument(
        "--method",
        choices=METHODS,
        default=None,
        help="(default: mean_shift for rasch, stocking_lord otherwise)",
    )
    parser.add_argument(
        "--direction",
        choices=("symmetric", "old", "new"),
        default="symmetric",
        help="of haebara and stocking_lord (default: symmetric)",
    )
    parser.add_argument(
        "--purify",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="common items that drifted do not hold the scale (default)",
    )
    parser.add_argument(
        "--displacement", type=number, default=0.5, metavar="LOGIT", help="limit (default: 0.5)"
    )
    parser.add_argument("--robust-z", type=number, default=1.645, metavar="Z", help="limit (default: 1.645)")
    parser.add_argument(
        "--certainty", type=number, default=3.0, metavar="SE", help="limit in standard errors (default: 3)"
    )
    add_accept(parser)
    add_text_format(parser)
    add_out(parser)


def run(arguments: argparse.Namespace) -> int:
    from ciip_irt.calibration import DriftLimits, link_calibrations
    from ciip_irt.tables import ITEM_PARAMETERS, read_table, write_outputs

    linked = link_calibrations(
        read_table(arguments.new, ITEM_PARAMETERS, **text_format(arguments, arguments.new)),
        read_table(arguments.old, ITEM_PARAMETERS, **text_format(arguments, arguments.old)),
        arguments.method,
        purify=arguments.purify,
        drift=DriftLimits(arguments.displacement, arguments.robust_z, arguments.certainty),
        direction=arguments.direction,
    )
    write_outputs(
        arguments.out,
        {
            "linked_parameters.csv": linked.parameters,
            "link.csv": linked.common,
            "link.json": linked.to_dict(),
        },
    )
    print(linked.summary())
    halted = stopped(linked.concerns, arguments.accept)
    return 0 if linked.link.converged and not halted else 1
