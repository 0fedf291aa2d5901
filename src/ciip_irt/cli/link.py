"""``ciip-irt link``: two calibrations on one scale, or a chain of them."""

import argparse

from ciip_irt.cli.declared import add_settings
from ciip_irt.cli.named_files import text_format
from ciip_irt.cli.options import add_accept, add_out, add_text_format
from ciip_irt.cli.remarks import stopped
from ciip_irt.job.exam_settings import CALIBRATION

EPILOG = """\
NEW and OLD are parameters.csv files of two calibrations. Writes linked_parameters.csv (the new items on the
old scale, their errors with that of the link), link.csv (every common item: how far it moved, kept or dropped
and why) and link.json (A and B of theta_old = A theta_new + B, with standard errors).
A Rasch scale admits a shift only: A is held at 1, and mean_sigma is refused.
With --via the new calibration reaches the old scale through others: all items that any of the files share
count at once (Haberman 2009). Writes linked_parameters.csv, links.csv (A and B of every calibration) and
link.json.
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
DRIFT = {"purify": "", "displacement": "LOGIT", "robust_z": "Z", "certainty": "SE"}
"""The limits of ``calibrate`` that hold for common items too."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("new", metavar="NEW", help="parameters.csv of the calibration to be moved")
    parser.add_argument("old", metavar="OLD", help="parameters.csv of the calibration whose scale is kept")
    parser.add_argument(
        "--via",
        nargs="+",
        default=[],
        metavar="FILE",
        help="parameters.csv of calibrations between the two",
    )
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
    add_settings(parser.add_argument_group("common items that drifted"), CALIBRATION, DRIFT)
    add_accept(parser)
    add_text_format(parser)
    add_out(parser)


def run(arguments: argparse.Namespace) -> int:
    from ciip_irt.calibration import DriftLimits, link_calibrations, link_chain
    from ciip_irt.errors import InputError, Problem
    from ciip_irt.tables import ITEM_PARAMETERS, read_table, write_outputs

    files = [arguments.new, *arguments.via, arguments.old]
    tables = [read_table(file, ITEM_PARAMETERS, **text_format(arguments, file)) for file in files]
    drift = DriftLimits(**{name: getattr(arguments, name) for name in DRIFT if name != "purify"})
    if arguments.via:
        if arguments.method is not None:
            raise InputError(
                Problem(
                    f"--method {arguments.method} links two calibrations, and --via more",
                    remedy="Leave one of them out; a chain is linked by least squares over all its items.",
                )
            )
        chain = link_chain(tables, purify=arguments.purify, drift=drift)
        write_outputs(
            arguments.out,
            {
                "linked_parameters.csv": chain.parameters[0],
                "links.csv": chain.links,
                "link.json": chain.to_dict(),
            },
        )
        print(chain.summary())
        return 0
    linked = link_calibrations(
        tables[0],
        tables[1],
        arguments.method,
        purify=arguments.purify,
        drift=drift,
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
