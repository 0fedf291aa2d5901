"""Every flag: raised by the flaw it names, silent on a good item, worded for item writers."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from ciip_irt.item_analysis import (
    FLAGS,
    AnalysedItem,
    AnalysedOption,
    DifEvidence,
    FlagThresholds,
    KeyDoubt,
    analyse_items,
)
from ciip_irt.item_analysis.flags import raise_flags
from ciip_irt.item_analysis.history import Change
from ciip_irt.item_analysis.wording import number, percent

LIMITS = FlagThresholds()
NAN = float("nan")


def option(letter, n, mean, r, is_key=False):
    return AnalysedOption(letter, is_key, n, n / 500, mean, r, r - 0.09, r + 0.09)


GOOD = AnalysedItem(
    item_id="I1", status="scored", n=500, p=0.70, p_low=0.66, p_high=0.74, r=0.35, r_low=0.27, r_high=0.43,
    omit_rate=0.0, median_time_s=55.0, usual_time_s=50.0,
    options=(
        option("A", 350, 126.0, 0.35, is_key=True), option("B", 60, 112.0, -0.2),
        option("C", 50, 110.0, -0.2), option("D", 40, 111.0, -0.18),
    ),
    key_doubt=KeyDoubt(0.997, 0.001, 0.001, 0.001, option("B", 60, 112.0, -0.2), 0.002),
    dif=(
        DifEvidence("delivery_mode", "centre", "online", 300, 200, -0.4, 0.4, "A", 0.01, 0.6, 0.001, False),
    ),
)  # fmt: skip

WRONG_KEY_OPTIONS = (option("A", 205, 128.0, 0.3), option("B", 165, 119.0, -0.12, is_key=True))
FLAWED = {
    "many_invalid": replace(GOOD, invalid_rate=0.29, offered="ABCD"),
    "key_may_be_wrong": replace(
        GOOD,
        options=WRONG_KEY_OPTIONS,
        r=-0.12,
        r_high=-0.03,
        key_doubt=KeyDoubt(0.0, 0.99, 0.01, 0.0, WRONG_KEY_OPTIONS[0], 1.0),
    ),
    "negative_r": replace(GOOD, r=-0.11, r_low=-0.20, r_high=-0.02),
    "two_options_right": replace(
        GOOD,
        options=(GOOD.options[0], option("B", 140, 123.0, 0.15), *GOOD.options[2:]),
        key_doubt=KeyDoubt(0.3, 0.05, 0.65, 0.0, option("B", 140, 123.0, 0.15), 0.7),
    ),
    "guessed_at": replace(
        GOOD, r=0.02, r_low=-0.06, r_high=0.11, key_doubt=KeyDoubt(0.1, 0.01, 0.01, 0.88, None, 0.01)
    ),
    "dif_class_c": replace(GOOD, dif=(replace(GOOD.dif[0], d_dif=-2.1, ets_class="C", prob_c=0.9),)),
    "dif_changes_sides": replace(GOOD, dif=(replace(GOOD.dif[0], p_nonuniform=2e-5, r2_change=0.05),)),
    "changed_from_history": replace(GOOD, change=Change(0.57, 0.13, 3.1)),
    "too_hard": replace(GOOD, p=0.15, p_low=0.12, p_high=0.18),
    "too_easy": replace(GOOD, p=0.97, p_low=0.95, p_high=0.98),
    "low_r": replace(GOOD, r=0.06, r_low=-0.02, r_high=0.14),
    "many_omits": replace(GOOD, omit_rate=0.09),
    "too_few_answers": replace(GOOD, status="pilot", n=86, r=0.16, r_low=-0.05, r_high=0.36),
    "slow_item": replace(GOOD, median_time_s=120.0),
    "weak_distractors": replace(GOOD, options=(*GOOD.options[:3], option("D", 5, 111.0, -0.05))),
}


@pytest.mark.parametrize("name", FLAGS)
def test_silent_on_a_good_item(name):
    assert FLAGS[name](GOOD, LIMITS) is None


@pytest.mark.parametrize("name", FLAGS)
def test_raised_by_its_flaw_alone(name):
    raised = {other: rule(FLAWED[name], LIMITS) for other, rule in FLAGS.items()}
    assert [other for other, flag in raised.items() if flag] == [name]
    flag = raised[name]
    assert 1 <= flag.severity <= 5
    for sentence in (flag.seen, flag.may_mean, flag.do):
        assert sentence.endswith((".", "?"))
        assert "nan" not in sentence.lower()


def test_the_voice():
    flag = FLAGS["many_invalid"](FLAWED["many_invalid"], LIMITS)
    assert flag.seen == "29 % of the answers are none of the options listed (ABCD)."
    flag = FLAGS["key_may_be_wrong"](FLAWED["key_may_be_wrong"], LIMITS)
    assert flag.seen == (
        "41 % chose A and they scored higher (mean 128.0) than the 33 % who chose the key B (mean 119.0)."
    )
    assert flag.do == "Check the key, and whether A is also right."
    flag = FLAGS["too_few_answers"](FLAWED["too_few_answers"], LIMITS)
    assert flag.seen == "86 answers only; R could lie anywhere between -.05 and .36."
    assert flag.do.startswith("Pilot it again; about ")
    flag = FLAGS["weak_distractors"](FLAWED["weak_distractors"], LIMITS)
    assert flag.seen == "Option D was chosen by 1 %."


def test_change_is_told_with_its_direction_and_only_where_it_is_sure():
    rule = FLAGS["changed_from_history"]
    harder = rule(FLAWED["changed_from_history"], LIMITS)
    assert harder.seen == "Harder by .57 logit than in the bank (between .32 and .82)."
    easier = rule(replace(GOOD, change=Change(-1.2, 0.2, -4.0)), LIMITS)
    assert easier.seen.startswith("Easier by 1.20 logit")
    assert (harder.severity, easier.severity) == (3, 2)
    assert "leaked" in easier.may_mean
    for unsure in (Change(0.4, 0.1, 3.0), Change(0.9, 0.6, 3.0), Change(0.6, 0.1, 1.0)):
        assert rule(replace(GOOD, change=unsure), LIMITS) is None


def test_a_low_r_with_few_answers_is_not_called_low():
    few = replace(GOOD, n=60, r=0.06, r_low=-0.2, r_high=0.31)
    assert FLAGS["low_r"](few, LIMITS) is None
    assert FLAGS["too_few_answers"](few, LIMITS).do.startswith("Collect more answers")


def test_an_item_that_surely_discriminates_needs_no_more_answers():
    settled = replace(GOOD, n=220, r=0.19, r_low=0.06, r_high=0.31)
    assert FLAGS["too_few_answers"](settled, LIMITS) is None
    assert FLAGS["too_few_answers"](replace(settled, status="pilot"), LIMITS) is None
    open_question = replace(settled, n=80, r_low=-0.03, r_high=0.39)
    for status in ("pilot", "scored"):
        assert FLAGS["too_few_answers"](replace(open_question, status=status), LIMITS) is not None


def test_a_negative_r_that_may_be_chance_is_not_shouted():
    unlucky = replace(GOOD, n=90, r=-0.02, r_low=-0.22, r_high=0.21)
    sure = replace(GOOD, n=300, r=-0.15, r_low=-0.26, r_high=-0.04)
    assert FLAGS["negative_r"](unlucky, LIMITS).severity == 3
    assert FLAGS["negative_r"](sure, LIMITS).severity == 1


def test_about_zero_is_not_told_as_negative():
    flat = FLAGS["negative_r"](replace(GOOD, r=-0.01, r_low=-0.17, r_high=0.15), LIMITS)
    assert (flat.severity, flat.seen.endswith("right no more often.")) == (2, True)
    sure = FLAGS["negative_r"](FLAWED["negative_r"], LIMITS)
    assert (sure.severity, sure.seen.endswith("right less often.")) == (1, True)


def test_those_who_know_more_choosing_wrong_is_not_guessing():
    doubt = replace(FLAWED["guessed_at"], r=-0.18, r_low=-0.33, r_high=-0.03)
    assert FLAGS["guessed_at"](doubt, LIMITS) is None
    assert FLAGS["negative_r"](doubt, LIMITS).severity == 1


def test_below_the_minimum_only_too_few_is_said():
    tiny = replace(GOOD, n=12, p=1.0, r=-0.3, r_low=-0.7, r_high=0.35, omit_rate=0.5)
    assert [name for name, rule in FLAGS.items() if rule(tiny, LIMITS)] == ["too_few_answers"]


def test_a_class_c_that_is_probably_chance_ranks_lower():
    doubtful = replace(FLAWED["dif_class_c"].dif[0], prob_c=0.2)
    assert FLAGS["dif_class_c"](replace(GOOD, dif=(doubtful,)), LIMITS).severity == 3
    hardly = replace(FLAWED["dif_class_c"].dif[0], prob_c=0.04)
    assert FLAGS["dif_class_c"](replace(GOOD, dif=(hardly,)), LIMITS).severity == 4
    common = replace(FLAWED["dif_class_c"].dif[0], widespread=True)
    # a matter of the groups, which the warnings tell: no item can be mended for it
    assert FLAGS["dif_class_c"](replace(GOOD, dif=(common,)), LIMITS).severity == 4


def test_an_item_that_surely_discriminates_is_not_called_guessed_at():
    doubtful = FLAWED["guessed_at"]
    assert FLAGS["guessed_at"](doubtful, LIMITS) is not None
    assert FLAGS["guessed_at"](replace(doubtful, r=0.19, r_low=0.03, r_high=0.34), LIMITS) is None


def test_an_item_credited_to_everyone_is_not_called_easy():
    credited = tuple(replace(choice, is_key=True) for choice in GOOD.options)
    free = replace(
        GOOD, p=1.0, p_low=0.99, p_high=1.0, r=NAN, r_low=NAN, r_high=NAN, options=credited, key_doubt=None
    )
    assert [name for name, rule in FLAGS.items() if rule(free, LIMITS)] == []


def test_the_most_severe_and_then_the_clearest_comes_first():
    hard = [replace(FLAWED["too_hard"], item_id=name, p=p) for name, p in [("X", 0.18), ("Y", 0.10)]]
    items = [FLAWED["weak_distractors"], *hard, replace(FLAWED["negative_r"], item_id="Z")]
    table = raise_flags(items, LIMITS)
    assert table["item_id"].to_list() == ["Z", "Y", "X", "I1"]


def test_thresholds_are_respected():
    assert FLAGS["low_r"](GOOD, FlagThresholds(low_r=0.5)) is not None
    assert FLAGS["too_easy"](GOOD, FlagThresholds(high_p=0.6)) is not None


@pytest.mark.parametrize("name", FLAGS)
def test_an_item_without_answers_raises_nothing(name):
    empty = replace(
        GOOD, n=0, p=NAN, p_low=NAN, p_high=NAN, r=NAN, r_low=NAN, r_high=NAN, omit_rate=NAN,
        median_time_s=NAN, options=(), key_doubt=None, dif=(),
    )  # fmt: skip
    assert FLAGS[name](empty, LIMITS) is None


def test_planted_flaws_come_out(make, simulate):
    """One flaw per item in a simulated form; the flags must name the items and nothing must outrank them."""
    rng = np.random.default_rng(20)
    chosen = simulate(20, 800, 40)
    key = list("A" * 40)
    key[5] = "B"  # wrong key
    theta = (chosen == 0).mean(axis=1)
    able = theta > np.median(theta)
    also_right = (chosen[:, 9] == 0) & (rng.random(800) < 0.5)
    chosen[also_right, 9] = 3  # two right answers
    chosen[:, 12] = np.where(able, 1, 0)  # the better, the wronger
    chosen[:, 17] = np.where(rng.random(800) < 0.5, 0, 1)  # a coin
    chosen[:, 21] = np.where(chosen[:, 21] == 3, 1, chosen[:, 21])  # a dead distractor
    chosen[rng.random(800) < 0.12, 25] = -1  # often omitted
    seconds = rng.uniform(30, 70, chosen.shape)
    seconds[:, 30] *= 3
    analysis = analyse_items(make(chosen, key="".join(key), seconds=seconds))
    flags = analysis.flags
    assert analysis.key_validation.sort("p_two_right")["item_id"].tail(5).to_list().count("I009")
    found = set(flags.select("item_id", "flag").iter_rows())
    assert {
        ("I005", "key_may_be_wrong"),
        ("I021", "weak_distractors"), ("I025", "many_omits"), ("I030", "slow_item"),
    } <= found  # fmt: skip
    assert {("I017", name) for name in ("low_r", "negative_r", "guessed_at", "two_options_right")} & found
    reversed_item = flags.filter(item_id="I012", flag="key_may_be_wrong").row(0, named=True)
    assert reversed_item["may_mean"].startswith("The key is probably wrong: with probability")
    urgent = set(flags.filter(pl.col("severity") <= 2)["item_id"])
    assert {"I005", "I012"} <= urgent <= {"I005", "I009", "I012", "I017", "I021"}


def test_how_likely_and_who_scored_higher_decide_which_flag_is_raised():
    """A rival whose choosers did better, or who is likelier to be right alone, speaks against the key."""
    rival, key = option("A", 300, 121.0, 0.25), option("B", 80, 120.0, 0.01, is_key=True)
    item = replace(GOOD, options=(rival, key), key_doubt=KeyDoubt(0.84, 0.03, 0.13, 0.0, rival, 0.16))
    flag = FLAGS["key_may_be_wrong"](item, LIMITS)
    assert flag.severity == 1
    assert flag.may_mean == (
        "The key may be wrong: with probability .16 another option is right, alone (.03) or besides the key"
        " (.13)."
    )
    assert FLAGS["two_options_right"](item, LIMITS) is None
    lower = replace(item, options=(replace(rival, mean_criterion=118.0), key))
    lower = replace(lower, key_doubt=replace(item.key_doubt, rival=lower.options[0]))
    assert FLAGS["key_may_be_wrong"](lower, LIMITS) is None
    assert FLAGS["two_options_right"](lower, LIMITS) is None  # said only where it is mostly true
    likely = replace(lower, key_doubt=replace(lower.key_doubt, p_right=0.4, p_two_right=0.57))
    assert FLAGS["two_options_right"](likely, LIMITS).severity == 2
    alone = replace(lower, key_doubt=replace(lower.key_doubt, p_wrong=0.6, p_two_right=0.1))
    assert "is probably wrong" in FLAGS["key_may_be_wrong"](alone, LIMITS).may_mean
    doubtless = replace(item, key_doubt=replace(item.key_doubt, p_wrong=0.01, p_two_right=0.03))
    assert all(FLAGS[name](doubtless, LIMITS) is None for name in ("key_may_be_wrong", "two_options_right"))


def test_a_distractor_is_weak_beside_what_p_leaves():
    """At p = .9 three distractors have 3 % each; one that draws a fifth of that, and surely, is weak."""

    def shared_out(*counts: int):
        n = 1000
        made = [
            replace(option(letter, m, 110.0, -0.1), share=m / n)
            for letter, m in zip("ABC", counts, strict=True)
        ]
        key = replace(option("D", n - sum(counts), 121.0, 0.3, is_key=True), share=1 - sum(counts) / n)
        return FLAGS["weak_distractors"](replace(GOOD, n=n, p=key.share, options=(*made, key)), LIMITS)

    assert shared_out(33, 33, 34) is None
    assert shared_out(45, 45, 6).seen == "Option C was chosen by 1 %."
    assert shared_out(5, 5, 1) is None  # eleven wrong answers tell nothing
    assert shared_out(200, 200, 40) is not None
    assert shared_out(200, 200, 90) is None  # nine per cent function


def test_what_moved_is_ranked_by_certainty():
    far, sure = (
        replace(GOOD, item_id=name, change=change)
        for name, change in (("far", Change(1.4, 0.45, 3.0)), ("sure", Change(0.8, 0.1, 2.5)))
    )
    table = raise_flags([far, sure], LIMITS)
    assert table["item_id"].to_list() == ["sure", "far"]
    assert table["severity"].to_list() == [2, 2]
    assert raise_flags([replace(GOOD, change=Change(1.4, 0.5, 3.0))], LIMITS).is_empty()


def test_a_key_that_nobody_chose():
    rival, key = option("A", 300, 121.0, 0.25), replace(option("B", 0, NAN, NAN, is_key=True), share=0.0)
    item = replace(GOOD, options=(rival, key), key_doubt=KeyDoubt(0.1, 0.9, 0.0, 0.0, rival, 0.9))
    assert FLAGS["key_may_be_wrong"](item, LIMITS).seen == "60 % chose A; nobody chose the key B."


@pytest.mark.parametrize(
    ("share", "text"), [(0.414, "41 %"), (0.0, "0 %"), (0.002, "0.2 %"), (0.9985, "99.9 %"), (1.0, "100 %")]
)
def test_percent(share, text):
    assert percent(share) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.194, ".19"), (-0.05, "-.05"), (-0.001, ".00"), (1.0, "1.00"), (NAN, "unknown")]
)
def test_number(value, text):
    assert number(value) == text
