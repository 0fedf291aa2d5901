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
from threading import Lock
from typing import Any

from threadpoolctl import ThreadpoolController

__all__ = ["Run", "available_cores", "map_pieces", "one_blas_thread"]

Run = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""The signature of the built-in ``map``."""

FEWEST_PIECES = 8  # of 2,048 persons: below, handing pieces over costs what a second core saves
MOST_CORES = 8  # memory bandwidth is used up; beyond, more cores are left to others


class _Limit:
    """Who is inside, for the last one out restores what the first one in found."""

    __slots__ = ("entered", "lock", "undo")

    def __init__(self) -> None:
        self.lock = Lock()
        self.entered = 0
        self.undo: Any = None


_LIMIT = _Limit()


@cache
def _controller(loaded: bool) -> ThreadpoolController:  # noqa: ARG001 - scipy brings a BLAS of its own
    """The BLAS libraries of this process; looked up anew when scipy's has been loaded since."""
    return ThreadpoolController()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """One thread for each matrix product inside; afterwards as many as there were before.

    The number belongs to the process, so nested and simultaneous uses share it: the first one in sets it, the
    last one out restores it. Entering costs some microseconds.

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
    with _LIMIT.lock:
        _LIMIT.entered += 1
        if _LIMIT.entered == 1:
            controller = _controller("scipy.linalg" in sys.modules)
            _LIMIT.undo = controller.limit(limits=1, user_api="blas")
    try:
        yield
    finally:
        with _LIMIT.lock:
            _LIMIT.entered -= 1
            if _LIMIT.entered == 0:
                _LIMIT.undo.restore_original_limits()
                _LIMIT.undo = None


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def map_pieces(run: Run | None, n_pieces: int) -> Iterator[Run]:
    """``run`` itself; or, for ``None``, a map over threads where there are pieces and cores enough.

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
    with ThreadPoolExecutor(workers) as pool:
        yield pool.map
