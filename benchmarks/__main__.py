"""``python -m benchmarks``: every case, as a table of times and ratios measured in this run."""

import argparse
import os
import sys


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--threads", type=int, default=None, help="threads of the matrix products (default: as they come)"
    )
    parser.add_argument("--rounds", type=int, default=5, help="times each measurement is taken (5)")
    parser.add_argument("--only", nargs="+", metavar="CASE", help="these cases only")
    parser.add_argument("--no-peers", action="store_true", help="leave out girth and mirt (a minute or two)")
    parser.add_argument("--big", action="store_true", help="also 1,000,000 persons x 170 items")
    return parser.parse_args()


def main() -> int:
    arguments = _arguments()
    if arguments.threads is not None:
        for name in ("OPENBLAS", "OMP", "MKL", "BLIS", "VECLIB_MAXIMUM"):
            os.environ[f"{name}_NUM_THREADS"] = str(arguments.threads)
    # numpy reads the number of threads when it is loaded: the cases come after
    from benchmarks.cases import CASES, Settings
    from benchmarks.table import heading, shown

    settings = Settings(rounds=arguments.rounds, peers=not arguments.no_peers)
    names = arguments.only or [name for name in CASES if name != "million" or arguments.big]
    unknown = [name for name in names if name not in CASES]
    if unknown:
        print(f"no case {', '.join(unknown)}; there are {', '.join(CASES)}", file=sys.stderr)
        return 2
    print(heading(arguments.threads), flush=True)
    missed = 0
    for name in names:
        for measurement in CASES[name](settings):
            print(shown(measurement), flush=True)
            missed += not measurement.correct
    print("every answer is right" if not missed else f"WRONG ANSWERS: {missed}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
