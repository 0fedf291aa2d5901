"""Items of real exams taken as pilots: their truth is p and R of the candidates that the review has not seen.

Half of the candidates are the programme: a quarter of the items are its pilots, answered by 50, 100 or 200 of
them; the others are scored, and known from a 2PL calibration of the whole half. The other half tells p and R
of each pilot with the total of the scored items. R of 818 candidates has a standard error of .035, of 300
.058, so an item near the limit may be called good by chance, or not. All these items are operational ones
with keys that were verified (but one of SAT12), so there is no flaw to be found.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.decisions.review import stated
from ciip_irt.arrays import FloatArray
from ciip_irt.bank import ItemBank
from ciip_irt.irt import ResponseBlock
from ciip_irt.irt.estimation import fit_mml
from ciip_irt.pilots.evidence import estimate_population, gather_evidence
from ciip_irt.pilots.policy import load_policy
from ciip_irt.pilots.simulate.true_programme import GOOD_P, GOOD_R
from ciip_irt.responses import score

__all__ = ["EXAMS", "review_exam"]

EXAMS = ("licensure170", "SAT12")
LOOKS = (50, 100, 200)
LETTERS = "ABCDE"


@dataclass(frozen=True, slots=True)
class Exam:
    """Options chosen, 0 to 4, or -1 (N, J), the keyed options (J,), and how many options there are."""

    chosen: FloatArray
    keys: FloatArray
    options: int


def read_exam(name: str) -> Exam | None:
    """``None`` where the data are not at hand; CIIP_IRT_SHARED says where they are."""
    folder = Path(os.environ.get("CIIP_IRT_SHARED", "shared")) / "realdata" / name.lower()
    if not folder.is_dir():
        return None
    if name == "SAT12":
        answers = pl.read_csv(folder / "responses_raw.csv").drop("candidate_id")
        keys = pl.read_csv(folder / "key.csv")["key"].to_numpy() - 1
        chosen = answers.to_numpy() - 1
        return Exam(np.where(chosen < 5, chosen, -1), keys, 5)
    log = pl.read_csv(folder / "form1_log_long.csv.gz", infer_schema_length=None)
    key = pl.read_csv(folder / "form1_key.csv").filter(pl.col("status") == "scored")
    wide = log.join(key.select("item_id"), on="item_id", how="semi").pivot(
        on="item_id", index="candidate_id", values="response"
    )
    chosen = wide.select(key["item_id"].to_list()).cast(pl.Int64).fill_null(0).to_numpy() - 1
    return Exam(chosen, key["key"].cast(pl.Int64).to_numpy() - 1, 4)


def review_exam(name: str, place: int) -> Iterator[pl.DataFrame]:
    """The ``place``-th split of an exam, reviewed at every look; nothing where the data are not at hand."""
    exam = read_exam(name)
    if exam is None:
        return
    rng = np.random.default_rng([77, sum(name.encode()), place])
    right = (exam.chosen == exam.keys).astype(np.int8)
    order, items = rng.permutation(len(right)), rng.permutation(right.shape[1])
    seen, held_out = np.array_split(order, 2)
    pilots, scored = items[: items.size // 4], items[items.size // 4 :]
    block = ResponseBlock(np.arange(scored.size), right[np.ix_(seen, scored)])
    fit = fit_mml([block], "2pl", scored.size, standard_errors="none")
    # a scored item that falls with ability tells no ability: a bank would not have parameters for it
    known = [*(fit.parameters[:, 0] > 0.0).tolist(), *[False] * pilots.size]
    a, b = (
        [
            float(value) if use else None
            for value, use in zip([*column, *[0.0] * pilots.size], known, strict=True)
        ]
        for column in fit.parameters[:, :2].T
    )
    total = right[np.ix_(held_out, scored)].sum(axis=1)
    p = right[np.ix_(held_out, pilots)].mean(axis=0)
    r = np.array([np.corrcoef(right[held_out, item], total)[0, 1] for item in pilots])
    truth = pl.DataFrame({
        "item_id": [f"I{item:03d}" for item in pilots], "kind": "sound", "p": p, "r": r,
        "group": 0, "good": (r >= GOOD_R) & (p >= GOOD_P[0]) & (p <= GOOD_P[1]),
    })  # fmt: skip
    both = np.concatenate([scored, pilots])
    bank = ItemBank.from_frame(pl.DataFrame({
        "item_id": [f"I{item:03d}" for item in both], "domain": "all",
        "status": ["scored"] * scored.size + ["pilot"] * pilots.size,
        "key": [LETTERS[exam.keys[item]] for item in both], "options": LETTERS[: exam.options],
        "model": ["2pl" if use else None for use in known], "a": a, "b": b,
    }))  # fmt: skip
    for n in LOOKS:
        log = _log(exam, seen[:n], both)
        responses = score(log, bank)
        parameters = bank.parameters(responses.item_ids)
        mean, sd = estimate_population(responses, parameters, 1.0)
        evidence = gather_evidence(
            responses, parameters, mean=mean, sd=sd, policy=load_policy(), pilots=bank.items.filter(
                pl.col("status") == "pilot"
            ),
        )  # fmt: skip
        yield truth.join(stated(evidence), on="item_id", maintain_order="left").with_columns(
            world=pl.lit(name), programme=pl.lit(place), n=pl.lit(n), kind=pl.lit("sound")
        )


def _log(exam: Exam, persons: FloatArray, items: FloatArray) -> pl.DataFrame:
    chosen = exam.chosen[np.ix_(persons, items)]
    letters = np.array([*LETTERS, ""])[chosen]
    return pl.DataFrame({
        "candidate_id": np.repeat([f"c{person}" for person in persons], items.size),
        "item_id": np.tile([f"I{item:03d}" for item in items], persons.size),
        "response": letters.ravel(), "status": np.where(chosen < 0, "omitted", "answered").ravel(),
    }).with_columns(
        delivery_id="candidate_id", attempt=pl.lit("1"), form_id=pl.lit("F"),
        response=pl.when(pl.col("response") == "").then(None).otherwise(pl.col("response")),
    )  # fmt: skip
