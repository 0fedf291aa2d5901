"""The cases: what is measured, beside what, what was asked, and how we know the answer is right."""

import resource
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.baselines import PEERS, floor_iteration, log_likelihood
from benchmarks.data import Sample, complete, pool_with_rotating_pilots
from benchmarks.table import Measurement
from ciip_irt.arrays import FloatArray
from ciip_irt.irt.estimation import MmlFit, fit_cml, fit_mml

__all__ = ["CASES", "Settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """How often each measurement is taken, and whether other programs run too."""

    rounds: int = 5
    peers: bool = True


def _seconds(work: Callable[[], object]) -> float:
    """By the clock, or of the processor where that is less: other programs may keep the clock running.

    With several threads the processor's seconds are the sum over the threads, so the clock counts.
    """
    clock, processor = time.perf_counter(), time.process_time()
    work()
    return min(time.perf_counter() - clock, time.process_time() - processor)


def _peak(work: Callable[[], object]) -> float:
    """Most memory at once in megabytes, of a run of its own: watching it takes time."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def _beside(rounds: int, ours: Callable[[], object], theirs: Callable[[], object]) -> tuple[float, float]:
    """Medians of our seconds and of ours over theirs, taken in turn so that other load hits both."""
    pairs = [(_seconds(ours), _seconds(theirs)) for _ in range(rounds)]
    return statistics.median(own for own, _ in pairs), statistics.median(own / other for own, other in pairs)


def _fit(sample: Sample, model: str = "2pl", errors: str = "none", population: str = "normal") -> MmlFit:
    return fit_mml(sample.blocks, model, sample.n_items, standard_errors=errors, population=population)


def _maximum(sample: Sample, fit: MmlFit) -> dict[str, bool]:
    """Converged, with a likelihood that the plain judge confirms and that the truth does not exceed."""
    judged = log_likelihood(sample, fit.parameters)
    return {
        "not converged": fit.converged,
        "the likelihood is not what a plain sum gives": abs(judged - fit.log_likelihood) < 1e-7 * abs(judged),
        "the true parameters are likelier": judged > log_likelihood(sample, sample.truth),
        "the gradient is not small": fit.gradient_norm < 1e-5 * np.sqrt(sample.cells) * fit.n_parameters,
    }


def _coverage(sample: Sample, fit: MmlFit) -> dict[str, bool]:
    """Intervals of 1.96 standard errors hold about 95 in 100 true values (within 4 standard deviations)."""
    free = fit.free
    distance = np.abs(fit.parameters - sample.truth)[free]
    covered = float((distance < 1.96 * fit.standard_errors[free]).mean())
    return {
        "information is not positive definite": fit.information_positive_definite is True,
        f"intervals hold {covered:.1%} of the true values": (
            abs(covered - 0.95) < 4 * np.sqrt(0.95 * 0.05 / free.sum())
        ),
    }


def two_pl(settings: Settings) -> Iterator[Measurement]:
    """2PL, 10,000 persons x 170 items, complete: estimates alone, then with standard errors."""
    sample = complete(10_000, 170)
    fit = _fit(sample)
    iteration = floor_iteration(sample, fit.theta.size)

    def floor() -> None:
        for _ in range(fit.iterations):
            iteration()

    seconds, over_floor = _beside(settings.rounds, lambda: _fit(sample), floor)
    ratios = {
        "iterations": (float(fit.iterations), "<= 20"),
        "x its own products and exponentials": (over_floor, "<= 3"),
    }
    checks = _maximum(sample, fit)
    yield Measurement(
        "2PL 10,000 x 170", seconds, fit.iterations, _peak(lambda: _fit(sample)), ratios, checks
    )
    own, over = _beside(settings.rounds, lambda: _fit(sample, errors="oakes"), lambda: _fit(sample))
    errors = _fit(sample, errors="oakes")
    yield Measurement(
        "  with Oakes standard errors",
        own,
        errors.iterations,
        _peak(lambda: _fit(sample, errors="oakes")),
        {"x the estimates alone": (over, "<= 2.5")},
        _coverage(sample, errors),
    )
    if settings.peers:
        for peer in PEERS:
            if not peer.installed:
                print(f"  ({peer.name} is not installed: left out)")
                continue
            fits: list[FloatArray] = []
            took = _seconds(lambda peer=peer, fits=fits: fits.append(peer.fit(sample)))  # type: ignore[misc]
            found = fits[0]
            now = statistics.median(_seconds(lambda: _fit(sample)) for _ in range(settings.rounds))
            theirs = log_likelihood(sample, found)
            yield Measurement(
                f"  {peer.name}",
                took,
                ratios={"x ours": (took / now, peer.asked)},
                checks={"its likelihood is higher than ours": theirs <= fit.log_likelihood + 1e-3},
                note=f"log-likelihood {theirs - fit.log_likelihood:+.2f} beside ours",
            )


def pool(settings: Settings) -> Iterator[Measurement]:
    """2PL, 10,000 persons, 170 answers each out of a pool of 600 items, rotating pilots."""
    sample, whole = pool_with_rotating_pilots(10_000), complete(10_000, 170)
    fit, beside = _fit(sample), _fit(whole)
    seconds, over = _beside(settings.rounds, lambda: _fit(sample), lambda: _fit(whole))
    memory = _peak(lambda: _fit(sample))
    errors = _fit(sample, errors="oakes")
    yield Measurement(
        "2PL 10,000 x 170 of 600, pilots",
        seconds,
        fit.iterations,
        memory,
        {
            "iterations": (float(fit.iterations), "<= 40"),
            "x the complete case, per iteration": (over * beside.iterations / fit.iterations, "<= 1.6"),
            "bytes at most beside each answered cell": (memory * 1e6 / sample.cells, ""),
        },
        _maximum(sample, fit),
    )
    own, over = _beside(settings.rounds, lambda: _fit(sample, errors="oakes"), lambda: _fit(sample))
    yield Measurement(
        "  with Oakes standard errors",
        own,
        errors.iterations,
        _peak(lambda: _fit(sample, errors="oakes")),
        {"x the estimates alone": (over, "")},
        _coverage(sample, errors),
    )


def three_pl(settings: Settings) -> Iterator[Measurement]:
    """3PL, 5,000 persons x 130 items, the default priors, standard errors."""
    sample = complete(5_000, 130, model="3pl")
    fit = _fit(sample, "3pl", "oakes")
    seconds = statistics.median(
        _seconds(lambda: _fit(sample, "3pl", "oakes")) for _ in range(settings.rounds)
    )
    yield Measurement(
        "3PL 5,000 x 130, priors, errors",
        seconds,
        fit.iterations,
        _peak(lambda: _fit(sample, "3pl", "oakes")),
        {"seconds": (seconds, "<= 3")},
        _maximum(sample, fit) | _coverage(sample, fit),
    )


def rasch(settings: Settings) -> Iterator[Measurement]:
    """Rasch: raw-score groups, so that a hundred times the persons cost little more; and CML."""
    few, many = complete(1_636, 170, model="rasch"), complete(100_000, 170, model="rasch")
    small = statistics.median(_seconds(lambda: _fit(few, "rasch", "oakes")) for _ in range(settings.rounds))
    fit = _fit(few, "rasch", "oakes")
    yield Measurement(
        "Rasch 1,636 x 170, errors",
        small,
        fit.iterations,
        checks=_coverage(few, fit) | {"not converged": fit.converged},
    )
    seconds, over = _beside(
        settings.rounds, lambda: _fit(many, "rasch", "oakes"), lambda: _fit(few, "rasch", "oakes")
    )
    fit = _fit(many, "rasch", "oakes")
    yield Measurement(
        "Rasch 100,000 x 170, errors",
        seconds,
        fit.iterations,
        ratios={"x the time of 1,636 persons, 61 x the answers": (over, "")},
        checks=_coverage(many, fit),
    )
    conditional = fit_cml(few.blocks, few.n_items)
    seconds = statistics.median(
        _seconds(lambda: fit_cml(few.blocks, few.n_items)) for _ in range(settings.rounds)
    )
    yield Measurement(
        "Rasch CML 1,636 x 170",
        seconds,
        ratios={"seconds": (seconds, "<= 1")},
        checks={"not converged": conditional.converged},
    )


def histogram(settings: Settings) -> Iterator[Measurement]:
    """2PL, the population a histogram: candidates of a skewed population, and how far the items are off."""
    sample = complete(10_000, 170, skewed=True)
    fit = _fit(sample, population="histogram")
    normal = _fit(sample)
    seconds, over = _beside(
        settings.rounds, lambda: _fit(sample, population="histogram"), lambda: _fit(sample)
    )
    off, normal_off = (
        float(np.sqrt(((each.parameters - sample.truth)[:, 1] ** 2).mean())) for each in (fit, normal)
    )
    yield Measurement(
        "2PL 10,000 x 170, histogram",
        seconds,
        fit.iterations,
        ratios={"x the normal population": (over, ""), "x its error in b, skewed": (off / normal_off, "")},
        checks={
            "not converged": fit.converged,
            "the normal population is likelier": fit.log_likelihood > normal.log_likelihood,
            "the difficulties are worse than with the normal": off < normal_off,
        },
    )


def calibrate(settings: Settings) -> Iterator[Measurement]:
    """The whole command ``calibrate``, start of Python included: 300 candidates x 170, checks and all."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        program = [sys.executable, "-m", "ciip_irt"]
        asked = ["--n-candidates", "300", "--n-forms", "1", "--n-pilots", "40", "--seed", "3"]
        subprocess.run([*program, "simulate", "--out", folder, *asked], check=True, capture_output=True)
        command = [
            *program,
            "calibrate",
            str(place / "responses.parquet"),
            "--items",
            str(place / "items.csv"),
        ]
        times = []
        for _ in range(settings.rounds):
            before, clock = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
            done = subprocess.run(
                [*command, "--model", "rasch", "--anchors", "none", "--out", str(place / "out")],
                capture_output=True,
            )
            after, clock = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - clock
            processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            times.append(min(clock, processor))
        seconds = statistics.median(times)
        yield Measurement(
            "command calibrate, 300 x 170",
            seconds,
            ratios={"seconds": (seconds, "<= 1.5")},
            checks={"the command failed": done.returncode == 0},
        )


def million(settings: Settings) -> Iterator[Measurement]:
    """2PL, 1,000,000 persons x 170 items, with standard errors; once."""
    del settings
    sample = complete(1_000_000, 170)
    fits: list[MmlFit] = []
    seconds = _seconds(lambda: fits.append(_fit(sample, errors="oakes")))
    fit = fits[0]
    memory = _peak(lambda: _fit(sample))
    yield Measurement(
        "2PL 1,000,000 x 170, errors",
        seconds,
        fit.iterations,
        memory,
        {
            "seconds": (seconds, "<= 60"),
            "GB, answers included": ((memory + sample.cells / 1e6) / 1e3, "<= 4"),
        },
        _maximum(sample, fit) | _coverage(sample, fit),
    )


CASES: Final[dict[str, Callable[[Settings], Iterator[Measurement]]]] = {
    "2pl": two_pl,
    "pool": pool,
    "3pl": three_pl,
    "rasch": rasch,
    "histogram": histogram,
    "calibrate": calibrate,
    "million": million,
}
