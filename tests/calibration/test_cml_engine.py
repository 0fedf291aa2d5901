"""The conditional engine against eRm through the command, against enumeration, and what it must refuse."""

import csv
import itertools
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import ciip_irt as ci
from ciip_irt.cli import main

# patterns of four items and how many persons have each: all that enumeration needs
PATTERNS = {
    (1, 0, 0, 0): 14, (0, 1, 0, 0): 7, (0, 0, 1, 0): 5, (0, 0, 0, 1): 3, (1, 1, 0, 0): 12, (1, 0, 1, 0): 9,
    (1, 0, 0, 1): 4, (0, 1, 1, 0): 3, (0, 1, 0, 1): 2, (0, 0, 1, 1): 2, (1, 1, 1, 0): 11, (1, 1, 0, 1): 7,
    (1, 0, 1, 1): 4, (0, 1, 1, 1): 2, (1, 1, 1, 1): 6, (0, 0, 0, 0): 5,
}  # fmt: skip


def log_of(folder: Path, scores: np.ndarray, ids: list[str]) -> list[str]:
    """A long log and an items sheet in ``folder``: the first arguments of the commands."""
    persons = [f"P{row:05d}" for row in range(len(scores))]
    pl.DataFrame(
        {
            "candidate_id": np.repeat(persons, len(ids)),
            "delivery_id": np.repeat([f"D-{who}" for who in persons], len(ids)),
            "attempt": 1,
            "form_id": "F",
            "item_id": np.tile(ids, len(scores)),
            "response": np.where(scores.ravel() == 1, "A", "B"),
            "status": "answered",
        }
    ).write_csv(folder / "log.csv")
    pl.DataFrame(
        {"item_id": ids, "domain": "D", "status": "scored", "key": "A", "options": "ABCD"}
    ).write_csv(folder / "items.csv")
    return [str(folder / "log.csv"), "--items", str(folder / "items.csv"), "--out", str(folder / "out")]


def calibrated(folder: Path, scores: np.ndarray, ids: list[str], *options: str) -> pl.DataFrame:
    """``parameters.csv`` of the command, one row per item."""
    arguments = ["calibrate", *log_of(folder, scores, ids), "--fit-simulations", "0"]
    assert main([*arguments, "--anchors", "none", "--engine", "cml", *options]) == 0
    table = pl.read_csv(folder / "out" / "parameters.csv")
    return table.filter(pl.col("parameter") == "b").sort("item_id")


REALDATA = [
    ("lsat67/reference_rasch_cml_eRm_LSAT6.csv", "lsat67/LSAT6_scored.csv"),
    ("lsat67/reference_rasch_cml_eRm_LSAT7.csv", "lsat67/LSAT7_scored.csv"),
    ("kb36/reference_rasch_cml_eRm_formX.csv", "kb36/formX_scored.csv"),
]


@pytest.mark.parametrize(("reference", "data"), REALDATA)
def test_the_command_agrees_with_erm(shared: Path, tmp_path: Path, reference: str, data: str) -> None:
    scores = pl.read_csv(shared / "realdata" / data).drop("candidate_id")
    found = calibrated(tmp_path, scores.to_numpy(), scores.columns)
    with (shared / "realdata" / reference).open() as lines:
        wanted = sorted(csv.DictReader(lines), key=lambda row: row["item_id"])
    assert found["item_id"].to_list() == [row["item_id"] for row in wanted]
    np.testing.assert_allclose(found["estimate"], [float(row["beta"]) for row in wanted], atol=2e-4)
    np.testing.assert_allclose(found["se"], [float(row["se"]) for row in wanted], atol=2e-4)


def enumerated(b: np.ndarray) -> float:
    """Conditional log-likelihood of ``PATTERNS``: each among all patterns of the same score."""
    total = 0.0
    for pattern, count in PATTERNS.items():
        same = [p for p in itertools.product((0, 1), repeat=4) if sum(p) == sum(pattern)]
        weights = np.exp([-np.array(p) @ b for p in same])
        total += count * (-np.array(pattern) @ b - np.log(weights.sum()))
    return total


def test_no_difficulties_are_likelier(tmp_path: Path) -> None:
    scores = np.repeat(np.array(list(PATTERNS)), list(PATTERNS.values()), axis=0)
    found = calibrated(tmp_path, scores, ["I1", "I2", "I3", "I4"])
    b = found["estimate"].to_numpy()
    assert abs(b.sum()) < 1e-9
    told = json.loads((tmp_path / "out" / "calibration.json").read_text())
    assert told["log_likelihood"] == pytest.approx(enumerated(b), abs=5e-5)  # told to 4 places
    for item, step in itertools.product(range(4), (-0.01, 0.01)):
        assert enumerated(b + step * np.eye(4)[item]) < enumerated(b)


