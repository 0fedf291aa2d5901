"""One pass over the answers, adding up what they tell about each pilot."""

import numpy as np
import polars as pl

from ciip_irt.arrays import MISSING, FloatArray, IntArray, ScoreArray
from ciip_irt.bank import CREDIT_ALL
from ciip_irt.classical import (
    CategoryMoments,
    ItemStatistics,
    category_moments,
    item_statistics_from,
    merge_moments,
)
from ciip_irt.errors import plural
from ciip_irt.pilots.evidence.curve_fit import AbilityGroups
from ciip_irt.pilots.evidence.curves import CurveGrid, coarse_log_likelihood
from ciip_irt.pilots.evidence.item_evidence import Observed, TimeEvidence
from ciip_irt.pilots.evidence.priors import PilotPrior
from ciip_irt.pilots.evidence.reference import Reference
from ciip_irt.responses import AdministeredBlock, ScoredResponses

__all__ = ["Gathering"]


class Gathering:
    """One pass over the blocks, adding up what each tells about each pilot."""

    def __init__(
        self,
        scored: ScoredResponses,
        pilots: pl.DataFrame,
        against: Reference,
        grid: CurveGrid,
        judged: int,
    ) -> None:
        self.judged = judged
        self.scored, self.against, self.grid = scored, against, grid
        place = {item_id: k for k, item_id in enumerate(pilots["item_id"])}
        self.place = np.array([place.get(item_id, -1) for item_id in scored.item_ids], dtype=np.int64)
        self.options = pilots["options"].to_list()
        self.judges_options = [key != CREDIT_ALL for key in pilots["key"]]
        height, width = pilots.height, int(np.prod(grid.knots().shape))
        self.n = np.zeros(height, dtype=np.int64)
        self.likelihood = np.zeros((height, width))
        self.option_likelihood: list[FloatArray | None] = [None] * height
        self.option_n: list[IntArray | None] = [None] * height
        self.criteria: list[FloatArray] = []
        self.criterion_of: dict[bytes, int] = {}
        self.criterion_n: list[IntArray] = []
        self.moments: list[CategoryMoments] = []
        self.by_ability = AbilityGroups.empty(height, against.u.size)
        self.log_times = np.zeros((3, height))  # how many, sum, sum of squares
        self.without_scale = self.in_scored_role = 0
        totals = scored.deliveries.group_by("form_id").agg(pl.col("total").mean())
        self.form_mean = dict(totals.iter_rows())

    def add(self, block: AdministeredBlock) -> None:
        place = self.place[block.items]
        self.in_scored_role += int((block.is_scored & (place >= 0) & (place < self.judged)).sum())
        columns = np.flatnonzero(~block.is_scored & (place >= 0))
        if not columns.size:
            return
        pilots, scores = place[columns], block.scores[:, columns]
        n = (scores != MISSING).sum(axis=0)
        self.n[pilots] += n
        abilities = self.against.abilities(block)
        self.likelihood[pilots] += coarse_log_likelihood(self.grid, abilities, scores)
        self._add_options(block, columns, pilots, abilities)
        self._add_criterion(block, pilots, n)
        self._add_moments(block, pilots, scores)
        self.by_ability.add(self.against.u, abilities, scores, pilots)
        self._add_times(block, columns, pilots)

    def _add_options(
        self, block: AdministeredBlock, columns: IntArray, pilots: IntArray, abilities: FloatArray
    ) -> None:
        stacked: list[ScoreArray] = []
        for column, pilot in zip(columns, pilots, strict=True):
            chosen = block.choices[:, column]
            if not self.judges_options[pilot]:
                continue
            counts = block.scores[:, column] != MISSING
            stacked += [
                np.where(counts, chosen == code, MISSING).astype(np.int8)
                for code in range(len(self.options[pilot]))
            ]
        if not stacked:
            return
        indicators = np.column_stack(stacked)
        surfaces = coarse_log_likelihood(self.grid, abilities, indicators)
        start = 0
        for pilot in pilots:
            if not self.judges_options[pilot]:
                continue
            rows = slice(start, start + len(self.options[pilot]))
            start = rows.stop
            chosen_n = (indicators[:, rows] == 1).sum(axis=0)
            so_far, n_so_far = self.option_likelihood[pilot], self.option_n[pilot]
            self.option_likelihood[pilot] = surfaces[rows] if so_far is None else so_far + surfaces[rows]
            self.option_n[pilot] = chosen_n if n_so_far is None else n_so_far + chosen_n

    def _add_criterion(self, block: AdministeredBlock, pilots: IntArray, n: IntArray) -> None:
        criterion = self.against.criterion(block)
        if criterion is None:
            self.without_scale += int(n.sum())
            return
        name = criterion.tobytes()
        if name not in self.criterion_of:
            self.criterion_of[name] = len(self.criteria)
            self.criteria.append(criterion)
            self.criterion_n.append(np.zeros_like(self.n))
        self.criterion_n[self.criterion_of[name]][pilots] += n

    def _add_moments(self, block: AdministeredBlock, pilots: IntArray, scores: ScoreArray) -> None:
        moments = category_moments(scores, self.scored.totals[block.persons], n_categories=2)
        shifted = moments.shifted(-float(self.form_mean[block.form_id]))
        self.moments.append(shifted.placed(pilots, self.n.size, 2))

    def _add_times(self, block: AdministeredBlock, columns: IntArray, pilots: IntArray) -> None:
        times = block.times[:, columns].astype(np.float64)
        known = np.isfinite(times) & (times > 0) & (block.scores[:, columns] != MISSING)
        logs = np.where(known, np.log(np.where(known, times, 1.0)), 0.0)
        self.log_times[:, pilots] += np.stack([known.sum(axis=0), logs.sum(axis=0), (logs**2).sum(axis=0)])

    def times(self) -> tuple[TimeEvidence | None, ...]:
        """By pilot; ``None`` with fewer than two known times."""
        return tuple(
            TimeEvidence(int(n), total / n, max((squares - total**2 / n) / (n - 1), 0.0) ** 0.5)
            if n > 1
            else None
            for n, total, squares in self.log_times.T.tolist()
        )

    def criterion_share(self) -> FloatArray:
        """Shape (P, F): which criterion an item's answers came with; everyone's where it has none."""
        counts = np.array(self.criterion_n, dtype=np.float64).reshape(len(self.criterion_n), self.n.size).T
        counts = np.where((self.n == 0)[:, None], counts.sum(axis=0), counts)
        total = counts.sum(axis=1, keepdims=True)
        return np.asarray(counts / np.where(total > 0, total, 1.0))

    def observed(self) -> tuple[Observed, ...]:
        if not self.moments:
            nothing = Observed(*[float("nan")] * 6)
            return (nothing,) * self.n.size
        statistics: ItemStatistics = item_statistics_from(merge_moments(self.moments))
        columns = (
            statistics.p, statistics.p_low, statistics.p_high,
            statistics.r, statistics.r_low, statistics.r_high,
        )  # fmt: skip
        return tuple(Observed(*(float(value) for value in row)) for row in zip(*columns, strict=True))

    def warnings(self, prior: PilotPrior) -> tuple[str, ...]:
        said = []
        if self.without_scale:
            said.append(
                f"{self.without_scale:,} answers to pilots came from forms without a calibrated scored item;"
                " they tell p, but nothing about R."
            )
        if self.in_scored_role:
            said.append(
                "Some pilots were scored on some forms; their answers there are not counted as evidence."
            )
        few = int((self.n > 0).sum())
        if 0 < few < 5:
            said.append(
                f"Only {plural(few, 'pilot')} with answers: what pilots are like in general is taken from the"
                " scored items."
            )
        if not prior.converged:
            said.append("The estimate of what the block of pilots is like did not settle completely.")
        return tuple(said)
