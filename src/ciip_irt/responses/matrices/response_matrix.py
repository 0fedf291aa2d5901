"""A persons x items matrix of answers, as people hold it in Python, made into scored responses."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from ciip_irt.arrays import MISSING, BoolArray
from ciip_irt.bank import ASSUMED_DOMAIN, MARK_KEY, MARKS, ItemBank
from ciip_irt.errors import InputError, Problem, did_you_mean, plural
from ciip_irt.irt import response_blocks_of
from ciip_irt.provenance import Provenance, data_hash
from ciip_irt.responses.matrices.matrix_cells import given_matrix
from ciip_irt.responses.matrices.matrix_scores import MatrixScores, scores_of_marks, scores_of_options
from ciip_irt.responses.matrix import AdministeredBlock, CellStatus, ScoredResponses
from ciip_irt.tables import EXCLUSIONS, AnyFrame

__all__ = ["ONLY_FORM", "Responses", "response_matrix", "scored_responses"]

Responses = ScoredResponses | AnyFrame | ArrayLike
"""What the analyses take: scored responses, or a persons x items array or frame of 0 and 1."""

Key = str | Sequence[str] | Mapping[str, str] | AnyFrame
ONLY_FORM = "form"  # as a log without a column form_id


def response_matrix(
    X: AnyFrame | ArrayLike,
    *,
    items: Sequence[str] | None = None,
    persons: str | Sequence[Any] | None = None,
    key: Key | None = None,
    options: str | None = None,
    pilots: Sequence[str] = (),
    attributes: Mapping[str, Sequence[Any]] | None = None,
    empty: Literal["missing", "wrong"] = "missing",
) -> ScoredResponses:
    """Answers in a persons x items matrix, as every analysis takes them.

    Parameters
    ----------
    X
        Shape (N, J): an array (masked or not), nested lists, or a frame of polars, pandas or pyarrow. 0 and 1
        (wrong, right) or, with ``key``, the options chosen. nan, ``None``, masked cells and -1 are empty.
    items
        Names of the J columns of an array; of a frame, the columns that are items. What is left of a frame is
        then kept as attributes of the persons. An array's items are called ``I1``, ``I2``, ... by default.
    persons
        A frame's column of person ids, or N ids. By default a column whose name says so (``candidate_id``,
        ``Person``), a pandas index of names, or ``P1``, ``P2``, ...
    key
        The right options: a word of one letter for each item, a list, or item -> option; ``B|D`` credits
        either, ``*`` everyone.
    options
        The letters offered, ``"ABCD"``; by default from the first to the last that key and answers name.
    pilots
        Items that do not count in the total.
    attributes
        Column -> N values: what is known of the persons, for ``dif=`` and ``groups=``.
    empty
        What an empty cell is: ``missing`` (not administered, does not count) or ``wrong`` (omitted).

    Raises
    ------
    InputError
        Not persons x items; cells that are neither 0 nor 1, or no options; names and keys that do not fit.

    Examples
    --------
    >>> response_matrix([[1, 0], [0, 1], [1, np.nan]])
    3 deliveries on 1 form, 5 responses to 2 scored and 0 pilot items.
    None left out.
    1 cell is empty and does not count; empty='wrong' counts it as wrong.
    >>> response_matrix(pl.DataFrame({"person": ["Ann", "Bo"], "Q1": ["A", "B"], "Q2": ["C", "C"]}),
    ...                 key="AC").to_frame().select("delivery_id", "total").rows()
    [('Ann', 2), ('Bo', 1)]
    """
    if empty not in ("missing", "wrong"):
        raise InputError(Problem(f"empty = {empty!r}", remedy="Say 'missing' (does not count) or 'wrong'."))
    given = given_matrix(X, items, persons, attributes)
    names = given.cells.columns
    if options is not None and key is None:
        raise InputError(Problem("options without a key", remedy="Give key= as well, or leave options out."))
    found = scores_of_marks(given.cells) if key is None else scores_of_options(given.cells, key, options)
    unknown = [item for item in pilots if item not in names]
    if unknown:
        remedy = did_you_mean(unknown[0], names, "Items are")
        raise InputError(Problem("pilots that are no items", examples=unknown, remedy=remedy))
    is_scored = ~np.isin(names, list(pilots))
    if empty == "wrong":
        found = found.with_empty_wrong()
    return ScoredResponses(
        deliveries=_deliveries(given.persons, given.attributes, found, is_scored),
        items=_items(names, found, is_scored),
        blocks=_blocks(found, is_scored),
        exclusions=EXCLUSIONS.empty(),
        warnings=(*given.notes, *found.notes, *_told_empty(found, empty)),
        provenance=Provenance(
            data_hash=data_hash(
                found.canonical.insert_column(0, pl.Series("delivery_id", given.persons, dtype=pl.String))
            ),
            n_deliveries=len(given.persons),
            n_responses=int(found.administered.sum()),
            settings={"response_matrix": {"empty": empty, "answers": "marks" if key is None else "options"}},
        ),
    )


def scored_responses(given: Responses) -> ScoredResponses:
    """The scored responses, whether themselves or a matrix of 0 and 1 was given.

    >>> scored_responses([[1, 0], [0, 1]]).totals
    array([1., 1.])
    """
    return given if isinstance(given, ScoredResponses) else response_matrix(given)


def _deliveries(
    persons: Sequence[str], attributes: pl.DataFrame, found: MatrixScores, is_scored: BoolArray
) -> pl.DataFrame:
    ids = pl.Series("delivery_id", persons, dtype=pl.String)
    return pl.DataFrame(
        {
            "delivery_id": ids,
            "candidate_id": ids,
            "form_id": pl.Series([ONLY_FORM] * len(ids), dtype=pl.String),
            "attempt": pl.Series(["1"] * len(ids), dtype=pl.String),
            "delivered_at": pl.Series([None] * len(ids), dtype=pl.String),
            **{name: attributes[name] for name in attributes.columns},
            "total": (found.scores[:, is_scored] == 1).sum(axis=1).astype(np.int64),
            "n_scored": found.administered[:, is_scored].sum(axis=1).astype(np.int64),
            "n_pilot": found.administered[:, ~is_scored].sum(axis=1).astype(np.int64),
        }
    )


def _items(names: Sequence[str], found: MatrixScores, is_scored: BoolArray) -> pl.DataFrame:
    return ItemBank.from_frame(
        pl.DataFrame(
            {
                "item_id": list(names),
                "domain": [ASSUMED_DOMAIN] * len(names),
                "status": ["scored" if counts else "pilot" for counts in is_scored],
                "key": [MARK_KEY] * len(names) if found.keys is None else list(found.keys),
                "options": [MARKS if found.options is None else found.options] * len(names),
            }
        ),
        "key",
    ).items


def _blocks(found: MatrixScores, is_scored: BoolArray) -> tuple[AdministeredBlock, ...]:
    """One block for each set of items, where many persons met it; one for all where sets are many."""
    answered = np.where(found.administered, 1, MISSING).astype(np.int8)
    sets, rows = response_blocks_of(answered)
    blocks, start = [], 0
    for one in sets:
        persons = rows[start : start + len(one.scores)]
        start += len(persons)
        at = np.ix_(persons, one.items)
        blocks.append(
            AdministeredBlock(
                form_id=ONLY_FORM,
                persons=persons,
                items=one.items,
                is_scored=is_scored[one.items],
                scores=found.scores[at],
                choices=found.choices[at],
                statuses=found.statuses[at],
                times=np.full(one.scores.shape, np.nan, dtype=np.float32),
                positions=np.zeros(one.scores.shape, dtype=np.int16),
            )
        )
    return tuple(blocks)


def _told_empty(found: MatrixScores, empty: str) -> list[str]:
    gone = int((found.statuses == CellStatus.NOT_ADMINISTERED).sum())
    wrong = int((found.statuses == CellStatus.OMITTED).sum())
    if empty == "wrong" and wrong:
        return [f"{plural(wrong, 'cell')} {'is' if wrong == 1 else 'are'} empty and counted as wrong."]
    if not gone:
        return []
    be, it = ("is", "it") if gone == 1 else ("are", "them")
    verb = "does" if gone == 1 else "do"
    return [f"{plural(gone, 'cell')} {be} empty and {verb} not count; empty='wrong' counts {it} as wrong."]
