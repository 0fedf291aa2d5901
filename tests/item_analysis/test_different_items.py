"""Candidates of one form that met different items are compared on the items that all of them met."""

from pathlib import Path

import numpy as np
import pytest

from ciip_irt.bank import read_bank
from ciip_irt.item_analysis import ItemAnalysis, analyse_items
from ciip_irt.responses import ingest, score

FOLDER = Path(__file__).resolve().parents[1] / "cases" / "unequal_items_one_form"


@pytest.fixture(scope="module")
def analysis() -> ItemAnalysis:
    bank = read_bank(FOLDER / "items.csv")
    read = ingest(FOLDER / "log.csv", bank=bank)
    return analyse_items(score(read.responses, bank, candidates=read.candidates))


def test_no_item_differs_where_none_was_made_to(analysis: ItemAnalysis) -> None:
    d = analysis.dif.filter(analysis.dif["ets_class"] != "insufficient")["d_dif"].to_numpy()
    assert len(d) == 30
    assert np.mean(d) == pytest.approx(-0.016, abs=0.001)
    assert np.abs(d).max() == pytest.approx(0.99, abs=0.01)
    assert analysis.dif["in_matching"].sum() == 30
    assert not any("test security" in said for said in analysis.warnings)


def test_that_totals_cannot_be_compared_is_told(analysis: ItemAnalysis) -> None:
    (concern,) = [concern for concern in analysis.concerns if concern.whole == "forms"]
    assert "cut and pass rate" in concern.seen
    assert analysis.warnings[0] == str(concern)
