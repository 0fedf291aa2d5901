"""How many abilities the responses show: tetrachoric correlations and parallel analysis.

Sources: Pearson (1900), Phil. Trans. A 195:1-47, and Brown & Benedetti (1977), Psychometrika 42:347-355, for
the tetrachoric correlation and its correction of empty cells; Owen (1956), Annals of Mathematical Statistics
27:1075-1090, for the bivariate normal probability; Horn (1965), Psychometrika 30:179-185, and Buja & Eyuboglu
(1992), Multivariate Behavioral Research 27:509-540, for parallel analysis by permutation.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri, owens_t

from ciip_irt.arrays import MISSING, FloatArray, IntArray, ScoreArray
from ciip_irt.errors import DesignError, InputError, Problem, plural
from ciip_irt.records import result
from ciip_irt.threads import one_blas_thread

__all__ = [
    "FEWEST_IN_A_CATEGORY",
    "ParallelAnalysis",
    "parallel_analysis",
    "smooth_correlations",
    "tetrachoric",
]

FEWEST_IN_A_CATEGORY = 10
"""An item needs this many right and this many wrong answers to enter a parallel analysis."""

FEW_PERSONS = 300  # a tetrachoric correlation of two middling items errs by .09 then: 1.57 / sqrt(n)
HALF_A_PERSON = 0.5  # from the borders of what the margins allow, where the correlation would be 1
SMALLEST_EIGENVALUE = 1e-8  # of a smoothed matrix: positive, and too small to show
QUANTILE = 0.95  # of the eigenvalues of chance (Glorfeld 1995)
EDGE = np.pi / 2 - 1e-9  # of asin(rho): inside it, where the slope is finite


@result
@dataclass(frozen=True, slots=True)
class ParallelAnalysis:
    """Eigenvalues of the tetrachoric correlations beside those of data without any correlation.

    Attributes
    ----------
    items
        (K,) the columns that were used; the others have too few right or too few wrong answers.
    n_persons
        Persons with at least one answer that counts.
    eigenvalues
        (K,) of the data, largest first; they sum to K.
    reference
        (K,) 95th percentile over the replications, each component by itself.
    replications
        How many data sets without correlation were made.
    smallest_eigenvalue
        Of the data before smoothing; negative where the matrix was not a correlation matrix.
    undetermined_pairs
        Pairs of items about whose correlation the data say nothing; taken as 0.
    warnings
        Plain sentences: what cannot be trusted, and what would help.
    """

    items: IntArray
    n_persons: int
    eigenvalues: FloatArray
    reference: FloatArray
    replications: int
    smallest_eigenvalue: float
    undetermined_pairs: int
    warnings: tuple[str, ...]

    @property
    def n_dimensions_suggested(self) -> int:
        """Leading eigenvalues above their reference, counted up to the first that is not."""
        above = self.eigenvalues > self.reference
        return int(above.size if above.all() else np.argmin(above))

    @property
    def first_to_second_ratio(self) -> float:
        """First eigenvalue over second."""
        return float(self.eigenvalues[0] / self.eigenvalues[1])

    @property
    def first_share(self) -> float:
        """First eigenvalue over the sum of all."""
        return float(self.eigenvalues[0] / self.eigenvalues.size)

    @property
    def was_smoothed(self) -> bool:
        """Whether the data's matrix had to be made positive semi-definite."""
        return self.smallest_eigenvalue < 0

    def summary(self) -> str:
        """A few plain sentences."""
        lines = [
            f"{plural(self.items.size, 'item')}, {plural(self.n_persons, 'person')}: eigenvalues"
            f" {', '.join(f'{value:.2f}' for value in self.eigenvalues[:4])}; without correlation chance"
            f" gives {', '.join(f'{value:.2f}' for value in self.reference[:4])}.",
            f"Dimensions above chance: {self.n_dimensions_suggested}; first to second eigenvalue"
            f" {self.first_to_second_ratio:.1f}.",
        ]
        return "\n".join([*lines, *self.warnings])


