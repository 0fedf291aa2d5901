"""What the truth table says was planted can be found in the answers, and nowhere else."""

import numpy as np
import polars as pl
import pytest

from ciip_irt.simulate import SimulatedProgramme


@pytest.fixture(scope="module")
def answers(large: SimulatedProgramme) -> pl.DataFrame:
    """Answers of engaged first-time candidates with the truth about item and person."""
    persons = large.truth_persons.filter(pl.col("random_from").is_null())
    return (
        large.responses.filter((pl.col("attempt") == "1") & (pl.col("status") == "answered"))
        .join(large.truth.drop("status"), on="item_id")
        .join(large.items.select("item_id", "key", bank_b="b"), "item_id")
        .join(persons.select("delivery_id", "theta"), on="delivery_id")
        .join(large.candidates.select("delivery_id", "delivery_mode"), on="delivery_id")
        .with_columns(
            is_right=pl.col("response") == pl.col("right").str.head(1),
            is_key=pl.col("response") == pl.col("key"),
        )
    )


def of(answers: pl.DataFrame, flaw: str) -> list[tuple[str, pl.DataFrame]]:
    groups = answers.filter(pl.col("flaw") == flaw).group_by("item_id", maintain_order=True)
    found = [(str(item), rows) for (item,), rows in groups]
    assert found, f"no item with flaw {flaw}"
    return found


