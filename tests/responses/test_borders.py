"""Decisions of reading that turn on a border, on tables made by hand; settings that are written and read."""

from collections.abc import Callable
from itertools import islice, product
from pathlib import Path

import pytest

from ciip_irt.errors import InputError
from ciip_irt.responses import ColumnMapping, Ingested, read_mapping
from ciip_irt.responses.recognition.moments import moment_format
from ciip_irt.responses.recognition.reading import Reading, mapping_text
from ciip_irt.responses.recognition.rows import rows_apart
from ciip_irt.tables import Headed


def kinds(*rows: tuple[str, ...]) -> list[tuple[str, str]]:
    """Label and kind of the rows that are not candidates: the first column names them, five items follow."""
    names = ("candidate", "q1", "q2", "q3", "q4", "q5")
    table = Headed(names, rows, tuple(range(2, 2 + len(rows))), 1, (False,) * len(names))
    return [(apart.label, apart.kind) for apart in rows_apart(table, range(1, 6), 0)]


CANDIDATES = tuple((f"c{number}", *"ABCDA") for number in range(6))


def test_a_candidate_with_the_name_of_a_sum_has_four_answers_in_five() -> None:
    assert kinds(*CANDIDATES, ("Total", "A", "B", "C", "D", "12.5")) == []
    assert kinds(*CANDIDATES, ("Total", "A", "B", "C", "11.5", "12.5")) == [("Total", "totals")]
    assert kinds(*CANDIDATES, ("Total", "11", "12", "13", "11.5", "12.5")) == [("Total", "totals")]


def test_letters_below_the_word_total_are_a_candidates() -> None:
    assert kinds(*CANDIDATES, ("Total", *"ABCDB")) == []


def test_two_thousand_dates_that_leave_open_which_is_the_day_are_enough() -> None:
    days = (
        f"{a:02}/{b:02}/2026 {h:02}:{m:02}" for h, m, a, b in product(range(9), range(40), (3, 4), (5, 6, 7))
    )
    open_ = list(islice(days, 2_000))
    last = "13/04/2026 10:00"
    assert len(set(open_)) == 2_000
    assert moment_format([*open_[:1_999], last])[0] == "%d/%m/%Y %H:%M"
    assert moment_format([*open_, last])[0] is None


def test_blocks_of_questions_are_written_as_they_are_read(tmp_path: Path) -> None:
    mapping = ColumnMapping.from_dict(
        {
            "format": "vendor-wide",
            "columns": {"candidate_id": "ID"},
            "questions": [
                {"numbers": [1, 2], "response": "r{n}", "item_id": "I{n:02}", "time_s": "t{n}"},
                {"numbers": [3, 3], "response": "last", "item_id": "I99", "role": "pilot"},
            ],
        },
        where=str(tmp_path / "map.toml"),
    )
    (tmp_path / "map.toml").write_text(
        mapping_text(Reading("log.csv", mapping, None, ("one line",))), "utf-8"
    )
    assert read_mapping(tmp_path / "map.toml") == mapping


@pytest.mark.parametrize("numbers", [[1, 3], [1, 1]])
@pytest.mark.parametrize("pattern", ["q{n", "q}", "q{n!r}", "q{m}"])
def test_patterns_that_cannot_be_filled_in_are_refused(numbers: list[int], pattern: str) -> None:
    question = {"numbers": numbers, "response": pattern, "item_id": "I{n:02}"}
    with pytest.raises(InputError, match=r"is not a pattern in \{n\}"):
        ColumnMapping.from_dict({"format": "vendor-wide", "questions": [question]})


def test_two_items_of_the_bank_count_for_more_than_a_family_of_other_columns(
    ingest_text: Callable[..., Ingested],
) -> None:
    rows = [f"c{k},{'AB'[k % 2]},{'DC'[k % 2]},{'ABCD'[k % 4]},{'CBDA'[k % 4]}" for k in range(12)]
    read = ingest_text("\n".join(["candidate_id,I01,P01,x1,x2", *rows]) + "\n")
    assert set(read.responses["item_id"]) == {"I01", "P01"}
