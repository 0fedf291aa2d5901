"""Randomly damaged copies of a good file: right, refused, or with a warning; never wrong in silence.

A few copies by default; ``CIIP_IRT_DAMAGED=200`` makes as many as one asks for. ``python -m pytest -s`` says
the shares.
"""

import csv
import io
import os
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from ciip_irt.errors import CiipError
from ciip_irt.responses import ingest, score

COPIES = int(os.environ.get("CIIP_IRT_DAMAGED", "40"))
READ_RIGHT = 0.95  # of the copies whose damage can be read in one way only
Rows = list[list[str]]


@dataclass
class Copy:
    """A table of text, its delimiter, and whether what was done to it can be read in one way only."""

    rows: Rows
    names: list[str]
    delimiter: str = ","
    one_way: bool = True

    @property
    def key(self) -> int:
        return next(k for k, row in enumerate(self.rows) if row and row[0].lower() in KEYS)

    @property
    def header(self) -> int:
        return next(k for k, row in enumerate(self.rows) if len(row) > 3 and row[3:] and row[0] in IDS)

    def people(self) -> list[int]:
        return [k for k, row in enumerate(self.rows) if row and row[0].isdigit() and len(row[0]) == 4]


IDS = ("candidate_id", "Candidate ID", "STUDENT ID", "examinee", "ID")
KEYS = ("key", "answer key", "correct answer", "correct")


def good(rng: np.random.Generator) -> tuple[Copy, dict[str, int]]:
    """40 candidates, 20 items, a key row; the totals that are right."""
    keys = rng.choice(list("ABCD"), 20)
    ability = rng.normal(0, 1, (40, 1))
    knows = rng.random((40, 20)) < 1 / (1 + np.exp(-ability - np.linspace(1.5, -1, 20)))
    wrong = np.array([[rng.choice([c for c in "ABCD" if c != key]) for key in keys] for _ in range(40)])
    answers = np.where(knows, keys, wrong)
    items = [f"Q{j}" for j in range(1, 21)]
    people = [str(5000 + i) for i in range(40)]
    centres = rng.choice(["Boston", "Oslo"], 40)
    rows = [["candidate_id", "Centre", *items], ["KEY", "", *keys.tolist()]]
    rows += [[who, str(c), *own] for who, c, own in zip(people, centres, answers.tolist(), strict=True)]
    totals = dict(zip(people, (answers == keys).sum(axis=1).tolist(), strict=True))
    return Copy(rows, items), totals


def titles(copy: Copy, rng: np.random.Generator) -> None:
    copy.rows[:0] = [["Spring exam"], [f"exported on day {rng.integers(30)}"]][: int(rng.integers(1, 3))]


def blank_rows(copy: Copy, rng: np.random.Generator) -> None:
    for _ in range(3):
        copy.rows.insert(int(rng.integers(1, len(copy.rows))), [])


def renamed(copy: Copy, rng: np.random.Generator) -> None:
    copy.rows[copy.header][0] = str(rng.choice(IDS))
    shape = str(rng.choice(["Item {}", "Question_{}", "q{}", "{}"]))
    row = copy.rows[copy.header]
    row[2:22] = [
        shape.format(name[1:]) if name.startswith("Q") and name[1:].isdigit() else name for name in row[2:22]
    ]


def columns_moved(copy: Copy, rng: np.random.Generator) -> None:
    order = [0, 1, *(2 + rng.permutation(20)).tolist()]
    copy.rows = [[row[k] for k in order] + row[22:] if len(row) >= 22 else row for row in copy.rows]


def key_moved(copy: Copy, rng: np.random.Generator) -> None:
    row = copy.rows.pop(copy.key)
    row[0] = str(rng.choice(["KEY", "Answer Key", "Correct answer", "correct"]))
    copy.rows.insert(int(rng.integers(copy.header + 1, len(copy.rows) + 1)), row)


def key_without_name(copy: Copy, rng: np.random.Generator) -> None:  # noqa: ARG001
    copy.rows[copy.key][0], copy.one_way = "", False


def all_small(copy: Copy, rng: np.random.Generator) -> None:  # noqa: ARG001
    for k in (copy.key, *copy.people()):
        copy.rows[k][2:22] = [cell.lower() for cell in copy.rows[k][2:22]]


