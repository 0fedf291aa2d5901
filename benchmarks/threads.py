"""``python -m benchmarks.threads``: a fit as it comes, on one BLAS thread from outside, and without our hold.

Taken in turn in one process, so that other load hits all three; medians of seconds by the clock and of the
processor. Start it without ``OPENBLAS_NUM_THREADS``.
"""

import contextlib
import time

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.data import Sample, complete
from ciip_irt.irt.estimation import mml

HELD = mml.one_blas_thread


def _seconds(sample: Sample, setting: str) -> tuple[float, float]:
    mml.one_blas_thread = contextlib.nullcontext if setting == "all" else HELD  # type: ignore[assignment]
    outside = threadpool_limits(1, user_api="blas") if setting == "one" else contextlib.nullcontext()
    with outside:
        clock, processor = time.perf_counter(), time.process_time()
        mml.fit_mml(sample.blocks, "2pl", sample.n_items)
        return time.perf_counter() - clock, time.process_time() - processor


def main() -> None:
    for settings in (("default", "one"), ("default", "all")):
        for persons, rounds in ((300, 15), (1600, 9), (10_000, 3)):
            sample = complete(persons, 170)
            _seconds(sample, "default")
            taken = {setting: [] for setting in settings}  # type: dict[str, list[tuple[float, float]]]
            for _ in range(rounds):
                for setting in settings:
                    taken[setting].append(_seconds(sample, setting))
            shown = (
                f"{setting} {np.median([pair[0] for pair in pairs]):.2f} s, processor"
                f" {np.median([pair[1] for pair in pairs]):.2f} s"
                for setting, pairs in taken.items()
            )
            print(f"2PL {persons:,} x 170 with errors: " + "; ".join(shown), flush=True)


if __name__ == "__main__":
    main()
