"""What is promised of every result: frozen to the last number, a table, a few sentences, a short repr."""

import dataclasses
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
import pytest

import ciip_irt
from ciip_irt import records

ARRAYS = ("FloatArray", "IntArray", "BoolArray", "ScoreArray", "NDArray", "ndarray")
ACCUMULATED = {  # filled while somebody else is counting; no result of anything
    "ciip_irt.pilots.evidence",
    "ciip_irt.item_analysis.tallies",
    "ciip_irt.irt.em",
    "ciip_irt.forms",
    "ciip_irt.simulate",
}


def dataclasses_of_the_house() -> Iterator[type]:
    for module in pkgutil.walk_packages(ciip_irt.__path__, "ciip_irt."):
        if module.name.endswith("__main__"):
            continue
        for _, thing in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if thing.__module__ == module.name and dataclasses.is_dataclass(thing):
                yield thing


CLASSES = sorted(set(dataclasses_of_the_house()), key=lambda cls: (cls.__module__, cls.__name__))
IN_WORDS = [cls for cls in CLASSES if hasattr(cls, "summary")]
WITH_ARRAYS = [
    cls
    for cls in CLASSES
    if any(
        name in str(field.type) and "Callable" not in str(field.type)
        for field in dataclasses.fields(cls)
        for name in ARRAYS
    )
    and cls.__dataclass_params__.frozen  # type: ignore[attr-defined]
    and not cls.__name__.startswith("_")
    and not cls.__module__.startswith(tuple(ACCUMULATED))
]


def named(cls: type) -> str:
    return f"{cls.__module__}.{cls.__name__}"


def test_there_is_something_to_look_at() -> None:
    assert len(IN_WORDS) > 25
    assert len(WITH_ARRAYS) > 25


@pytest.mark.parametrize("cls", IN_WORDS, ids=named)
def test_a_result_shows_its_summary(cls: type) -> None:
    assert cls.__repr__ is records._in_words


@pytest.mark.parametrize("cls", WITH_ARRAYS, ids=named)
def test_arrays_are_protected_in_the_one_way_there_is(cls: type) -> None:
    assert hasattr(cls.__init__, "__wrapped__")


RETURNED = {  # public function -> what it returns; write_report alone returns a path
    name: inspect.signature(getattr(ciip_irt, name)).return_annotation
    for name in ciip_irt.__all__
    if name[0].islower() and name != "write_report" and callable(getattr(ciip_irt, name))
}
SPECIFICATIONS = ("load_exam", "load_scale")
"""Functions that return what somebody wrote down, not what was found."""


@pytest.mark.parametrize("name", [name for name in RETURNED if name not in SPECIFICATIONS])
def test_what_a_public_function_returns_has_table_and_sentences(name: str) -> None:
    returned = RETURNED[name]
    assert dataclasses.is_dataclass(returned), returned
    assert returned.__dataclass_params__.frozen  # type: ignore[attr-defined]
    for method in ("to_frame", "summary", "_repr_html_"):
        assert callable(getattr(returned, method)), method


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    programme = ciip_irt.simulate_programme(n_candidates=60, n_forms=1, n_pilots=40, seed=1, dirt=False)
    bank = ciip_irt.ItemBank.from_frame(programme.items)
    some = programme.responses["item_id"].unique().sort().gather_every(5)  # few, so that it is quick
    scored = ciip_irt.score(programme.responses.filter(pl.col("item_id").is_in(some.implode())), bank)
    analysis = ciip_irt.analyse_items(scored)
    calibration = ciip_irt.calibrate(scored, "rasch", anchors=bank)
    review = ciip_irt.review_pilots(scored, bank, calibration=calibration, analysis=analysis)
    blueprint = ciip_irt.load_blueprint("ciip-2024")
    form = scored.items.filter(status="scored").select(
        "item_id",
        "domain",
        form_id=pl.lit("F"),
        position=pl.int_range(1, pl.len() + 1),
        role=pl.lit("scored"),
    )
    return {
        "programme": programme,
        "bank": bank,
        "scored": scored,
        "analysis": analysis,
        "calibration": calibration,
        "keys": ciip_irt.check_keys(scored),
        "accreditation": ciip_irt.accreditation_table(scored, analysis, calibration),
        "scores": ciip_irt.score_tables(scored, calibration),
        "review": review,
        "promoted": ciip_irt.promote(bank, review.decisions, by="somebody"),
        "findings": ciip_irt.check_forms(form, blueprint, bank),
        "blueprint": blueprint,
    }


def arrays_in(thing: Any, path: str, depth: int = 4) -> Iterator[tuple[str, np.ndarray]]:
    """Every array that can be reached through fields of records, tuples and dictionaries."""
    if isinstance(thing, np.ndarray):
        yield path, thing
    elif depth and dataclasses.is_dataclass(thing):
        for field in dataclasses.fields(thing):
            yield from arrays_in(getattr(thing, field.name), f"{path}.{field.name}", depth - 1)
    elif depth and isinstance(thing, tuple | list):
        for number, part in enumerate(thing[:3]):
            yield from arrays_in(part, f"{path}[{number}]", depth - 1)
    elif depth and isinstance(thing, dict):
        for key, part in thing.items():
            yield from arrays_in(part, f"{path}[{key!r}]", depth - 1)


def test_no_number_of_a_result_can_be_written_over(results: dict[str, Any]) -> None:
    found = [pair for name, thing in results.items() for pair in arrays_in(thing, name)]
    assert len(found) >= 15
    assert [path for path, array in found if array.flags.writeable] == []
    with pytest.raises(ValueError, match="read-only"):
        results["calibration"].parameters_array[0] = 0.0


def test_every_result_is_read_in_a_terminal(results: dict[str, Any]) -> None:
    for name, thing in results.items():
        assert repr(thing) == thing.summary(), name
        assert 0 < len(repr(thing)) < 3000, name
        assert isinstance(thing.to_frame(), pl.DataFrame), name
        assert thing._repr_html_().startswith("<div>"), name


def test_the_arrays_that_were_given_stay_writable() -> None:
    scores = np.zeros((3, 2), dtype=np.int8)
    from ciip_irt.irt import ResponseBlock

    block = ResponseBlock(np.arange(2), scores)
    with pytest.raises(ValueError, match="read-only"):
        block.scores[0, 0] = 1
    scores[0, 0] = 1
    assert block.scores[0, 0] == 1


def test_findings_behave_as_the_list_they_were(results: dict[str, Any]) -> None:
    findings = results["findings"]
    assert findings == list(findings) == [*findings]
    assert findings != list(findings)[1:]
    assert findings[0] in findings
    assert findings[:1] == tuple(findings)[:1]
    assert findings.to_frame().height == len(findings) > 0
    assert not findings.conforms
    assert ciip_irt.Findings() == []
    assert hash(ciip_irt.Findings()) == hash(ciip_irt.Findings())


def test_a_promotion_unpacks(results: dict[str, Any]) -> None:
    bank, lines = results["promoted"]
    assert bank is results["promoted"].bank
    assert lines is results["promoted"].to_frame()
    assert f"{lines.height} decisions brought in" in results["promoted"].summary()
