"""``ciip-irt pilots simulate``: error rates and waiting of a policy at this programme's bank."""

import argparse
from typing import TYPE_CHECKING

from ciip_irt.cli.declared import add_former_name
from ciip_irt.cli.named_files import read_items, scored_log
from ciip_irt.cli.options import add_log, add_out, add_policy, add_seed, number

if TYPE_CHECKING:
    from ciip_irt.bank import ItemBank
    from ciip_irt.pilots import Population

EPILOG = """\
The candidates are those of a calibration (--calibration) or of a log; where neither is given they are taken
as N(0, 1) on the bank's scale, which is seldom what they are.
writes operating_characteristics.csv: share of good items promoted, held and lost, and share of bad ones among
the promoted, by number of answers and kind of flaw, for the policy and for the fixed rule R >= .20 beside it,
with the standard errors of the simulation. A thousand pilots take a minute or two."""


def configure(parser: argparse.ArgumentParser) -> None:
    add_log(parser, required=False)
    parser.add_argument(
        "--calibration",
        default=None,
        metavar="DIR",
        help="folder that 'calibrate' or 'run' wrote: its population.csv tells who the candidates are",
    )
    add_policy(parser)
    parser.add_argument(
        "--answers", default="50,100,200", metavar="N,N,...", help="answers per pilot (default: 50,100,200)"
    )
    parser.add_argument(
        "--n-pilots", type=int, default=1000, metavar="P", help="pilots to simulate (default: 1000)"
    )
    parser.add_argument(
        "--mean",
        type=number,
        default=None,
        help="of the candidates on the bank scale (default: of the calibration or log, else 0)",
    )
    parser.add_argument(
        "--sd",
        type=number,
        default=None,
        help="of the candidates on the bank scale (default: of the calibration or log, else 1)",
    )
    parser.add_argument(
        "--form-length",
        type=int,
        default=130,
        metavar="J",
        help="scored items a candidate meets (default: 130)",
    )
    add_former_name(parser, "--n", "--answers")
    add_former_name(parser, "--pilots", "--n-pilots")
    add_seed(parser)
    add_out(parser)


def run(arguments: argparse.Namespace) -> int:
    from ciip_irt.errors import InputError, Problem
    from ciip_irt.pilots import load_policy
    from ciip_irt.pilots.simulate import programme_of_bank, simulate_policy
    from ciip_irt.tables import write_outputs

    try:
        answers = [int(part) for part in arguments.answers.split(",")]
    except ValueError:
        remedy = "For example --answers 50,100,200."
        raise InputError(
            Problem(f"--answers wants whole numbers, not {arguments.answers!r}", remedy=remedy)
        ) from None
    bank = read_items(arguments)
    population = _population(arguments, bank)
    programme = programme_of_bank(
        bank, mean=population.mean, sd=population.sd, form_length=arguments.form_length
    )
    found = simulate_policy(
        programme,
        load_policy(arguments.policy),
        answers=answers,
        n_pilots=arguments.n_pilots,
        seed=arguments.seed,
    )
    write_outputs(arguments.out, {"operating_characteristics.csv": found.rates})
    print(population.summary())
    print(found.summary())
    return 0


def _population(arguments: argparse.Namespace, bank: "ItemBank") -> "Population":
    """Who the candidates are, and where that is from."""
    from ciip_irt.errors import InputError, Problem
    from ciip_irt.pilots import Population, population_of_calibration, population_of_log

    if arguments.calibration is not None and arguments.log:
        remedy = "Give one of them."
        raise InputError(Problem("both --calibration and a log say who the candidates are", remedy=remedy))
    if arguments.calibration is not None:
        found = population_of_calibration(arguments.calibration, bank.scale)
    elif arguments.log:
        found = population_of_log(scored_log(arguments, bank), bank)
    else:
        found = Population(0.0, 1.0)
    return found.changed(arguments.mean, arguments.sd)
