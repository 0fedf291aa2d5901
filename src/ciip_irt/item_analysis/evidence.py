"""All that is known about one item, as a record that the flags read."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from ciip_irt.classical.key_validation import KeyEvidence, key_evidence
from ciip_irt.item_analysis.groups import is_widespread
from ciip_irt.item_analysis.statistics_tables import key_mask
from ciip_irt.item_analysis.tallies import Tally

__all__ = ["DifEvidence", "ItemEvidence", "OptionEvidence", "item_evidence"]


@dataclass(frozen=True, slots=True)
class OptionEvidence:
    """One option of an item; numbers as in ``option_statistics``, NaN where unknown."""

    option: str
    is_key: bool
    n: int
    share: float
    mean_criterion: float
    r: float
    r_low: float
    r_high: float


@dataclass(frozen=True, slots=True)
class DifEvidence:
    """One comparison of groups on an item; numbers as in ``dif``.

    ``widespread`` says that more than one item in ten is class C in this comparison.
    """

    grouping: str
    reference: str
    focal: str
    n_reference: int
    n_focal: int
    d_dif: float
    se: float
    ets_class: str
    prob_c: float
    widespread: bool


@dataclass(frozen=True, slots=True)
class ItemEvidence:
    """One item over all forms.

    Attributes
    ----------
    suspicion
        Probability that the choosers of ``suspect`` are better candidates than those of the key.
    suspect
        The distractor meant; ``None`` where none can be compared with the key.
    usual_time_s
        Median of the median seconds of all items.
    """

    item_id: str
    status: str
    n: int
    p: float
    p_low: float
    p_high: float
    r: float
    r_low: float
    r_high: float
    omit_rate: float
    median_time_s: float
    usual_time_s: float
    options: tuple[OptionEvidence, ...]
    suspicion: float
    suspect: OptionEvidence | None
    dif: tuple[DifEvidence, ...]

    @property
    def keys(self) -> tuple[OptionEvidence, ...]:
        return tuple(option for option in self.options if option.is_key)

    @property
    def distractors(self) -> tuple[OptionEvidence, ...]:
        return tuple(option for option in self.options if not option.is_key)


def item_evidence(
    tally: Tally,
    items: pl.DataFrame,
    statistics: pl.DataFrame,
    options: pl.DataFrame,
    dif: pl.DataFrame,
) -> Iterator[ItemEvidence]:
    """The records of all items, in the order of ``statistics`` (pooled rows only)."""
    credited, _ = key_mask(items[tally.items])
    evidence: KeyEvidence = key_evidence(tally.by_option, credited)
    by_item: dict[str, list[OptionEvidence]] = defaultdict(list)
    names = list(OptionEvidence.__dataclass_fields__)
    for item_id, *values in _without_nulls(options.select("item_id", *names)).iter_rows():
        by_item[item_id].append(OptionEvidence(*values))
    compared: dict[str, list[DifEvidence]] = defaultdict(list)
    names = list(DifEvidence.__dataclass_fields__)
    common = dif.with_columns(widespread=is_widespread())
    for item_id, *values in _without_nulls(common.select("item_id", *names)).iter_rows():
        compared[item_id].append(DifEvidence(*values))
    times = tally.median_time[np.isfinite(tally.median_time)]
    usual = float(np.median(times)) if times.size else float("nan")
    wanted = statistics.select(
        name for name in ItemEvidence.__dataclass_fields__ if name in statistics.columns
    )
    for j, row in enumerate(_without_nulls(wanted).iter_rows(named=True)):
        known = tuple(by_item[row["item_id"]])
        suspect = int(evidence.option[j])
        yield ItemEvidence(
            **row,
            usual_time_s=usual,
            options=known,
            suspicion=float(evidence.suspicion[j]),
            suspect=known[suspect] if suspect >= 0 else None,
            dif=tuple(compared[row["item_id"]]),
        )


def _without_nulls(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.col(pl.Float64).fill_null(float("nan")))
