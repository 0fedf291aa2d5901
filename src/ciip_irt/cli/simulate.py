"""``ciip-irt simulate``: a programme to try things on, with the truth beside it."""

import argparse

from ciip_irt.cli.declared import add_former_name
from ciip_irt.cli.options import add_out, add_seed

EPILOG = """\
writes responses.parquet (or responses.csv), candidates.csv, items.csv, exam.toml, and the truth behind them:
truth.csv and truth_persons.csv. 'ciip-irt run DIR/exam.toml' does the whole job on them."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--n-candidates", type=int, default=600, metavar="N", help="(default: 600)")
    parser.add_argument("--n-forms", type=int, default=3, metavar="K", help="(default: 3)")
    parser.add_argument("--n-pilots", type=int, default=None, metavar="P", help="pilot items in rotation")
    for name in ("candidates", "forms", "pilots"):
        add_former_name(parser, f"--{name}", f"--n-{name}")
    add_seed(parser)
    parser.add_argument("--csv", action="store_true", help="responses.csv instead of responses.parquet")
    add_out(parser)


def run(arguments: argparse.Namespace) -> int:
    from ciip_irt.simulate import simulate_programme
    from ciip_irt.tables import write_outputs

    given = {} if arguments.n_pilots is None else {"n_pilots": arguments.n_pilots}
    programme = simulate_programme(
        n_candidates=arguments.n_candidates, n_forms=arguments.n_forms, seed=arguments.seed, **given
    )
    write_outputs(arguments.out, programme.files(csv=arguments.csv))
    print(programme.summary())
    print(f"Run the whole job: ciip-irt run {arguments.out}/exam.toml")
    return 0
