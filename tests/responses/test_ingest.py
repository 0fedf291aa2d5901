"""Every rule of the ingestion, and the account that must add up."""

import json
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ciip_irt.bank import ItemBank
from ciip_irt.errors import InputError
from ciip_irt.responses import ColumnMapping, Ingested, ingest, score
from ciip_irt.responses.rules import RULES
from ciip_irt.tables import CANDIDATES, EXCLUSIONS, QUARANTINE, RESPONSES

Read = Callable[..., Ingested]
Text = Callable[..., str]


def check_contracts(result: Ingested) -> None:
    """The account adds up, per file and in total, and every frame keeps its contract."""
    counts = result.counts
    for part in (*counts["files"], counts["total"]):
        assert part["rows_read"] == part["rows_kept"] + part["rows_quarantined"] + part["rows_excluded"]
        assert part["lines"] >= 0
    total = counts["total"]
    assert total["rows_kept"] == result.responses.height == sum(counts["by_status"].values())
    assert total["rows_quarantined"] == result.quarantine.filter(pl.col("action") == "removed").height
    assert total["rows_excluded"] == result.exclusions["rows"].sum()
    assert total["deliveries_excluded"] == result.exclusions.height == sum(counts["by_exclusion"].values())
    by_rule = {name: rule["rows"] for name, rule in counts["by_rule"].items()}
    assert by_rule == dict(result.quarantine["rule"].value_counts().iter_rows())
    assert RESPONSES.validate(result.responses).equals(result.responses)
    assert CANDIDATES.validate(result.candidates).height == total["deliveries"]
    assert EXCLUSIONS.validate(result.exclusions).equals(result.exclusions)
    assert QUARANTINE.validate(result.quarantine).height == result.quarantine.height
    assert not set(result.exclusions["delivery_id"]) & set(result.candidates["delivery_id"])
    json.dumps(counts)


def listed(result: Ingested) -> list[tuple[int, str, str | None]]:
    check_contracts(result)
    return result.quarantine.select("row", "rule", "value").rows()


def test_a_good_log_passes_untouched(ingest_text: Read, log_text: Text) -> None:
    result = ingest_text(log_text())
    assert listed(result) == []
    assert result.notes == ()
    assert result.responses.rows() == [
        ("c1", "d1", "1", "F", "I01", 1, "A", "answered", 30.0, "2025-03-01", None),
        ("c1", "d1", "1", "F", "I02", 2, "B", "answered", 40.0, "2025-03-01", None),
        ("c2", "d2", "1", "F", "I01", 1, "C", "answered", 20.5, "2025-03-02", None),
        ("c2", "d2", "1", "F", "I02", 2, None, "omitted", 3.0, "2025-03-02", None),
    ]
    assert result.candidates.rows() == [
        ("d1", "c1", "F", "1", "2025-03-01"),
        ("d2", "c2", "F", "1", "2025-03-02"),
    ]
    assert "4 rows read from 1 file: 4 kept" in result.summary()
    assert "Ingested log" in result._repr_html_()
    with pytest.raises(FrozenInstanceError):
        result.notes = ()  # type: ignore[misc]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: text + "\n\n" + "," * 9 + "\n",
        lambda text: text.replace("c1,", " c1 ,").replace(",A,", ", A ,"),
        lambda text: "\n".join('"' + line.replace(",", '","') + '"' for line in text.splitlines()),
    ],
    ids=["byte-order mark", "Windows lines", "old Mac lines", "blank lines", "spaces", "quotes"],
)
def test_harmless_dirt_changes_nothing(
    ingest_text: Read, log_text: Text, change: Callable[[str], str]
) -> None:
    assert ingest_text(change(log_text())).responses.equals(ingest_text(log_text()).responses)


def test_every_file_type_gives_the_same_table(
    ingest_text: Read, log_text: Text, tmp_path: Path, bank: ItemBank
) -> None:
    expected = ingest_text(log_text())
    typed = expected.responses.drop("role")
    typed.write_parquet(tmp_path / "log.parquet")
    typed.write_ndjson(tmp_path / "log.ndjson")
    assert ingest_text(log_text(), "log.csv.gz").responses.equals(expected.responses)
    for name in ("log.parquet", "log.ndjson"):
        assert ingest(tmp_path / name, bank=bank).responses.equals(expected.responses)


def test_numbers_as_ids_and_responses_stay_text(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {"candidate_id": [1, 2], "form_id": [7, 7], "item_id": [101, 101], "response": [3.0, None]}
    )
    frame.write_parquet(tmp_path / "log.parquet")
    row = ingest(tmp_path / "log.parquet").responses.row(0, named=True)
    assert (row["candidate_id"], row["form_id"], row["item_id"], row["response"]) == ("1", "7", "101", "3")


