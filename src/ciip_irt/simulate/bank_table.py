"""The bank as the programme believes it to be (``items.csv``), and the truth about it (``truth.csv``)."""

import numpy as np
import polars as pl
from scipy.special import expit

from ciip_irt.arrays import FloatArray
from ciip_irt.simulate.design import Design
from ciip_irt.simulate.flaws import PlantedFlaws
from ciip_irt.simulate.true_items import MAX_OPTIONS, TrueItems, rasch_difficulty
from ciip_irt.tables import ITEMS

__all__ = ["SCALE_ID", "bank_frame", "truth_frame"]

SCALE_ID = "ciip-2024"
LETTERS = np.array(list("ABCD"))
LEVELS = np.array(["recall", "application", "analysis"])
LEVEL_SHARES = (0.35, 0.45, 0.20)  # of the cognitive levels: recall, application, analysis
CALIBRATION_N = (400, 1500)  # answers that the bank's difficulties come from: items are of different age
ENEMY_PAIRS = 12  # rare among some 500 items, and enough to bind a form
ENEMY_TRIPLES = 3  # some items have two enemies
PILOT_ENEMIES = 3  # a pilot may ask what a scored item asks


def bank_frame(
    design: Design, items: TrueItems, flaws: PlantedFlaws, rng: np.random.Generator
) -> pl.DataFrame:
    """The ``items`` contract: calibrated Rasch difficulties with their errors for scored and retired items.

    Drift happened after the calibration, a wrong key entered after it, so neither is in ``b``.
    """
    n = len(items.b)
    calibrated = np.isin(design.statuses, ("scored", "retired"))
    then = rasch_difficulty(items.a, items.b - flaws.drift, items.c)
    p = expit(-then)
    se = 1 / np.sqrt(rng.integers(*CALIBRATION_N, n) * p * (1 - p))
    b = np.round(then + se * rng.normal(size=n), 4)
    in_use = np.isin(np.arange(n), design.forms)
    year = np.where(in_use, 2025, np.where(design.statuses == "retired", 2021, 2024) - rng.integers(0, 3, n))
    set_of = np.full(n, "", dtype="U4")
    for number, members in enumerate(design.sets):
        set_of[members] = f"S{number + 1:02d}"
    levels = LEVELS[np.searchsorted(np.cumsum(LEVEL_SHARES), rng.random(n) * 0.999999)]
    frame = pl.DataFrame(
        {
            "item_id": design.item_ids,
            "domain": design.domains,
            "status": design.statuses,
            "key": LETTERS[flaws.key],
            "options": ["".join(LETTERS[: int(k)]) for k in items.offered.sum(axis=1)],
            "b": b,
            "se_b": np.round(se, 4),
            "enemies": _enemies(design, rng),
            "set_id": set_of,
            "cognitive_level": levels,
            "last_used": year.astype(str),
            "words": items.words,
            "calibrated": calibrated,
        }
    )
    on_scale = pl.col("calibrated")
    frame = frame.with_columns(
        pl.when(on_scale).then("b").alias("b"),
        pl.when(on_scale).then("se_b").alias("se_b"),
        pl.when(on_scale).then("last_used").alias("last_used"),
        pl.when(pl.col("set_id") != "").then("set_id").alias("set_id"),
        pl.when(pl.col("enemies") != "").then("enemies").alias("enemies"),
        model=pl.when(on_scale).then(pl.lit("rasch")),
        a=pl.when(on_scale).then(1.0),
        c=pl.when(on_scale).then(0.0),
        D=pl.when(on_scale).then(1.0),
        scale_id=pl.when(on_scale).then(pl.lit(SCALE_ID)),
    ).drop("calibrated")
    return ITEMS.validate(frame, "simulated items")


def truth_frame(design: Design, items: TrueItems, flaws: PlantedFlaws) -> pl.DataFrame:
    """One row per item: the generator, its Rasch equivalent, and the planted flaw."""
    second = np.where(items.second >= 0, np.char.add("|", LETTERS[items.second % MAX_OPTIONS]), "")
    administered = np.isin(np.arange(len(items.b)), np.concatenate([design.forms.ravel(), design.pilots]))
    return pl.DataFrame(
        {
            "item_id": design.item_ids,
            "status": design.statuses,
            "administered": administered,
            "right": np.char.add(LETTERS[items.right], second),
            "a": items.a,
            "b": items.b,
            "c": items.c,
            "b_rasch": np.round(_rasch(items), 4),
            "flaw": flaws.flaw,
            "size": flaws.size,
            "detail": flaws.detail,
            "good": flaws.good,
        }
    ).with_columns(
        pl.col("size").fill_nan(None), pl.when(pl.col("detail") != "").then("detail").alias("detail")
    )


def _rasch(items: TrueItems) -> FloatArray:
    return rasch_difficulty(items.a, items.b, items.c)


def _enemies(design: Design, rng: np.random.Generator) -> list[str]:
    """Items that must not meet: never two of one form of this log, so that the past obeys the rule."""
    n = len(design.item_ids)
    foes: list[set[int]] = [set() for _ in range(n)]
    used = np.unique(design.forms)
    resting = rng.permutation(np.setdiff1d(np.flatnonzero(design.statuses == "scored"), used)).tolist()
    in_sets = {int(row) for members in design.sets for row in members}
    own = [
        [row for row in rng.permutation(np.setdiff1d(form, design.anchors)).tolist() if row not in in_sets]
        for form in design.forms
    ]
    pilots = rng.permutation(design.pilots).tolist()
    plan = [1] * ENEMY_PAIRS + [2] * ENEMY_TRIPLES + [0] * PILOT_ENEMIES
    for number, from_forms in enumerate(plan):
        if not resting:
            break
        first = resting.pop()
        pools = [own[(number + k) % len(own)] for k in range(min(from_forms, len(own)))] or [pilots]
        group = [first]
        for pool in pools:
            match = next((row for row in pool if design.domains[row] == design.domains[first]), None)
            if match is not None:
                pool.remove(match)
                group.append(match)
        for row in group:
            foes[row].update(other for other in group if other != row)
    return ["|".join(sorted(str(design.item_ids[row]) for row in group)) for group in foes]
