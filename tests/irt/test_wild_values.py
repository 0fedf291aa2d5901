"""Which values of a bank are slips, on numbers made by hand."""

import numpy as np
import pytest

from ciip_irt.irt.linking.scale_agreement import _wild

FREE = np.linspace(-2.0, 2.0, 20)


@pytest.mark.parametrize("n_wild", [0, 1, 4, 5])
def test_up_to_a_fifth_of_the_anchors_can_be_slips(n_wild: int) -> None:
    bank = FREE + 0.3
    bank[:n_wild] += 9.0
    found = _wild(bank, FREE, np.zeros(20), np.ones(20, dtype=np.bool_))
    expected = np.arange(20) < n_wild if n_wild <= 4 else np.zeros(20, dtype=np.bool_)
    assert found.tolist() == expected.tolist()


def test_a_slip_is_told_from_what_is_known_of_it() -> None:
    bank = FREE.copy()
    bank[3] += 9.0
    known = np.arange(20) != 3
    assert not _wild(bank, FREE, np.zeros(20), known).any()
    unsure = np.where(np.arange(20) == 3, 50.0, 0.1)  # a standard error of 50 logits explains 9
    assert not _wild(bank, FREE, unsure, np.ones(20, dtype=np.bool_)).any()
