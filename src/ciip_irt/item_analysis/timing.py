"""Time: how long items take, who answers without reading, whether candidates run out of time.

All tables come from one long frame of the cells with a recorded time. Zero seconds are a gap in the log, not
a time. What the items ``take`` is the mean: expected times add up to the expected time of a form, medians do
not.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from ciip_irt.arrays import MISSING
from ciip_irt.classical import LOW_EFFORT, rapid_thresholds
from ciip_irt.errors import plural
from ciip_irt.item_analysis.wording import number, percent
from ciip_irt.responses import CellStatus, ScoredResponses
from ciip_irt.tables import DELIVERY_TIMES, FORM_TIMES, ITEM_TIMES, PACE, POOLED

__all__ = ["Timing", "examine_timing"]

TENTHS = 10  # of the questions of a form: 13 to 17 each in an exam of 130 to 170
RUSHED_END = 0.2  # share of rapid guesses in the last tenth: three of 13 questions are no accident
NOTABLE = 0.05  # share of candidates or answers from which a note is worth the reading
MOVED = 0.2  # share of appearances in another tenth: below, pace and items cannot be told apart
FEW_RAPID = 20  # answers: of fewer, a share right is known to .2 at best
# times are skewed: the middle, its quarters, and the tenths that are out of the ordinary
QUANTILES = {"q10_s": 0.10, "q25_s": 0.25, "median_time_s": 0.50, "q75_s": 0.75, "q90_s": 0.90}


@dataclass(frozen=True, slots=True)
class Timing:
    """Times of a scored log; every table is empty where the log records none.

    Attributes
    ----------
    items
        One row per item and form, and one over all forms (``form_id`` "all"): mean (``expected_time_s``) and
        quantiles of the seconds, the threshold of rapid guessing, how often it is undercut, and how often
        those answers are right.
    forms
        One row per form: minutes used, who ran out of time, rapid guessing before and in the last tenth.
    pace
        One row per form and tenth of its questions. ``pace`` is the time taken relative to the usual time of
        the same items (1 = usual, .5 = in half the time); empty where all candidates meet the same items in
        the same places, because then a quick end and quick items look alike.
    deliveries
        One row per delivery. ``effort``: share of answers that are no rapid guesses.
    notes
        What a reader should know, in words.
    """

    items: pl.DataFrame
    forms: pl.DataFrame
    pace: pl.DataFrame
    deliveries: pl.DataFrame
    notes: tuple[str, ...]


def examine_timing(scored: ScoredResponses, *, testing_time_minutes: float | None = None) -> Timing:
    """Item times, rapid guessing, pace and not-reached of a scored log.

    Parameters
    ----------
    scored
        The scored log.
    testing_time_minutes
        Minutes allowed for all questions of a form, e.g. the blueprint's; without it nothing is said about
        what is left of the time.

    Examples
    --------
    >>> from ciip_irt.bank import ItemBank
    >>> from ciip_irt.responses import score
    >>> from ciip_irt.simulate import simulate_programme
    >>> programme = simulate_programme(n_candidates=60, seed=3)
    >>> timing = examine_timing(score(programme.responses, ItemBank.from_frame(programme.items)))
    >>> timing.pace["tenth"].max(), bool(timing.forms["expected_min"].is_between(120, 150).all())
    (10, True)
    """
    cells = _cells(scored)
    if cells.is_empty():
        return Timing(
            ITEM_TIMES.empty(), FORM_TIMES.empty(), PACE.empty(), DELIVERY_TIMES.empty(), ()
        )  # fmt: skip
    cells = _with_rapid(cells)
    items = _item_times(cells)
    deliveries = _delivery_times(cells, scored)
    forms = _form_times(cells, deliveries, testing_time_minutes)
    notes = _notes(forms, items, deliveries)
    return Timing(items, forms, _pace(cells), deliveries.select(DELIVERY_TIMES.names), tuple(notes))


def _cells(scored: ScoredResponses) -> pl.DataFrame:
    """One row per administered cell of the deliveries with any recorded time."""
    ids = pl.Series("item_id", scored.item_ids, dtype=pl.String)
    frames = []
    for block in scored.blocks:
        timed = np.isfinite(block.times) & (block.times > 0) & (block.statuses != CellStatus.NOT_REACHED)
        met = (block.statuses != CellStatus.NOT_ADMINISTERED) & timed.any(axis=1)[:, None]
        row, column = np.nonzero(met)
        if not row.size:
            continue
        known = met & (block.positions > 0)
        last = np.where(known, block.positions, 0).max(axis=1)[row]
        place = block.positions[row, column].astype(np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            tenth = np.where(place > 0, np.ceil(place / last * TENTHS), np.nan)
        frames.append(
            pl.DataFrame(
                {
                    "item_id": ids[block.items[column]],
                    "form_id": pl.repeat(block.form_id, row.size, eager=True),
                    "person": block.persons[row],
                    "tenth": pl.Series(tenth).fill_nan(None).cast(pl.Int64),
                    "seconds": np.where(timed, block.times, np.nan)[row, column],
                    "status": block.statuses[row, column],
                    "score": block.scores[row, column],
                }
            )
        )
    if not frames:
        return pl.DataFrame()
    return pl.concat(frames).with_columns(pl.col("seconds").fill_nan(None).cast(pl.Float64))


def _with_rapid(cells: pl.DataFrame) -> pl.DataFrame:
    means = cells.group_by("item_id").agg(pl.col("seconds").mean().alias("mean_s"))
    means = means.select(
        "item_id", rapid_below_s=pl.Series(rapid_thresholds(means["mean_s"].cast(pl.Float64).to_numpy()))
    )
    answered = pl.col("status") == int(CellStatus.ANSWERED)
    return cells.join(means, on="item_id", how="left", maintain_order="left").with_columns(
        # Unknown where no time is known: no answer is called rapid for a gap in the log.
        rapid=pl.when(answered).then(pl.col("seconds") < pl.col("rapid_below_s")),
        right=pl.when(pl.col("score") != MISSING).then(pl.col("score")),
    )


def _item_times(cells: pl.DataFrame) -> pl.DataFrame:
    columns = [
        pl.col("seconds").count().cast(pl.Int64).alias("n_timed"),
        pl.col("seconds").mean().alias("expected_time_s"),
        *(pl.col("seconds").quantile(q, "linear").alias(name) for name, q in QUANTILES.items()),
        pl.col("rapid_below_s").first(),
        pl.col("rapid").sum().cast(pl.Int64).alias("n_rapid"),
        pl.col("rapid").mean().alias("rapid_rate"),
        pl.col("right").filter(pl.col("rapid")).mean().alias("p_rapid"),
    ]
    by_form = cells.group_by("item_id", "form_id").agg(columns)
    pooled = cells.group_by("item_id").agg(columns).with_columns(form_id=pl.lit(POOLED))
    return (
        pl.concat([by_form.select(ITEM_TIMES.names), pooled.select(ITEM_TIMES.names)])
        .sort("item_id", "form_id")
        .with_columns(pl.col(pl.Float64).fill_nan(None))
    )


def _delivery_times(cells: pl.DataFrame, scored: ScoredResponses) -> pl.DataFrame:
    last = pl.col("tenth") == TENTHS
    names = scored.deliveries.with_row_index("person").select(pl.col("person").cast(pl.Int64), "delivery_id")
    return (
        cells.group_by("person", "form_id")
        .agg(
            n_timed=pl.col("seconds").count().cast(pl.Int64),
            n_items=pl.len().cast(pl.Int64),
            total_min=pl.col("seconds").sum() / 60,
            n_rapid=pl.col("rapid").sum().cast(pl.Int64),
            effort=1 - pl.col("rapid").mean(),
            rapid_last_tenth=pl.col("rapid").filter(last).mean(),
            n_not_reached=(pl.col("status") == int(CellStatus.NOT_REACHED)).sum().cast(pl.Int64),
        )
        .with_columns(
            low_effort=(pl.col("effort") < LOW_EFFORT).fill_null(False),
            rushed_end=(pl.col("rapid_last_tenth") >= RUSHED_END).fill_null(False),
        )
        .join(names, on="person", how="left")
        .sort("person")
    )


def _form_times(
    cells: pl.DataFrame, deliveries: pl.DataFrame, testing_time_minutes: float | None
) -> pl.DataFrame:
    rapid = cells.group_by("form_id").agg(
        rapid_rate=pl.col("rapid").mean(),
        rapid_rate_last_tenth=pl.col("rapid").filter(pl.col("tenth") == TENTHS).mean(),
    )
    minutes = pl.col("total_min")
    return (
        deliveries.group_by("form_id")
        .agg(
            n_timed=pl.len().cast(pl.Int64),
            n_items=pl.col("n_items").max(),
            expected_min=minutes.mean(),
            q05_min=minutes.quantile(0.05, "linear"),
            median_min=minutes.median(),
            q95_min=minutes.quantile(0.95, "linear"),
            longest_min=minutes.max(),
            ran_out_rate=(pl.col("n_not_reached") > 0).mean(),
            mean_not_reached=pl.col("n_not_reached").mean(),
            n_low_effort=pl.col("low_effort").sum().cast(pl.Int64),
            n_rushed_end=pl.col("rushed_end").sum().cast(pl.Int64),
        )
        .join(rapid, on="form_id", how="left")
        .with_columns(testing_time_min=pl.lit(testing_time_minutes, dtype=pl.Float64))
        .select(FORM_TIMES.names)
        .sort("form_id")
    )


def _pace(cells: pl.DataFrame) -> pl.DataFrame:
    placed = cells.drop_nulls("tenth")
    if placed.is_empty():
        return PACE.empty()
    usual = placed.group_by("item_id").agg(
        usual=pl.col("seconds").median(),
        # Share of the item's appearances outside its most frequent tenth.
        moved=1 - pl.col("tenth").value_counts(sort=True).struct.field("count").first() / pl.len(),
    )
    status = pl.col("status")
    return (
        placed.join(usual, on="item_id", how="left")
        .group_by("form_id", "tenth")
        .agg(
            n=pl.len().cast(pl.Int64),
            median_time_s=pl.col("seconds").median(),
            pace=(pl.col("seconds") / pl.col("usual")).log().mean().exp(),
            moved=pl.col("moved").mean(),
            p=pl.col("right").mean(),
            rapid_rate=pl.col("rapid").mean(),
            omit_rate=(status == int(CellStatus.OMITTED)).mean(),
            not_reached_rate=(status == int(CellStatus.NOT_REACHED)).mean(),
        )
        .with_columns(pace=pl.when(pl.col("moved") >= MOVED).then(pl.col("pace")))
        .select(PACE.names)
        .sort("form_id", "tenth")
    )


def _notes(forms: pl.DataFrame, items: pl.DataFrame, deliveries: pl.DataFrame) -> list[str]:
    notes = []
    for row in forms.iter_rows(named=True):
        said = []
        if row["testing_time_min"] is not None:
            left = row["testing_time_min"] - row["median_min"]
            said.append(
                f"half of the candidates have {left:.0f} of {row['testing_time_min']:.0f} minutes left"
                if left > 0
                else f"half of the candidates need more than the {row['testing_time_min']:.0f} minutes"
            )
        if row["ran_out_rate"] > NOTABLE:
            said.append(f"{percent(row['ran_out_rate'])} do not reach the last question")
        end, whole = row["rapid_rate_last_tenth"], row["rapid_rate"]
        if end is not None and end > max(NOTABLE, 2 * whole):
            said.append(f"{percent(end)} of the answers in the last tenth are given without reading")
        if len(said) > (row["testing_time_min"] is not None):
            remedy = "Time presses: fewer or shorter questions, or more time, would let all be answered."
            notes.append(f"Time on form {row['form_id']}: {', '.join(said)}. {remedy}")
    low = int(forms["n_low_effort"].sum())
    if low:
        pooled = items.filter(pl.col("form_id") == POOLED)
        n_rapid = int(pooled["n_rapid"].sum())
        right = float((pooled["p_rapid"] * pooled["n_rapid"]).sum()) / n_rapid
        truth = f" Their rapid answers are right in {number(right)}." if n_rapid >= FEW_RAPID else ""
        notes.append(
            f"{plural(low, 'delivery', 'deliveries')} of {deliveries.height:,} with more than a tenth of the"
            f" answers given faster than anyone can read.{truth} Leave them out with a maximum_rapid of .10"
            " and see what changes."
        )
    return notes
