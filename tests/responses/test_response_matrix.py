"""Matrices of every make become the same scored responses, and what cannot be is told with the remedy."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import ciip_irt as ci
from ciip_irt.responses import CellStatus

X = np.array([[1, 0, 1], [0, 0, 1], [1, 1, 1], [0, 1, 0]])
NAMES = ["Q1", "Q2", "Q3"]


class OfArrow:
    """What pyarrow's tables are to us: columns without names, names beside them, and a stream."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.column_names = frame.columns
        self.columns = [frame[name].to_list() for name in frame.columns]
        self.frame = frame

    def __getitem__(self, name: str) -> Any:
        return self.frame[name]

    def __arrow_c_stream__(self, schema: object = None) -> object:
        return self.frame.__arrow_c_stream__(schema)


MAKES: dict[str, Callable[[], Any]] = {
    "integers": lambda: X,
    "bytes": lambda: X.astype(np.uint8),
    "booleans": lambda: X.astype(bool),
    "floats": lambda: X.astype(float),
    "objects": lambda: X.astype(object),
    "texts": lambda: X.astype(str),
    "lists": lambda: X.tolist(),
    "masked": lambda: np.ma.masked_array(X),
    "polars": lambda: pl.DataFrame(X, schema=NAMES),
    "lazy": lambda: pl.LazyFrame(X, schema=NAMES),
    "pandas": lambda: pd.DataFrame(X, columns=NAMES),
    "pandas of texts": lambda: pd.DataFrame(X.astype(str), columns=NAMES),
    "arrow": lambda: OfArrow(pl.DataFrame(X, schema=NAMES)),
}


@pytest.mark.parametrize("make", MAKES)
def test_matrices_of_any_make(make: str) -> None:
    given = MAKES[make]()
    r = (
        ci.response_matrix(given)
        if isinstance(given, pl.LazyFrame) or hasattr(given, "columns")
        else ci.response_matrix(given, items=NAMES)
    )
    assert r.item_ids == tuple(NAMES)
    assert r.totals.tolist() == [2, 1, 3, 1]
    assert r.blocks[0].scores.tolist() == X.tolist()
    assert r.provenance.data_hash == ci.response_matrix(X, items=NAMES).provenance.data_hash
    assert not r.warnings


EMPTY: dict[str, Callable[[], Any]] = {
    "nan": lambda: np.where(X == 0, np.nan, X),
    "minus one": lambda: np.where(X == 0, -1, X),
    "masked": lambda: np.ma.masked_equal(X, 0),
    "masked floats": lambda: np.ma.masked_equal(X.astype(float), 0),
    "None": lambda: np.where(X == 0, None, X.astype(object)),
    "NA": lambda: np.where(X == 0, pd.NA, X.astype(object)),
    "pandas": lambda: pd.DataFrame(np.where(X == 0, np.nan, X)),
    "whole numbers of pandas": lambda: pd.DataFrame(X).astype("Int64").mask(X == 0),
}


@pytest.mark.parametrize("make", EMPTY)
def test_empty_cells_do_not_count_unless_asked(make: str) -> None:
    r = ci.response_matrix(EMPTY[make]())
    assert r.deliveries["n_scored"].to_list() == [2, 1, 3, 1]
    assert "5 cells are empty and do not count" in r.summary()
    wrong = ci.response_matrix(EMPTY[make](), empty="wrong")
    assert wrong.deliveries["n_scored"].to_list() == [3, 3, 3, 3]
    assert wrong.blocks[0].scores.tolist() == X.tolist()
    assert (wrong.blocks[0].statuses == CellStatus.OMITTED).sum() == 5


def test_options_are_scored_as_a_log_is() -> None:
    rng = np.random.default_rng(2)
    letters = rng.choice(list("ABCD"), size=(60, 5))
    r = ci.response_matrix(letters, key=["A", "B|D", "*", "C", "D"], options="ABCD")
    ids = [f"I{j}" for j in range(1, 6)]
    bank = pl.DataFrame({"item_id": ids, "key": ["A", "B|D", "*", "C", "D"]}).with_columns(
        domain=pl.lit("all"), status=pl.lit("scored"), options=pl.lit("ABCD")
    )
    log = pl.DataFrame(
        {
            "candidate_id": np.repeat(r.deliveries["candidate_id"].to_numpy(), 5),
            "item_id": ids * 60,
            "response": letters.ravel(),
        }
    ).with_columns(
        delivery_id="candidate_id", form_id=pl.lit("form"), attempt=pl.lit("1"), status=pl.lit("answered")
    )
    of_log = ci.score(log, bank)
    assert r.totals.tolist() == of_log.totals.tolist()
    np.testing.assert_array_equal(r.blocks[0].choices, of_log.blocks[0].choices)
    a, b = ci.analyse_items(r), ci.analyse_items(of_log)
    assert a.item_statistics.equals(b.item_statistics)
    assert a.option_statistics.equals(b.option_statistics)
    assert ci.check_keys(r).table.equals(ci.check_keys(of_log).table)