def some_rows_small(copy: Copy, rng: np.random.Generator) -> None:
    for k in rng.choice(copy.people(), 3, replace=False):
        copy.rows[k][2:22] = [cell.lower() for cell in copy.rows[k][2:22]]
    copy.one_way = False


def one_column_small(copy: Copy, rng: np.random.Generator) -> None:
    place = int(rng.integers(2, 22))
    for k in copy.people():
        copy.rows[k][place] = copy.rows[k][place].lower()
    copy.one_way = False


def totals_below(copy: Copy, rng: np.random.Generator) -> None:
    label = str(rng.choice(["Total", "Total correct", "Average", "Mean", "% correct", "Max", ""]))
    copy.rows.append([label, "", *(str(n) for n in rng.integers(2, 40, 20))])


def note_below(copy: Copy, rng: np.random.Generator) -> None:
    copy.rows += [[], [f"Exported by the office, page {rng.integers(9)}"]]


def header_again(copy: Copy, rng: np.random.Generator) -> None:
    copy.rows.insert(int(rng.integers(copy.header + 1, len(copy.rows))), list(copy.rows[copy.header]))


def empty_columns(copy: Copy, rng: np.random.Generator) -> None:  # noqa: ARG001
    copy.rows = [[*row, "", ""] for row in copy.rows]


def other_delimiter(copy: Copy, rng: np.random.Generator) -> None:
    copy.delimiter = str(rng.choice([";", "\t", "|"]))


def row_shifted_left(copy: Copy, rng: np.random.Generator) -> None:
    k = int(rng.choice(copy.people()))
    copy.rows[k], copy.one_way = copy.rows[k][1:], False


def row_shifted_right(copy: Copy, rng: np.random.Generator) -> None:
    k = int(rng.choice(copy.people()))
    copy.rows[k], copy.one_way = ["", *copy.rows[k]], False


def row_twice(copy: Copy, rng: np.random.Generator) -> None:
    copy.rows.append(list(copy.rows[int(rng.choice(copy.people()))]))


def key_cell_lost(copy: Copy, rng: np.random.Generator) -> None:
    copy.rows[copy.key][int(rng.integers(2, 22))], copy.one_way = "", False


def cells_illegible(copy: Copy, rng: np.random.Generator) -> None:
    for k in rng.choice(copy.people(), 3, replace=False):
        copy.rows[k][int(rng.integers(2, 22))] = "??"
    copy.one_way = False


def brackets(copy: Copy, rng: np.random.Generator) -> None:  # noqa: ARG001
    for k in copy.people():
        copy.rows[k][2:22] = [f"{cell})" for cell in copy.rows[k][2:22]]


def column_twice(copy: Copy, rng: np.random.Generator) -> None:
    place, at = int(rng.integers(2, 22)), int(rng.integers(3, 23))
    for k, row in enumerate(copy.rows):
        if len(row) >= 22:
            copy.rows[k] = [*row[:at], row[place], *row[at:]]


def header_cell_lost(copy: Copy, rng: np.random.Generator) -> None:
    copy.rows[copy.header][int(rng.integers(2, 22))], copy.one_way = "", False


def cells_moved_up(copy: Copy, rng: np.random.Generator) -> None:
    people, first = copy.people(), int(rng.integers(2, 18))
    from_row = people.index(int(rng.choice(people[:-5])))
    for place in range(first, first + int(rng.integers(2, 5))):
        for here, below in zip(people[from_row:], people[from_row + 1 :], strict=False):
            copy.rows[here][place] = copy.rows[below][place]
        copy.rows[people[-1]][place] = ""
    copy.one_way = False


def blanks_behind_keys(copy: Copy, rng: np.random.Generator) -> None:  # noqa: ARG001
    copy.rows[copy.key][2:22] = [f"{cell} " for cell in copy.rows[copy.key][2:22]]


def person_twice_with_zeros(copy: Copy, rng: np.random.Generator) -> None:
    row = list(copy.rows[int(rng.choice(copy.people()))])
    copy.rows.append([f"0{row[0]}", *row[1:]])
    copy.one_way = False


