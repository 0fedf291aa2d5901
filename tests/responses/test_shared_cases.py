"""Inputs on which the product was once wrong, with the right values (``cases`` beside the real data)."""

import stat
from pathlib import Path

import pytest

from ciip_irt.bank import read_bank
from ciip_irt.errors import InputError
from ciip_irt.item_analysis import analyse_items
from ciip_irt.responses import EligibilityRules, Ingested, ingest, score, select_eligible


@pytest.fixture(scope="module")
def cases(shared: Path) -> Path:
    return shared / "cases"


def form(read: Ingested) -> dict[str, float]:
    assert read.bank is not None
    scored = score(read.responses, read.bank, candidates=read.candidates, exclusions=read.exclusions)
    return analyse_items(scored).form_summary.row(0, named=True)


def test_deliveries_of_which_no_answer_is_offered(cases: Path) -> None:
    folder = cases / "delivery_all_invalid"
    read = ingest(folder / "log_site.csv", bank=read_bank(folder / "items.csv"))
    assert read.exclusions["rule"].to_list() == ["nothing_offered"] * 9
    assert any("all 180 answers" in caution and "9 deliveries" in caution for caution in read.cautions)
    row = form(read)
    assert row["reliability"] == pytest.approx(0.636, abs=0.0005)
    assert row["mean"] == pytest.approx(12.505, abs=0.0005)  # 12.13 x 300 / 291: the nine had no points


def test_the_remedy_is_that_of_the_gravest_fault(cases: Path) -> None:
    folder = cases / "duplicates_advice"
    read = ingest([folder / "a.csv", folder / "b.csv"], bank=read_bank(folder / "items.csv"))
    (caution,) = [text for text in read.cautions if "were set apart" in text]
    assert "(3,097)" in caution
    assert "(2,903)" in caution
    assert "Did a candidate sit twice" in caution
    assert "Nothing to do" not in caution


def test_the_earlier_sitting_is_the_first_attempt_wherever_it_was(cases: Path) -> None:
    folder = cases / "timezones"
    read = ingest(folder / "log.csv", bank=read_bank(folder / "items.csv"))
    kept = select_eligible(read.responses, read.candidates).candidates["delivery_id"]
    assert len(kept)
    assert kept.str.ends_with("a").all()


def test_scores_that_are_words_are_not_called_equal(cases: Path) -> None:
    folder = cases / "score_words"
    read = ingest(folder / "log.csv", bank=read_bank(folder / "items.csv"), mapping=folder / "map.toml")
    assert not any("equal ours" in note for note in read.notes)
    (caution,) = [text for text in read.cautions if "no numbers" in text]
    for words in ("'C'", "'X'", "could not be compared", "[recode.score]"):
        assert words in caution


def test_scores_that_are_words_are_compared_once_translated(cases: Path, tmp_path: Path) -> None:
    folder = cases / "score_words"
    mapping = (folder / "map.toml").read_text() + '[recode.score]\nC = "1"\nX = "0"\nBLANK = "0"\n'
    (tmp_path / "map.toml").write_text(mapping)
    read = ingest(folder / "log.csv", bank=read_bank(folder / "items.csv"), mapping=tmp_path / "map.toml")
    assert any("equal ours in all" in note for note in read.notes)


def test_a_filter_that_meets_nobody_is_told(cases: Path) -> None:
    folder = cases / "exclude_nothing"
    read = ingest(folder / "flag.csv", bank=read_bank(folder / "items.csv"))
    rules = EligibilityRules(exclude_attributes={"flagged": ("1",)})
    (note,) = [
        text for text in select_eligible(read.responses, read.candidates, rules).cautions if "Nobody" in text
    ]
    assert "flagged = '1'" in note
    assert "'N' (" in note
    assert "'Y' (30)" in note
    found = EligibilityRules(exclude_attributes={"flagged": ("Y",)})
    assert select_eligible(read.responses, read.candidates, found).cautions == ()


def test_two_people_under_one_number_are_told(cases: Path) -> None:
    folder = cases / "two_people_one_id"
    read = ingest([folder / "la.csv.gz", folder / "lb.csv.gz"], bank=read_bank(folder / "items.csv"))
    assert any("several days under one number" in caution for caution in read.cautions)
    one = ingest(folder / "la.csv.gz", bank=read_bank(folder / "items.csv"))
    assert not one.cautions


@pytest.mark.parametrize("name", ["a", "b", "c", "d10", "full"])
def test_gaps_of_a_design_are_read_as_items_not_given(name: str, cases: Path) -> None:
    folder = cases / "kr20_missing"
    read = ingest(folder / f"{name}.csv", bank=read_bank(folder / "items.csv"))
    assert read.counts["by_status"]["omitted"] == 0
    assert not read.cautions


def test_pseudonyms(cases: Path, tmp_path: Path) -> None:
    log, bank = cases / "spreadsheet_key_row" / "export-c.csv", tmp_path / "key"
    first, again = (ingest(log, pseudonyms=bank) for _ in range(2))
    assert stat.S_IMODE(bank.stat().st_mode) == 0o600
    assert first.responses.equals(again.responses)
    other = ingest(log, pseudonyms=tmp_path / "other")
    assert not set(first.candidates["candidate_id"]) & set(other.candidates["candidate_id"])
    plain = ingest(log)
    assert first.candidates["candidate_id"].n_unique() == plain.candidates["candidate_id"].n_unique() == 60
    assert form(first) == form(plain)
    known = set(plain.candidates["candidate_id"])
    for table in (first.candidates, first.responses, first.quarantine, first.exclusions):
        for name in {"candidate_id", "delivery_id"} & set(table.columns):
            assert not known & set(table[name])


def test_a_key_that_others_may_read_is_refused(cases: Path, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("0" * 64)
    key.chmod(0o644)
    with pytest.raises(InputError, match="others may read the key"):
        ingest(cases / "spreadsheet_key_row" / "export-c.csv", pseudonyms=key)
    key.chmod(0o600)
    key.write_text("short")
    with pytest.raises(InputError, match="too short"):
        ingest(cases / "spreadsheet_key_row" / "export-c.csv", pseudonyms=key)


@pytest.mark.parametrize("name", ["candidate_id", "delivery_id"])
def test_candidates_are_not_grouped_by_their_number(name: str, cases: Path) -> None:
    read = ingest(cases / "key_row" / "k15.csv")
    assert read.bank is not None
    scored = score(read.responses, read.bank, candidates=read.candidates)
    with pytest.raises(InputError, match="tells each of them apart"):
        analyse_items(scored, dif=[name])