def tetrachoric(scores: ScoreArray) -> FloatArray:
    """Correlations of the normal variables that are supposed to lie behind right and wrong.

    For two items with proportions right ``p_j`` and ``p_k`` among the persons who answered both, the
    correlation ``rho`` solves ``Phi2(z(p_j), z(p_k); rho) = p_jk``, the proportion with both right. It is the
    maximum of the likelihood of the two-by-two table, which has as many free cells as the model has
    parameters. Solved for all pairs at once, by Newton steps in ``arcsin rho`` inside a shrinking bracket.

    A cell of the table with less than half a person is filled up to half a person, with the margins unchanged
    (Brown & Benedetti): an empty cell would otherwise make the correlation 1 or -1.

    Parameters
    ----------
    scores
        Shape (N, J), 0, 1 or ``MISSING``; a pair uses the persons who have both.

    Returns
    -------
    Shape (J, J), symmetric, 1 on the diagonal; NaN for a pair that nobody answered both of, or in which
    either item is right for all or wrong for all of these persons. Not always positive semi-definite: see
    ``smoothed``.

    Raises
    ------
    InputError
        Scores other than 0, 1 and ``MISSING``, or not a matrix.

    >>> both, neither, first, second = [1, 1], [0, 0], [1, 0], [0, 1]
    >>> scores = np.array([both] * 40 + [neither] * 40 + [first] * 10 + [second] * 10, dtype=np.int8)
    >>> tetrachoric(scores).round(4)
    array([[1.   , 0.809], [0.809, 1.   ]])
    """
    _check_scores(scores)
    n_items = scores.shape[1]
    # counts stay exact in single precision up to 16.7 million persons, at half the memory
    right = (scores == 1).astype(np.float32)
    answered = (scores != MISSING).astype(np.float32)
    row, column = np.triu_indices(n_items, 1)
    n = (answered.T @ answered)[row, column].astype(np.float64)
    right_and_seen = right.T @ answered
    n_row = right_and_seen[row, column].astype(np.float64)
    n_column = right_and_seen[column, row].astype(np.float64)
    n_both = (right.T @ right)[row, column].astype(np.float64)
    known = (n_row > 0) & (n_row < n) & (n_column > 0) & (n_column < n)

    rho = np.full(row.size, np.nan)
    n, n_row, n_column, n_both = n[known], n_row[known], n_column[known], n_both[known]
    lowest = np.maximum(0.0, n_row + n_column - n) + HALF_A_PERSON
    highest = np.minimum(n_row, n_column) - HALF_A_PERSON
    n_both = np.clip(n_both, lowest, highest)
    rho[known] = _solve(ndtri(n_row / n), ndtri(n_column / n), n_both / n)

    result = np.eye(n_items)
    result[row, column] = rho
    result[column, row] = rho
    return result


def smooth_correlations(correlations: FloatArray) -> FloatArray:
    """The matrix itself where it is positive semi-definite, otherwise a correlation matrix near it.

    Correlations estimated pair by pair need not fit together. Negative eigenvalues are raised to 1e-8 and the
    diagonal is brought back to 1.

    >>> broken = np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]])
    >>> bool(np.linalg.eigvalsh(broken)[0] < 0), bool(np.linalg.eigvalsh(smooth_correlations(broken))[0] >= 0)
    (True, True)
    """
    values, vectors = np.linalg.eigh(correlations)
    if values[0] >= 0:
        return correlations
    raised: FloatArray = (vectors * np.maximum(values, SMALLEST_EIGENVALUE)) @ vectors.T
    scale = np.sqrt(np.diag(raised))
    result: FloatArray = raised / np.outer(scale, scale)
    np.fill_diagonal(result, 1.0)
    return result


