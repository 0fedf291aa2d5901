"""Apportionment against brute force, and every number that the CIIP programme relies on."""

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ciip_irt.blueprint.apportionment import RULES, apportion, compare_rules, feasible_counts, resolve_rule
from ciip_irt.errors import BlueprintError

CIIP = [4, 5, 12, 5, 4, 18, 12, 15, 10, 14]
LETTERS = "ABCDEFGHIJ"
WEBSTER = (5, 7, 16, 7, 5, 23, 16, 20, 13, 18)

small_weights = st.lists(st.integers(1, 12), min_size=1, max_size=4)
lengths = st.integers(1, 14)


def vectors(size: int, total: int) -> list[tuple[int, ...]]:
    return [vector for vector in product(range(total + 1), repeat=size) if sum(vector) == total]


@pytest.mark.parametrize("rule", [rule for rule in RULES.values() if rule.squared_divisor is not None])
@settings(deadline=None, max_examples=30)
@given(weights=small_weights, length=lengths)
def test_divisor_rules_give_exactly_the_vectors_that_satisfy_the_min_max_inequality(rule, weights, length):
    """n is a solution where no domain's next claim exceeds any domain's last claim (Balinski & Young)."""

    def claim(weight, count):
        divisor = rule.squared_divisor(count)
        return (1, Fraction(0)) if divisor == 0 else (0, Fraction(weight) ** 2 / divisor)

    expected = {
        vector
        for vector in vectors(len(weights), length)
        if max(claim(w, n) for w, n in zip(weights, vector, strict=True))
        <= min((claim(w, n - 1) for w, n in zip(weights, vector, strict=True) if n), default=(2, Fraction(0)))
    }
    [result] = [r for r in compare_rules(weights, length) if r.rule == rule.name]
    assert set(result.solutions) == expected
    assert (result.tie is not None) == (len(expected) > 1)


@settings(deadline=None, max_examples=30)
@given(weights=small_weights, length=lengths)
def test_webster_minimises_squared_deviation_per_weight(weights, length):
    def loss(vector):
        return sum(Fraction(n * n, w) for n, w in zip(vector, weights, strict=True))

    everything = vectors(len(weights), length)
    best = min(map(loss, everything))
    [result] = [r for r in compare_rules(weights, length) if r.rule == "webster"]
    assert set(result.solutions) == {vector for vector in everything if loss(vector) == best}


@settings(deadline=None, max_examples=30)
@given(weights=small_weights, length=lengths)
def test_largest_remainder_minimises_squared_distance_to_the_quotas(weights, length):
    quotas = [Fraction(length * w, sum(weights)) for w in weights]

    def loss(vector):
        return sum((n - q) ** 2 for n, q in zip(vector, quotas, strict=True))

    everything = vectors(len(weights), length)
    best = min(map(loss, everything))
    result = compare_rules(weights, length)[1]
    assert result.rule == "largest_remainder"
    assert set(result.solutions) == {vector for vector in everything if loss(vector) == best}


@pytest.mark.parametrize("rule", ["webster", "hill", "dean"])
def test_ciip_by_the_rules_that_agree(rule):
    result = apportion(CIIP, 130, rule)
    assert result.counts == WEBSTER
    assert result.tie is None


def test_ciip_by_rounding_1_3_times_the_weight_half_up_agrees_and_half_to_even_loses_two():
    assert apportion(CIIP, 130, "round_half_up", normaliser=100).counts == WEBSTER
    assert sum(round(Fraction(13, 10) * w) for w in CIIP) == 128


def test_ciip_by_largest_remainder_ties_between_project_management_and_communications():
    with pytest.raises(
        BlueprintError, match=r"ties: 1 item left, and B, D have exactly the same claim"
    ) as caught:
        apportion(CIIP, 130, "largest_remainder", normaliser=99, names=LETTERS)
    assert "B: 5 7 16 6 5 24 16 20 13 18" in str(caught.value)
    assert "D: 5 6 16 7 5 24 16 20 13 18" in str(caught.value)
    first = apportion(CIIP, 130, "largest_remainder", normaliser=99, names=LETTERS, tie_break="outline order")
    assert first.counts == (5, 7, 16, 6, 5, 24, 16, 20, 13, 18)
    assert first.remainders[1] == first.remainders[3] == Fraction(56, 99)
    other = apportion(CIIP, 130, "largest_remainder", normaliser=99, names=LETTERS, tie_break=["D"])
    assert other.counts == (5, 6, 16, 7, 5, 24, 16, 20, 13, 18)


def test_ciip_by_dhondt_lies_outside_the_six():
    result = apportion(CIIP, 130, "d'hondt")
    assert result.counts == (5, 6, 16, 6, 5, 24, 16, 20, 13, 19)
    assert result.counts not in feasible_counts(CIIP, 130)