def test_exact_duplicates_keep_one(ingest_text: Read, log_text: Text) -> None:
    result = ingest_text(log_text("c1,d1,1,F,I01,1,A,answered,31,2025-03-01"))
    assert listed(result) == [(6, "duplicate", "A")]
    assert result.responses["time_s"][0] == 30


@pytest.mark.parametrize(("stands", "answer", "removed"), [("first", "A", (6, "C")), ("last", "C", (2, "A"))])
def test_of_conflicting_answers_one_stands(
    ingest_text: Read, log_text: Text, stands: str, answer: str, removed: tuple[int, str]
) -> None:
    plan = ColumnMapping.from_dict({"format": "long", "conflicting_duplicates": stands})
    result = ingest_text(log_text("c1,d1,1,F,I01,1,C,answered,31,2025-03-01"), mapping=plan)
    assert listed(result) == [(removed[0], "conflicting_duplicate", removed[1])]
    assert result.responses.filter(delivery_id="d1", item_id="I01")["response"].to_list() == [answer]


def test_the_earlier_time_stamp_comes_first(ingest_text: Read, log_text: Text) -> None:
    result = ingest_text(log_text("c1,d1,1,F,I01,1,C,answered,31,2025-02-28"))
    assert listed(result) == [(2, "conflicting_duplicate", "A")]


def test_three_copies_of_one_answer(ingest_text: Read, log_text: Text) -> None:
    again = ("c1,d1,1,F,I01,1,A,answered,30,2025-03-01", "c1,d1,1,F,I01,1,D,answered,30,2025-03-01")
    assert listed(ingest_text(log_text(*again))) == [(6, "duplicate", "A"), (7, "conflicting_duplicate", "D")]


def test_an_item_that_the_bank_lacks(ingest_text: Read, log_text: Text) -> None:
    content = log_text("c1,d1,1,F,I99,3,A,answered,30,2025-03-01")
    assert listed(ingest_text(content)) == [(6, "unknown_item", "I99")]
    assert ingest_text(content, bank=None).responses.height == 5


def test_an_option_that_the_item_does_not_offer(ingest_text: Read, log_text: Text, bank: ItemBank) -> None:
    result = ingest_text(log_text().replace(",C,answered", ",E,answered"))
    assert listed(result) == [(4, "option_not_offered", "E")]
    assert result.quarantine["action"].to_list() == ["kept as invalid"]
    assert result.responses.row(2, named=True) | {
        "status": "invalid",
        "response": "E",
    } == result.responses.row(2, named=True)
    assert score(result.responses, bank).totals.tolist() == [2, 0]


def test_what_the_log_calls_invalid_is_not_listed_again(ingest_text: Read, log_text: Text) -> None:
    content = log_text("c3,d3,1,F,I01,1,E,answered,3,", "c4,d4,1,F,I01,1,E,invalid,3,")
    assert listed(ingest_text(content)) == [(6, "option_not_offered", "E")]


@pytest.mark.parametrize(
    ("cell", "rule"),
    [
        ("abc", "time_unreadable"),
        ("12,5", "time_unreadable"),
        ("inf", "time_unreadable"),
        ("-3", "time_negative"),
        ("1e308", "time_beyond_a_year"),
        ("0", "time_zero"),
    ],
)
def test_times_that_cannot_be_are_set_aside(ingest_text: Read, log_text: Text, cell: str, rule: str) -> None:
    result = ingest_text(log_text().replace(",30,", f',"{cell}",'))
    assert [(row, name) for row, name, _ in listed(result)] == [(2, rule)]
    assert result.responses["time_s"].to_list() == [None, 40, 20.5, 3]


def test_zero_seconds_without_an_answer_stay(ingest_text: Read, log_text: Text) -> None:
    result = ingest_text(log_text().replace("omitted,3,", "omitted,0,"))
    assert listed(result) == []
    assert result.responses["time_s"][3] == 0


@pytest.mark.parametrize("cell", ["first", "0", "1.5", "99999", "-1"])
def test_positions_that_cannot_be_are_set_aside(ingest_text: Read, log_text: Text, cell: str) -> None:
    result = ingest_text(log_text().replace("I01,1,A", f"I01,{cell},A"))
    assert listed(result) == [(2, "position_unreadable", cell)]
    assert result.responses["position"].to_list() == [None, 2, 1, 2]


