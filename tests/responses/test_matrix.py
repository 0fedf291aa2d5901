"""How cells fall into blocks."""

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from ciip_irt.provenance import Provenance
from ciip_irt.responses import ScoredResponses
from ciip_irt.responses.matrix import SMALL_BLOCK, AdministeredBlock, CellStatus, blocks_from_cells


def cells(*persons: tuple[str, list[int]]) -> pl.DataFrame:
    """(form, items seen) by person; the score is the parity of person + item."""
    rows = [
        (person, item, form, True, (person + item) % 2, 0, int(CellStatus.ANSWERED), 1.0, at + 1)
        for person, (form, items) in enumerate(persons)
        for at, item in enumerate(items)
    ]
    names = ("person", "item", "form_id", "is_scored", "score", "choice", "status", "time_s", "position")
    return pl.DataFrame(rows, schema=names, orient="row")


def members(blocks: tuple[AdministeredBlock, ...]) -> list[tuple[str, list[int], list[int]]]:
    return [(block.form_id, block.items.tolist(), block.persons.tolist()) for block in blocks]


def test_rotating_blocks_of_one_form_stay_apart() -> None:
    group = [("F", [0, 1, 2])] * SMALL_BLOCK + [("F", [0, 1, 3])] * SMALL_BLOCK
    n = SMALL_BLOCK
    assert members(blocks_from_cells(cells(*group), 4)) == [
        ("F", [0, 1, 2], list(range(n))),
        ("F", [0, 1, 3], list(range(n, 2 * n))),
    ]


def test_a_delivery_that_lost_a_row_joins_those_who_saw_more() -> None:
    blocks = blocks_from_cells(cells(*[("F", [0, 1, 2])] * SMALL_BLOCK, ("F", [0, 2])), 3)
    assert members(blocks) == [("F", [0, 1, 2], list(range(SMALL_BLOCK + 1)))]
    assert blocks[0].statuses[-1].tolist() == [
        CellStatus.ANSWERED, CellStatus.NOT_ADMINISTERED, CellStatus.ANSWERED,
    ]  # fmt: skip
    assert blocks[0].scores[-1, 1] == -1
    assert np.isnan(blocks[0].times[-1, 1])


def test_it_joins_the_smallest_set_that_holds_it_and_no_other_form() -> None:
    large = [("F", [0, 1, 2, 3])] * SMALL_BLOCK + [("F", [0, 1, 2])] * SMALL_BLOCK
    blocks = blocks_from_cells(cells(*large, ("F", [1, 2]), ("G", [1, 2]), ("F", [1, 4])), 5)
    found = {(form, tuple(items)): len(persons) for form, items, persons in members(blocks)}
    assert found == {
        ("F", (0, 1, 2, 3)): SMALL_BLOCK,
        ("F", (0, 1, 2)): SMALL_BLOCK + 1,
        ("G", (1, 2)): 1,
        ("F", (1, 4)): 1,
    }


def test_the_same_items_in_other_roles_are_another_block() -> None:
    frame = cells(*[("F", [0, 1])] * 2 * SMALL_BLOCK)
    frame = frame.with_columns(is_scored=(pl.col("item") == 0) | (pl.col("person") < SMALL_BLOCK))
    blocks = blocks_from_cells(frame, 2)
    assert [block.is_scored.tolist() for block in blocks] == [[True, True], [True, False]]


def test_memory_follows_what_was_administered() -> None:
    forms = [(f"F{k}", list(range(k * 10, k * 10 + 10))) for k in range(50) for _ in range(SMALL_BLOCK)]
    blocks = blocks_from_cells(cells(*forms), 500)
    assert sum(block.scores.size for block in blocks) == 50 * SMALL_BLOCK * 10


def test_response_blocks_with_and_without_pilots() -> None:
    frame = cells(("F", [0, 1]), ("G", [1, 2])).with_columns(is_scored=pl.col("item") != 2)
    blocks = blocks_from_cells(frame, 3)
    nothing = pl.DataFrame()
    scored = ScoredResponses(nothing, nothing, blocks, nothing, (), Provenance("", 0, 0))
    assert [block.items.tolist() for block in scored.response_blocks()] == [[0, 1], [1, 2]]
    assert [block.items.tolist() for block in scored.response_blocks(scored_only=True)] == [[0, 1], [1]]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["F", "G"]), st.sets(st.integers(0, 6), min_size=1)),
        min_size=1,
        max_size=25,
    )
)
def test_no_cell_is_lost_or_moved(persons: list[tuple[str, set[int]]]) -> None:
    blocks = blocks_from_cells(cells(*((form, sorted(items)) for form, items in persons)), 7)
    seen = set()
    for block in blocks:
        assert (np.diff(block.items) > 0).all()
        for row, person in enumerate(block.persons.tolist()):
            form, items = persons[person]
            assert form == block.form_id
            for column, item in enumerate(block.items.tolist()):
                administered = block.statuses[row, column] != CellStatus.NOT_ADMINISTERED
                assert administered == (item in items)
                assert block.scores[row, column] == ((person + item) % 2 if administered else -1)
                assert block.positions[row, column] == (sorted(items).index(item) + 1 if administered else 0)
                if administered:
                    seen.add((person, item))
    assert seen == {(k, item) for k, (_, items) in enumerate(persons) for item in items}
