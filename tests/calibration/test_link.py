"""Two calibrations on one scale: known constants, drift, guards, and the command."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ciip_irt.calibration import DriftLimits, LinkedCalibrations, link_calibrations, link_chain
from ciip_irt.calibration import link as link_module
from ciip_irt.calibration.parameter_tables import parameter_arrays
from ciip_irt.calibration.result import EstimatesCovariance
from ciip_irt.cli import main
from ciip_irt.errors import DesignError, InputError, ScaleError
from ciip_irt.irt import ResponseBlock
from ciip_irt.irt.estimation import fit_mml
from ciip_irt.irt.linking import link
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
    # the link takes back the error of the new sample's mean and brings in its own
    np.testing.assert_allclose(se, 0.1 * A, rtol=0.15)
    apart = link_calibrations(
        calibration((b - B) / A, a * A, scale="spring").with_columns(n=10**9),
        calibration(b, a, scale="bank").with_columns(se=1e-9, n=10**9),
        method,
    )
    own = apart.parameters.filter(pl.col("parameter") == "b")["se"]
    np.testing.assert_allclose(own, drawn_errors(apart, a, b, A, B, method), rtol=0.3)
    assert done.parameters["low"].null_count() == done.parameters.height  # none were given


def drawn_errors(
    done: LinkedCalibrations, a: np.ndarray, b: np.ndarray, A: float, B: float, method: str | None
) -> np.ndarray:
    """The spread of linked difficulties where the new values are drawn anew with their errors."""
    rng = np.random.default_rng(9)
    new = np.column_stack((a * A, (b - B) / A, np.zeros(len(a))))
    old = np.column_stack((a, b, np.zeros(len(a))))
    correlation = np.clip(-new[:, 1] / new[:, 0], -0.95, 0.95)  # of slope and difficulty, errors equal
    drawn = []
    for _ in range(300 if method and method.startswith("mean") else 80):
        z = rng.normal(size=(2, len(a)))
        shaken = new.copy()
        shaken[:, 0] += 0.1 * z[0]
        shaken[:, 1] += 0.1 * (correlation * z[0] + np.sqrt(1 - correlation**2) * z[1])
        found = link(old, shaken, method or "stocking_lord", theta=np.linspace(-4, 4, 17))
        drawn.append(found.A * shaken[:, 1] + found.B)
    assert len(done.parameters) == 2 * len(a)
    return np.std(drawn, axis=0)


def test_intervals_are_linked_too() -> None:
    b, a = np.linspace(-1, 1, 20), np.linspace(0.6, 1.6, 20)
    A, B = 1.25, -0.4
    new = calibration((b - B) / A, a * A, scale="spring").with_columns(
        low=pl.col("estimate") - 0.2, high=pl.col("estimate") + 0.3
    )
    done = link_calibrations(new, calibration(b, a, scale="bank"), "mean_sigma").parameters
    for name, by in (("a", 1 / A), ("b", A)):
        rows = done.filter(pl.col("parameter") == name)
        wider = rows["se"] / (0.1 * by)  # the interval keeps its lopsidedness and follows the error
        np.testing.assert_allclose(rows["estimate"] - rows["low"], 0.2 * by * wider, rtol=1e-6)
        np.testing.assert_allclose(rows["high"] - rows["estimate"], 0.3 * by * wider, rtol=1e-6)


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


def test_the_errors_of_linked_items_contain_that_of_the_link() -> None:
    """Rasch, 20 common of 400 answers each: B is known to sqrt(2 (.01 / 20 + shared 1/400 (19/20)))."""
    b = np.linspace(-1.5, 1.5, 30)
    done = link_calibrations(
        calibration(b[10:], scale="spring", first=10), calibration(b[:30], scale="bank"), purify=False
    )
    of_B = np.sqrt(2 * (0.01 / 20 + 0.95 / 400))
    assert done.to_dict()["se_B"] == pytest.approx(of_B)
    assert done.to_dict()["se_A"] == 0.0
    short = link_calibrations(
        calibration(b[10:], scale="spring", first=10), calibration(b[:20], scale="bank"), purify=False
    )
    new = short.parameters.filter(pl.col("item_id") == "I029")["se"][0]
    of_B = np.sqrt(2 * (0.01 / 10 + 0.9 / 400))
    # a new item and the shift share the error of the sample's mean, which the shift takes back
    assert new == pytest.approx(np.sqrt(0.01 + of_B**2 - 2 / 400))
    unknown = link_calibrations(
        calibration(b, scale="spring").with_columns(se=pl.lit(None, pl.Float64)), calibration(b, scale="bank")
    )
    assert unknown.to_dict()["se_B"] is None
    assert any("no standard errors" in line for line in unknown.warnings)


@pytest.mark.parametrize("method", ["mean_mean", "mean_gmean", "haebara", "stocking_lord"])
def test_a_rasch_scale_is_shifted_only(method: str) -> None:
    b = np.linspace(-2, 2, 12)
    done = link_calibrations(
        calibration(b / 1.25 - 0.2, scale="spring"), calibration(b, scale="bank"), method, purify=False
    )
    assert done.link.A == 1.0
    assert done.to_dict()["se_B"] > 0
    np.testing.assert_allclose(done.parameters["estimate"], b / 1.25 - 0.2 + done.link.B)
    assert any("A is held at 1" in line for line in done.warnings)
    with pytest.raises(InputError, match="a Rasch scale admits a shift only"):
        link_calibrations(calibration(b, scale="spring"), calibration(b, scale="bank"), "mean_sigma")


def test_errors_from_a_table_are_near_those_from_the_estimation(
    results_of: Callable[[str], Path],
) -> None:
    """The table lacks the covariances; what stands for them comes within a tenth."""
    found = {}
    for form in "xy":
        path = results_of("Simulated") / "linking" / f"form_{form}.csv"
        items = path.read_text().splitlines()[0].split(",")
        x = np.genfromtxt(path, delimiter=",", skip_header=1).astype(np.int8)
        fit = fit_mml([ResponseBlock(np.arange(16), x)], "2pl", 16)
        table = calibration(fit.parameters[:, 1], fit.parameters[:, 0], scale=form).with_columns(
            item_id=pl.Series([item for item in items for _ in range(2)]),
            se=pl.Series(fit.standard_errors[:, :2].ravel()),
            n=1200,
        )
        known = EstimatesCovariance(fit.covariance, fit.free)
        found[form] = table, replace(parameter_arrays(table, form), known=known)
    for method in ("mean_mean", "mean_gmean", "mean_sigma", "haebara", "stocking_lord"):
        done = link_calibrations(found["y"][0], found["x"][0], method, purify=False)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(link_module, "parameter_arrays", lambda given, _: found[given["scale_id"][0]][1])
            exact = link_calibrations(found["y"][0], found["x"][0], method, purify=False)
        np.testing.assert_allclose(
            np.sqrt(np.diag(done.covariance)), np.sqrt(np.diag(exact.covariance)), rtol=0.1, err_msg=method
        )
        np.testing.assert_allclose(done.parameters["se"], exact.parameters["se"], rtol=0.15, err_msg=method)


def test_a_chain_of_calibrations(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(3)
    b, a = rng.normal(size=40), rng.lognormal(0, 0.2, 40)
    spans = {"autumn": (20, 40, 1.2, 0.5), "spring": (10, 30, 0.9, -0.3), "bank": (0, 20, 1.0, 0.0)}
    tables = {
        name: calibration((b[i:j] - B) / A, a[i:j] * A, scale=name, first=i)
        for name, (i, j, A, B) in spans.items()
    }
    chain = link_chain(list(tables.values()))
    np.testing.assert_allclose(chain.links["A"], [1.2, 0.9, 1.0], atol=1e-9)
    np.testing.assert_allclose(chain.links["B"], [0.5, -0.3, 0.0], atol=1e-9)
    near = link_chain([tables["spring"], tables["bank"]]).links
    assert chain.links["se_B"][0] > near["se_B"][0] > 0  # the second link adds its error to the first's
    assert chain.links["se_B"][2] == 0.0
    pair = link_calibrations(tables["spring"], tables["bank"], "mean_gmean", purify=False)
    np.testing.assert_allclose(near["se_A"][0] ** 2, pair.covariance[0, 0], rtol=1e-9)
    both = link_chain([tables["spring"], tables["bank"]], purify=False).parameters[0]
    np.testing.assert_allclose(both["se"], pair.parameters["se"], rtol=1e-9)
    for name, table in tables.items():
        write_outputs(tmp_path / name, {"parameters.csv": table})
    files = [str(tmp_path / name / "parameters.csv") for name in tables]
    arguments = ["link", files[0], files[2], "--via", files[1], "--out", str(tmp_path / "out")]
    assert main(arguments) == 0
    assert "autumn: theta on 'bank' = 1.2000 theta +0.5000" in capsys.readouterr().out
    linked = pl.read_csv(tmp_path / "out/linked_parameters.csv")
    np.testing.assert_allclose(linked.filter(parameter="b")["estimate"], b[20:], atol=1e-6)
    assert main([*arguments, "--method", "haebara"]) == 2
    assert "--via" in capsys.readouterr().err


def test_an_item_that_drifted_in_a_chain() -> None:
    b = np.linspace(-2, 2, 24)
    one, two, three = (
        b + shift + np.random.default_rng(seed).normal(0, 0.05, 24)
        for seed, shift in ((1, 0.0), (2, 0.4), (3, -0.2))
    )
    two[7] += 1.5
    chain = link_chain([calibration(v, scale=name) for name, v in zip("xyz", (one, two, three), strict=True)])
    assert [(place, item) for place, item, _ in chain.dropped] == [("y", "I007")]
    assert "harder by 1." in chain.dropped[0][2]
    np.testing.assert_allclose(chain.links["B"], [-0.2, -0.6, 0.0], atol=0.05)


CASE = Path(__file__).resolve().parents[1] / "cases" / "rasch_link"


@pytest.mark.parametrize(
    ("method", "code"), [("mean_sigma", 2), ("haebara", 0), ("stocking_lord", 0), ("mean_mean", 0)]
)
def test_rasch_tables_that_seem_to_differ_in_unit(method: str, code: int, tmp_path: Path) -> None:
    files = [str(CASE / "rasch_new.csv"), str(CASE / "rasch_old.csv")]
    out = tmp_path / "out"
    assert main(["link", *files, "--method", method, "--no-purify", "--out", str(out)]) == code
    if code:
        assert not out.exists()
        return
    b = [pl.read_csv(file)["estimate"].to_numpy() for file in (out / "linked_parameters.csv", files[0])]
    np.testing.assert_allclose(np.diff(b[0]), np.diff(b[1]), atol=1e-6)
