"""What looks wrong as a whole is noticed, and nothing sound is."""

import numpy as np
import polars as pl
import pytest

from ciip_irt.bank import ItemBank
from ciip_irt.errors import InputError
from ciip_irt.responses import score
from ciip_irt.screening import SCREENS, Concern, Whole, check_accepted, screen, screen_attempts, stopping
from ciip_irt.screening.bank_values import screen_bank_values
from ciip_irt.screening.deliveries import screen_deliveries
from ciip_irt.screening.form_keys import screen_form_keys
from ciip_irt.screening.item_sets import screen_item_sets
from ciip_irt.screening.times import screen_times


def test_a_key_moved_by_a_row_is_told_with_the_move_that_fits(scored_case) -> None:
    (concern,) = screen_form_keys(scored_case("keys_shifted/log.csv", "keys_shifted/items.csv"))
    assert concern.whole is Whole.KEY
    assert concern.stops
    assert "mean is 5.2 of 20" in concern.seen
    assert "KR-20 is 0.09" in concern.seen
    assert "KR-20 would be 0.71" in concern.seen
    assert "Moved 1 row down, the key hits the most chosen option of 20 of 20 items" in concern.remedy


@pytest.mark.parametrize("by", [-3, -1, 1, 2, 7])
def test_any_move_of_the_key_is_found(make_exam, by: int) -> None:
    exam = make_exam(200, 30, seed=by + 10, key=lambda true: np.roll(true, by).tolist())
    (concern,) = screen_form_keys(exam)
    back = "up" if by > 0 else "down"
    assert f"Moved {abs(by)} row{'s' if abs(by) > 1 else ''} {back}," in concern.remedy


def test_the_key_of_another_version_is_told_without_a_move(make_exam) -> None:
    def other(true: list[str]) -> list[str]:
        return np.random.default_rng(99).permutation(true).tolist()

    (concern,) = screen_form_keys(make_exam(200, 40, key=other))
    assert "Moved" not in concern.remedy
    assert "another version" in concern.remedy


@pytest.mark.parametrize("mean", [-1.5, 0.0, 1.5])
@pytest.mark.parametrize("n", [40, 300])
def test_sound_keys_of_hard_and_easy_exams_are_left_alone(make_exam, mean: float, n: int) -> None:
    for seed in range(3):
        assert screen_form_keys(make_exam(n, 25, seed=seed, mean=mean)) == []


def test_a_quarter_of_wrong_keys_is_not_a_moved_key(make_exam) -> None:
    def some_wrong(true: list[str]) -> list[str]:
        return ["A" if j % 8 == 0 else letter for j, letter in enumerate(true)]

    assert screen_form_keys(make_exam(300, 40, key=some_wrong)) == []


def test_people_who_guess_throughout_have_no_better_key(make_exam) -> None:
    assert screen_form_keys(make_exam(200, 30, mean=-6.0)) == []


def test_deliveries_of_one_form_that_met_other_items_are_told(scored_case) -> None:
    (concern,) = screen_item_sets(
        scored_case("unequal_items_one_form/log.csv", "unequal_items_one_form/items.csv")
    )
    assert "2 different sets of scored items" in concern.seen
    assert "40 (500), 30 (500); 30 items in all" in concern.seen
    assert not concern.stops


def test_a_few_lost_rows_are_no_other_item_set(scored_case) -> None:
    assert screen_item_sets(scored_case("kr20_missing/c.csv", "kr20_missing/items.csv")) == []


@pytest.mark.parametrize(("seconds", "words"), [(50_000.0, "milliseconds"), (0.1, "minutes")])
def test_times_that_cannot_be_seconds_are_told(make_exam, seconds: float, words: str) -> None:
    (concern,) = screen_times(make_exam(60, 10, times=seconds))
    assert words in concern.remedy


@pytest.mark.parametrize("seconds", [2.0, 60.0, 400.0])
def test_quick_and_slow_seconds_are_seconds(make_exam, seconds: float) -> None:
    assert screen_times(make_exam(60, 10, times=seconds)) == []


def test_milliseconds_in_the_column_of_seconds(scored_case) -> None:
    (concern,) = screen_times(scored_case("time_ms/log.csv.gz", "time_ms/items.csv"))
    assert "milliseconds" in concern.remedy
    assert "45 s" in concern.remedy


def replaced(scored, person: int, answers: list[str]):
    """The exam with one delivery's answers replaced."""
    frames = []
    options = scored.items["options"].to_list()
    for block in scored.blocks:
        choices = block.choices.copy()
        if person in block.persons:
            row = int(np.flatnonzero(block.persons == person)[0])
            choices[row] = [options[int(j)].index(a) for j, a in zip(block.items, answers, strict=True)]
        frames.append(choices)
    ids = list(scored.item_ids)
    J = len(ids)
    choices = frames[0]
    log = pl.DataFrame(
        {
            "candidate_id": np.repeat(scored.deliveries["candidate_id"].to_numpy(), J),
            "delivery_id": np.repeat(scored.deliveries["delivery_id"].to_numpy(), J),
            "attempt": "1",
            "form_id": "F",
            "item_id": ids * choices.shape[0],
            "response": np.array(list("ABCD"))[choices].ravel(),
            "status": "answered",
        }
    )
    return score(log, ItemBank.from_frame(scored.items.drop_nulls("key")))


