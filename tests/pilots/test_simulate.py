"""Planted pilots are what they are said to be, and the rates of a policy on them are counted right."""

import numpy as np
import polars as pl
import pytest

from ciip_irt.bank import ItemBank
from ciip_irt.errors import InputError
from ciip_irt.pilots import load_policy
from ciip_irt.pilots.simulate.operating_characteristics import (
    KINDS,
    OperatingCharacteristics,
    _rate,
    programme_of_bank,
    simulate_policy,
)
from ciip_irt.pilots.simulate.true_programme import TrueProgramme, simulate_pilots


def easy_world(**assumptions: object) -> TrueProgramme:
    """Mean p .73, reliability .87: the population for which the figures of the docs hold."""
    rng = np.random.default_rng(7)
    scored = np.column_stack([rng.lognormal(-0.5, 0.3, 130), rng.normal(-1.88, 1.3, 130), np.zeros(130)])
    return TrueProgramme(scored, **assumptions)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def found() -> OperatingCharacteristics:
    return simulate_policy(easy_world(), answers=[50, 200], n_pilots=300, seed=3)


@pytest.mark.parametrize(
    "assumptions", [{}, {"guessing": 0.2}, {"second": 0.6}, {"skewed": True}, {"mean": 1.0, "sd": 1.4}]
)
def test_the_truth_is_what_many_answers_show(assumptions: dict[str, object]) -> None:
    simulated = simulate_pilots(easy_world(**assumptions), 20_000, 40, np.random.default_rng(1))
    block, total = simulated.blocks[0], simulated.totals[0]
    answers = block.scores[:, ~block.is_scored].astype(float)
    np.testing.assert_allclose(answers.mean(axis=0), simulated.truth["p"], atol=0.015)
    r = [np.corrcoef(answers[:, j], total)[0, 1] for j in range(40)]
    np.testing.assert_allclose(r, simulated.truth["r"], atol=0.03)
    kinds = dict(simulated.truth["kind"].value_counts().iter_rows())
    assert kinds == {"sound": 32, "flat": 3, "wrong_key": 2, "two_right": 2, "trap": 1}
    wrong_key, flat = (simulated.truth.filter(kind=kind) for kind in ("wrong_key", "flat"))
    assert wrong_key["r"].max() < 0
    assert flat["r"].abs().max() < 1e-9
    assert not simulated.truth.filter(pl.col("kind") != "sound")["good"].any()


def test_two_right_options_and_traps_are_what_they_are_said_to_be() -> None:
    programme = easy_world(flawed=1.0, flaws={"two_right": 0.5, "trap": 0.5})
    simulated = simulate_pilots(programme, 20_000, 40, np.random.default_rng(1))
    assert dict(simulated.truth["kind"].value_counts().iter_rows()) == {"two_right": 20, "trap": 20}
    block, total = simulated.blocks[0], simulated.totals[0]
    chosen = block.choices[:, ~block.is_scored]
    able = total >= np.quantile(total, 0.9)
    for j, kind in enumerate(simulated.truth["kind"]):
        other = np.corrcoef(chosen[:, j] == 1, total)[0, 1]
        least = np.corrcoef(chosen[:, j] == 3, total)[0, 1]
        if kind == "two_right":  # both rise with ability, or at least do not fall as wrong options do
            assert least < other
            share = np.mean(chosen[able, j] == 0) / np.mean(chosen[able, j] <= 1)
            assert 0.25 < share < 0.75
        else:  # of the ablest most choose the trap
            assert np.mean(chosen[able, j] == 1) > np.mean(chosen[able, j] == 0)
    assert simulated.truth["good"].sum() == 0


def test_the_slopes_of_sound_pilots_can_be_given() -> None:
    programme = easy_world(flawed=0.0, slopes=lambda n, _: np.full(n, 0.02))
    assert simulate_pilots(programme, 50, 40, np.random.default_rng(1)).truth["r"].max() < 0.03


