"""Blocks and the connectedness of designs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ciip_irt.errors import InputError
from ciip_irt.irt.response_blocks import ResponseBlock, answer_counts, check_blocks, connected_parts


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(st.integers(-1, 1), min_size=6, max_size=6), min_size=1, max_size=5))
def test_parts_are_those_of_a_search_person_by_person(rows: list[list[int]]) -> None:
    block = ResponseBlock(np.array([0, 2, 4, 6, 8, 10]), np.array(rows, dtype=np.int8))
    parent = {item: item for item in range(11)}

    def root(item: int) -> int:
        while parent[item] != item:
            item = parent[item]
        return item

    seen: set[int] = set()
    for row in rows:
        answered = [2 * place for place, score in enumerate(row) if score >= 0]
        seen.update(answered)
        for item in answered[1:]:
            parent[root(item)] = root(answered[0])
    wanted: dict[int, set[int]] = {}
    for item in seen:
        wanted.setdefault(root(item), set()).add(item)
    got = connected_parts([block], 11)
    assert sorted(map(sorted, wanted.values())) == sorted(part.tolist() for part in got)
    assert [part.size for part in got] == sorted((part.size for part in got), reverse=True)
    assert answer_counts([block], 11).sum() == (np.array(rows) >= 0).sum()


def test_a_block_whose_persons_share_no_item_does_not_connect() -> None:
    holes = ResponseBlock(np.arange(4), np.array([[1, 0, -1, -1], [-1, -1, 0, 1]], dtype=np.int8))
    assert [part.tolist() for part in connected_parts([holes], 4)] == [[0, 1], [2, 3]]
    assert connected_parts([], 4) == ()


def test_problems_are_reported_together() -> None:
    blocks = [
        ResponseBlock(np.array([0, 0]), np.array([[1, -3]], dtype=np.int8), group=-1),
        ResponseBlock(np.array([0, 1, 2]), np.array([[1]], dtype=np.int8)),
        ResponseBlock(np.array([0]), np.array([[0.5]])),  # type: ignore[arg-type]
    ]
    with pytest.raises(InputError) as caught:
        check_blocks(blocks, 2)
    text = str(caught.value)
    assert len(caught.value.problems) == 5
    for part in ("block 0", "block 1", "block 2", "twice", "below -1", "group -1", "do not fit", "float64"):
        assert part in text