@pytest.mark.parametrize("word", ["", "NA", "NULL", "nan"])
def test_words_for_nothing_are_nothing(ingest_text: Read, log_text: Text, word: str) -> None:
    content = log_text().replace(",30,", f",{word},").replace("I01,1,A", f"I01,{word},A")
    result = ingest_text(content)
    assert listed(result) == []
    assert result.responses.row(0)[5] is None
    assert result.responses.row(0)[8] is None


def test_a_time_stamp_in_another_layout(ingest_text: Read, log_text: Text) -> None:
    content = log_text().replace("2025-03-01", "3/1/2025 09:30").replace("2025-03-02", "3/2/2025 10:00")
    result = ingest_text(content)
    assert [rule for _, rule, _ in listed(result)] == ["time_stamp_unreadable"] * 4
    assert "time_stamp_format" in result.cautions[0]
    plan = ColumnMapping.from_dict({"format": "long", "time_stamp_format": "%m/%d/%Y %H:%M"})
    result = ingest_text(content, mapping=plan)
    assert listed(result) == []
    assert result.candidates["delivered_at"].to_list() == ["2025-03-01T09:30:00", "2025-03-02T10:00:00"]


def test_a_date_only_layout(ingest_text: Read, log_text: Text) -> None:
    content = log_text().replace("2025-03-01", "01.03.2025").replace("2025-03-02", "02.03.2025")
    plan = ColumnMapping.from_dict({"format": "long", "time_stamp_format": "%d.%m.%Y"})
    assert ingest_text(content, mapping=plan).candidates["delivered_at"][0].startswith("2025-03-01")


def test_times_in_milliseconds(ingest_text: Read, log_text: Text) -> None:
    plan = ColumnMapping.from_dict({"format": "long", "time_unit": "milliseconds"})
    assert ingest_text(log_text(), mapping=plan).responses["time_s"][1] == pytest.approx(0.04)


def test_words_for_the_status(ingest_text: Read, log_text: Text) -> None:
    content = log_text().replace("omitted", "Not Reached").replace("answered,40", "seen,40")
    result = ingest_text(content)
    assert listed(result) == [(3, "unknown_status", "seen")]
    assert result.responses["status"].to_list() == ["answered", "answered", "not_reached"]
    plan = ColumnMapping.from_dict({"format": "long", "recode": {"status": {"seen": "answered"}}})
    assert listed(ingest_text(content, mapping=plan)) == []


def test_status_and_response_that_contradict_each_other(ingest_text: Read, log_text: Text) -> None:
    content = log_text().replace(",A,answered", ",,answered").replace(",C,answered", ",C,omitted")
    result = ingest_text(content)
    assert listed(result) == [(2, "status_contradiction", "answered"), (4, "status_contradiction", "omitted")]
    assert result.responses["status"].to_list() == ["invalid", "answered", "invalid", "omitted"]


def test_a_repeated_header(ingest_text: Read, log_text: Text) -> None:
    text = log_text()
    result = ingest_text(text + text.replace("c1,d1", "c3,d3").replace("c2,d2", "c4,d4"))
    assert listed(result) == [(6, "repeated_header", None)]
    assert result.responses.height == 8


def test_rows_without_an_identity(ingest_text: Read, log_text: Text) -> None:
    result = ingest_text(log_text(",d1,1,F,P01,3,A,answered,30,", "c1,d1,1,F,,3,A,answered,30,"))
    assert listed(result) == [(6, "missing_identifier", "candidate_id"), (7, "missing_identifier", "item_id")]


@pytest.mark.parametrize("line", ["c9,d1,1,F,P01,3,A,answered,30,", "c1,d1,1,G,P01,3,A,answered,30,",
                                  "c1,d1,2,F,P01,3,A,answered,30,"])  # fmt: skip
def test_a_delivery_with_two_candidates_forms_or_attempts(
    ingest_text: Read, log_text: Text, line: str, bank: ItemBank
) -> None:
    result = ingest_text(log_text(line))
    assert [(row, rule) for row, rule, _ in listed(result)] == [(6, "delivery_conflict")]
    assert score(result.responses, bank).deliveries.height == 2


def test_deliveries_without_an_answer_are_excluded(ingest_text: Read, log_text: Text) -> None:
    silent = "c3,d3,1,F,I01,1,,omitted,30,2025-03-01"
    unknown = "c4,d4,1,F,X99,1,A,answered,30,2025-03-01"
    result = ingest_text(log_text(silent, unknown))
    check_contracts(result)
    assert result.exclusions.select("delivery_id", "candidate_id", "rule", "rows").rows() == [
        ("d3", "c3", "no_answer", 1), ("d4", "c4", "nothing_usable", 0),
    ]  # fmt: skip
    assert result.counts["total"]["rows_excluded"] == 1


