"""``python -m benchmarks.pilots``: the whole pilot review, 200 pilots answered by 10,000 candidates.

Each candidate meets 130 scored items and 40 of the pilots. The population is estimated, the evidence gathered
(right answers and options), the prior learnt, every pilot judged on all criteria and the sheet written in
memory. Reading the log is not part of it. CPU seconds, best of three.
"""

import os
import sys
import time

CANDIDATES, PILOTS, ASKED = 10_000, 200, "seconds"


def main() -> int:
    for name in ("OPENBLAS", "OMP", "MKL", "BLIS", "VECLIB_MAXIMUM"):
        os.environ[f"{name}_NUM_THREADS"] = "1"
    # numpy reads the number of threads when it is loaded
    import numpy as np
    import polars as pl

    from ciip_irt.bank import ItemBank
    from ciip_irt.pilots import review_pilots
    from ciip_irt.pilots.simulate.true_programme import TrueProgramme, simulate_pilots

    rng = np.random.default_rng(7)
    scored_items = np.column_stack(
        [rng.lognormal(-0.5, 0.3, 130), rng.normal(-1.88, 1.3, 130), np.zeros(130)]
    )
    programme = TrueProgramme(scored_items)
    simulated = simulate_pilots(programme, CANDIDATES * programme.group_pilots // PILOTS, PILOTS, rng)
    scored = simulated.answers(CANDIDATES)
    known = pl.DataFrame(simulated.parameters, schema=["a", "b", "c"]).fill_nan(None)
    model = pl.Series("model", ["2pl"] * len(scored_items) + [None] * PILOTS)
    bank = ItemBank.from_frame(simulated.items.select("item_id", "domain", "status", "key", "options").hstack(
        [model, known["a"], known["b"]]
    ))  # fmt: skip
    seconds = []
    for _ in range(3):
        start = time.process_time()
        review = review_pilots(scored, bank)
        seconds.append(time.process_time() - start)
    right = (review.decisions["decision"] != "hold").all()
    sys.stdout.write(
        f"{PILOTS} pilots, {scored.deliveries.height:,} candidates: {min(seconds):.1f} CPU seconds"
        f" (asked: {ASKED}); {review.summary().splitlines()[0]}\n"
    )
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
