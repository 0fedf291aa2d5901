"""One BLAS thread inside a fit and as many as before after it; pieces of persons change no digit."""

import threading
from collections.abc import Callable

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from ciip_irt import threads
from ciip_irt.classical.dif import DifTables, dif_tables
from ciip_irt.classical.dif_classes import class_probabilities
from ciip_irt.classical.dif_logistic import logistic_dif
from ciip_irt.irt.ability import estimate_abilities
from ciip_irt.irt.estimation import fit_cml, fit_mml, mml
from ciip_irt.irt.fit_statistics import (
    assess_model_fit,
    assess_person_fit,
    bootstrap_samples,
    parallel_analysis,
)
from ciip_irt.irt.fit_statistics.infit_outfit import mean_square_fit
from ciip_irt.irt.keys import key_probabilities
from ciip_irt.irt.linking import link
from ciip_irt.irt.models import MODELS
from ciip_irt.irt.response_blocks import ResponseBlock
from ciip_irt.threads import map_pieces, one_blas_thread


def blas_threads() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


@pytest.fixture
def two_threads():
    """A process whose owner gave BLAS two threads."""
    np.ones((2, 2)) @ np.ones((2, 2))
    with threadpool_limits(limits=2, user_api="blas"):
        if blas_threads() != {2}:
            pytest.skip(f"this BLAS does not take two threads: {threadpool_info()}")
        yield


@pytest.mark.usefixtures("two_threads")
def test_what_was_found_is_restored_also_after_an_error() -> None:
    def fail() -> None:
        with one_blas_thread():
            with one_blas_thread():
                assert blas_threads() == {1}
            assert blas_threads() == {1}
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert blas_threads() == {2}


@pytest.mark.usefixtures("two_threads")
def test_several_at_once_restore_what_the_first_found() -> None:
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with one_blas_thread():
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=other)
    with one_blas_thread():
        thread.start()
        assert inside.wait(10)
    leave.set()
    thread.join()
    assert blas_threads() == {2}


def answers(n: int, seed: int = 1) -> list[ResponseBlock]:
    rng = np.random.default_rng(seed)
    b = np.linspace(-1, 1, 12)
    p = 1 / (1 + np.exp(b - rng.normal(size=(n, 1))))
    return [ResponseBlock(np.arange(12), (rng.random(p.shape) < p).astype(np.int8))]


@pytest.mark.usefixtures("two_threads")
def test_fits_run_on_one_blas_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[set[int]] = []
    real = mml.run_em

    def watched(*given, **options):
        seen.append(blas_threads())
        return real(*given, **options)

    monkeypatch.setattr(mml, "run_em", watched)
    fit_mml(answers(200), "2pl", 12)
    assert seen == [{1}]
    assert blas_threads() == {2}
    fit_cml(answers(200), 12)
    assert blas_threads() == {2}


BLOCKS = answers(200)
SCORES = BLOCKS[0].scores
ITEMS = np.column_stack((np.ones(12), np.linspace(-1, 1, 12), np.zeros(12)))
TWO_OPTIONS = np.ones((12, 2), dtype=bool)
KEYED = np.tile([True, False], (12, 1))


def dif_parts() -> list[tuple[DifTables, np.ndarray]]:
    level = SCORES.sum(axis=1, dtype=np.int64)
    return [(dif_tables(SCORES, level, np.arange(200) % 2, n_levels=13), np.arange(12))]


DOORS: dict[str, Callable[[], object]] = {
    "abilities by EAP": lambda: estimate_abilities(BLOCKS, ITEMS),
    "abilities by ML": lambda: estimate_abilities(BLOCKS, ITEMS, method="ml"),
    "abilities by MAP": lambda: estimate_abilities(BLOCKS, ITEMS, method="map"),
    "abilities by WLE": lambda: estimate_abilities(BLOCKS, ITEMS, method="wle"),
    "infit and outfit": lambda: mean_square_fit(BLOCKS, ITEMS),
    "person fit": lambda: assess_person_fit(BLOCKS, ITEMS),
    "M2": lambda: assess_model_fit(SCORES, ITEMS, model=MODELS["2pl"]),
    "parallel analysis": lambda: parallel_analysis(SCORES, replications=5, seed=1),
    "bootstrap": lambda: list(bootstrap_samples(BLOCKS, ITEMS, replications=1)),
    "keys": lambda: key_probabilities(
        np.full((12, 5, 2), 20.0), np.tile(np.eye(5), (12, 1, 1)), np.linspace(-2, 2, 5), TWO_OPTIONS, KEYED
    ),
    "linking": lambda: link(ITEMS, ITEMS, "stocking_lord"),
    "logistic DIF": lambda: logistic_dif(dif_parts(), 12),
    "DIF classes": lambda: class_probabilities(np.zeros(12), np.full(12, 0.4), np.ones(12, dtype=bool)),
}


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("door", DOORS)
def test_a_door_holds_blas_and_lets_it_go(door: str, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[bool] = []
    real = threads._set_one_thread

    def watched() -> None:
        held.append(True)
        real()

    monkeypatch.setattr(threads, "_set_one_thread", watched)
    DOORS[door]()
    assert held
    assert blas_threads() == {2}


@pytest.mark.usefixtures("two_threads")
def test_whoever_takes_a_bootstrap_sample_has_blas_as_it_was() -> None:
    samples = bootstrap_samples(BLOCKS, ITEMS, replications=2)
    for _ in samples:
        assert blas_threads() == {2}


@pytest.mark.parametrize("model", ["2pl", "rasch"])
def test_no_digit_depends_on_the_cores(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = answers(20_000)
    one = fit_mml(blocks, model, 12, run=map)
    monkeypatch.setattr(threads, "available_cores", lambda: 3)
    several = fit_mml(blocks, model, 12)
    np.testing.assert_array_equal(several.parameters, one.parameters)
    np.testing.assert_array_equal(several.standard_errors, one.standard_errors)
    assert several.log_likelihood == one.log_likelihood


def test_the_pieces_of_many_persons_are_shared_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "available_cores", lambda: 2)
    at_work: set[str] = set()
    both = threading.Barrier(2, timeout=10)

    def piece(_: int) -> None:
        at_work.add(threading.current_thread().name)
        both.wait()  # only passes where two are at work at once

    with map_pieces(None, threads.FEWEST_PIECES) as run:
        list(run(piece, range(4)))
    assert len(at_work) == 2
    for run_given, pieces in ((map, 100), (None, threads.FEWEST_PIECES - 1)):
        with map_pieces(run_given, pieces) as run:
            assert run is map