def test_the_standard_population_is_the_one_that_the_docs_name() -> None:
    simulated = simulate_pilots(easy_world(), 4000, 200, np.random.default_rng(2))
    scores = simulated.blocks[0].scores[:, :130].astype(float)
    total = scores.sum(axis=1)
    alpha = 130 / 129 * (1 - scores.var(axis=0, ddof=1).sum() / total.var(ddof=1))
    assert scores.mean() == pytest.approx(0.73, abs=0.01)
    assert alpha == pytest.approx(0.87, abs=0.012)


def test_the_first_answers_stay_the_same() -> None:
    simulated = simulate_pilots(easy_world(), 60, 80, np.random.default_rng(1))
    few, all_of_them = simulated.answers(20), simulated.answers(60)
    assert few.deliveries.height == 40
    assert [len(block.persons) for block in all_of_them.blocks] == [60, 60]
    for block, longer in zip(few.blocks, all_of_them.blocks, strict=True):
        np.testing.assert_array_equal(block.scores, longer.scores[:20])
    np.testing.assert_array_equal(few.totals[20:], all_of_them.totals[60:80])
    assert sorted(np.concatenate([block.persons for block in few.blocks])) == list(range(40))


def test_the_policy_does_what_is_claimed_for_it(found: OperatingCharacteristics) -> None:
    assert found.value("policy", 50, "good", "promoted") > 0.65
    assert found.value("policy", 200, "good", "promoted") > 0.80
    assert found.value("policy", 200, "good", "lost") <= 0.01
    assert found.value("policy", 200, "bad", "share_of_promoted") <= 0.03
    assert found.value("fixed rule", 200, "good", "lost") > 0.35
    assert found.value("policy", 200, "wrong key", "promoted") == 0.0


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.15), (0.15, 0.7), (0.7, 0.9), (0.9, 1.01)])
def test_stated_probabilities_hold(found: OperatingCharacteristics, low: float, high: float) -> None:
    # benchmarks.decisions does the same at length, in fifteen worlds
    part = found.decisions.filter(pl.col("probability").is_between(low, high, closed="left"))
    stated, true = part["probability"].mean(), part["good"].mean()
    se = np.sqrt((part["probability"] * (1 - part["probability"])).mean() / part.height)
    assert part.height > 60
    assert abs(true - stated) < 3 * se + 0.01


def test_rates_are_those_of_the_decisions(found: OperatingCharacteristics) -> None:
    at_200 = found.decisions.filter(n=200)
    good = at_200.filter("good")
    assert found.value("policy", 200, "good", "held") == pytest.approx((good["decision"] == "hold").mean())
    promoted = at_200.filter(decision="promote")
    bad = found.value("policy", 200, "bad", "share_of_promoted")
    assert bad == pytest.approx((promoted["kind"] != "sound").mean())
    fixed = (good["r_observed"] >= 0.2) & good["p_observed"].is_between(0.25, 0.97)
    assert found.value("fixed rule", 200, "good", "promoted") == pytest.approx(fixed.mean())
    for rule, n in (("policy", 50), ("fixed rule", 200), ("in sequence", 200)):
        for kind in KINDS:
            parts = [found.value(rule, n, kind, name) for name in ("promoted", "held", "lost")]
            assert sum(parts) == pytest.approx(1.0)
        shares = [found.value(rule, n, kind, "share_of_promoted") for kind in ("good", "out of range", "bad")]
        assert sum(shares) == pytest.approx(1.0)


def test_in_sequence_an_item_leaves_at_its_first_decision(found: OperatingCharacteristics) -> None:
    wide = found.decisions.pivot("n", index=["programme", "item_id", "good"], values="decision")
    fate = wide.filter("good").with_columns(
        fate=pl.when(pl.col("50") == "hold").then("200").otherwise("50"),
        answers=pl.when(pl.col("50") == "hold").then(200).otherwise(50),
    )
    promoted = found.value("in sequence", 200, "good", "promoted")
    assert promoted == pytest.approx((fate["fate"] == "promote").mean())
    first = (
        found.decisions.filter(decision="promote").sort("n").unique(["programme", "item_id"], keep="first")
    )
    stated = found.value("in sequence", 200, "good", "stated")
    assert stated == pytest.approx(first["probability"].mean())
    assert abs(stated - found.value("in sequence", 200, "good", "share_of_promoted")) < 0.04
    assert f"Promoted at {stated:.3f} stated" in found.summary()
    assert found.value("in sequence", 200, "good", "answers") == pytest.approx(fate["answers"].mean())


