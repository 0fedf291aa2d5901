"""``ciip-irt demo``: a simulated programme and the whole job on it."""

import argparse
from pathlib import Path

from ciip_irt.cli.options import add_out, add_seed
from ciip_irt.cli.progress import Progress
from ciip_irt.cli.run import whole_job

EPILOG = (
    "writes the programme's files (with truth.csv) to DIR/programme and everything that 'run' writes to DIR."
)


def configure(parser: argparse.ArgumentParser) -> None:
    add_out(parser, "demo")
    add_seed(parser)


def run(arguments: argparse.Namespace) -> int:
    from ciip_irt.simulate import simulate_programme
    from ciip_irt.tables import write_outputs

    out = Path(arguments.out)
    with Progress() as progress:
        progress("simulating a programme")
        programme = simulate_programme(seed=arguments.seed)
        write_outputs(out / "programme", programme.files())
    return whole_job(out / "programme" / "exam.toml", out)
