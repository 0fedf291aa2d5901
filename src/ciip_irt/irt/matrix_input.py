"""Arrays of answers and of parameters, as people hold them, made into what the mathematics takes."""

from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from ciip_irt.arrays import MISSING, BoolArray, FloatArray, IntArray, ScoreArray
from ciip_irt.errors import InputError, Problem, did_you_mean
from ciip_irt.irt.ability import AbilityEstimates
from ciip_irt.irt.estimation import MmlFit
from ciip_irt.irt.fit_statistics import PersonFit
from ciip_irt.irt.models import MODELS, ItemModel
from ciip_irt.irt.response_blocks import ResponseBlock
from ciip_irt.records import result

__all__ = ["Answers", "KnownItems", "as_scores", "block_answers", "known_items", "response_blocks_of"]

PERSONS_A_PATTERN = 30  # on average, from which a block of its own for each set of items saves time
HIGHEST_SCORE = 127  # scores are kept as a byte each

Record = TypeVar("Record", AbilityEstimates, PersonFit)


def response_blocks_of(
    responses: ArrayLike, groups: ArrayLike | None = None
) -> tuple[list[ResponseBlock], IntArray]:
    """Blocks of persons who met the same items, and which row each of their persons is.

    Parameters
    ----------
    responses
        Shape (N, J): scores; -1 or nan does not count.
    groups
        Shape (N,): the population each person comes from, numbered from 0.

    Raises
    ------
    InputError
        Answers that are no scores, or groups that do not fit.

    >>> blocks, rows = response_blocks_of([[1, 0], [0, np.nan]], groups=[1, 0])
    >>> [(block.group, block.scores.tolist()) for block in blocks], rows
    ([(0, [[0, -1]]), (1, [[1, 0]])], array([1, 0]))
    """
    answers = block_answers(responses, groups)
    return answers.blocks, answers.rows


@result
@dataclass(frozen=True, slots=True)
class Answers:
    """Blocks, the number of items, and which row of the array each person of the blocks is."""

    blocks: list[ResponseBlock]
    n_items: int
    rows: IntArray

    def require_items(self, n_items: int) -> None:
        if n_items != self.n_items:
            raise InputError(
                Problem(
                    f"{self.n_items} columns of answers and {n_items} rows of parameters",
                    remedy="Give one row of parameters for each column, in the same order.",
                )
            )

    def in_order(self, record: Record) -> Record:
        """The record with its persons in the order of the rows."""
        n = self.rows.size
        moved: dict[str, Any] = {}
        for name in type(record).__slots__:
            value = getattr(record, name)
            if isinstance(value, np.ndarray) and value.shape[:1] == (n,):
                placed = np.empty_like(value)
                placed[self.rows] = value
                moved[name] = placed
        return replace(record, **moved)


def as_scores(responses: ArrayLike) -> ScoreArray:
    """Shape (N, J): the answers as bytes, -1 where they do not count."""
    given = np.asarray(responses.to_numpy() if hasattr(responses, "to_numpy") else responses)
    if given.ndim != 2:
        raise InputError(
            Problem(f"answers of shape {given.shape}", remedy="Give an array of persons x items.")
        )
    try:
        values = given.astype(np.float64)
    except (TypeError, ValueError):
        raise InputError(
            Problem(
                "answers that are not numbers",
                examples=sorted({str(value) for value in given.ravel() if isinstance(value, str)})[:5],
                remedy="Give scores 0, 1, ... and -1 or nan for what does not count.",
            )
        ) from None
    values = np.where(np.isnan(values), MISSING, values)
    wrong = (values != np.rint(values)) | (values < MISSING) | (values > HIGHEST_SCORE)
    if wrong.any():
        raise InputError(
            Problem(
                "answers that are no scores",
                count=int(wrong.sum()),
                examples=[
                    f"row {row}, column {column}: {values[row, column]:g}"
                    for row, column in np.argwhere(wrong)[:5]
                ],
                remedy="Give scores 0, 1, ... and -1 or nan for what does not count.",
            )
        )
    return values.astype(np.int8)