def parallel_analysis(
    scores: ScoreArray, *, replications: int = 20, seed: int | np.random.Generator
) -> ParallelAnalysis:
    """Compare the eigenvalues of the tetrachoric correlations with those that chance alone produces.

    Each replication shuffles the answers of every item among the persons who answered it: margins and missing
    cells stay exactly as they are, all correlation goes. The reference is the 95th percentile of each
    eigenvalue over the replications; the data and every replication are treated alike, smoothing included.

    Where a strong first dimension takes most of the variance, what is left for the later eigenvalues is less
    than in data without correlation: a weak second dimension can then stay below its reference.

    Parameters
    ----------
    scores
        Shape (N, J), 0, 1 or ``MISSING``.
    replications
        At least 5; 20 give a steady 95th percentile for this purpose.
    seed
        The same seed gives the same reference.

    Raises
    ------
    InputError
        Scores other than 0, 1 and ``MISSING``, or fewer than 5 replications.
    DesignError
        Fewer than three usable items, or items that no person answered together.

    >>> rng = np.random.default_rng(5)
    >>> theta = rng.normal(size=(800, 1))
    >>> scores = (theta + rng.normal(size=(800, 12)) > 0).astype(np.int8)
    >>> analysis = parallel_analysis(scores, seed=1)
    >>> analysis.n_dimensions_suggested, round(analysis.first_share, 1)
    (1, 0.5)
    """
    with one_blas_thread():
        _check_scores(scores)
        if replications < 5:
            raise InputError(
                Problem(f"{replications} replications", remedy="Ask for at least 5; 20 are usual.")
            )
        right, wrong = (scores == 1).sum(axis=0), (scores == 0).sum(axis=0)
        usable = np.minimum(right, wrong) >= FEWEST_IN_A_CATEGORY
        items = np.flatnonzero(usable).astype(np.int64)
        if items.size < 3:
            raise DesignError(
                f"{plural(items.size, 'item')} of {scores.shape[1]} with at least"
                f" {FEWEST_IN_A_CATEGORY} right and {FEWEST_IN_A_CATEGORY} wrong answers: dimensions can be"
                " examined from three such items on. Add candidates or items."
            )
        kept = np.ascontiguousarray(scores[:, usable])
        kept = kept[(kept != MISSING).any(axis=1)]
        _check_joint(kept, items)

        correlations = tetrachoric(kept)
        undetermined = int(np.isnan(correlations).sum()) // 2
        raw = np.linalg.eigvalsh(np.nan_to_num(correlations, nan=0.0))
        eigenvalues = _eigenvalues(correlations)
        rng = np.random.default_rng(seed)
        chance = np.array(
            [_eigenvalues(tetrachoric(_shuffle_within_items(kept, rng))) for _ in range(replications)]
        )
        return ParallelAnalysis(
            items=items,
            n_persons=kept.shape[0],
            eigenvalues=eigenvalues,
            reference=np.quantile(chance, QUANTILE, axis=0),
            replications=replications,
            smallest_eigenvalue=float(raw[0]),
            undetermined_pairs=undetermined,
            warnings=_warnings(scores.shape[1], kept, float(raw[0]), undetermined),
        )


def _check_scores(scores: ScoreArray) -> None:
    if scores.ndim != 2:
        raise InputError(Problem(f"scores of shape {scores.shape}", remedy="Give persons x items."))
    strange = scores[(scores != 0) & (scores != 1) & (scores != MISSING)]
    if strange.size:
        raise InputError(
            Problem(
                "scores other than 0, 1 and -1 (does not count)",
                examples=[str(value) for value in np.unique(strange)[:5]],
                remedy="Tetrachoric correlations are for items scored right or wrong.",
            )
        )


def _check_joint(scores: ScoreArray, items: IntArray) -> None:
    answered = (scores != MISSING).astype(np.float32)
    first, second = np.nonzero(np.triu(answered.T @ answered == 0, 1))
    if first.size:
        raise DesignError(
            f"{plural(first.size, 'pair')} of items that no person answered together (e.g. columns"
            f" {items[first[0]]} and {items[second[0]]}): nothing is known about their correlation."
            " Examine one form at a time."
        )


