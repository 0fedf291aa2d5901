"""``ciip-irt pilots simulate``: error rates and waiting of a policy at this programme's bank."""

import argparse

from ciip_irt.cli.options import (
    add_items,
    add_out,
    add_policy,
    add_seed,
    add_text_format,
    number,
    read_items,
)

EPILOG = """\
writes operating_characteristics.csv: share of good items promoted, held and lost, and share of bad ones among
the promoted, by number of answers and kind of flaw, for the policy and for the fixed rule R >= .20 beside it,
with the standard errors of the simulation. A thousand pilots take about half a minute."""


def configure(parser: argparse.ArgumentParser) -> None:
    add_items(parser)
    add_policy(parser)
    parser.add_argument(
        "--n", default="50,100,200", metavar="N,N,...", help="answers per pilot (default: 50,100,200)"
    )
    parser.add_argument(
        "--pilots", type=int, default=1000, metavar="P", help="pilots to simulate (default: 1000)"
    )
    parser.add_argument(
        "--mean", type=number, default=0.0, help="of the candidates on the bank scale (default: 0)"
    )
    parser.add_argument(
        "--sd", type=number, default=1.0, help="of the candidates on the bank scale (default: 1)"
    )
    parser.add_argument(
        "--form-length",
        type=int,
        default=130,
        metavar="J",
        help="scored items a candidate meets (default: 130)",
    )
    add_seed(parser)
    add_text_format(parser)
    add_out(parser)


def run(arguments: argparse.Namespace) -> int:
    from ciip_irt.errors import InputError, Problem
    from ciip_irt.pilots import load_policy
    from ciip_irt.pilots.simulate import programme_of_bank, simulate_policy
    from ciip_irt.tables import write_outputs

    try:
        answers = [int(part) for part in arguments.n.split(",")]
    except ValueError:
        remedy = "For example --n 50,100,200."
        raise InputError(Problem(f"--n wants whole numbers, not {arguments.n!r}", remedy=remedy)) from None
    programme = programme_of_bank(
        read_items(arguments), mean=arguments.mean, sd=arguments.sd, form_length=arguments.form_length
    )
    found = simulate_policy(
        programme,
        load_policy(arguments.policy),
        answers=answers,
        pilots=arguments.pilots,
        seed=arguments.seed,
    )
    write_outputs(arguments.out, {"operating_characteristics.csv": found.rates})
    print(found.summary())
    return 0