def test_a_key_of_every_kind() -> None:
    letters = np.array([["A", "b", "3"], ["C", "B", "4"]])
    wanted = [3, 1]
    for key in (["A", "B", "3"], {"I3": "3", "I1": "A", "I2": "B"}):
        r = ci.response_matrix(letters, key=key, options="ABC34")
        assert r.totals.tolist() == wanted
    table = pd.DataFrame({"item_id": ["I1", "I2", "I3"], "key": ["A", "B", "3"]})
    assert ci.response_matrix(letters, key=table, options="ABC34").totals.tolist() == wanted
    digits = np.array([[1.0, 2.0], [2.0, np.nan]])
    r = ci.response_matrix(digits, key=[1, 2.0])
    assert r.totals.tolist() == [2, 0]
    assert r.items["options"].to_list() == ["1234", "1234"]
    assert ci.response_matrix([list("AB"), list("CB")], key="AB").totals.tolist() == [2, 1]


def test_answers_nobody_offered_are_wrong_and_told() -> None:
    r = ci.response_matrix([["A", "Z"], ["B", "B"]], key="AB", options="ABC")
    assert r.totals.tolist() == [1, 1]
    assert "1 answer outside the options ABC: Z (I2)" in r.summary()


def test_persons_attributes_and_pilots() -> None:
    frame = pl.DataFrame(X, schema=NAMES).with_columns(
        person=pl.Series(["a", "b", "c", "d"]), region=pl.Series(["N", "S", "N", "S"])
    )
    r = ci.response_matrix(frame, items=NAMES, pilots=["Q3"])
    assert r.deliveries["delivery_id"].to_list() == ["a", "b", "c", "d"]
    assert r.deliveries["region"].to_list() == ["N", "S", "N", "S"]
    assert r.totals.tolist() == [1, 0, 2, 1]
    assert r.items["status"].to_list() == ["scored", "scored", "pilot"]
    indexed = ci.response_matrix(pd.DataFrame(X, index=["a", "b", "c", "d"]))
    assert indexed.deliveries["delivery_id"].to_list() == ["a", "b", "c", "d"]
    assert ci.response_matrix(pd.DataFrame(X)).deliveries["delivery_id"].to_list() == ["P1", "P2", "P3", "P4"]
    with_groups = ci.response_matrix(X, attributes={"mode": ["x", "y", "x", "y"]})
    assert with_groups.deliveries["mode"].to_list() == ["x", "y", "x", "y"]


def test_booklets_are_blocks() -> None:
    wide = np.full((100, 6), np.nan)
    wide[:50, :4] = wide[50:, 2:] = 1
    blocks = ci.response_matrix(wide).blocks
    assert sorted(block.items.tolist() for block in blocks) == [[0, 1, 2, 3], [2, 3, 4, 5]]
    first = next(block for block in blocks if block.items[0] == 0)
    assert first.persons.tolist() == list(range(50))


def test_totals_over_different_items_are_told() -> None:
    rng = np.random.default_rng(5)
    wide = (rng.random((200, 10)) < 0.6).astype(float)
    assert "not comparable" not in ci.analyse_items(wide).summary()
    wide[rng.random(wide.shape) < 0.2] = np.nan
    said = f"{np.isnan(wide).mean():.0%} of the scored cells were not administered"
    assert said in ci.analyse_items(wide).summary()