def test_D_rescales_and_nothing_else(tmp_path: Path) -> None:
    scores = np.repeat(np.array(list(PATTERNS)), list(PATTERNS.values()), axis=0)
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    one = calibrated(tmp_path / "one", scores, ["I1", "I2", "I3", "I4"])
    other = calibrated(tmp_path / "other", scores, ["I1", "I2", "I3", "I4"], "--D", "1.7")
    np.testing.assert_allclose(other["estimate"] * 1.7, one["estimate"], atol=1e-7)
    np.testing.assert_allclose(other["se"] * 1.7, one["se"], atol=1e-7)


def drawn(theta: np.ndarray, b: np.ndarray, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.random((theta.size, b.size)) < 1 / (1 + np.exp(b - theta[:, None]))).astype(int)


def scored(folder: Path, scores: np.ndarray, ids: list[str]) -> ci.ScoredResponses:
    log, _, items, *_ = log_of(folder, scores, ids)
    bank = ci.read_bank(items)
    return ci.score(ci.ingest([log], bank=bank).responses, bank)


def test_the_populations_moments_belong_to_the_difficulties(tmp_path: Path) -> None:
    b = np.linspace(-1.5, 1.5, 25)
    theta = np.random.default_rng(8).normal(0.7, 1.3, 3000)
    calibration = ci.calibrate(
        scored(tmp_path, drawn(theta, b, 1), [f"I{j:02d}" for j in range(25)]), "rasch", engine="cml"
    )
    assert calibration.converged
    assert calibration.second_order == "maximum"
    assert np.abs(calibration.parameters_array[:, 1] - b).max() < 0.2
    assert calibration.mean == pytest.approx(0.7, abs=0.1)
    assert calibration.sd == pytest.approx(1.3, abs=0.1)
    inside = (calibration.low[:, 1] < b) & (b < calibration.high[:, 1])
    assert inside.sum() >= 21  # of 25 at 95 %


def test_an_item_that_everybody_solves_has_no_estimate_and_bends_nothing(tmp_path: Path) -> None:
    scores = drawn(np.random.default_rng(3).normal(size=300), np.array([-1.0, 0.0, 0.5, 1.0]), 2)
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    ids = ["I1", "I2", "I3", "I4"]
    plain = ci.calibrate(scored(tmp_path / "one", scores, ids), "rasch", engine="cml")
    easy = np.column_stack((scores, np.ones(300, dtype=int)))
    more = ci.calibrate(scored(tmp_path / "other", easy, [*ids, "ZZZ"]), "rasch", engine="cml")
    np.testing.assert_allclose(more.parameters_array[:4], plain.parameters_array)
    assert np.isnan(more.parameters_array[4]).all()
    assert any("ZZZ" in said for said in more.warnings)
    assert (more.mean, more.sd) == pytest.approx((plain.mean, plain.sd))


@pytest.mark.parametrize(
    ("model", "options", "said"),
    [
        ("2pl", [], "the engine cml does not estimate the model 2pl"),
        ("rasch", ["--priors", "bank"], "takes no priors"),
        ("rasch", ["--standard-errors", "cross_product"], "standard errors of its own"),
    ],
)
def test_what_it_does_not_know_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], model: str, options: list[str], said: str
) -> None:
    scores = np.repeat(np.array(list(PATTERNS)), list(PATTERNS.values()), axis=0)
    arguments = ["calibrate", *log_of(tmp_path, scores, ["I1", "I2", "I3", "I4"]), "--anchors", "none"]
    assert main([*arguments, "--engine", "cml", "--model", model, *options]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_anchors_are_refused_with_the_way_round(tmp_path: Path) -> None:
    scores = np.repeat(np.array(list(PATTERNS)), list(PATTERNS.values()), axis=0)
    responses = scored(tmp_path, scores, ["I1", "I2", "I3", "I4"])
    frame = pl.read_csv(tmp_path / "items.csv").with_columns(
        model=pl.lit("rasch"), a=1.0, b=0.0, c=0.0, D=1.0, scale_id=pl.lit("bank")
    )
    with pytest.raises(ci.InputError, match=r"cannot hold anchors.*ciip-irt link"):
        ci.calibrate(responses, "rasch", anchors=ci.ItemBank.from_frame(frame), engine="cml")
