"""Do the stated probabilities of the pilot review hold, and what are its error rates?

    python docs/pilot_probabilities.py [--pilots 2000] [--out docs/figures]

Pilots whose truth is known, reviewed after 50, 100 and 200 answers in programmes of 200, in four worlds: the
model as it is, and three that break what the review assumes. There the review knows its scored items from a
2PL calibration of 3,000 candidates of that world. Writes the table and the plot of docs/pilot-decisions.md,
pilot_probabilities.csv and .svg, and the rates in the first world, pilot_rates.csv. Two processes, some
minutes.
"""

import argparse
import sys
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import matplotlib
import numpy as np
import polars as pl
from matplotlib.figure import Figure

from ciip_irt.pilots import simulate_policy
from ciip_irt.pilots.simulate.true_programme import TrueProgramme

ANSWERS = (50, 100, 200)
EDGES = (0.0, 0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95, 1.0)


def worlds() -> Mapping[str, TrueProgramme]:
    """Mean p .73, reliability .87 with the model as it is."""
    rng = np.random.default_rng(7)
    scored = np.column_stack([rng.lognormal(-0.5, 0.3, 130), rng.normal(-1.88, 1.3, 130), np.zeros(130)])
    model = TrueProgramme(scored)
    guessed = TrueProgramme(scored + np.array([0.0, 0.7, 0.2]), guessing=0.2)
    rng = np.random.default_rng(8)
    return {
        "model": model,
        "guessing": guessed.calibrated(3000, rng),
        "two dimensions": TrueProgramme(scored, second=0.8).calibrated(3000, rng),
        "skewed ability": TrueProgramme(scored, skewed=True).calibrated(3000, rng),
    }


def simulated(
    name: str, programme: TrueProgramme, pilots: int, seed: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    found = simulate_policy(programme, answers=ANSWERS, n_pilots=pilots, seed=seed)
    return found.decisions.with_columns(world=pl.lit(name)), found.rates


def reliability(reviews: pl.DataFrame) -> pl.DataFrame:
    """By world and class of the stated probability: how many, mean stated, share that is good, se.

    The standard error is that of the difference of the two, from the scatter between pilots, each of which is
    reviewed three times: ``se^2 = sum_j (sum_t good - stated)^2 / m^2``.
    """
    interval = np.digitize(reviews["probability"].to_numpy(), EDGES[1:-1])
    off = pl.col("good").cast(pl.Float64) - pl.col("probability")
    by_pilot = (
        reviews.with_columns(interval=interval)
        .group_by("world", "interval", "programme", "item_id")
        .agg(pl.len(), pl.col("probability", "good").sum(), off=off.sum())
    )
    return (
        by_pilot.group_by("world", "interval")
        .agg(
            items=pl.col("len").sum(),
            stated=pl.col("probability").sum() / pl.col("len").sum(),
            true=pl.col("good").sum() / pl.col("len").sum(),
            se=(pl.col("off") ** 2).sum().sqrt() / pl.col("len").sum(),
        )
        .sort("world", "interval")
        .drop("interval")
    )


def figure(table: pl.DataFrame, names: list[str]) -> Figure:
    drawing = Figure(figsize=(8.0, 8.0), layout="constrained")
    axes = drawing.subplots(2, 2, sharex=True, sharey=True)
    for axis, name in zip(axes.ravel(), names, strict=True):
        part = table.filter(world=name)
        axis.plot([0, 1], [0, 1], color="0.6", linewidth=1)
        axis.errorbar(
            part["stated"], part["true"], yerr=2 * part["se"], fmt="o", color="#1f4e79", markersize=4
        )
        axis.set_title(name)
        axis.set_aspect("equal")
    drawing.supxlabel("stated probability that all criteria hold")
    drawing.supylabel("share of these pilots that are good, with two standard errors")
    return drawing


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pilots", type=int, default=2000)
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent / "figures")
    arguments = parser.parse_args()
    every = worlds()
    with ProcessPoolExecutor(2) as pool:
        tasks = [
            pool.submit(simulated, name, programme, arguments.pilots, 41 + place)
            for place, (name, programme) in enumerate(every.items())
        ]
        found = [task.result() for task in tasks]
    reviews, rates = pl.concat([decisions for decisions, _ in found]), found[0][1]
    table = reliability(reviews)
    arguments.out.mkdir(parents=True, exist_ok=True)
    table.write_csv(arguments.out / "pilot_probabilities.csv", float_precision=4)
    rates.write_csv(arguments.out / "pilot_rates.csv", float_precision=4)
    matplotlib.rcParams["svg.hashsalt"] = "ciip_irt"
    figure(table, list(every)).savefig(
        arguments.out / "pilot_probabilities.svg", metadata={"Date": None, "Creator": None}
    )
    around = reviews.filter(pl.col("probability").is_between(0.75, 0.85))
    with pl.Config(tbl_rows=60):
        near = around.group_by("world").agg(pl.len(), pl.col("probability", "good").mean()).sort("world")
        sys.stdout.write(f"{table}\n{near}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
