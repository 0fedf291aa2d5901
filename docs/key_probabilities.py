"""Do stated probabilities about keys hold? Flaws planted into a real exam whose keys are verified.

Run from the project root, with the real data in ``CIIP_IRT_SHARED`` (default ``../shared``):

    python docs/key_probabilities.py [administrations]

Each administration draws candidates of the licensure exam and plants flaws into 6 % of its 200 items: the key
moves to a distractor, the popular ones more often (2 %); a share of 20 to 80 % of those who chose the key
chooses another option instead, so that both are right (2 %); all choices are shuffled among candidates (2 %).

Counted are the items in even places (the 2nd, 4th, ...): the model's constants were chosen on the others.
"""

import os
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from ciip_irt.bank import ItemBank
from ciip_irt.irt.keys import FlawRates
from ciip_irt.item_analysis.choice_counts import Abilities, rasch_abilities
from ciip_irt.item_analysis.key_check import check_keys
from ciip_irt.responses import ScoredResponses, score

RATE = 0.02
EDGES = (0.0, 0.01, 0.05, 0.2, 0.5, 0.8, 1.0)
RATES = {kind: FlawRates(RATE, RATE, RATE) for kind in ("scored", "pilot")}


def licensure(folder: Path) -> ScoredResponses:
    key = pl.read_csv(folder / "form1_key.csv").select(
        "item_id", "status", pl.col("key").cast(pl.String), domain=pl.lit("all"), options=pl.lit("1234")
    )
    text = {"attempt": pl.String, "response": pl.String}
    given = pl.col("response").is_not_null()
    log = pl.read_csv(folder / "form1_log_long.csv.gz", schema_overrides=text).select(
        "candidate_id", "attempt", "form_id", "item_id", "response", delivery_id="candidate_id",
        status=pl.when(given).then(pl.lit("answered")).otherwise(pl.lit("omitted")),
    )  # fmt: skip
    return score(log, ItemBank.from_frame(key))


def planted(scored: ScoredResponses, n: int, rng: np.random.Generator) -> tuple[ScoredResponses, np.ndarray]:
    """n candidates with planted flaws, and the kind of every item."""
    key = np.array(["1234".index(k) for k in scored.items["key"]])
    shares = np.zeros((len(key), 4))
    for block in scored.blocks:
        for column, j in enumerate(block.items):
            chosen = block.choices[:, column]
            shares[j] += np.bincount(chosen[chosen >= 0], minlength=4)
    kinds = ["sound", "wrong", "two", "guessed"]
    kind = rng.choice(kinds, len(key), p=(1 - 3 * RATE, RATE, RATE, RATE))
    other, split = np.zeros(len(key), dtype=int), rng.uniform(0.2, 0.8, len(key))
    for j in range(len(key)):
        weight = np.where(np.arange(4) == key[j], 0.0, np.sqrt(shares[j]) + 1e-9)
        other[j] = rng.choice(4, p=weight / weight.sum())
    keyed = np.where(kind == "wrong", other, key)
    stays = np.zeros(len(scored.totals), dtype=bool)
    stays[rng.permutation(len(stays))[:n]] = True
    blocks = []
    for block in scored.blocks:
        rows = stays[block.persons]
        choices = block.choices[rows].copy()
        for column, j in enumerate(block.items):
            chosen = choices[:, column]
            if kind[j] == "two":
                chosen[(chosen == key[j]) & (rng.random(chosen.size) < split[j])] = other[j]
            elif kind[j] == "guessed":
                chosen[chosen >= 0] = rng.permutation(chosen[chosen >= 0])
        kept = {name: getattr(block, name)[rows] for name in ("statuses", "times", "positions", "persons")}
        scores = (choices == keyed[block.items]).astype(np.int8)
        blocks.append(replace(block, choices=choices, scores=scores, **kept))
    items = scored.items.with_columns(key=pl.Series(["1234"[k] for k in keyed]))
    return replace(scored, blocks=tuple(blocks), items=items), kind


def stated_and_true(scored: ScoredResponses, n: int, administrations: int) -> pl.DataFrame:
    rng = np.random.default_rng(n)
    known: Abilities | None = rasch_abilities(scored)
    tables = []
    for _ in range(administrations):
        log, kind = planted(scored, n, rng)
        table = check_keys(log, abilities=known, rates=RATES).table.with_columns(kind=pl.Series(kind))
        tables.append(table[1::2].drop_nulls("p_key_right"))
    table = pl.concat(tables)
    rows = []
    for name, column, truth in (
        ("key wrong", "p_key_wrong", "wrong"),
        ("two right", "p_two_right", "two"),
        ("guessed at", "p_guessed", "guessed"),
        ("key right", "p_key_right", "sound"),
    ):
        for low, high in pairwise(EDGES):
            part = table.filter(pl.col(column).is_between(low, high, closed="left" if high < 1 else "both"))
            if part.height:
                true = (part["kind"] == truth).mean()
                rows.append((n, name, f"{low:g}-{high:g}", part.height, part[column].mean(), true))
    return pl.DataFrame(rows, orient="row", schema=["n", "statement", "range", "items", "stated", "true"])


def main() -> None:
    shared = Path(os.environ.get("CIIP_IRT_SHARED", "../shared"))
    scored = licensure(shared / "realdata" / "licensure170")
    administrations = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    lines = [
        "| candidates | statement | stated between | items | stated | true |",
        "|--:|---|---|--:|--:|--:|",
    ]
    for n in (100, 400, 1600):
        rows = stated_and_true(scored, n, administrations).iter_rows()
        lines += ["| {} | {} | {} | {:,} | {:.3f} | {:.3f} |".format(*row) for row in rows]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
