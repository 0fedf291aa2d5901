"""Sittings and answers as tables: the log, the candidates, the truth about persons, and a little dirt."""

from datetime import timedelta

import numpy as np
import polars as pl

from ciip_irt.simulate.answers import Answers, Status
from ciip_irt.simulate.design import Design
from ciip_irt.simulate.sittings import REGIONS, YEAR_START, Sittings

__all__ = ["SURVEY_ITEM", "add_dirt", "candidates_frame", "log_frame", "persons_frame"]

SURVEY_ITEM = "SURVEY1"
N_DUPLICATED = 25  # rows: a crash sends a page of answers again
N_NOT_OFFERED = 4  # answers: a slip of the vendor, too few to matter, enough to be told
N_SURVEYED = 6  # deliveries with a questionnaire behind the exam
LETTERS = pl.Series("response", list("ABCD"))


def candidates_frame(sittings: Sittings, design: Design) -> pl.DataFrame:
    """One row per delivery, in the order of delivery."""
    moments = [(YEAR_START + timedelta(minutes=round(day * 96) * 15)).isoformat() for day in sittings.day]
    form_ids = pl.Series(design.form_ids)
    return pl.DataFrame(
        {
            "delivery_id": [f"D{number + 1:05d}" for number in range(len(sittings))],
            "candidate_id": [f"C{number + 1:05d}" for number in sittings.candidate],
            "form_id": form_ids.gather(sittings.form),
            "attempt": sittings.attempt.astype(str),
            "delivered_at": moments,
            "delivery_mode": np.where(sittings.online, "online", "test_centre"),
            "first_time": np.where(sittings.attempt == 1, "yes", "no"),
            "region": pl.Series(REGIONS).gather(sittings.region),
        }
    )


def persons_frame(sittings: Sittings, answers: Answers, candidates: pl.DataFrame) -> pl.DataFrame:
    """One row per delivery: true ability and speed, and where guessing at random began."""
    first = np.where(answers.rushed.any(axis=1), answers.rushed.argmax(axis=1) + 1, 0)
    length = answers.items.shape[1]
    behaviour = np.select(
        [sittings.gives_up_at < length, first > 0], ["gave_up", "rushed_at_the_end"], "engaged"
    )
    return candidates.select("delivery_id", "candidate_id").with_columns(
        theta=pl.Series(np.round(sittings.theta, 4)),
        speed=pl.Series(np.round(sittings.speed, 4)),
        behaviour=pl.Series(behaviour),
        random_from=pl.Series(first),
        not_reached=pl.Series((answers.status == Status.index("not_reached")).sum(axis=1)),
    ).with_columns(pl.when(pl.col("random_from") > 0).then("random_from").alias("random_from"))  # fmt: skip


def log_frame(answers: Answers, design: Design, candidates: pl.DataFrame) -> pl.DataFrame:
    """The ``responses`` contract, sorted by delivery and position."""
    n, length = answers.items.shape
    delivery = np.repeat(np.arange(n), length)
    choice = answers.choice.ravel()
    status = pl.Series("status", list(Status)).gather(answers.status.ravel().astype(np.int64))
    other = LETTERS.gather((choice + 1) % 3)
    columns = candidates.select("candidate_id", "delivery_id", "attempt", "form_id", "delivered_at")
    return columns[delivery].with_columns(
        item_id=pl.Series(design.item_ids).gather(answers.items.ravel()),
        position=pl.Series(np.tile(np.arange(1, length + 1), n)),
        chosen=LETTERS.gather(choice),
        other=other,
        status=status,
        seconds=pl.Series(answers.seconds.ravel().astype(np.float64)),
    ).select(
        "candidate_id", "delivery_id", "attempt", "form_id", "item_id", "position",
        response=pl.when(pl.col("status") == "answered").then("chosen")
        .when(pl.col("status") == "invalid").then(pl.concat_str("chosen", "other")),
        status="status",
        time_s=pl.when(pl.col("status") != "not_reached").then("seconds"),
        delivered_at="delivered_at",
    )  # fmt: skip


def add_dirt(log: pl.DataFrame, rng: np.random.Generator) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """What a real export has: rows twice after a crash, options not offered, a survey question.

    Returns the log with the dirt and, in words, what it is.
    """
    deliveries = log["delivery_id"].unique(maintain_order=True)
    picked = rng.permutation(len(deliveries))
    crashed = deliveries[int(picked[0])]
    surveyed = deliveries.gather(np.sort(picked[1 : 1 + N_SURVEYED]))
    answered = np.flatnonzero((log["status"] == "answered").to_numpy())
    odd = np.sort(rng.permutation(answered)[:N_NOT_OFFERED])
    row = pl.int_range(pl.len())
    log = log.with_columns(
        response=pl.when(row.is_in(odd.tolist())).then(pl.lit("E")).otherwise("response"), row=row * 4
    )
    twice = log.filter(
        (pl.col("delivery_id") == crashed) & pl.col("position").is_between(61, 60 + N_DUPLICATED)
    )
    # The export repeats the whole stretch, so the second copy follows the last row of the first.
    twice = twice.with_columns(row=pl.col("row").max() + 1)
    survey = (
        log.filter(pl.col("delivery_id").is_in(surveyed.implode()))
        .group_by("delivery_id", maintain_order=True)
        .last()
        .select(log.columns)
        .with_columns(
            item_id=pl.lit(SURVEY_ITEM),
            position=pl.col("position") + 1,
            response=LETTERS.gather(rng.integers(0, 4, len(surveyed))),
            status=pl.lit("answered"),
            time_s=pl.lit(12.0),
            row=pl.col("row") + 2,
        )
    )
    soiled = pl.concat([log, twice, survey]).sort("row", maintain_order=True).drop("row")
    return soiled, (
        f"{twice.height} rows of delivery {crashed} occur twice, as after a crash",
        f"{len(odd)} answers name option E, which no item offers",
        f"{survey.height} deliveries have a row for {SURVEY_ITEM}, which is not in the bank",
    )
