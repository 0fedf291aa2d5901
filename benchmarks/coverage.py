"""``python -m benchmarks.coverage``: do intervals hold the truth as often as they say? Are estimates biased?

For every model and number of candidates: answers are drawn from known item parameters and calibrated, and it
is counted how often the interval holds the true value. Everybody answers 24 scored items, and one of three
blocks of 6 pilots that rotate: 30 answers each to a pool of 42 items, pilots missing by design.

- *held %*: intervals of ``parameter_intervals``; *+-* the Monte-Carlo standard error, from the spread between
  samples, since the items of a sample share its candidates.
- *1.96 se*: of ``estimate +- 1.96 standard errors``, for comparison.
- The true slopes and difficulties are drawn anew for every sample. Those of the 3PL are drawn from the priors
  it is calibrated with, so that its intervals can be right on average; with parameters held at values that
  the priors call unlikely, no interval that believes the priors can hold 95 in 100.
"""

import argparse
import os
import sys
from dataclasses import dataclass

__all__ = ["Coverage", "main", "measured", "sample"]

SCORED, PER_BLOCK, BLOCKS = 24, 6, 3
REPLICATIONS = {200: 200, 1000: 120, 5000: 80}
NORMAL = 1.959963984540054


def _single_thread() -> None:
    for name in ("OPENBLAS", "OMP", "MKL"):
        os.environ.setdefault(f"{name}_NUM_THREADS", "1")


_single_thread()

import numpy as np  # noqa: E402

from ciip_irt.arrays import BoolArray, FloatArray, IntArray  # noqa: E402
from ciip_irt.irt import BetaPrior, NormalPrior, Priors, ResponseBlock  # noqa: E402
from ciip_irt.irt.estimation import MmlFit, fit_mml, parameter_intervals  # noqa: E402
from ciip_irt.irt.models import MODELS  # noqa: E402

PRIORS_3PL = Priors(log_a=NormalPrior(0.0, 0.5), c=BetaPrior(5.0, 17.0))
N_ITEMS = SCORED + PER_BLOCK * BLOCKS


@dataclass(frozen=True, slots=True)
class Coverage:
    """One line of the table.

    Attributes
    ----------
    model, persons, parameter, items
        ``items``: "scored" (met by everybody) or "pilots" (met by a third).
    share, error
        Of intervals that hold the truth; its Monte-Carlo standard error.
    plain_share
        The same for ``estimate +- 1.96 se``.
    bias, rmse, mean_se
        Of the estimates; the mean of their standard errors.
    missing
        Share of parameters without a standard error (at a bound, undetermined).
    intervals, samples
        How many.
    unconverged
        Samples left out because the iteration did not converge.
    """

    model: str
    persons: int
    parameter: str
    items: str
    share: float
    error: float
    plain_share: float
    bias: float
    rmse: float
    mean_se: float
    missing: float
    intervals: int
    samples: int
    unconverged: int


def truth(model: str, rng: np.random.Generator) -> FloatArray:
    """Shape (J, P): reported parameters; for polytomous models scores 0, 1, 2."""
    a = np.exp(rng.normal(0.0, 0.3, N_ITEMS))
    b = rng.normal(0.0, 1.0, N_ITEMS)
    if model in {"rasch", "pcm"}:
        a = np.ones(N_ITEMS)
    if model == "1pl":
        a = np.full(N_ITEMS, 1.3)
    if model == "3pl":
        assert PRIORS_3PL.log_a is not None
        a = np.exp(rng.normal(0.0, PRIORS_3PL.log_a.sd, N_ITEMS))
        return np.column_stack((a, b, rng.beta(5.0, 17.0, N_ITEMS)))
    if MODELS[model].for_categories is not None:
        # apart enough that nobody's score is missing in 67 answers
        return np.column_stack((a, 0.7 * b - 0.6, 0.7 * b + 0.6))
    return np.column_stack((a, b, np.zeros(N_ITEMS)))


def sample(
    model: str, persons: int, seed: int, skewed: bool = False
) -> tuple[list[ResponseBlock], FloatArray]:
    """Blocks of answers and the parameters they were drawn from; abilities normal, or of skewness 1.6."""
    rng = np.random.default_rng(seed)
    while True:
        parameters = truth(model, rng)
        blocks = []
        for block, size in enumerate(np.diff(np.linspace(0, persons, BLOCKS + 1).astype(int))):
            items: IntArray = np.concatenate(
                (np.arange(SCORED), SCORED + PER_BLOCK * block + np.arange(PER_BLOCK))
            )
            if skewed:
                ability = (rng.gamma(1.5, 1.0, int(size)) - 1.5) / np.sqrt(1.5)
            else:
                ability = rng.normal(size=int(size))
            p = MODELS[model].probability(parameters[items], ability, 1.0)
            drawn = (rng.random((*p.shape[:2], 1)) > np.cumsum(p, axis=2)[..., :-1]).sum(axis=2)
            blocks.append(ResponseBlock(items, drawn.astype(np.int8)))
        if _usable(blocks, MODELS[model].n_categories):
            return blocks, parameters


