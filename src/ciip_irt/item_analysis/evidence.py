"""All that is known about one item, as a record that the flags read."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import polars as pl

from ciip_irt.item_analysis.groups import is_widespread
from ciip_irt.item_analysis.history import Change
from ciip_irt.item_analysis.key_check import KeyCheck
from ciip_irt.item_analysis.tallies import Tally

__all__ = ["AnalysedItem", "AnalysedOption", "DifEvidence", "KeyDoubt", "item_evidence"]


@dataclass(frozen=True, slots=True)
class AnalysedOption:
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
    p_nonuniform: float
    r2_change: float
    widespread: bool


@dataclass(frozen=True, slots=True)
class KeyDoubt:
    """Probabilities about the key; ``rival`` is the likeliest other right option."""

    p_right: float
    p_wrong: float
    p_two_right: float
    p_guessed: float
    rival: AnalysedOption | None
    p_rival: float

    @property
    def p_other(self) -> float:
        """That another option is right, alone or besides the key."""
        return self.p_wrong + self.p_two_right


@dataclass(frozen=True, slots=True)
class AnalysedItem:
    """One item over all forms.

    Attributes
    ----------
    change
        Displacement against the bank; ``None`` where the bank has no earlier value.
    key_doubt
        What the answers say about the key; ``None`` where the item is not judged.
    usual_time_s
        Median of the median seconds of all items.
    invalid_rate
        Share of the answers that are none of the options ``offered``.
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
    options: tuple[AnalysedOption, ...]
    key_doubt: KeyDoubt | None
    dif: tuple[DifEvidence, ...]
    change: Change | None = None
    invalid_rate: float = 0.0
    offered: str = ""

    @property
    def keys(self) -> tuple[AnalysedOption, ...]:
        return tuple(option for option in self.options if option.is_key)

    @property
    def distractors(self) -> tuple[AnalysedOption, ...]:
        return tuple(option for option in self.options if not option.is_key)


def item_evidence(
    tally: Tally,
    statistics: pl.DataFrame,
    options: pl.DataFrame,
    dif: pl.DataFrame,
    keys: KeyCheck,
    changes: Mapping[str, Change] = MappingProxyType({}),
) -> Iterator[AnalysedItem]:
    """The records of all items, in the order of ``statistics`` (pooled rows only)."""
    by_item: dict[str, list[AnalysedOption]] = defaultdict(list)
    names = list(AnalysedOption.__dataclass_fields__)
    for item_id, *values in _without_nulls(options.select("item_id", *names)).iter_rows():
        by_item[item_id].append(AnalysedOption(*values))
    compared: dict[str, list[DifEvidence]] = defaultdict(list)
    names = list(DifEvidence.__dataclass_fields__)
    common = dif.with_columns(widespread=is_widespread())
    for item_id, *values in _without_nulls(common.select("item_id", *names)).iter_rows():
        compared[item_id].append(DifEvidence(*values))
    times = tally.median_time[np.isfinite(tally.median_time)]
    usual = float(np.median(times)) if times.size else float("nan")
    wanted = statistics.select(
        name for name in AnalysedItem.__dataclass_fields__ if name in statistics.columns
    )
    for j, row in enumerate(_without_nulls(wanted).iter_rows(named=True)):
        known = tuple(by_item[row["item_id"]])
        yield AnalysedItem(
            **row,
            usual_time_s=usual,
            options=known,
            key_doubt=_key_doubt(keys, int(tally.items[j]), known),
            dif=tuple(compared[row["item_id"]]),
            change=changes.get(row["item_id"]),
            offered="".join(option.option for option in known),
        )


def _key_doubt(keys: KeyCheck, item: int, options: tuple[AnalysedOption, ...]) -> KeyDoubt | None:
    found = keys.probabilities
    if found is None or not found.judged[item]:
        return None
    other = found.wrong[item] + found.two_right[item]
    rival = int(np.argmax(other))
    return KeyDoubt(
        p_right=float(found.right[item]),
        p_wrong=float(found.wrong[item].sum()),
        p_two_right=float(found.two_right[item].sum()),
        p_guessed=float(found.guessed[item]),
        rival=options[rival] if rival < len(options) else None,
        p_rival=float(other[rival]),
    )


def _without_nulls(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.col(pl.Float64).fill_null(float("nan")))