REFUSED: list[tuple[Any, dict[str, Any], str]] = [
    ([1, 0, 1], {}, r"persons x items.*this is shape \(3,\)"),
    (np.zeros((2, 2, 2)), {}, r"this is shape \(2, 2, 2\)"),
    (7, {}, "not an array but int"),
    ([[1, 0], [1]], {}, "rows of different lengths"),
    (np.zeros((0, 3)), {}, "no answers: 0 persons x 3 items"),
    ([[0, 1], [9, 9]], {}, r"neither 0 nor 1: 9 \(2 cells\).*row 1, I1: 9.*make it nan.*key=.*gpcm"),
    ([[0, 0.5], [1, 1]], {}, r"0.5 \(1 cell\)"),
    ([["A", "B"], ["C", "D"]], {}, r"not numbers \(4 cells\).*key='ABCD"),
    (pl.DataFrame({"Q1": [1, 0], "sex": ["male", "female"]}), {}, r"row 0, sex: male.*items=\["),
    ([["A", "B"]], {"key": "ABC"}, "a key of 3 options for 2 items"),
    ([["A", "B"]], {"key": {"I1": "A"}}, "1 item without a key.*I2"),
    ([["A", "B"]], {"key": "AE", "options": "ABCD"}, "none of the options ABCD.*I2: E"),
    ([[1, 0], [0, 1]], {"key": "AB"}, "all 0 or 1.*Leave key out"),
    ([[1, 0], [0, 1]], {"options": "AB"}, "options without a key"),
    (X, {"items": ["a", "b"]}, "2 names for 4 persons x 3 items"),
    (X, {"items": ["a", "b", "b"]}, "more than once.*'b'"),
    (X, {"persons": ["a", "b", "c"]}, "3 ids for 4 persons"),
    (X, {"persons": ["a", "b", "c", "c"]}, "more than once.*'c'"),
    (X, {"persons": "id"}, "beside an array"),
    (X, {"pilots": ["I9"]}, "pilots that are no items"),
    (X, {"empty": "zero"}, "empty = 'zero'"),
    (X, {"attributes": {"sex": ["m"]}}, "1 value for 4 persons"),
    (X, {"attributes": {"total": [1, 2, 3, 4]}}, "called 'total'"),
    (pl.DataFrame({"Q1": [1]}), {"items": ["Q2"]}, "the matrix lacks.*'Q2'"),
    (
        pl.DataFrame({"candidate_id": ["c"], "item_id": ["i"], "response": ["A"]}),
        {},
        r"this is a log.*score\(log, bank\)",
    ),
]


@pytest.mark.parametrize(("given", "named", "said"), REFUSED, ids=[said[:30] for *_, said in REFUSED])
def test_what_cannot_be(given: Any, named: dict[str, Any], said: str) -> None:
    with pytest.raises(ci.InputError, match=said):
        ci.response_matrix(given, **named)


def test_more_items_than_persons_are_asked_about() -> None:
    assert "give X.T" in ci.response_matrix(np.ones((3, 8))).summary()


@pytest.mark.parametrize("data", ["LSAT6", "LSAT7"])
def test_what_analyses_take(results_of: Callable[[str], Path], data: str) -> None:
    """Straight from an array: the same as through the matrix, and as other programs have it."""
    folder = results_of(data)
    frame = pl.read_csv(folder / "data.csv")
    array = frame.to_numpy()
    r = ci.response_matrix(frame)
    two = ci.calibrate(r, "2PL")
    assert two.parameters.drop("scale_id", "item_id").equals(
        ci.calibrate(array, "2pl").parameters.drop("scale_id", "item_id")
    )
    known = pl.read_csv(folder / "2pl" / "pars_irt.csv", null_values="NA")
    for name, column in (("a", 0), ("b", 1)):
        wanted = known.filter(par=name)
        assert two.item_ids == tuple(wanted["item"])
        np.testing.assert_allclose(two.parameters_array[:, column], wanted["est"], atol=1e-3)
        np.testing.assert_allclose(two.standard_errors[:, column], wanted["se"], rtol=1e-2)
    p = ci.analyse_items(array).pooled()["p"].to_numpy()
    np.testing.assert_allclose(p, array.mean(axis=0))
    assert ci.examine_dimensionality(array).n_deliveries_in_all == len(array)
    rasch = ci.calibrate(r)
    in_pandas = pd.DataFrame(rasch.parameters.to_dict(as_series=False))
    np.testing.assert_allclose(ci.link_calibrations(rasch, in_pandas).link.B, 0.0, atol=1e-12)


def test_what_marks_cannot_tell() -> None:
    with pytest.raises(ci.InputError, match=r"response_matrix\(X, key='ABCD"):
        ci.check_keys(X)
    with pytest.raises(ci.InputError, match=r"ci.irt.fit\(X, 'gpcm'\)"):
        ci.calibrate(X, "GPCM")
    with pytest.raises(ci.InputError, match=r"link_calibrations\(calibrate\(X_new\)"):
        ci.link_calibrations(X, X)