def test_a_delivery_of_invalid_answers_is_kept(ingest_text: Read, log_text: Text) -> None:
    result = ingest_text(log_text("c3,d3,1,F,I01,1,AB,answered,30,2025-03-01"))
    check_contracts(result)
    assert result.exclusions.is_empty()


def test_more_than_one_row_in_twenty_is_said_loudly(ingest_text: Read, log_text: Text) -> None:
    lines = [f"c{k},e{k},1,F,I01,1,A,answered,30," for k in range(40)]
    quiet = ingest_text(log_text(*lines, "c1,d1,1,F,X,3,A,answered,30,"))
    assert quiet.notes == ("1 row was set apart: the item is not in the items file (1, e.g. 'X').",)
    loud = ingest_text(log_text("c1,d1,1,F,X,3,A,answered,30,"))
    assert loud.cautions[0].startswith("20% of the rows were set apart")


def test_several_files_and_a_duplicate_across_them(tmp_path: Path, log_text: Text, bank: ItemBank) -> None:
    (tmp_path / "a.csv").write_text(log_text())
    (tmp_path / "b.csv").write_text(log_text().replace("c2,d2", "c3,d3"))
    result = ingest([tmp_path / "a.csv", tmp_path / "b.csv"], bank=bank)
    assert [(row, rule) for row, rule, _ in listed(result)] == [(2, "duplicate"), (3, "duplicate")]
    assert set(result.quarantine["file"]) == {"b.csv"}
    assert [part["rows_kept"] for part in result.counts["files"]] == [4, 2]


def test_files_of_the_same_name_are_told_apart(tmp_path: Path, log_text: Text) -> None:
    paths = [tmp_path / folder / "log.csv" for folder in ("x", "y")]
    for path in paths:
        path.parent.mkdir()
        path.write_text(log_text())
    result = ingest(paths)
    assert [part["file"] for part in result.counts["files"]] == [str(path) for path in paths]


def test_the_source_scores_are_held_against_the_keys(ingest_text: Read, log_text: Text) -> None:
    lines = log_text().splitlines()
    content = "\n".join([lines[0] + ",right", *(f"{a},{b}" for a, b in zip(lines[1:], "1100", strict=True))])
    plan = ColumnMapping.from_dict({"format": "long", "columns": {"score": "right"}})
    result = ingest_text(content, mapping=plan)
    assert result.counts["score_check"] == {"compared": 4, "different": 0, "items": {}}
    wrong = ingest_text(content.replace(",3,2025-03-02,0", ",3,2025-03-02,1"), mapping=plan)
    assert wrong.counts["score_check"] == {"compared": 4, "different": 1, "items": {"I02": 1}}
    assert wrong.cautions[0].startswith("the source's own scores differ")


def test_an_item_that_everyone_is_credited_for_agrees_with_a_source_that_does_so(
    ingest_text: Read, bank: ItemBank
) -> None:
    credited = bank.items.with_columns(key=pl.when(item_id="I02").then(pl.lit("*")).otherwise("key"))
    content = "candidate_id,form_id,item_id,response,right\nc1,F,I01,A,1\nc1,F,I02,,1\nc1,F,P01,A,0\n"
    plan = ColumnMapping.from_dict({"format": "long", "columns": {"score": "right"}})
    result = ingest_text(content, mapping=plan, bank=ItemBank.from_frame(credited))
    assert result.counts["score_check"] == {"compared": 3, "different": 0, "items": {}}


def test_candidate_attributes_from_the_log(ingest_text: Read, log_text: Text) -> None:
    lines = log_text().splitlines()
    extra = ["country,total,screen", "US,9,x", "US,9,y", "IN,8,x", "IN,8,y"]
    result = ingest_text("\n".join(f"{a},{b}" for a, b in zip(lines, extra, strict=True)))
    assert result.candidates.select("country", "source_total").rows() == [("US", "9"), ("IN", "8")]
    assert "screen" not in result.candidates.columns
    assert "screen" in result.notes[0]


