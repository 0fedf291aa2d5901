"""What the bank lacks, by domain and difficulty: a reason to pilot an item, never a reason to promote it.

**How many items K forms want.** Any two forms may share a part o of their scored items (the blueprint's
overlap bound). By Bonferroni's inequality k forms of n items hold at least ``k n - k (k - 1) / 2 o n``
different ones; the largest of these bounds for k = 1 ... K counts. Each domain takes its share of it. A
planning figure, and not a promise that forms exist.

**Difficulty.** Bands are cut so that each holds a third of what forms in the blueprint's proportions draw
from the bank as it is. Where the blueprint sets a mean difficulty, the shares wanted are those of the
distribution nearest to the bank's (Kullback-Leibler) with this mean: weights ``exp(t b)`` with t
such that the mean is met. Without one, forms like the bank itself are wanted, a third from each band.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from ciip_irt.arrays import FloatArray
from ciip_irt.errors import plural
from ciip_irt.pilots.decision import PilotReview
from ciip_irt.records import result
from ciip_irt.tables import show_html

__all__ = ["BANDS", "Demand", "Needs", "bank_needs", "with_needs"]

BANDS = ("easy", "middle", "hard")
ALL = "all"
LEAST_CALIBRATED = 10  # items; with fewer, thirds of their difficulties mean nothing
SCHEMA = {
    "domain": pl.String, "band": pl.String, "b_from": pl.Float64, "b_to": pl.Float64, "wanted": pl.Int64,
    "have": pl.Int64, "lacking": pl.Int64, "pilots": pl.Int64, "pilots_expected": pl.Float64,
    "lacking_after": pl.Float64,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Demand:
    """What forms want of a bank, per domain.

    Attributes
    ----------
    counts
        Scored items of one form, by domain letter in outline order.
    letter_of
        Domain as the bank spells it, in lower case -> letter.
    n_forms
        How many forms are wanted at once.
    max_overlap
        Largest share of items that two forms may have in common; 1 where there is no bound.
    mean_b
        The mean difficulty forms are to have, where the blueprint sets one.
    statuses
        Status of items that may be scored.
    """

    counts: Mapping[str, int]
    letter_of: Mapping[str, str]
    n_forms: int
    max_overlap: float = 1.0
    mean_b: float | None = None
    statuses: tuple[str, ...] = ("scored",)

    def wanted(self) -> dict[str, int]:
        """Different items that the forms need at least, by domain.

        >>> Demand({"A": 10, "B": 4}, {}, n_forms=3, max_overlap=0.3).wanted()
        {'A': 21, 'B': 9}
        """
        forms = np.arange(1, self.n_forms + 1)
        factor = float((forms - forms * (forms - 1) / 2 * self.max_overlap).max())
        return {letter: math.ceil(count * factor - 1e-9) for letter, count in self.counts.items()}

    def letters(self, items: pl.DataFrame) -> list[str | None]:
        """The letter of each item's domain; ``None`` where the demand does not know it."""
        return [self.letter_of.get(" ".join(domain.split()).casefold(), None) for domain in items["domain"]]


