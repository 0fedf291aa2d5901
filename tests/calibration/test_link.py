"""Two calibrations on one scale: known constants, drift, guards, and the command."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ciip_irt.calibration import DriftLimits, link_calibrations
from ciip_irt.cli import main
from ciip_irt.errors import DesignError, InputError, ScaleError
from ciip_irt.tables import write_outputs


def calibration(
    b: np.ndarray, a: np.ndarray | None = None, *, scale: str, first: int = 0, D: float = 1.0, model: str = ""
) -> pl.DataFrame:
    """The parameters table."""
    names = ("b",) if a is None else ("a", "b")
    model = model or ("rasch" if a is None else "2pl")
    values = b[:, None] if a is None else np.column_stack((a, b))
    count = len(values)
    return pl.DataFrame(
        {
            "item_id": [f"I{first + j:03}" for j in range(count) for _ in names],
            "model": model,
            "parameter": list(names) * count,
            "estimate": values.ravel(),
            "se": 0.1,
            "fixed": False,
            "n": 400,
            "scale_id": scale,
            "D": D,
        }
    )


def test_rasch_shift_and_one_item_that_drifted() -> None:
    rng = np.random.default_rng(1)
    b = rng.normal(size=40)
    here = b[10:] - 0.7 + rng.normal(0, 0.08, 30)
    here[5] += 1.1
    done = link_calibrations(calibration(here, scale="spring", first=10), calibration(b[:30], scale="bank"))
    assert pytest.approx(0.7, abs=0.06) == done.link.B
    assert done.common.height == 20
    assert done.to_dict()["dropped"] == ["I015"]
    row = done.common.row(by_predicate=pl.col("item_id") == "I015", named=True)
    assert row["displacement"] == pytest.approx(1.1, abs=0.25)
    assert row["why"].startswith("Dropped: harder by")
    assert row["se"] == pytest.approx(np.sqrt(0.02))
    assert done.parameters.height == 30
    assert set(done.parameters["scale_id"]) == {"bank"}
    new = done.parameters.filter(pl.col("item_id") > "I029")["estimate"].to_numpy()
    np.testing.assert_allclose(new, b[30:], atol=0.3)
    kept = link_calibrations(
        calibration(here, scale="spring", first=10), calibration(b[:30], scale="bank"), purify=False
    )
    assert set(kept.common["decision"]) == {"kept"}
    assert kept.link.B < done.link.B


def test_uncertain_difficulties_drop_hardly_a_sound_item() -> None:
    """389 items that did not drift, of few answers: displaced by half a logit here and there by chance."""
    rng = np.random.default_rng(7)
    b, error = rng.normal(size=389), rng.uniform(0.1, 0.35, 389)
    old, new = (
        calibration(b + shift + rng.normal(0, error), scale=scale).with_columns(se=error)
        for shift, scale in ((0.0, "bank"), (0.3, "spring"))
    )
    assert len(link_calibrations(new, old).to_dict()["dropped"]) <= 4  # chance passes three errors 1 in 370
    without = link_calibrations(new, old, drift=DriftLimits(certainty=0)).to_dict()["dropped"]
    assert len(without) > 20


@pytest.mark.parametrize(
    "method", [None, "mean_mean", "mean_gmean", "mean_sigma", "haebara", "stocking_lord"]
)
def test_constants_of_2pl_are_found(method: str | None) -> None:
    rng = np.random.default_rng(2)
    a, b = rng.lognormal(0, 0.3, 20), rng.normal(size=20)
    A, B = 1.25, -0.4
    done = link_calibrations(
        calibration((b - B) / A, a * A, scale="spring"), calibration(b, a, scale="bank"), method
    )
    assert pytest.approx((A, B), abs=1e-4) == (done.link.A, done.link.B)
    wide = done.parameters.pivot(on="parameter", index="item_id", values="estimate")
    np.testing.assert_allclose(wide["a"], a, rtol=1e-3)
    np.testing.assert_allclose(wide["b"], b, atol=1e-3)
    se = done.parameters.filter(pl.col("parameter") == "b")["se"]
    np.testing.assert_allclose(se, 0.1 * A, rtol=1e-3)
    assert done.parameters["low"].null_count() == done.parameters.height  # none were given


def test_intervals_are_linked_too() -> None:
    b, a = np.linspace(-1, 1, 20), np.linspace(0.6, 1.6, 20)
    A, B = 1.25, -0.4
    new = calibration((b - B) / A, a * A, scale="spring").with_columns(
        low=pl.col("estimate") - 0.2, high=pl.col("estimate") + 0.3
    )
    done = link_calibrations(new, calibration(b, a, scale="bank"), "mean_sigma").parameters
    for name, by in (("a", 1 / A), ("b", A)):
        rows = done.filter(pl.col("parameter") == name)
        np.testing.assert_allclose(rows["estimate"] - rows["low"], 0.2 * by, rtol=1e-6)
        np.testing.assert_allclose(rows["high"] - rows["estimate"], 0.3 * by, rtol=1e-6)


def test_what_cannot_be_linked() -> None:
    b = np.linspace(-1, 1, 12)
    bank = calibration(b, scale="bank")
    with pytest.raises(DesignError, match="no common items"):
        link_calibrations(calibration(b, scale="spring", first=50), bank)
    with pytest.raises(ScaleError) as caught:
        link_calibrations(calibration(b, np.ones(12), scale="spring", D=1.7), bank)
    assert len(caught.value.problems) == 2
    with pytest.raises(InputError, match="unknown linking method 'equipercentile'"):
        link_calibrations(calibration(b, scale="spring"), bank, "equipercentile")
    with pytest.raises(ScaleError, match="several scales"):
        link_calibrations(pl.concat([bank, calibration(b, scale="other", first=30)]), bank)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    b = np.linspace(-2, 2, 15)
    write_outputs(tmp_path / "bank", {"parameters.csv": calibration(b, scale="bank")})
    write_outputs(tmp_path / "new", {"parameters.csv": calibration(b + 0.25, scale="spring")})
    code = main(
        [
            "link",
            str(tmp_path / "new/parameters.csv"),
            str(tmp_path / "bank/parameters.csv"),
            "--out",
            str(tmp_path / "out"),
        ]
    )
    assert code == 0
    assert "theta_old = 1.0000 theta_new -0.2500" in capsys.readouterr().out
    linked = pl.read_csv(tmp_path / "out/linked_parameters.csv")
    np.testing.assert_allclose(linked["estimate"], b, atol=1e-6)
    assert pl.read_csv(tmp_path / "out/link.csv").height == 15


def one_scale(scale: str, b: list[float]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "item_id": [f"I{j}" for j in range(len(b))],
            "model": "rasch",
            "parameter": "b",
            "estimate": b,
            "se": 0.1,
            "fixed": False,
            "n": 400,
            "scale_id": scale,
            "D": 1.0,
        }
    )


@pytest.mark.parametrize(("sign", "unit", "fits"), [(1, 1, True), (-1, 1, False), (1, 1.7, False)])
def test_common_items_that_do_not_belong_together_are_told(sign: int, unit: float, fits: bool) -> None:
    rng = np.random.default_rng(4)
    b = rng.normal(size=30)
    new = sign * unit * b - 0.4 + rng.normal(scale=0.1, size=30)
    linked = link_calibrations(one_scale("new", new.tolist()), one_scale("old", b.tolist()))
    assert (linked.concerns == ()) is fits
    assert all(concern.stops for concern in linked.concerns)
    assert linked.to_dict()["concerns"] == [concern.to_dict() for concern in linked.concerns]
