"""``python -m benchmarks.decisions``: do the pilots' probabilities hold, and do they say enough?

Every world of ``worlds`` in programmes of 200 pilots, and two real exams (``real_exams``), reviewed by the
code that reviews real pilots, beside Bayes' rule with the true generator and beside fixed limits of R. An
hour on two cores; ``--quick`` ten minutes. ``--keep FILE`` writes the reviews, ``--from FILE`` prints the
tables of reviews that were kept. The same programmes make the same tables.
"""

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor

PROGRAMMES, SPLITS = {False: 40, True: 6}, {False: 60, True: 10}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.decisions", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer programmes of each world: ten minutes")
    parser.add_argument("--programmes", type=int, help="programmes of each world (40; with --quick 6)")
    parser.add_argument("--only", nargs="+", metavar="WORLD", help="these worlds and exams only")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--keep", metavar="FILE", help="write the reviews to this parquet file")
    parser.add_argument("--from", dest="kept", metavar="FILE", help="tables of reviews that were kept")
    return parser.parse_args()


def _task(name: str, place: int):  # type: ignore[no-untyped-def]  # polars is imported where it runs
    import polars as pl

    from benchmarks.decisions.real_exams import EXAMS, review_exam
    from benchmarks.decisions.review import review_programme
    from benchmarks.decisions.worlds import WORLDS
    from ciip_irt.threads import one_blas_thread

    with one_blas_thread():
        if name in EXAMS:
            found = list(review_exam(name, place))
            return pl.concat(found, how="diagonal_relaxed") if found else None
        return review_programme(name, WORLDS[name], place)


def main() -> int:
    for name in ("OPENBLAS", "OMP", "MKL", "BLIS", "VECLIB_MAXIMUM"):
        os.environ[f"{name}_NUM_THREADS"] = "1"
    # numpy reads the number of threads when it is loaded
    import polars as pl

    from benchmarks.decisions import tables
    from benchmarks.decisions.real_exams import EXAMS
    from benchmarks.decisions.worlds import WORLDS

    arguments = _arguments()
    names = arguments.only or [*WORLDS, *EXAMS]
    unknown = [name for name in names if name not in {*WORLDS, *EXAMS}]
    if unknown:
        print(f"no world {', '.join(unknown)}; there are {', '.join([*WORLDS, *EXAMS])}", file=sys.stderr)
        return 2
    start = time.time()
    if arguments.kept:
        reviews = pl.read_parquet(arguments.kept)
    else:
        programmes = arguments.programmes or PROGRAMMES[arguments.quick]
        splits = arguments.programmes or SPLITS[arguments.quick]
        most = max(programmes, splits)
        tasks = [
            (name, place) for place in range(most) for name in names
            if place < (splits if name in EXAMS else programmes)
        ]  # fmt: skip
        with ProcessPoolExecutor(arguments.processes) as pool:
            found = [part for part in pool.map(_task, *zip(*tasks, strict=True)) if part is not None]
        reviews = pl.concat(found, how="diagonal_relaxed")
        reviews = pl.concat([reviews.filter(world=name) for name in names])
        if arguments.keep:
            reviews.write_parquet(arguments.keep)
    for name in ("bayes", "bayes_low", "bayes_high"):
        if name not in reviews.columns:
            reviews = reviews.with_columns(pl.lit(None, pl.Float64).alias(name))
    counts = reviews.group_by("world", maintain_order=True).agg(pl.col("programme").n_unique())
    print("programmes: " + ", ".join(f"{name} {count}" for name, count in counts.iter_rows()))
    for name in WORLDS:
        if name in names:
            print(f"  {name}: {WORLDS[name].broken}")
    for table in (tables.calibration, tables.width, tables.ranking, tables.rules, tables.looking):
        print(f"\n{(table.__doc__ or '').splitlines()[0]}")
        for line in table(reviews):
            print(line)
    print(f"\n{time.time() - start:.0f} seconds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