def _shuffle_within_items(scores: ScoreArray, rng: np.random.Generator) -> ScoreArray:
    result = scores.copy()
    for column in range(scores.shape[1]):
        answered = np.flatnonzero(scores[:, column] != MISSING)
        result[answered, column] = rng.permutation(scores[answered, column])
    return result


def _eigenvalues(correlations: FloatArray) -> FloatArray:
    values = np.linalg.eigvalsh(smooth_correlations(np.nan_to_num(correlations, nan=0.0)))
    return np.asarray(values[::-1], dtype=np.float64)


def _both_below(h: FloatArray, k: FloatArray, rho: FloatArray) -> FloatArray:
    """Probability that both of two standard normal variables lie below ``h`` and ``k`` (neither is 0)."""
    spread = np.sqrt((1.0 - rho) * (1.0 + rho))
    opposite = np.where((h < 0) != (k < 0), 0.5, 0.0)
    from_h = owens_t(h, (k - rho * h) / (h * spread))
    from_k = owens_t(k, (h - rho * k) / (k * spread))
    result: FloatArray = 0.5 * (ndtr(h) + ndtr(k)) - from_h - from_k - opposite
    return result


def _solve(h: FloatArray, k: FloatArray, p_both: FloatArray) -> FloatArray:
    # Owen's formula divides by the thresholds; this far from 0 the error is below 1e-12
    h = np.where(np.abs(h) < 1e-12, 1e-12, h)
    k = np.where(np.abs(k) < 1e-12, 1e-12, k)
    angle = np.zeros_like(h)
    low, high = np.full_like(h, -EDGE), np.full_like(h, EDGE)
    open_ = np.arange(h.size)
    for _ in range(80):
        hh, kk, t = h[open_], k[open_], angle[open_]
        excess = _both_below(hh, kk, np.sin(t)) - p_both[open_]
        low[open_] = np.where(excess < 0, t, low[open_])
        high[open_] = np.where(excess >= 0, t, high[open_])
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            slope = np.exp(-(hh**2 + kk**2 - 2 * hh * kk * np.sin(t)) / (2 * np.cos(t) ** 2)) / (2 * np.pi)
            step = t - excess / slope
        inside = (step >= low[open_]) & (step <= high[open_])
        step = np.where(inside, step, 0.5 * (low[open_] + high[open_]))
        settled = np.abs(excess) <= 1e-15
        angle[open_] = np.where(settled, t, step)
        open_ = open_[~settled & (np.abs(step - t) > 1e-10)]
        if open_.size == 0:
            break
    result: FloatArray = np.sin(angle)
    return result


def _warnings(n_items: int, kept: ScoreArray, smallest: float, undetermined: int) -> tuple[str, ...]:
    n_persons, n_kept = kept.shape
    lines = []
    if n_kept < n_items:
        lines.append(
            f"{plural(n_items - n_kept, 'item')} left out: fewer than {FEWEST_IN_A_CATEGORY} right or fewer"
            f" than {FEWEST_IN_A_CATEGORY} wrong answers say almost nothing about a correlation."
        )
    if n_persons < FEW_PERSONS or n_persons < 2 * n_kept:
        lines.append(
            f"Only {plural(n_persons, 'person')} for {plural(n_kept, 'item')}: the number of dimensions is"
            f" uncertain. {max(FEW_PERSONS, 2 * n_kept):,} persons or more would settle it better."
        )
    if smallest < 0:
        lines.append(
            f"The correlations were estimated pair by pair and do not quite fit together (smallest eigenvalue"
            f" {smallest:.2f}); they were smoothed, and so was every reference matrix."
        )
    if undetermined:
        lines.append(
            f"{plural(undetermined, 'pair')} of items without variation among the persons who answered both:"
            " taken as uncorrelated."
        )
    return tuple(lines)
