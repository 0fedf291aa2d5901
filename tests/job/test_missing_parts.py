"""What an exam or items file lacks costs what needs it and nothing else, and is said in one line each."""

from pathlib import Path

import polars as pl
import pytest

from ciip_irt.cli import main
from ciip_irt.job.exam import load_exam
from ciip_irt.job.run import run_job
from ciip_irt.job.setting_words import as_settings
from ciip_irt.simulate import simulate_programme


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small log, and its items with nothing but their keys."""
    folder = tmp_path_factory.mktemp("bare")
    made = simulate_programme(n_candidates=30, n_forms=1, n_pilots=40, seed=3, dirt=False)
    met = made.items.filter(pl.col("item_id").is_in(made.responses["item_id"].unique().implode()))
    made.responses.write_csv(folder / "log.csv")
    met.select("item_id", "key").write_csv(folder / "keys.csv")
    met.select("item_id", "domain").write_csv(folder / "domains.csv")
    return folder


def job(folder: Path, items: str, more: str = "", responses: str = ""):
    (folder / "exam.toml").write_text(
        f'[exam]\nname = "Bare"\n[responses]\nfiles = ["log.csv"]\n{responses}[items]\nfile = "{items}"\n'
        f"[calibration]\nfit_simulations = 0\n{more}"
    )
    return run_job(load_exam(folder / "exam.toml"))


def test_keys_alone_give_everything_but_forms(folder: Path) -> None:
    result = job(folder, "keys.csv")
    said = result.summary()
    for line in ("No domains:", "No status:", "No options:", "No blueprint:"):
        assert line in said
    assert result.assembly is None
    assert result.is_yes
    assert any("starts a scale of its own" in text for text in result.warnings)
    assert result.outputs()["run.json"]["blueprint"] == {}


def test_a_blueprint_without_domains_builds_nothing(folder: Path) -> None:
    result = job(folder, "keys.csv", '[blueprint]\nfile = "ciip-2024"\n')
    assert result.assembly is None
    assert "No domains: no domain scores and no forms." in result.summary()


def test_keys_in_a_file_of_their_own(folder: Path) -> None:
    apart = job(folder, "domains.csv", responses='key = "keys.csv"\n')
    assert "No domains" not in apart.summary()
    together = job(folder, "keys.csv")
    assert apart.calibration.parameters.equals(together.calibration.parameters)


def test_a_table_given_to_run_is_told_as_such(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(folder / "log.csv"), "--out", str(folder / "out")]) == 2
    said = capsys.readouterr().err
    assert "not an exam file" in said
    assert "ciip-irt analyse log.csv" in said
    assert not (folder / "out").exists()


@pytest.mark.parametrize(
    ("option", "setting"),
    [
        ("Use --priors default.", 'Use priors = "default" under [calibration].'),
        ("Try --max-iterations 1000 first", "Try max_iterations = 1000 under [calibration] first"),
        ("give it with --mapping", "give it with mapping under [responses]"),
        ("An attribute: --attribute 'Shift'.", 'An attribute: attributes = ["Shift"] under [responses].'),
        ("say --blank omitted", 'say blank = "omitted" under [responses]'),
        ("Give --evidence the folder", "Give --evidence the folder"),
    ],
)
def test_options_become_settings(option: str, setting: str) -> None:
    assert as_settings(option) == setting


def test_run_advises_no_option_of_another_command(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "odd.csv").write_text("who,what\nc1,A\n")
    (folder / "odd.toml").write_text(
        '[exam]\nname = "Odd"\n[responses]\nfiles = ["odd.csv"]\n[items]\nfile = "keys.csv"\n'
    )
    assert main(["run", str(folder / "odd.toml"), "--out", str(folder / "out")]) == 2
    said = capsys.readouterr().err
    assert "--" not in said.replace("----", "")
    assert "under [" in said