def _usable(blocks: list[ResponseBlock], categories: int) -> bool:
    """Every score of every item occurs: without, an item has no estimate that could be compared."""
    seen = np.zeros((N_ITEMS, categories), dtype=np.bool_)
    for block in blocks:
        for score in range(categories):
            seen[block.items, score] |= (block.scores == score).any(axis=0)
    return bool(seen.all())


def fitted(model: str, blocks: list[ResponseBlock], population: str = "normal") -> MmlFit:
    return fit_mml(
        blocks, model, N_ITEMS, priors=PRIORS_3PL if model == "3pl" else None, population=population
    )


def measured(
    model: str,
    persons: int,
    samples: int,
    seed: int = 1,
    *,
    skewed: bool = False,
    population: str = "normal",
) -> list[Coverage]:
    """One line for each kind of parameter, scored items and pilots apart."""
    kinds = _kinds(model)
    held: dict[tuple[str, str], list[list[FloatArray]]] = {
        (kind, items): [] for kind in kinds for items in ("scored", "pilots")
    }
    unconverged = 0
    for number in range(samples):
        blocks, parameters = sample(model, persons, seed * 1_000_003 + number, skewed)
        fit = fitted(model, blocks, population)
        if not fit.converged:
            unconverged += 1
            continue
        for (kind, items), found in held.items():
            rows = slice(0, SCORED) if items == "scored" else slice(SCORED, None)
            columns = kinds[kind]
            if model == "1pl" and kind == "a":
                rows = slice(0, 1)  # one slope for all items
            low, high = parameter_intervals(fit, PRIORS_3PL if model == "3pl" else None)
            arrays = (fit.parameters, parameters, fit.standard_errors, low, high)
            cells = [each[rows][:, columns].ravel() for each in arrays]
            found.append(cells)
    lines = []
    for (kind, items), found in held.items():
        if model == "1pl" and kind == "a" and items == "pilots":
            continue
        lines.append(_line(model, persons, kind, items, found, unconverged))
    return lines


def _kinds(model: str) -> dict[str, list[int]]:
    names = MODELS[model].parameters
    used = [name for name in names if name in MODELS[model].free or name in MODELS[model].common]
    kinds: dict[str, list[int]] = {}
    for name in used:
        kinds.setdefault(name[0], []).append(names.index(name))
    return kinds


def _line(
    model: str, persons: int, kind: str, items: str, found: list[list[FloatArray]], unconverged: int
) -> Coverage:
    shares: list[float] = []
    plain: list[float] = []
    errors, ses = [], []
    missing = 0
    for each in found:
        there: BoolArray = np.isfinite(each[2])
        missing += int((~there).sum())
        estimate, true, se, low, high = (part[there] for part in each)
        if not se.size:
            continue
        shares.append(float(((low <= true) & (true <= high)).mean()))
        plain.append(float((np.abs(estimate - true) <= NORMAL * se).mean()))
        errors.append(estimate - true)
        ses.append(se)
    off, sizes = np.concatenate(errors), np.concatenate(ses)
    return Coverage(
        model,
        persons,
        kind,
        items,
        float(np.mean(shares)),
        float(np.std(shares, ddof=1) / np.sqrt(len(shares))),
        float(np.mean(plain)),
        float(off.mean()),
        float(np.sqrt((off**2).mean())),
        float(sizes.mean()),
        missing / (missing + off.size),
        off.size,
        len(found),
        unconverged,
    )


def shown(line: Coverage) -> str:
    extra = "".join(
        (
            f", {100 * line.missing:.1f} % without an error" if line.missing else "",
            f", {line.unconverged} not converged" if line.unconverged else "",
        )
    )
    return (
        f"{line.model:<6}{line.persons:>6}  {line.parameter:<3}{line.items:<8}"
        f"{100 * line.share:>6.1f}{100 * line.error:>6.2f}{100 * line.plain_share:>9.1f}"
        f"{line.bias:>9.3f}{line.rmse:>8.3f}{line.mean_se:>8.3f}{line.intervals:>9,}{extra}"
    )


HEADING = (
    f"{'model':<6}{'N':>6}  {'':<3}{'items':<8}{'held %':>6}{'+-':>6}{'1.96 se':>9}"
    f"{'bias':>9}{'RMSE':>8}{'SE':>8}{'intervals':>10}"
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage", description=__doc__)
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=list(MODELS))
    parser.add_argument("--persons", nargs="+", type=int, default=[200, 1000, 5000])
    parser.add_argument("--samples", type=int, help="of each (200 for 200 persons, 120, 80 for more)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--skewed", action="store_true", help="draw abilities of skewness 1.6")
    parser.add_argument("--population", choices=("normal", "histogram"), default="normal", help="to fit")
    arguments = parser.parse_args()
    print(HEADING, flush=True)
    for model in arguments.models:
        for persons in arguments.persons:
            samples = arguments.samples or REPLICATIONS.get(persons, 100)
            for line in measured(
                model,
                persons,
                samples,
                arguments.seed,
                skewed=arguments.skewed,
                population=arguments.population,
            ):
                print(shown(line), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