def logistic(columns: list[np.ndarray], outcome: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and standard errors of a logistic regression, by Newton's method."""
    x = np.column_stack([np.ones(len(outcome)), *columns])
    beta = np.zeros(x.shape[1])
    for _ in range(25):
        p = 1 / (1 + np.exp(-x @ beta))
        information = x.T @ (x * (p * (1 - p))[:, None])
        beta = beta + np.linalg.solve(information, x.T @ (outcome - p))
    return beta, np.sqrt(np.diag(np.linalg.inv(information)))


def difficulty(rows: pl.DataFrame) -> float:
    """The Rasch difficulty at which the expected number right, at the true abilities, is the observed."""
    theta, observed = rows["theta"].to_numpy(), rows["is_right"].sum()
    low, high = -9.0, 9.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if (1 / (1 + np.exp(middle - theta))).sum() > observed else (low, middle)
    return low


def test_about_a_fifth_of_the_pilots_and_a_few_scored_items_are_flawed(programme):
    truth = programme.truth
    assert truth["item_id"].to_list() == programme.items["item_id"].to_list()
    given = truth.filter("administered")
    pilots, scored = (given.filter(pl.col("status") == status) for status in ("pilot", "scored"))
    assert pilots.filter(pl.col("flaw") != "none").height == 32
    assert 0.1 < pilots.filter(~pl.col("good")).height / pilots.height < 0.25
    assert dict(scored.filter(pl.col("flaw") != "none")["flaw"].value_counts().iter_rows()) == {
        "wrong_key": 2, "two_right": 1, "dead_distractors": 3, "drift": 3, "dif": 2, "leaked": 2,
    }  # fmt: skip
    assert set(truth.filter(~pl.col("administered"))["flaw"]) == {"none"}
    assert truth.filter(pl.col("flaw") == "none")["good"].all()
    assert not truth.filter(~pl.col("flaw").is_in(["none", "dead_distractors"]))["good"].any()


def test_the_key_is_wrong_exactly_where_the_truth_says_so(programme):
    both = programme.truth.join(programme.items.select("item_id", "key", "options"), on="item_id")
    differs = both.filter(pl.col("key") != pl.col("right").str.head(1))
    assert set(differs["item_id"]) == set(both.filter(pl.col("flaw") == "wrong_key")["item_id"])
    assert set(both.filter(pl.col("right").str.contains("|", literal=True))["flaw"]) == {"two_right"}


def test_the_right_option_beats_a_wrong_key_and_attracts_the_able(answers):
    for item, rows in of(answers, "wrong_key"):
        assert rows["is_right"].mean() > rows["is_key"].mean() + 0.1, item
        theta = rows.group_by("is_right").agg(pl.col("theta").mean()).sort("is_right")["theta"]
        assert theta[1] > theta[0], item


def test_of_two_right_options_both_are_chosen_by_the_able(answers):
    for item, rows in of(answers, "two_right"):
        first, second = rows["right"][0].split("|")
        shares = {option: (rows["response"] == option).mean() for option in (first, second)}
        assert min(shares.values()) > 0.2, item
        means = dict(rows.group_by("response").agg(pl.col("theta").mean()).iter_rows())
        others = rows.filter(~pl.col("response").is_in([first, second]))["theta"].mean()
        assert min(means[first], means[second]) > others, item


def test_dead_distractors_fool_nobody(answers):
    for item, rows in of(answers, "dead_distractors"):
        shares = dict(rows["response"].value_counts(normalize=True).iter_rows())
        dead = rows["detail"][0].removeprefix("hardly anybody chooses ").split(" or ")
        assert all(shares.get(option, 0.0) < 0.02 for option in dead), item


def test_dif_between_modes_is_recovered_by_a_logistic_contrast(answers):
    found = 0
    for item, rows in of(answers, "dif"):
        online = (rows["delivery_mode"] == "online").to_numpy().astype(float)
        beta, se = logistic([rows["theta"].to_numpy(), online], rows["is_right"].to_numpy().astype(float))
        size = rows["size"][0]
        assert abs(-beta[2] - size) < max(4 * se[2], 0.45), item
        found += abs(beta[2]) > 2 * se[2]
    assert found >= 4


def test_sound_items_have_no_dif(answers):
    sound = answers.filter((pl.col("flaw") == "none") & pl.col("is_right").is_not_null())
    z = []
    for _, rows in sound.group_by("item_id", maintain_order=True):
        online = (rows["delivery_mode"] == "online").to_numpy().astype(float)
        beta, se = logistic([rows["theta"].to_numpy(), online], rows["is_right"].to_numpy().astype(float))
        z.append(beta[2] / se[2])
    assert abs(np.mean(z)) < 0.2
    assert 0.85 < np.std(z) < 1.15


def test_the_bank_knows_sound_items_and_is_off_by_the_drift_for_others(large, answers):
    scored = answers.filter(pl.col("bank_b").is_not_null())
    sound = [
        (difficulty(rows), rows["b_rasch"][0], rows["bank_b"][0])
        for _, rows in scored.filter(pl.col("flaw") == "none").group_by("item_id", maintain_order=True)
    ]
    observed, true, bank = np.array(sound).T
    assert np.corrcoef(observed, true)[0, 1] > 0.99
    assert abs((observed - true).mean()) < 0.03
    assert abs((bank - true).mean()) < 0.03
    se = large.items.join(large.truth, on="item_id").filter(pl.col("flaw") == "none")["se_b"].drop_nulls()
    assert (bank - true).std() == pytest.approx(np.sqrt((se**2).mean()), rel=0.2)
    for item, rows in of(scored, "drift"):
        assert difficulty(rows) - rows["bank_b"][0] == pytest.approx(rows["size"][0], abs=0.35), item


def test_leaked_items_become_easier_and_faster_after_the_leak(large, answers):
    for item, rows in of(answers, "leaked"):
        since = rows["detail"].str.extract(r"from (\S+) on")[0]
        late = rows.filter(pl.col("delivered_at") >= since)
        early = rows.filter(pl.col("delivered_at") < since)
        assert difficulty(late) - difficulty(early) < -0.9, item
        assert late["time_s"].median() < 0.8 * early["time_s"].median(), item
        again = large.responses.filter(
            (pl.col("item_id") == item) & (pl.col("attempt") != "1") & (pl.col("delivered_at") < since)
        )
        if again.height > 20:
            assert (again["response"] == rows["right"][0]).mean() > early["is_right"].mean()


def test_flat_negative_easy_and_hard_items_are_so(answers):
    def r(rows: pl.DataFrame) -> float:
        return float(np.corrcoef(rows["is_right"].cast(pl.Float64), rows["theta"])[0, 1])

    assert all(abs(r(rows)) < 0.16 for _, rows in of(answers, "flat"))
    assert all(r(rows) < -0.04 for _, rows in of(answers, "negative"))
    assert all(rows["is_right"].mean() > 0.96 for _, rows in of(answers, "too_easy"))
    assert all(rows["is_right"].mean() < 0.22 for _, rows in of(answers, "too_hard"))
    sound = [r(rows) for _, rows in answers.filter(pl.col("flaw") == "none").group_by("item_id")]
    assert min(sound) > 0
    assert 0.17 < np.median(sound) < 0.30


def test_distractors_of_sound_items_fall_with_ability(answers):
    sound = answers.filter((pl.col("flaw") == "none") & ~pl.col("is_right"))
    chosen = sound.group_by("item_id", "response").agg(pl.len(), pl.col("theta").mean())
    everyone = answers["theta"].mean()
    common = chosen.filter(pl.col("len") >= 60)
    assert common.height > 300
    assert (common["theta"] < everyone).mean() > 0.97
