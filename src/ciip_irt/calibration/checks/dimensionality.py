"""Whether one ability is enough for the scored items of a form, in words a person can act on."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from ciip_irt.arrays import IntArray, ScoreArray
from ciip_irt.errors import MAX_EXAMPLES, DesignError, plural
from ciip_irt.irt.fit_statistics import ParallelAnalysis, parallel_analysis
from ciip_irt.provenance import Provenance
from ciip_irt.records import result
from ciip_irt.responses import Responses, ScoredResponses, scored_responses
from ciip_irt.tables import DIMENSIONALITY, show_html

__all__ = ["Dimensionality", "examine_dimensionality"]

STRONG_FIRST = 3.0  # times the second eigenvalue: the first dominates; a rule of thumb, not a test
FEW_DELIVERIES = 100  # eigenvalues of fewer rows than a form has items are mostly chance


@result
@dataclass(frozen=True, slots=True)
class Dimensionality:
    """Eigenvalues of the scored items of one form, beside those that chance alone gives.

    Attributes
    ----------
    form_ids
        The forms whose deliveries were used; more than one where forms have the same scored items.
    delivery_ids
        The deliveries used.
    item_ids
        The scored items used.
    left_out
        Scored items of these forms with too few right or too few wrong answers.
    n_deliveries_in_all, n_scored_in_all
        All deliveries and all scored items of the data, for comparison.
    analysis
        The numbers; see ``ciip_irt.irt.fit_statistics.dimensionality.ParallelAnalysis``.
    """

    form_ids: tuple[str, ...]
    delivery_ids: tuple[str, ...]
    item_ids: tuple[str, ...]
    left_out: tuple[str, ...]
    n_deliveries_in_all: int
    n_scored_in_all: int
    analysis: ParallelAnalysis
    provenance: Provenance

    @property
    def n_dimensions_suggested(self) -> int:
        """Leading eigenvalues above what chance gives."""
        return self.analysis.n_dimensions_suggested

    @property
    def first_to_second_ratio(self) -> float:
        """First eigenvalue over second."""
        return self.analysis.first_to_second_ratio

    def to_frame(self) -> pl.DataFrame:
        """``component, eigenvalue, reference``: one row per component, largest first."""
        return DIMENSIONALITY.frame(
            {
                "component": np.arange(1, self.analysis.eigenvalues.size + 1),
                "eigenvalue": self.analysis.eigenvalues,
                "reference": self.analysis.reference,
            }
        )

    def summary(self) -> str:
        lines = [self._used()]
        first, second = self.analysis.eigenvalues[:2]
        lines += [
            f"The first dimension carries {self.analysis.first_share:.0%} of the variance (eigenvalue"
            f" {first:.1f}) and is {self.first_to_second_ratio:.1f} times the second ({second:.1f}).",
            *self._meaning(),
            *self.analysis.warnings,
        ]
        if self.left_out:
            names = ", ".join(self.left_out[:MAX_EXAMPLES]) + (
                ", ..." if len(self.left_out) > MAX_EXAMPLES else ""
            )
            lines.append(f"Left out: {names}.")
        return "\n".join(lines)

    def _used(self) -> str:
        forms = f"form{'s' if len(self.form_ids) > 1 else ''} {', '.join(self.form_ids[:MAX_EXAMPLES])}"
        forms += ", ..." if len(self.form_ids) > MAX_EXAMPLES else ""
        return (
            f"Examined {plural(len(self.item_ids), 'scored item')} of {forms} (of {self.n_scored_in_all:,} in"
            f" all) with {plural(len(self.delivery_ids), 'delivery', 'deliveries')} (of"
            f" {self.n_deliveries_in_all:,})."
        )

    def _meaning(self) -> list[str]:
        count = self.n_dimensions_suggested
        if count == 0:
            return [
                "No dimension rises above chance: the answers hang together no more than by luck.",
                "Check the keys and how items were matched to columns, then look for more candidates.",
            ]
        if count == 1:
            return [
                "One dimension rises above chance. One ability per candidate, and one score, describe these"
                " items."
            ]
        if self.first_to_second_ratio >= STRONG_FIRST:
            return [
                f"{count} dimensions rise above chance, and the first is by far the strongest. One score"
                " remains a fair summary, and one ability per candidate will do for calibration.",
                "Find out what the others are: groups of candidates with different training (compare DIF by"
                " group), items that share a text or a clue, leaked items, lack of time.",
            ]
        return [
            f"{count} dimensions rise above chance, and the first does not dominate (below {STRONG_FIRST:g}"
            " times the second). One ability per candidate may not be enough: find out what divides the items"
            " before parameters from one scale decide on candidates.",
            "Compare the scores by domain, DIF by group of candidates, items that share a text, and the last"
            " items of the form.",
        ]

    def _repr_html_(self) -> str:
        return show_html("Dimensionality", self.summary(), self.to_frame())


def examine_dimensionality(scored: Responses, *, seed: int = 1, replications: int = 20) -> Dimensionality:
    """Parallel analysis of the scored items that the most deliveries have in common.

    Deliveries are taken together where they had the same scored items, whatever their pilots and the name of
    their form. The largest such group is examined (ties: the one that comes first), the others are not:
    correlations across forms would rest on too few common persons. Omitted and not reached answers count as
    they were scored.

    That the first eigenvalue is three times the second or more is a convention for "dominant", not a test.

    Raises
    ------
    DesignError
        Fewer than 100 deliveries with the same scored items, or fewer than three usable items.

    >>> from ciip_irt.bank import ItemBank
    >>> from ciip_irt.responses import score
    >>> rng = np.random.default_rng(4)
    >>> right = rng.normal(size=(400, 1)) + rng.normal(size=(400, 10)) > 0
    >>> log = pl.DataFrame({
    ...     "candidate_id": np.repeat([f"C{i:03}" for i in range(400)], 10),
    ...     "item_id": [f"I{j}" for j in range(10)] * 400,
    ...     "response": np.where(right.ravel(), "A", "B"),
    ... }).with_columns(
    ...     delivery_id="candidate_id", form_id=pl.lit("F1"), attempt=pl.lit("1"), status=pl.lit("answered")
    ... )
    >>> items = pl.DataFrame({"item_id": [f"I{j}" for j in range(10)]}).with_columns(
    ...     domain=pl.lit("A"), status=pl.lit("scored"), key=pl.lit("A"), options=pl.lit("AB")
    ... )
    >>> print(examine_dimensionality(score(log, ItemBank.from_frame(items))).summary())
    Examined 10 scored items of form F1 (of 10 in all) with 400 deliveries (of 400).
    The first dimension carries 53% of the variance (eigenvalue 5.3) and is 6.4 times the second (0.8).
    One dimension rises above chance. One ability per candidate, and one score, describe these items.
    """
    scored = scored_responses(scored)
    form_ids, persons, items, scores = _largest_group(scored)
    if persons.size < FEW_DELIVERIES:
        raise DesignError(
            f"{plural(persons.size, 'delivery', 'deliveries')} have the same scored items: the number of"
            f" dimensions cannot be judged from fewer than {FEW_DELIVERIES}. Collect more deliveries of one"
            " form."
        )
    analysis = parallel_analysis(scores, replications=replications, seed=seed)
    ids = np.array(scored.item_ids, dtype=object)[items]
    kept = np.isin(np.arange(items.size), analysis.items)
    return Dimensionality(
        form_ids=form_ids,
        delivery_ids=tuple(scored.deliveries["delivery_id"].gather(persons)),
        item_ids=tuple(ids[kept]),
        left_out=tuple(ids[~kept]),
        n_deliveries_in_all=scored.deliveries.height,
        n_scored_in_all=int(scored.scored_somewhere.sum()),
        analysis=analysis,
        provenance=scored.provenance.with_settings(dimensionality_seed=seed, replications=replications),
    )


def _largest_group(scored: ScoredResponses) -> tuple[tuple[str, ...], IntArray, IntArray, ScoreArray]:
    """Form ids, deliveries, items, and the scores (deliveries x items) of the most common scored items."""
    groups: dict[bytes, list[int]] = {}
    for number, block in enumerate(scored.blocks):
        if block.is_scored.any():
            groups.setdefault(block.items[block.is_scored].tobytes(), []).append(number)
    if not groups:
        raise DesignError("no scored items: dimensions are examined over scored items, not pilots.")
    chosen = max(groups.values(), key=lambda numbers: sum(len(scored.blocks[k].persons) for k in numbers))
    blocks = [scored.blocks[k] for k in chosen]
    persons = np.concatenate([block.persons for block in blocks])
    order = np.argsort(persons)
    scores = np.concatenate([block.scores[:, block.is_scored] for block in blocks])
    items = blocks[0].items[blocks[0].is_scored]
    form_ids = tuple(dict.fromkeys(block.form_id for block in blocks))
    return form_ids, persons[order], items, np.ascontiguousarray(scores[order])
