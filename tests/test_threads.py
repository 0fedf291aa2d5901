"""One BLAS thread inside a fit and as many as before after it; pieces of persons change no digit."""

import threading

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from ciip_irt import threads
from ciip_irt.irt.estimation import fit_cml, fit_mml, mml
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
