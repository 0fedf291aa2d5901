"""Reliability where some items were met with others by few or nobody: computed on the rest, and said so."""

from pathlib import Path

import numpy as np
import pytest

from ciip_irt.bank import read_bank
from ciip_irt.classical import reliability
from ciip_irt.item_analysis import ItemAnalysis, analyse_items
from ciip_irt.responses import ingest, score

FOLDER = Path(__file__).resolve().parents[1] / "cases" / "kr20_missing"


def analysed(name: str) -> ItemAnalysis:
    bank = read_bank(FOLDER / "items.csv")
    return analyse_items(score(ingest(FOLDER / f"{name}.csv", bank=bank).responses, bank))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a", "rests on the 39 scored items"),
        ("b", "rests on the 38 scored items of which enough candidates met every two, stepped up to the 39"),
        ("c", "rests on the 39 scored items"),
        ("d10", "rests on the 39 scored items"),
    ],
)
def test_an_item_that_few_met_does_not_empty_or_bend_it(name: str, words: str) -> None:
    analysis = analysed(name)
    (row,) = analysis.form_summary.rows(named=True)
    assert row["reliability"] == pytest.approx(0.762, abs=0.0005)
    assert row["sem"] == pytest.approx(row["sd"] * np.sqrt(1 - row["reliability"]))
    assert any(words in said for said in analysis.warnings)
    assert analysis.item_statistics.filter(form_id=row["form_id"])["alpha_if_deleted"].null_count() == 0
    assert "says nothing" not in analysis.domain_scores["worth"][0]
    assert "that enough met together" in analysis.domain_scores["says"][0]


def test_complete_answers_need_no_word() -> None:
    assert not any("rests on" in said for said in analysed("full").warnings)


def test_two_halves_that_nobody_met_together_leave_the_one_that_more_met() -> None:
    rng = np.random.default_rng(5)
    right = (rng.random((300, 40)) < 1 / (1 + np.exp(-rng.normal(size=(300, 1))))).astype(np.int8)
    apart = right.copy()
    apart[:200, 20:] = -1
    apart[200:, :20] = -1
    found = reliability(apart)
    assert found.basis.tolist() == [True] * 20 + [False] * 20
    assert found.stepped_to == 20
    assert found.alpha == pytest.approx(reliability(right[:200, :20]).alpha)