def test_standard_errors_are_the_scatter_between_groups() -> None:
    rng = np.random.default_rng(1)

    def simulated() -> tuple[float | None, float | None, int]:
        share = rng.beta(8, 2, 25).repeat(
            40
        )  # items of a group share its candidates, and rise and fall together
        frame = pl.DataFrame(
            {"programme": 0, "group": np.arange(25).repeat(40), "yes": rng.random(1000) < share}
        )
        return _rate(frame, pl.col("yes"))

    rates = [simulated() for _ in range(400)]
    scatter = np.std([rate for rate, _, _ in rates])
    assert np.mean([se for _, se, _ in rates]) == pytest.approx(scatter, rel=0.1)
    assert scatter > 1.5 * np.sqrt(0.8 * 0.2 / 1000)  # more than independent items would have


def test_a_calibration_of_the_world_knows_it_nearly() -> None:
    programme = TrueProgramme(
        np.column_stack([np.full(40, 0.8), np.linspace(-3, 0, 40), np.zeros(40)]), 0.5, 1.3
    )
    known = programme.calibrated(4000, np.random.default_rng(1)).known
    assert known is not None
    np.testing.assert_allclose(known[:, 1], programme.scored[:, 1], atol=0.35)
    assert known[:, 0].mean() == pytest.approx(0.8, abs=0.04)


def test_the_same_seed_gives_the_same_rates_and_words() -> None:
    first, second = (simulate_policy(easy_world(), answers=[30], n_pilots=40, seed=2) for _ in range(2))
    assert first.rates.equals(second.rates)
    assert first.to_frame() is first.rates
    assert "in sequence" not in first.rates["rule"]  # one look is no sequence
    assert first.summary().startswith("40 simulated pilots, 20 % of them flawed (flat, wrong key,")
    assert "R >= .20 promotes" in first.summary()
    assert "<table" in first._repr_html_()


def bank(n: int, b: float | None = -1.0) -> ItemBank:
    return ItemBank.from_frame(
        pl.DataFrame(
            {"item_id": [f"S{k}" for k in range(n)], "domain": "A", "status": "scored", "key": "A",
             "options": "ABC", "b": b},
            schema_overrides={"b": pl.Float64},
        )
    )  # fmt: skip


def test_a_bank_describes_its_programme() -> None:
    programme = programme_of_bank(bank(12), mean=0.5, sd=1.2, form_length=200)
    assert programme.scored.shape == (12, 3)
    assert (programme.mean, programme.sd, programme.guessing) == (0.5, 1.2, 0.0)
    found = simulate_policy(programme, load_policy("arrt-like"), answers=[60], n_pilots=20, seed=1)
    assert found.policy.name == "arrt-like"


def test_what_cannot_be_simulated_is_said_at_once() -> None:
    with pytest.raises(InputError) as caught:
        programme_of_bank(bank(12, None), sd=0.0, form_length=3)
    said = str(caught.value)
    assert "only 0 scored items with a difficulty b" in said
    assert "standard deviation 0.0" in said
    assert "too short" in said
    with pytest.raises(InputError) as caught:
        simulate_policy(easy_world(), answers=[5], n_pilots=1)
    assert "between 10 and 5000" in str(caught.value)
    assert "not 1" in str(caught.value)


def test_the_standard_error_of_two_groups_by_hand() -> None:
    """3 of 4 and 1 of 4: rate 1/2, se^2 = 2/1 (1^2 + 1^2) / 8^2."""
    frame = pl.DataFrame(
        {"programme": 0, "group": [0] * 4 + [1] * 4, "yes": [True] * 3 + [False] + [True] + [False] * 3}
    )
    assert _rate(frame, pl.col("yes")) == (0.5, pytest.approx(0.25), 8)


def test_what_a_programme_says_of_itself_is_the_same_in_every_run() -> None:
    """The place of a function in memory, or 130 rows of figures, would not be."""
    said = repr(easy_world(slopes=lambda n, _: np.full(n, 0.02), known=np.zeros((130, 3))))
    assert " at 0x" not in said
    assert "known=" not in said