@result
@dataclass(frozen=True, slots=True)
class Needs:
    """What the bank lacks.

    Attributes
    ----------
    table
        One row per domain and band (``easy``, ``middle``, ``hard``, ``all``): ``b_from, b_to`` (empty =
        open), ``wanted``, ``have``, ``lacking``; ``pilots`` whose difficulty lies there, ``pilots_expected``
        of them to be promoted (sum of probabilities), ``lacking_after``. Items without a difficulty count in
        ``all`` only.
    edges
        The difficulties between the bands; empty where too few items are calibrated.
    n_forms
        For how many forms.
    """

    table: pl.DataFrame
    edges: tuple[float, ...]
    n_forms: int
    _rows: Mapping[tuple[str, str], tuple[int, int]] = field(repr=False, default_factory=dict)

    def lacking(self, letter: str | None, b: float | None = None) -> int:
        """How many items like this one the bank lacks; 0 = it has plenty."""
        found = self._rows.get((letter or "", self.band(b)), self._rows.get((letter or "", ALL)))
        return max(0, found[0] - found[1]) if found else 0

    def band(self, b: float | None) -> str:
        """The band of a difficulty; ``all`` where it is not known.

        >>> Needs(pl.DataFrame(), (-1.0, 0.5), 3).band(-0.2)
        'middle'
        """
        if b is None or math.isnan(b) or not self.edges:
            return ALL
        return BANDS[int(np.searchsorted(self.edges, b, side="right"))]

    def sentence(self, letter: str | None, b: float | None = None) -> str:
        """Whether the bank needs an item like this, in words."""
        band = self.band(b)
        found = self._rows.get((letter or "", band), self._rows.get((letter or "", ALL)))
        if found is None:
            return "Its domain is not in the blueprint."
        wanted, have = found
        such = f"{letter}, {band}" if band != ALL else f"{letter}"
        if wanted > have:
            return f"The bank lacks such items ({such}): it has {have} of {wanted}."
        return f"Plenty of these in the bank ({such}): it has {have}, {wanted} are needed."

    def to_frame(self) -> pl.DataFrame:
        return self.table

    def summary(self) -> str:
        forms = plural(self.n_forms, "form")
        whole = self.table.filter(pl.col("band") == ALL)
        short = whole.filter(pl.col("lacking") > 0)
        if short.is_empty():
            lines = [f"For {forms} the bank has enough scored items in every domain."]
        else:
            told = ", ".join(f"{d} {n}" for d, n in short.select("domain", "lacking").iter_rows())
            lines = [
                f"For {forms} the bank lacks {plural(int(short['lacking'].sum()), 'scored item')}: {told}."
            ]
        cells = self.table.filter((pl.col("band") != ALL) & (pl.col("lacking") > 0))
        if cells.height:
            worst = cells.sort("lacking", descending=True, maintain_order=True).head(5)
            told = ", ".join(f"{d} {band} {n}" for d, band, n in
                             worst.select("domain", "band", "lacking").iter_rows())  # fmt: skip
            more = ", ..." if cells.height > 5 else ""
            lines.append(f"By difficulty it lacks most: {told}{more}.")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return show_html("What the bank lacks", self.summary(), self.table, rows=40)


def bank_needs(items: pl.DataFrame, demand: Demand, evidence: pl.DataFrame | None = None) -> Needs:
    """What the bank lacks for the forms wanted, and what the pilots may bring.

    Parameters
    ----------
    items
        The bank (``items`` contract).
    demand
        What the forms want.
    evidence
        ``item_id, b, probability`` of the pilots that have answers (``pilot_evidence.csv``).

    Examples
    --------
    >>> items = pl.DataFrame({"item_id": [f"I{k}" for k in range(12)], "domain": "A", "status": "scored",
    ...     "b": [k / 4 - 1.5 for k in range(12)]})
    >>> needs = bank_needs(items, Demand({"A": 15}, {"a": "A"}, n_forms=1))
    >>> needs.sentence("A", 2.0)
    'The bank lacks such items (A, hard): it has 4 of 5.'
    """
    letters = demand.letters(items)
    usable = np.array([status in demand.statuses for status in items["status"]], dtype=bool)
    usable &= np.array([letter is not None for letter in letters], dtype=bool)
    domain = np.array([letter or "" for letter in letters])
    b = items["b"].cast(pl.Float64).fill_null(np.nan).to_numpy() if "b" in items.columns else np.full(
        items.height, np.nan)  # fmt: skip
    calibrated = usable & np.isfinite(b)
    edges, shares = _bands(b[calibrated], domain[calibrated], demand)
    wanted = demand.wanted()
    pilots = _pilots(items, domain, evidence)
    rows, by_cell = [], {}
    for letter, total in wanted.items():
        here = usable & (domain == letter)
        mine = [row for row in pilots if row[0] == letter]
        cells = zip(BANDS, _apportion(total, shares), strict=True) if edges else ()
        for place, (band, want) in enumerate(cells):
            low, high = (-math.inf, *edges)[place], (*edges, math.inf)[place]
            have = int((here & (b >= low) & (b < high)).sum())
            inside = [row for row in mine if row[1] is not None and low <= row[1] < high]
            by_cell[letter, band] = (want, have)
            rows.append(_row(letter, band, low, high, want, have, inside))
        by_cell[letter, ALL] = (total, int(here.sum()))
        rows.append(_row(letter, ALL, -math.inf, math.inf, total, int(here.sum()), mine))
    return Needs(pl.DataFrame(rows, schema=SCHEMA, orient="row"), edges, demand.n_forms, by_cell)