def test_candidate_attributes_from_a_file(
    ingest_text: Read, log_text: Text, tmp_path: Path, bank: ItemBank
) -> None:
    people = tmp_path / "people.csv"
    people.write_text("candidate_id,country,attempt\nc1,US,2\nc9,IN,1\n")
    result = ingest_text(log_text(), candidates=people)
    assert result.candidates.select("delivery_id", "country", "attempt").rows() == [
        ("d1", "US", "1"),
        ("d2", None, "1"),
    ]
    assert result.notes == (
        f"{people.name}: 1 row for a candidate_id that the log does not have.",
        f"{people.name}: no row for 1 delivery of the log.",
    )
    frame = pl.DataFrame({"delivery_id": ["d1", "d2"], "mode": ["centre", "online"]})
    assert ingest_text(log_text(), candidates=frame).candidates["mode"].to_list() == ["centre", "online"]
    assert score(result.responses, bank, candidates=result.candidates).deliveries["country"].to_list() == [
        "US",
        None,
    ]


def test_attempts_are_filled_from_the_candidates_where_the_log_has_none(
    ingest_text: Read, log_text: Text
) -> None:
    content = log_text().replace(",attempt,", ",x,", 1)
    people = pl.DataFrame({"delivery_id": ["d1", "d2"], "attempt": ["1", "4+"]})
    assert ingest_text(content, candidates=people).candidates["attempt"].to_list() == ["1", "4+"]


def test_candidates_that_cannot_be_used(ingest_text: Read, log_text: Text) -> None:
    with pytest.raises(InputError, match="neither delivery_id"):
        ingest_text(log_text(), candidates=pl.DataFrame({"name": ["x"]}))
    with pytest.raises(InputError, match="occurs more than once"):
        ingest_text(log_text(), candidates=pl.DataFrame({"delivery_id": ["d1", "d1"]}))


def test_delivery_ids_are_made_where_there_are_none(ingest_text: Read, log_text: Text) -> None:
    content = log_text().replace("delivery_id", "x", 1)
    result = ingest_text(content)
    assert result.candidates["delivery_id"].to_list() == ["c1/1", "c2/1"]
    assert any("no column 'delivery_id'" in note for note in result.notes)


def test_every_rule_has_its_words() -> None:
    for rule in RULES.values():
        assert rule.action in ("removed", "kept as invalid", "value set aside")
        assert rule.reason
        assert rule.remedy.endswith(".")


CELLS = st.fixed_dictionaries(
    {
        "candidate_id": st.sampled_from(["c1", "c2", ""]),
        "delivery_id": st.sampled_from(["d1", "d2", "d3", ""]),
        "attempt": st.sampled_from(["1", "2", "4+", ""]),
        "form_id": st.sampled_from(["F", "F", "G"]),
        "item_id": st.sampled_from(["I01", "I02", "P01", "X9", "", "item_id"]),
        "position": st.sampled_from(["1", "2", "x", "", "-1"]),
        "response": st.sampled_from(["A", "B", "D", "E", "", "NA", "9", "response"]),
        "status": st.sampled_from(["", "answered", "omitted", "not_reached", "invalid", "odd"]),
        "time_s": st.sampled_from(["1", "0", "-1", "x", "", "2.5"]),
        "delivered_at": st.sampled_from(["2025-01-01", "2024-01-01", "", "x"]),
    }
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(CELLS, max_size=25), with_bank=st.booleans())
def test_any_log_is_accounted_for_row_by_row(
    rows: list[dict[str, str]], with_bank: bool, tmp_path: Path, bank: ItemBank
) -> None:
    safe = dict.fromkeys(RESPONSES.names[:10], "")
    safe |= {"candidate_id": "c0", "delivery_id": "d0", "form_id": "F", "item_id": "I01", "response": "A"}
    frame = pl.DataFrame([safe, *rows])
    frame.write_csv(tmp_path / "log.csv")
    result = ingest(tmp_path / "log.csv", bank=bank if with_bank else None)
    check_contracts(result)
    blank = sum(not any(row.values()) for row in rows)
    assert result.counts["total"]["rows_read"] == len(rows) + 1 - blank
    assert (
        result.responses.select(pl.struct("delivery_id", "item_id").n_unique()).item()
        == result.responses.height
    )
    if with_bank:
        assert score(result.responses, bank).deliveries.height == result.candidates.height


def test_two_answers_of_one_delivery_may_be_two_sittings(ingest_text: Read, log_text: Text) -> None:
    other = [f"c1,d1,1,F,I0{k},{k},D,answered,30," for k in (1, 2)]
    same = [f"c1,d1,1,F,I0{k},{k},A,answered,30," for k in (1, 2)]
    result = ingest_text(log_text(*same, *other, *other))
    assert "Then give every sitting a delivery_id of its own." in result.cautions[0]
    assert result.sentences[0] == f"CAUTION: {result.cautions[0]}"