DAMAGES: tuple[Callable[[Copy, np.random.Generator], None], ...] = (
    titles, blank_rows, renamed, columns_moved, key_moved, key_without_name, all_small, some_rows_small,
    one_column_small, totals_below, note_below, header_again, empty_columns, other_delimiter,
    row_shifted_left, row_shifted_right, row_twice, key_cell_lost, cells_illegible, brackets,
    column_twice, header_cell_lost, cells_moved_up, blanks_behind_keys, person_twice_with_zeros,
)  # fmt: skip
NAMED = {
    key_without_name: "has answers but no candidate",
    some_rows_small: "in 3 deliveries|in 3 of|3 deliveries",
    one_column_small: "stand in item",
    row_shifted_left: "look shifted",
    row_shifted_right: "looks? shifted",
    key_cell_lost: "no key for 1 item",
    cells_illegible: r"e\.g\. .*'\?\?'",
    header_cell_lost: "no name in the header",
    cells_moved_up: "cells have moved up",
    person_twice_with_zeros: "leading zeros",
}
"""What a warning or a refusal must say of a damage that can be read in more ways than one."""
LAST = (
    header_cell_lost, column_twice, key_without_name, row_shifted_left, row_shifted_right, titles, blank_rows
)  # fmt: skip
"""Damages that move rows and columns come last, where others look for them by words and places."""


def damaged(seed: int) -> tuple[Copy, dict[str, int], list[str]]:
    rng = np.random.default_rng([2026, seed])
    copy, totals = good(rng)
    chosen = [DAMAGES[k] for k in rng.choice(len(DAMAGES), int(rng.integers(1, 4)), replace=False)]
    chosen.sort(key=lambda damage: damage in LAST)
    for damage in chosen:
        damage(copy, rng)
    return copy, totals, [damage.__name__ for damage in chosen]


def outcome(copy: Copy, totals: dict[str, int], path: Path) -> tuple[str, str]:
    """``right``, ``refused``, ``warned`` or ``silently wrong``, and what was said."""
    text = io.StringIO()
    csv.writer(text, delimiter=copy.delimiter, lineterminator="\n").writerows(copy.rows)
    path.write_text(text.getvalue(), encoding="utf-8")
    try:
        read = ingest(path)
        if read.bank is None:
            return "refused", "no key"
        scored = score(read.responses, read.bank, candidates=read.candidates)
    except CiipError as error:
        return "refused", str(error)
    found = dict(zip(scored.deliveries["candidate_id"], scored.totals.astype(int).tolist(), strict=True))
    if found == totals:
        return "right", ""
    rows = [
        note for note in read.notes if "count as invalid" in note or "set apart" in note or "lost" in note
    ]
    said = [*read.cautions, *rows]
    return ("warned", "; ".join(said)) if said else ("silently wrong", f"{found} for {totals}")


def test_damage_is_never_read_wrongly_in_silence(tmp_path: Path) -> None:
    counts: Counter[str] = Counter()
    one_way: Counter[str] = Counter()
    told, unnamed = [], []
    for seed in range(COPIES):
        copy, totals, names = damaged(seed)
        result, said = outcome(copy, totals, tmp_path / "copy.csv")
        counts[result] += 1
        kinds = [words for damage, words in NAMED.items() if damage.__name__ in names]
        if result == "warned" and not any(re.search(words, said) for words in kinds):
            unnamed.append(f"{seed} {names}: {said[:300]}")
        if copy.one_way:
            one_way[result] += 1
        if result == "silently wrong" or (copy.one_way and result != "right"):
            told.append(f"{seed} {names}: {result}: {said[:300]}")
    print(f"\n{COPIES} copies: {dict(counts)}; to be read in one way only: {dict(one_way)}", *told, sep="\n")
    assert counts["silently wrong"] == 0, told
    assert unnamed == []
    assert one_way["right"] >= READ_RIGHT * sum(one_way.values()), told


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_every_damage_alone(damage: Callable[[Copy, np.random.Generator], None], tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    copy, totals = good(rng)
    damage(copy, rng)
    result, said = outcome(copy, totals, tmp_path / "copy.csv")
    if copy.one_way:
        assert result == "right", said
    else:
        assert result != "silently wrong", said
        assert re.search(NAMED[damage], said), said
