"""Decisions of recognition that turn on a border or on one word, on tables made by hand."""

from collections.abc import Callable

import pytest

from ciip_irt.errors import InputError
from ciip_irt.responses import Ingested

Read = Callable[..., Ingested]


def table(*rows: str) -> str:
    return "\n".join(rows) + "\n"


def test_blanks_are_told_in_words_with_the_other_reading_to_ask_for(ingest_text: Read) -> None:
    blocks = table("candidate_id,I01,P01,I02", "c1,A,D,", "c2,,A,B")
    said = "\n".join(ingest_text(blocks).readings[0].said)
    assert "2 empty cells: items not given (do not count)" in said
    assert "else say --blank omitted" in said
    rows = [f"c{k},{'' if k == 7 else 'A'},D,{'' if k == 20 else 'B'}" for k in range(60)]
    said = "\n".join(ingest_text(table("candidate_id,I01,P01,I02", *rows)).readings[0].said)
    assert "2 empty cells: answers left out (wrong)" in said
    assert "else say --blank not_administered" in said


def test_two_items_of_the_bank_are_enough_to_know_the_items_by_name(ingest_text: Read) -> None:
    rows = [f"c{k},{'AB'[k % 2]},{'DC'[k % 2]},{'ABCD'[k % 4]}" for k in range(12)]
    read = ingest_text(table("candidate_id,I01,P01,zeta", *rows))
    assert set(read.responses["item_id"]) == {"I01", "P01"}


def test_the_first_responses_are_shown_as_a_plain_table(
    ingest_text: Read, log_text: Callable[..., str]
) -> None:
    shown = ingest_text(log_text()).explained()
    assert shown.isascii()
    assert "shape:" not in shown
    assert "str" not in shown  # no types under the names
    assert "20.5" in shown


MOODLE = "Surname,ID number,Grade/2.00,Response 1,Right answer 1,Response 2,Right answer 2"


def test_random_questions_of_moodle_are_refused(ingest_text: Read) -> None:
    rows = [f"M,{4000 + k},1.00,A,{'AB'[k == 3]},B,C" for k in range(8)]
    with pytest.raises(InputError, match=r"'Right answer 1' is not the same for all candidates"):
        ingest_text(table(MOODLE, *rows), bank=None)
    same = [f"M,{4000 + k},1.00,{'AB'[k % 2]},A,B,C" for k in range(8)]
    read = ingest_text(table(MOODLE, *same), bank=None)
    assert read.bank is not None
    assert dict(read.bank.items.select("item_id", "key").rows()) == {"Q1": "A", "Q2": "C"}


@pytest.mark.parametrize("grade", ["Grade/2.00", "Grade"])
def test_moodle_is_told_by_its_column_of_grades(ingest_text: Read, grade: str) -> None:
    rows = [f"M,{4000 + k},1.00,{'AB'[k % 2]},A,B,C" for k in range(8)]
    read = ingest_text(table(MOODLE.replace("Grade/2.00", grade), *rows), bank=None)
    assert "moodle" in read.readings[0].summary()


def result_of(candidate: str, marks: str) -> str:
    items = "".join(
        f'<itemResult identifier="Q{k}"><outcomeVariable identifier="SCORE"><value>{mark}</value>'
        '</outcomeVariable><outcomeVariable identifier="MAXSCORE"><value>7</value></outcomeVariable>'
        "</itemResult>"
        for k, mark in enumerate(marks, 1)
    )
    return f'<assessmentResult><context sourcedId="{candidate}"/>{items}</assessmentResult>'


def test_results_in_qti_with_scores_alone_are_marks(ingest_text: Read) -> None:
    patterns = {f"c{k}": f"{k % 2}{k // 2 % 2}{k // 4 % 2}" for k in range(8)}
    body = "".join(result_of(*pair) for pair in patterns.items())
    read = ingest_text(f"<results>{body}</results>", "results.xml", bank=None)
    found = {
        candidate: "".join(rows["response"])
        for (candidate,), rows in read.responses.sort("item_id").group_by(["candidate_id"])
    }
    assert found == patterns
