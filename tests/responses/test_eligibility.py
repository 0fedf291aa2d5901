"""Who counts, by each rule and in their order; nobody disappears without a line."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ciip_irt.errors import InputError
from ciip_irt.responses import EligibilityRules, Eligible, select_eligible

ALL = EligibilityRules(attempts="all", require_answer=False)


def log(*deliveries: tuple[str, str, str | None, str | None, str]) -> pl.DataFrame:
    """(delivery, candidate, attempt, delivered_at, statuses), one letter per item: a o n i."""
    words = {"a": "answered", "o": "omitted", "n": "not_reached", "i": "invalid"}
    rows = [
        (candidate, delivery, attempt, "F", f"I{j}", "A" if letter == "a" else None, words[letter], when)
        for delivery, candidate, attempt, when, letters in deliveries
        for j, letter in enumerate(letters)
    ]
    names = (
        "candidate_id",
        "delivery_id",
        "attempt",
        "form_id",
        "item_id",
        "response",
        "status",
        "delivered_at",
    )
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")


def kept(result: Eligible) -> list[str]:
    assert set(result.responses["delivery_id"]) == set(result.candidates["delivery_id"])
    assert result.candidates.height + result.exclusions.height == result.n_before
    return result.candidates["delivery_id"].to_list()


def test_labels_say_which_attempt_is_first() -> None:
    rows = log(("d1", "c1", "2", None, "a"), ("d2", "c1", "1", None, "a"), ("d3", "c2", "4+", None, "a"),
               ("d4", "c3", "0", None, "a"), ("d5", "c4", " 1 ", None, "a"))  # fmt: skip
    result = select_eligible(rows)
    assert kept(result) == ["d2", "d5"]
    assert result.exclusions["rule"].to_list() == ["attempt"] * 3
    assert "Attempt '0' is unknown" in result.exclusions["reason"][2]
    assert "2 deliveries of 5 count." in result.summary()
    assert "Eligible" in result._repr_html_()
    assert result.to_frame() is result.exclusions


def test_without_labels_the_earliest_is_first() -> None:
    rows = log(("d1", "c1", None, "2025-06-01", "a"), ("d2", "c1", None, "2024-06-01", "a"),
               ("d3", "c2", None, None, "a"), ("d4", "c2", None, None, "a"))  # fmt: skip
    result = select_eligible(rows)
    assert kept(result) == ["d2", "d3"]
    assert set(result.exclusions["reason"]) == {
        "No attempt label, and the candidate has an earlier delivery."
    }


def test_a_label_goes_before_the_date_of_an_unlabelled_delivery() -> None:
    rows = log(("d1", "c1", None, "2024-01-01", "a"), ("d2", "c1", "1", "2025-01-01", "a"),
               ("d3", "c2", None, "2024-01-01", "a"), ("d4", "c2", "2", "2025-01-01", "a"),
               ("d5", "c3", None, "2026-01-01", "a"), ("d6", "c3", "2", "2025-01-01", "a"))  # fmt: skip
    assert kept(select_eligible(rows)) == ["d2", "d3"]


def test_a_first_attempt_left_out_does_not_promote_the_second() -> None:
    rows = log(("d1", "c1", None, "2024-01-01", "o"), ("d2", "c1", None, "2025-01-01", "a"),
               ("d3", "c2", "1", None, "a"))  # fmt: skip
    result = select_eligible(rows)
    assert kept(result) == ["d3"]
    assert result.exclusions["rule"].to_list() == ["no_answer", "attempt"]


def test_chosen_labels() -> None:
    rows = log(("d1", "c1", "1", None, "a"), ("d2", "c1", "2", None, "a"), ("d3", "c2", "4+", None, "a"),
               ("d4", "c3", None, None, "a"))  # fmt: skip
    assert kept(select_eligible(rows, rules=EligibilityRules(attempts=("1", "4+")))) == ["d1", "d3"]
    assert kept(select_eligible(rows, rules=EligibilityRules(attempts="all"))) == ["d1", "d2", "d3", "d4"]


def test_deliveries_without_an_answer() -> None:
    rows = log(("d1", "c1", "1", None, "on"), ("d2", "c2", "1", None, "oa"), ("d3", "c3", "1", None, "io"))
    assert kept(select_eligible(rows)) == ["d2", "d3"]
    assert kept(select_eligible(rows, rules=ALL)) == ["d1", "d2", "d3"]


@pytest.mark.parametrize(("share", "expected"), [(0, ["d1", "d2"]), (0.5, ["d1", "d2"]), (0.51, ["d2"])])
def test_a_minimum_of_answers(share: float, expected: list[str]) -> None:
    rows = log(("d1", "c1", "1", None, "aaon"), ("d2", "c2", "1", None, "aaaa"))
    result = select_eligible(rows, rules=EligibilityRules(minimum_answered=share))
    assert kept(result) == expected
    if len(expected) == 1:
        assert result.exclusions["reason"].to_list() == ["2 of 4 items answered, fewer than 51%."]


def test_attributes_and_names() -> None:
    rows = log(*((f"d{k}", f"c{k}", "1", None, "a") for k in range(4)))
    people = pl.DataFrame(
        {"delivery_id": ["d0", "d1", "d2", "d3"], "flagged": [0, 1, 0, None], "rows": ["x"] * 4}
    )
    rules = EligibilityRules(
        exclude_attributes={"flagged": ("1",), "rows": ("y",)}, exclude_deliveries=("d2",)
    )
    result = select_eligible(rows, people, rules)
    assert kept(result) == ["d0", "d3"]
    assert result.exclusions.select("rule", "reason").rows() == [
        ("attribute", "Candidate attribute flagged = '1'."), ("named", "Left out by name."),
    ]  # fmt: skip
    assert result.candidates["rows"].to_list() == ["x", "x"]
    assert result.rules["exclude_deliveries"] == ["d2"]


def test_the_first_rule_that_applies_is_named() -> None:
    rows = log(("d1", "c1", "2", None, "oo"), ("d2", "c2", "2", None, "ao"), ("d3", "c3", "1", None, "aa"))
    rules = EligibilityRules(minimum_answered=0.9, exclude_deliveries=("d1",))
    assert select_eligible(rows, rules=rules).exclusions["rule"].to_list() == ["named", "attempt"]


def test_attempts_that_only_the_candidates_have() -> None:
    rows = log(("d1", "c1", None, None, "a"), ("d2", "c2", None, None, "a"))
    people = pl.DataFrame({"delivery_id": ["d1", "d2"], "attempt": ["1", "3"]})
    assert kept(select_eligible(rows, people)) == ["d1"]


def test_several_first_attempts_are_noted() -> None:
    rows = log(("d1", "c1", "1", None, "a"), ("d2", "c1", "1", None, "a"))
    assert "1 candidate" in select_eligible(rows).notes[0]


@pytest.mark.parametrize(
    ("settings_given", "said"),
    [
        ({"attempts": "last"}, "attempts = 'last'"),
        ({"attempts": ()}, "attempts = ()"),
        ({"attempts": (1,)}, "attempts = (1,)"),
        ({"minimum_answered": 50}, "minimum_answered = 50"),
        ({"minimum_answered": True}, "minimum_answered = True"),
        ({"exclude_attributes": {"flagged": "1"}}, "flagged = '1'"),
        ({"exclude_attributes": {"flagged": (1,)}}, "flagged = (1,)"),
    ],
)
def test_rules_that_cannot_be(settings_given: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as caught:
        EligibilityRules(**settings_given)
    assert said in str(caught.value)


def test_names_that_are_not_there() -> None:
    rows = log(("d1", "c1", "1", None, "a"))
    people = pl.DataFrame({"delivery_id": ["d1"], "flagged": ["0"]})
    with pytest.raises(InputError) as caught:
        select_eligible(
            rows, people, EligibilityRules(exclude_attributes={"flaged": ("1",)}, exclude_deliveries=("d9",))
        )
    assert "no candidate attribute 'flaged'. Did you mean 'flagged'?" in str(caught.value)
    assert "not in the log ('d9')" in str(caught.value)


def test_when_nobody_is_left_each_rule_says_its_count() -> None:
    rows = log(("d1", "c1", "2", None, "a"), ("d2", "c2", "3", None, "a"), ("d3", "c3", "1", None, "o"))
    with pytest.raises(InputError) as caught:
        select_eligible(rows)
    said = str(caught.value)
    assert caught.value.exit_code == 2
    assert "all of 3 deliveries are excluded" in said
    assert "rule 'attempt' leaves out 2 deliveries" in said
    assert 'Say attempts = "all" to keep them.' in said
    assert "rule 'no_answer' leaves out 1 delivery" in said


DELIVERY = st.tuples(
    st.sampled_from(["c1", "c2", "c3"]), st.sampled_from(["1", "2", "0", "4+", None]),
    st.sampled_from(["2024-01-01", "2025-01-01", None]), st.text("aoni", min_size=1, max_size=4),
)  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(
    st.lists(DELIVERY, min_size=1, max_size=8), st.sampled_from(["first", "all", ("1", "2")]), st.floats(0, 1)
)
def test_everyone_is_kept_or_listed_once(
    deliveries: list[tuple[str, str | None, str | None, str]], attempts: Any, share: float
) -> None:
    rows = log(*((f"d{k}", *delivery) for k, delivery in enumerate(deliveries)))
    rules = EligibilityRules(attempts=attempts, minimum_answered=share)
    try:
        result = select_eligible(rows, rules=rules)
    except InputError:
        return
    names = [*kept(result), *result.exclusions["delivery_id"]]
    assert sorted(names) == sorted(f"d{k}" for k in range(len(deliveries)))
    assert result.responses.height + result.exclusions["rows"].sum() == rows.height
    again = select_eligible(result.responses, result.candidates, EligibilityRules(attempts="all"))
    assert again.exclusions.is_empty()


def test_what_was_not_reached_and_what_took_no_time_tell_nothing_about_speed() -> None:
    # Ten of twelve candidates took 60 s each over one item: less than 6 s is a guess. The rows of those
    # who did not reach it, and a time of nought, would halve the mean: 5 s would pass for an answer.
    rows = log(*((f"d{k}", f"c{k}", "1", None, "aa" if k < 12 else "an") for k in range(24)))
    seconds = {f"d{k}": 60.0 if k < 10 else 5.0 if k == 10 else 0.0 if k == 11 else 1.0 for k in range(24)}
    timed = rows.with_columns(
        time_s=pl.when(pl.col("item_id") == "I1")
        .then(pl.col("delivery_id").replace_strict(seconds))
        .otherwise(pl.lit(60.0))
    )
    rules = EligibilityRules(maximum_rapid=0.4)
    result = select_eligible(timed.filter(pl.col("delivery_id") != "d11"), rules=rules)
    assert result.exclusions.select("delivery_id", "rule").rows() == [("d10", "rapid_guessing")]
    # d11: one answer of 60 s, one without a time: none of its timed answers is a guess
    assert "d11" not in select_eligible(timed, rules=rules).exclusions["delivery_id"]


def test_the_share_of_rapid_answers_is_more_than_the_limit_not_as_much() -> None:
    rows = log(*((f"d{k}", f"c{k}", "1", None, "aa") for k in range(12)))
    rows = rows.with_columns(
        time_s=pl.when((pl.col("delivery_id") == "d0") & (pl.col("item_id") == "I1"))
        .then(1.0)
        .otherwise(60.0)
    )
    assert select_eligible(rows, rules=EligibilityRules(maximum_rapid=0.5)).exclusions.is_empty()
    assert kept(select_eligible(rows, rules=EligibilityRules(maximum_rapid=0.49)))[0] == "d1"


def test_rapid_guessing_needs_times() -> None:
    with pytest.raises(InputError, match=r"maximum_rapid is asked for, but the log records no times"):
        select_eligible(log(("d1", "c1", "1", None, "aa")), rules=EligibilityRules(maximum_rapid=0.1))
