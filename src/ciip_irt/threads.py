"""Processor cores: one thread inside each matrix product, and pieces of persons side by side where many.

The products of an estimation take a millisecond each. A BLAS that splits each over all cores makes its
threads wait for one another at every product: alone on the machine that gains little, and beside one busy
program everything waits for the slowest thread. So products run on one thread, and where there are persons
enough the cores work on pieces of persons that meet once an E-step.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from threading import Lock, local
from typing import Any

from threadpoolctl import ThreadpoolController

__all__ = ["Run", "available_cores", "map_pieces", "one_blas_thread"]

Run = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""The signature of the built-in ``map``."""

FEWEST_PIECES = 8  # of 2,048 persons: below, handing pieces over costs what a second core saves
MOST_CORES = 8  # memory bandwidth is used up; beyond, more cores are left to others


class _Holds:
    """Who holds BLAS at one thread, and what the first one found."""

    __slots__ = ("count", "found", "lock", "own")

    def __init__(self) -> None:
        self.lock = Lock()
        self.count = 0
        self.found: list[int] = []
        self.own = local()


_HOLDS = _Holds()


@cache
def _controller(loaded: bool) -> ThreadpoolController:  # noqa: ARG001 - scipy brings a BLAS of its own
    """The BLAS libraries of this process; looked up anew when scipy's has been loaded since."""
    return ThreadpoolController().select(user_api="blas")


def _libraries() -> list[Any]:
    return list(_controller("scipy.linalg" in sys.modules).lib_controllers)


def _set_one_thread() -> None:
    """One BLAS thread for products of the calling thread."""
    for library in _libraries():
        library.set_num_threads(1)


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """One thread for each matrix product inside; afterwards as many as there were before.

    In some BLAS libraries the number belongs to the process, in others to the calling thread: whoever leaves
    restores, in the own thread, what the first one in found. Entering costs some microseconds; inside itself
    it does nothing.

    >>> import numpy as np
    >>> from threadpoolctl import threadpool_info
    >>> def threads() -> list[int]:
    ...     return [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"]
    >>> before = threads()
    >>> with one_blas_thread():
    ...     set(threads())
    {1}
    >>> threads() == before
    True
    """
    if getattr(_HOLDS.own, "inside", False):
        yield
        return
    libraries = _libraries()
    with _HOLDS.lock:
        if _HOLDS.count == 0:
            _HOLDS.found = [library.num_threads for library in libraries]
        found = _HOLDS.found
        _HOLDS.count += 1
    _set_one_thread()
    _HOLDS.own.inside = True
    try:
        yield
    finally:
        _HOLDS.own.inside = False
        with _HOLDS.lock:
            _HOLDS.count -= 1
        for library, number in zip(libraries, found, strict=False):
            library.set_num_threads(number)


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def map_pieces(run: Run | None, n_pieces: int) -> Iterator[Run]:
    """``run`` itself; or, for ``None``, a map over threads where there are pieces and cores enough.

    To be used inside ``one_blas_thread``.

    Results come in the order of the pieces, so that sums are the same to the last digit on any number of
    cores. numpy's products and exponentials do not hold Python's lock, so threads do run side by side.

    >>> with map_pieces(None, 100) as run:
    ...     list(run(abs, [-1, 2, -3]))
    [1, 2, 3]
    """
    workers = min(available_cores(), MOST_CORES, n_pieces)
    if run is not None or workers < 2 or n_pieces < FEWEST_PIECES:
        yield map if run is None else run
        return
    with ThreadPoolExecutor(workers, initializer=_set_one_thread) as pool:
        yield pool.map
