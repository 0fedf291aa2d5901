"""Points and weights of items are used or refused, never ignored."""

from pathlib import Path

import pytest

from ciip_irt.bank import read_bank
from ciip_irt.errors import InputError

HEAD = "item_id,domain,status,key,options"


@pytest.mark.parametrize("column", ["points", "max_score", "weight", "Max Score", "Weights"])
def test_other_values_than_one_are_refused(tmp_path: Path, column: str) -> None:
    file = tmp_path / "items.csv"
    file.write_text(f"{HEAD},{column}\nQ1,A,scored,A,AB,1\nQ2,A,scored,A,AB,2\nQ3,A,scored,A,AB,0.5\n")
    with pytest.raises(InputError, match=rf"items.csv:3: column '{column}' gives items other than 1 point"):
        read_bank(file)
    file.write_text(f"{HEAD},{column}\nQ1,A,scored,A,AB,1\nQ2,A,scored,A,AB,1.0\nQ3,A,scored,A,AB,\n")
    assert read_bank(file).items.height == 3