def with_needs(review: PilotReview, needs: Needs, demand: Demand) -> PilotReview:
    """The review with a sentence about need in each row, in ``need`` and at the end of the reasons.

    Decisions and probabilities stay as they are.
    """
    difficulty = dict(review.evidence.select("item_id", "b").iter_rows())
    letters = demand.letters(review.decisions)
    said = [
        needs.sentence(letter, difficulty.get(item))
        for item, letter in zip(review.decisions["item_id"], letters, strict=True)
    ]
    decisions = review.decisions.with_columns(
        need=pl.Series(said, dtype=pl.String),
        reasons=pl.col("reasons") + pl.Series([f" {text}" for text in said], dtype=pl.String),
    )
    return replace(review, decisions=decisions)


Pilot = tuple[str, float | None, float]
Cell = tuple[str, str, float | None, float | None, int, int, int, int, float, float]


def _pilots(items: pl.DataFrame, domain: np.ndarray, evidence: pl.DataFrame | None) -> list[Pilot]:
    """Domain, difficulty and probability of every pilot; one without answers promises nothing yet."""
    known = {} if evidence is None else {
        row[0]: row[1:] for row in evidence.select("item_id", "b", "probability").iter_rows()
    }  # fmt: skip
    return [
        (str(letter), *_promise(known.get(item, (None, None))))
        for item, status, letter in zip(items["item_id"], items["status"], domain, strict=True)
        if status == "pilot"
    ]


def _promise(found: tuple[float | None, float | None]) -> tuple[float | None, float]:
    b, probability = found
    return b, probability or 0.0


def _row(
    letter: str, band: str, low: float, high: float, wanted: int, have: int, pilots: list[Pilot]
) -> Cell:
    lacking = max(0, wanted - have)
    expected = sum(probability for _, _, probability in pilots)
    ends = [None if math.isinf(edge) else edge for edge in (low, high)]
    return (
        letter, band, ends[0], ends[1], wanted, have, lacking, len(pilots), round(expected, 2),
        round(max(0.0, lacking - expected), 2),
    )  # fmt: skip


def _bands(b: FloatArray, domain: np.ndarray, demand: Demand) -> tuple[tuple[float, ...], FloatArray]:
    """The edges between the bands, and the share of each that forms want."""
    third = np.full(len(BANDS), 1 / len(BANDS))
    if len(b) < LEAST_CALIBRATED or b.min() == b.max():
        return (), third
    weight = np.zeros(len(b))
    for letter, count in demand.counts.items():
        mine = domain == letter
        if mine.any():
            weight[mine] = count / mine.sum()
    weight /= weight.sum()
    order = np.argsort(b, kind="stable")
    reached = np.cumsum(weight[order])
    ranked = np.append(b[order], b.max())
    last = [int(np.searchsorted(reached, share - 1e-9)) for share in (1 / 3, 2 / 3)]
    edges = tuple(round(float(ranked[k] + ranked[k + 1]) / 2, 3) for k in last)
    if edges[0] >= edges[1]:
        return (), third
    if demand.mean_b is None:
        return edges, third
    weight = _tilt(b, weight, demand.mean_b)
    place = np.searchsorted(edges, b, side="right")
    return edges, np.array([weight[place == k].sum() for k in range(len(BANDS))])


def _tilt(b: FloatArray, weight: FloatArray, mean: float) -> FloatArray:
    """Weights proportional to ``weight exp(t b)`` whose mean difficulty is ``mean``, as near as can be."""

    def tilted(t: float) -> FloatArray:
        exponent = t * (b - b.mean())
        raw = weight * np.exp(exponent - exponent.max())
        return np.asarray(raw / raw.sum())

    steep = 50.0 / max(float(np.ptp(b)), 1e-9)
    low, high = (float(tilted(t) @ b) for t in (-steep, steep))
    if not low < mean < high:
        return tilted(-steep if mean <= low else steep)
    from scipy.optimize import brentq  # .2 s to load, and most runs need no root

    return tilted(float(brentq(lambda t: float(tilted(t) @ b) - mean, -steep, steep, xtol=1e-10)))


def _apportion(total: int, shares: FloatArray) -> list[int]:
    """Whole numbers that sum to ``total``, by largest remainder, the first of equals first.

    >>> _apportion(5, np.array([1 / 3, 1 / 3, 1 / 3]))
    [2, 2, 1]
    """
    exact = total * shares / shares.sum()
    whole = np.floor(exact + 1e-9).astype(int)
    rest = sorted(range(len(shares)), key=lambda k: (-round(float(exact[k] - whole[k]), 9), k))
    for k in rest[: total - int(whole.sum())]:
        whole[k] += 1
    return [int(count) for count in whole]