def test_the_published_weights_admit_exactly_six_blueprints():
    full = (5, 7, 16, 7, 5, 24, 16, 20, 13, 18)
    expected = {(*full[:i], full[i] - 1, *full[i + 1 :]) for i in (1, 2, 3, 5, 6, 7)}
    found = feasible_counts(CIIP, 130)
    assert set(found) == expected
    assert len(found) == 6
    assert WEBSTER in found
    around = [range(max(0, n - 3), n + 4) for n in full]
    candidates = [
        [n for n in values if int(Fraction(100 * n, 130) + Fraction(1, 2)) == weight]
        for values, weight in zip(around, CIIP, strict=True)
    ]
    assert {vector for vector in product(*candidates) if sum(vector) == 130} == expected


@settings(deadline=None, max_examples=30)
@given(counts=st.lists(st.integers(0, 9), min_size=1, max_size=4).filter(sum))
def test_feasible_counts_finds_what_brute_force_finds(counts):
    length = sum(counts)
    published = [int(Fraction(100 * n, length) + Fraction(1, 2)) for n in counts]
    expected = [
        vector
        for vector in vectors(len(counts), length)
        if [int(Fraction(100 * n, length) + Fraction(1, 2)) for n in vector] == published
    ]
    assert sorted(feasible_counts(published, length)) == sorted(expected)
    assert tuple(counts) in feasible_counts(published, length)


def test_percentages_with_a_decimal_are_rounded_to_that_decimal():
    assert feasible_counts(["33.3", "66.7"], 3) == ((1, 2),)
    assert feasible_counts(["33.4", "66.7"], 3) == ()


def test_webster_or_largest_remainder_ties_at_about_a_third_of_the_lengths():
    spans = range(60, 251)
    ties = {"webster": 0, "largest_remainder": 0}
    for length in spans:
        results = compare_rules(CIIP, length)
        ties["webster"] += results[0].tie is not None
        ties["largest_remainder"] += results[1].tie is not None
    assert all(0.2 < count / len(spans) < 0.45 for count in ties.values()), ties


def test_a_quota_rule_does_not_normalise_by_99_silently():
    with pytest.raises(BlueprintError, match=r"weights sum to 99.*State it: 99 \(their sum\) or 100"):
        apportion(CIIP, 130, "largest_remainder")
    assert apportion([40, 60], 10, "largest_remainder").counts == (4, 6)


def test_fractions_are_exact_where_floats_break_ties_at_random():
    with pytest.raises(BlueprintError, match="1, 2, 3 have exactly the same claim"):
        apportion([0.1, 0.1, 0.1], 100)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([4, -1, 0], 10), r"2: weight -1 is not positive\n3: weight 0 is not positive"),
        (([], 10), "no weights"),
        (([1], 0), "length 0 is not a positive number"),
        ((["four"], 10), "weight 'four' is not a number"),
        (([1, 1, 1], 10, "round_half_up"), "weights sum to 3, not 100"),
        (([1], 10, "webber"), "unknown rule 'webber'. Choose one of webster, largest_remainder"),
    ],
)
def test_bad_input_is_refused_with_its_reason(arguments, message):
    with pytest.raises(BlueprintError, match=message):
        apportion(*arguments)


def test_rounding_that_does_not_sum_is_refused():
    with pytest.raises(BlueprintError, match="gives 3, 3, 3 = 9, not 10"):
        apportion([1, 1, 1], 10, "round_half_up", normaliser=3)


def test_a_tie_break_must_name_domains_and_enough_of_them():
    with pytest.raises(BlueprintError, match=r"do not exist \('Z'\)"):
        apportion([1, 1], 3, names="AB", tie_break=["Z"])
    with pytest.raises(BlueprintError, match="2 items left, and A, B, C have exactly the same claim"):
        apportion([1, 1, 1], 5, names="ABC", tie_break=["B"])
    assert apportion([1, 1, 1], 5, names="ABC", tie_break=["C", "B"]).counts == (1, 2, 2)


def test_a_tie_with_more_resolutions_than_can_be_listed_is_still_broken_rightly():
    result = apportion([1] * 30, 45, tie_break="outline order")
    assert result.tie is not None
    assert result.tie.n_resolutions == 155117520
    assert len(result.tie.resolutions) == 1000
    assert result.counts == (2,) * 15 + (1,) * 15


def test_other_names_of_the_rules():
    assert [resolve_rule(n).name for n in ("Hamilton", "jefferson", "largest remainder")] == [
        "largest_remainder", "dhondt", "largest_remainder",
    ]  # fmt: skip
