"""A programme with planted pilots, whose truth is known: an easy, homogeneous population."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import polars as pl
import pytest

from ciip_irt.bank import ItemBank
from ciip_irt.responses import ScoredResponses, score

LETTERS = np.array(list("ABCD"))


@dataclass(frozen=True)
class Planted:
    log: pl.DataFrame
    scored: ScoredResponses
    bank: ItemBank
    parameters: np.ndarray  # of scored.items; NaN for the pilots
    truth: pl.DataFrame  # item_id, kind (sound | flat | wrong_key), p, r in the population, good


def planted(
    n_per_pilot: int,
    *,
    n_blocks: int = 5,
    n_pilots: int = 40,
    n_scored: int = 130,
    bad_share: float = 0.2,
    guessing: float = 0.0,
    seed: int = 1,
) -> Planted:
    """``n_blocks`` x ``n_pilots`` pilots, each answered by ``n_per_pilot`` candidates."""
    rng = np.random.default_rng(seed)
    a, b = rng.lognormal(-0.5, 0.3, n_scored), rng.normal(-1.88, 1.3, n_scored)
    total_pilots = n_blocks * n_pilots
    a_pilot, b_pilot = rng.lognormal(-0.5, 0.4, total_pilots), rng.normal(-1.88, 1.5, total_pilots)
    kind = rng.permuted(
        np.repeat(
            ["sound", "flat", "wrong_key"],
            [
                total_pilots - 2 * round(total_pilots * bad_share / 2),
                round(total_pilots * bad_share / 2),
                round(total_pilots * bad_share / 2),
            ],
        )
    )
    flat_p = rng.uniform(0.25, 0.9, total_pilots)
    popularity = rng.dirichlet([3.0, 2.0, 1.0], total_pilots)  # options B, C, D among the wrong answers
    key = np.where(kind == "wrong_key", "B", "A")

    u = np.linspace(-5, 5, 201)
    w = np.exp(-0.5 * u**2) / np.exp(-0.5 * u**2).sum()

    def right(theta: np.ndarray) -> np.ndarray:
        p = guessing + (1 - guessing) / (1 + np.exp(-a_pilot * (theta[:, None] - b_pilot)))
        return np.where(kind == "flat", flat_p, p)

    def keyed(theta: np.ndarray) -> np.ndarray:
        p = right(theta)
        return np.where(kind == "wrong_key", (1 - p) * popularity[:, 0], p)

    curves = 1 / (1 + np.exp(-a * (u[:, None] - b)))
    tau, noise = curves.sum(axis=1), (curves * (1 - curves)).sum(axis=1)
    sd = np.sqrt(w @ ((tau - w @ tau) ** 2 + noise))
    p = w @ keyed(u)
    r = (w * (tau - w @ tau)) @ keyed(u) / sd / np.sqrt(p * (1 - p))

    ids = [f"P{k:03d}" for k in range(total_pilots)]
    frames = []
    for block in range(n_blocks):
        theta = rng.normal(size=n_per_pilot)
        who = [f"c{block}_{i:05d}" for i in range(n_per_pilot)]
        scored_right = rng.random((n_per_pilot, n_scored)) < 1 / (1 + np.exp(-a * (theta[:, None] - b)))
        mine = np.arange(block * n_pilots, (block + 1) * n_pilots)
        pilot_right = rng.random((n_per_pilot, n_pilots)) < right(theta)[:, mine]
        draw = rng.random((n_per_pilot, n_pilots))
        wrong = (draw[:, :, None] > np.cumsum(popularity[mine], axis=1)[None, :, :-1]).sum(axis=2) + 1
        chosen = np.hstack([np.where(scored_right, 0, 1), np.where(pilot_right, 0, wrong)])
        names = [f"S{k:03d}" for k in range(n_scored)] + [ids[k] for k in mine]
        frames.append(
            pl.DataFrame(
                {
                    "delivery_id": np.repeat(who, len(names)),
                    "item_id": np.tile(names, n_per_pilot),
                    "response": LETTERS[chosen.ravel()],
                }
            )
        )
    log = pl.concat(frames).with_columns(
        candidate_id="delivery_id", attempt=pl.lit("1"), form_id=pl.lit("F"), status=pl.lit("answered")
    )
    bank = ItemBank.from_frame(
        pl.DataFrame(
            {
                "item_id": [f"S{k:03d}" for k in range(n_scored)] + ids,
                "domain": "A",
                "status": ["scored"] * n_scored + ["pilot"] * total_pilots,
                "key": ["A"] * n_scored + key.tolist(),
                "options": "ABCD",
                "model": ["2pl"] * n_scored + [None] * total_pilots,
                "a": a.tolist() + [None] * total_pilots,
                "b": b.tolist() + [None] * total_pilots,
            }
        )
    )
    scored = score(log, bank)
    truth = pl.DataFrame({"item_id": ids, "kind": kind, "p": p, "r": r}).with_columns(
        good=(pl.col("kind") == "sound") & (pl.col("r") >= 0.10) & pl.col("p").is_between(0.25, 0.97)
    )
    return Planted(log, scored, bank, bank.parameters(scored.item_ids), truth)


@pytest.fixture(scope="session")
def plant() -> Callable[..., Planted]:
    """``plant(n_per_pilot, ...)``: the same programme for the same arguments."""
    return lru_cache(maxsize=8)(planted)
