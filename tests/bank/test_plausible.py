"""Parameters that no item has are told when the bank is read; sound ones are not."""

from pathlib import Path

import pytest

from ciip_irt.bank import read_bank

HEADER = "item_id,domain,status,key,options,model,a,b\n"


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [("1", "245", "beyond 10 logits"), ("1", "-12", "beyond 10 logits"), ("20", "0", "a slope a beyond 10")],
)
def test_a_lost_decimal_point_is_told(tmp_path: Path, a: str, b: str, words: str) -> None:
    path = tmp_path / "items.csv"
    path.write_text(f"{HEADER}Q1,A,scored,A,ABCD,2pl,{a},{b}\nQ2,A,scored,A,ABCD,2pl,1,0\n")
    (said,) = read_bank(path).said
    assert words in said
    assert "1 item has" in said
    assert "Q1" in said
    assert "Q2" not in said


def test_hard_items_are_no_slip(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text(f"{HEADER}Q1,A,scored,A,ABCD,2pl,2.9,4.8\nQ2,A,scored,A,ABCD,2pl,1,-9.5\n")
    assert read_bank(path).said == ()