def test_one_option_throughout_is_told(make_exam) -> None:
    exam = replaced(make_exam(100, 30), 7, ["B"] * 30)
    (concern,) = screen_deliveries(exam)
    assert concern.names == ("d0007",)
    assert "same option" in concern.seen


def test_full_marks_are_told_where_nobody_else_is_near(make_exam) -> None:
    exam = make_exam(100, 60, mean=-1.5)
    keyed = replaced(exam, 3, exam.items["key"].to_list())
    (concern,) = screen_deliveries(keyed)
    assert concern.names == ("d0003",)
    assert "1 delivery of 100 has every scored item right" in concern.seen


def test_full_marks_on_an_easy_exam_surprise_nobody(make_exam) -> None:
    assert screen_deliveries(make_exam(300, 25, mean=3.0)) == []


def sittings(days: list[str], items: list[str]):
    bank = ItemBank.from_frame(
        pl.DataFrame(
            {"item_id": [f"I{k}" for k in range(8)], "domain": "A", "status": "scored", "key": "A",
             "options": "ABCD"}
        )
    )  # fmt: skip
    rows = [
        ("c1", f"c1/{k}", str(k + 1), f"F{k}", item, "A", "answered", day)
        for k, day in enumerate(days)
        for item in [items[k]]
    ]
    names = [
        "candidate_id",
        "delivery_id",
        "attempt",
        "form_id",
        "item_id",
        "response",
        "status",
        "delivered_at",
    ]
    return score(pl.DataFrame(rows, schema=names, orient="row"), bank)


def test_attempts_beyond_the_limit_within_its_months() -> None:
    items = ["I0", "I1", "I2", "I3"]
    too_many = sittings(["2025-01-10", "2025-04-10", "2025-08-10", "2026-01-09"], items)
    (concern,) = screen_attempts(too_many, limit=3, months=12)
    assert concern.names == ("c1",)
    assert "more than 3 times within 12 months" in concern.seen
    in_time = sittings(["2025-01-10", "2025-04-10", "2025-08-10", "2026-01-10"], items)
    assert screen_attempts(in_time, limit=3, months=12) == []


def test_items_met_a_second_time_are_told() -> None:
    (concern,) = screen_attempts(sittings(["2025-01-10", "2025-04-10"], ["I0", "I0"]))
    assert "met scored items a second time" in concern.seen


def test_concerns_are_accepted_by_name() -> None:
    concern = Concern(Whole.KEY, ("F",), "Seen.", "Do.", stops=True)
    assert stopping([concern]) == (concern,)
    assert stopping([concern], check_accepted(["key"])) == ()
    with pytest.raises(InputError, match=r"Did you mean 'anchors'"):
        check_accepted(["anchor"])


def test_what_stops_is_told_first(make_exam) -> None:
    exam = make_exam(200, 30, key=lambda true: np.roll(true, 1).tolist(), times=50_000.0)
    assert [concern.whole for concern in screen(exam)] == [Whole.KEY, Whole.TIMES]


def test_nothing_is_said_of_a_sound_exam(make_exam) -> None:
    for seed in range(4):
        assert screen(make_exam(150, 40, seed=seed, times=60.0)) == ()
    assert len(SCREENS) == 4


def bank_of_difficulties(b: np.ndarray) -> pl.DataFrame:
    return pl.DataFrame({"item_id": [f"Q{j}" for j in range(len(b))], "b": b})


SOUND = np.random.default_rng(4).normal(-1.3, 0.9, 200)


@pytest.mark.parametrize(
    ("b", "words", "stops"),
    [
        (500 + 100 * SOUND, "reporting scale", True),
        (1 / (1 + np.exp(SOUND)), "p values", True),
        (-SOUND, "signs turned", False),
    ],
)
def test_difficulties_that_no_bank_has(b: np.ndarray, words: str, stops: bool) -> None:
    (concern,) = screen_bank_values(bank_of_difficulties(b))
    assert words in str(concern)
    assert concern.stops is stops


@pytest.mark.parametrize(
    "b",
    [
        SOUND,
        SOUND + 1.2,
        np.where(np.arange(200) == 7, 1300.0, SOUND),  # one decimal point lost is told where it is read
        np.full(200, 0.5),
        500 + SOUND[:10],  # too few to say
    ],
)
def test_difficulties_that_a_bank_can_have(b: np.ndarray) -> None:
    assert screen_bank_values(bank_of_difficulties(b)) == []
