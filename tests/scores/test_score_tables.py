"""Raw score to theta, to reported score, to a decision; against the persons' own estimates and by hand."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ciip_irt.bank import ItemBank
from ciip_irt.calibration import Calibration, calibrate
from ciip_irt.errors import InputError
from ciip_irt.irt.ability import score_table
from ciip_irt.responses import ScoredResponses, score
from ciip_irt.scores import ScoreTables, load_scale, score_tables
from ciip_irt.scores.numbers.model_decisions import csem, lee
from ciip_irt.simulate import simulate_programme
from ciip_irt.tables import ANCHOR_ITEMS, CONVERSION, PASS_DECISIONS, POPULATION, RAW_TO_THETA

STANDARD = -0.65


@pytest.fixture(scope="module")
def made() -> tuple[ScoredResponses, Calibration, ScoreTables]:
    programme = simulate_programme(n_candidates=400, seed=4)
    bank = ItemBank.from_frame(programme.items)
    scored = score(programme.responses, bank)
    calibration = calibrate(scored, "rasch", anchors=bank, ability="wle")
    return scored, calibration, score_tables(scored, calibration, theta_cut=STANDARD)


def test_complete_candidates_have_the_theta_of_their_raw_score(
    made: tuple[ScoredResponses, Calibration, ScoreTables],
) -> None:
    scored, calibration, tables = made
    complete = scored.deliveries.filter(pl.col("n_scored") == 130).select("delivery_id")
    for method, column, tolerance in (("wle", "theta", 1e-6), ("eap", "theta_eap", 2e-3)):
        table = tables.raw_to_theta.filter(pl.col("method") == method)
        both = (
            calibration.abilities.join(complete, on="delivery_id")
            .with_columns(raw=pl.col("total").cast(pl.Int64))
            .join(table, on=["form_id", "raw"], suffix="_table")
        )
        assert both.height > 300
        usual = (both[column] - both["theta_table"]).abs()
        # a few deliveries met other scored items than their form's usual ones
        assert (usual < tolerance).mean() > 0.95  # type: ignore[operator]


def test_every_raw_score_has_a_row_and_extreme_ones_a_theta(
    made: tuple[ScoredResponses, Calibration, ScoreTables],
) -> None:
    tables = made[2].raw_to_theta
    for (_, method), table in tables.group_by("form_id", "method"):
        table = table.sort("raw")
        assert table["raw"].to_list() == list(range(131))
        assert table["theta"].null_count() == 0
        assert table["se"].null_count() == 0
        assert (table["theta"].diff().drop_nulls() > 0).all(), method
    assert set(tables["method"]) == {"eap", "ml", "wle"}


def test_reported_scores_by_hand(made: tuple[ScoredResponses, Calibration, ScoreTables]) -> None:
    """A = (99.49 - 74.50) / (C - D), B = 74.50 - A D."""
    _, _, tables = made
    for form_id, cut in tables.decisions.select("form_id", "raw_cut").unique().iter_rows():
        rows = tables.conversion.filter(pl.col("form_id") == form_id).sort("raw")
        A = (99.49 - 74.50) / (130 - cut)
        np.testing.assert_allclose(rows["scaled"], A * rows["raw"] + 74.50 - A * cut)
        by_raw = dict(rows.select("raw", "reported").iter_rows())
        assert (by_raw[cut - 1], by_raw[cut], by_raw[130]) == (74.0, 75.0, 99.0)
        passed = dict(rows.select("raw", "passed").iter_rows())
        assert not passed[cut - 1]
        assert passed[cut]
    assert tables.conversion["n"].sum() == made[0].deliveries.height


def test_decisions_are_those_of_the_form(made: tuple[ScoredResponses, Calibration, ScoreTables]) -> None:
    scored, calibration, tables = made
    form_id = scored.form_ids[0]
    row = tables.decisions.filter((pl.col("form_id") == form_id) & (pl.col("method") == "lee")).row(
        0, named=True
    )
    block = max((b for b in scored.blocks if b.form_id == form_id), key=lambda b: len(b.persons))
    items = calibration.parameters_of_record[block.items[block.is_scored]]
    p = 1 / (1 + np.exp(items[:, 1] - STANDARD))
    assert row["expected_at_cut"] == pytest.approx(p.sum())
    assert row["raw_cut"] == np.ceil(p.sum())
    assert row["csem_raw"] == pytest.approx(np.sqrt((p * (1 - p)).sum()))
    assert row["csem_raw"] == pytest.approx(csem(items, np.array([STANDARD]))[0][0])
    own = calibration.abilities.filter(pl.col("form_id") == form_id)
    mean = float(own["theta_eap"].mean())  # type: ignore[arg-type]
    sd = float(np.sqrt(own["theta_eap"].to_numpy().var() + (own["se_eap"].to_numpy() ** 2).mean()))
    expected = lee(items, row["raw_cut"], mean=mean, sd=sd, theta_cut=STANDARD)
    assert row["accuracy"] == pytest.approx(expected.accuracy)
    assert row["accuracy"] + row["false_positive"] + row["false_negative"] == pytest.approx(1.0)
    rudner = tables.decisions.filter((pl.col("form_id") == form_id) & (pl.col("method") == "rudner"))
    assert rudner["accuracy"][0] == pytest.approx(row["accuracy"], abs=0.01)


def test_without_a_standard_there_are_no_cuts(made: tuple[ScoredResponses, Calibration, ScoreTables]) -> None:
    tables = score_tables(made[0], made[1])
    assert tables.conversion.is_empty()
    assert tables.decisions.is_empty()
    assert "no standard was given" in tables.summary()
    assert tables.to_frame().equals(tables.raw_to_theta)


def test_two_parameters_have_eap_and_the_test_curve() -> None:
    programme = simulate_programme(n_candidates=300, seed=5)
    bank = ItemBank.from_frame(programme.items)
    scored = score(programme.responses, bank)
    calibration = calibrate(scored, "2pl", priors="none")
    tables = score_tables(scored, calibration).raw_to_theta
    assert set(tables["method"]) == {"eap", "tcc"}
    form_id = scored.form_ids[0]
    block = max((b for b in scored.blocks if b.form_id == form_id), key=lambda b: len(b.persons))
    items = calibration.parameters_array[block.items[block.is_scored]]
    if not np.isnan(items).any():
        theta, _ = score_table(items, mean=calibration.mean, sd=calibration.sd)
        mine = tables.filter((pl.col("form_id") == form_id) & (pl.col("method") == "eap")).sort("raw")[
            "theta"
        ]
        np.testing.assert_allclose(mine[25:], theta[25:], atol=5e-3)  # below, its points end at -6


def test_a_scale_of_ones_own(tmp_path: Path, made: tuple[ScoredResponses, Calibration, ScoreTables]) -> None:
    path = tmp_path / "scale.toml"
    path.write_text(
        "at_cut = 500\nat_maximum = 800\nlowest = 200\nhighest = 800\ndecimals = 0\npassing = 500\n"
    )
    tables = score_tables(made[0], made[1], theta_cut=STANDARD, score_scale=load_scale(path))
    assert set(tables.decisions["reported_at_cut"]) == {500.0}
    assert tables.conversion["reported"].min() == 200.0
    path.write_text(
        "at_cut = 500\nat_maximum = 400\nlowest = 200\nhighest = 800\ndecimals = 0\npasing = 500\n"
    )
    with pytest.raises(InputError) as caught:
        load_scale(path)
    assert "Did you mean 'passing'?" in str(caught.value)
    assert "passing: is missing" in str(caught.value)
    path.write_text(
        "at_cut = 500\nat_maximum = 400\nlowest = 200\nhighest = 800\ndecimals = 0\npassing = 900\n"
    )
    with pytest.raises(InputError) as caught:
        load_scale(path)
    assert len(caught.value.problems) == 2
    with pytest.raises(InputError, match="no such score scale"):
        load_scale("artt")


def test_the_files_keep_their_contracts(made: tuple[ScoredResponses, Calibration, ScoreTables]) -> None:
    _, calibration, tables = made
    for table, frame in (
        (POPULATION, calibration.population),
        (ANCHOR_ITEMS, calibration.anchors),
        (RAW_TO_THETA, tables.raw_to_theta),
        (CONVERSION, tables.conversion),
        (PASS_DECISIONS, tables.decisions),
    ):
        assert table.validate(frame).columns == list(table.names)