def block_answers(responses: ArrayLike, groups: ArrayLike | None = None) -> Answers:
    """One block for each population, or for each set of items where few sets are met by many."""
    scores = as_scores(responses)
    n_persons, n_items = scores.shape
    of = np.zeros(n_persons, dtype=np.int64)
    if groups is not None:
        given = np.asarray(groups)
        if given.shape != (n_persons,) or not np.issubdtype(given.dtype, np.integer) or (given < 0).any():
            raise InputError(
                Problem(
                    f"groups of shape {given.shape} for {n_persons} persons, or not numbered from 0",
                    remedy="Give each person the number of a population: 0, 1, ...",
                )
            )
        of = given.astype(np.int64)
    blocks: list[ResponseBlock] = []
    rows: list[IntArray] = []
    for group in np.unique(of):
        theirs = np.flatnonzero(of == group)
        for columns, members in _item_sets(scores[theirs] >= 0):
            here = theirs[members]
            blocks.append(ResponseBlock(columns, scores[np.ix_(here, columns)], int(group)))
            rows.append(here)
    return Answers(blocks, n_items, np.concatenate(rows) if rows else np.arange(0))


def _item_sets(answered: BoolArray) -> list[tuple[IntArray, IntArray]]:
    """Columns and rows of blocks: one for each set of answered items, or a single one where sets are many."""
    everything = np.arange(answered.shape[1])
    if answered.all() or not answered.size:
        return [(everything, np.arange(answered.shape[0]))]
    sets, which = np.unique(answered, axis=0, return_inverse=True)
    if len(sets) * PERSONS_A_PATTERN > len(answered):
        return [(everything, np.arange(answered.shape[0]))]
    place = which.reshape(-1)
    return [(np.flatnonzero(met), np.flatnonzero(place == number)) for number, met in enumerate(sets)]


@result
@dataclass(frozen=True, slots=True)
class KnownItems:
    """Parameters with their model, D, the populations' moments, and how many of each item were estimated."""

    parameters: FloatArray
    model: ItemModel
    D: float
    mean: FloatArray
    sd: FloatArray
    n_free: IntArray | None
    histogram: tuple[FloatArray, FloatArray] | None

    def moments(self, mean: ArrayLike | None, sd: ArrayLike | None) -> tuple[FloatArray, FloatArray]:
        return tuple(  # type: ignore[return-value]
            own if asked is None else np.atleast_1d(np.asarray(asked, dtype=np.float64))
            for own, asked in ((self.mean, mean), (self.sd, sd))
        )


def known_items(items: MmlFit | ArrayLike, model: str | None, D: float | None) -> KnownItems:
    if isinstance(items, MmlFit):
        n_free = items.free.sum(axis=1).astype(np.int64)
        histogram = (items.theta, items.weights) if items.population == "histogram" else None
        return KnownItems(
            items.parameters,
            _sized_model(items.model, items.parameters.shape[1]),
            items.D,
            items.population_mean,
            items.population_sd,
            n_free,
            histogram,
        )
    parameters = np.asarray(items, dtype=np.float64)
    if model is None or (model in MODELS and MODELS[model].for_categories is None):
        parameters = _with_columns(parameters)
    found = _sized_model(model or "3pl", parameters.shape[1] if parameters.ndim == 2 else 0)
    if parameters.ndim != 2 or parameters.shape[1] != len(found.parameters):
        raise InputError(
            Problem(
                f"parameters of shape {parameters.shape}",
                remedy="Give a row for each item: a, b, c; or a, b; or the difficulties alone.",
            )
        )
    return KnownItems(parameters, found, 1.0 if D is None else D, np.zeros(1), np.ones(1), None, None)


def _with_columns(parameters: FloatArray) -> FloatArray:
    """Shape (J, 3): a, b, c from difficulties (J,), or a and b (J, 2)."""
    if parameters.ndim == 1:
        parameters = np.column_stack((np.ones_like(parameters), parameters))
    if parameters.ndim == 2 and parameters.shape[1] == 2:
        parameters = np.column_stack((parameters, np.zeros(len(parameters))))
    return parameters


def _sized_model(name: str, n_parameters: int) -> ItemModel:
    if name not in MODELS:
        raise InputError(Problem(f"unknown model {name!r}", remedy=did_you_mean(name, MODELS, "There are")))
    model = MODELS[name]
    return model if model.for_categories is None else model.for_categories(max(2, n_parameters))
