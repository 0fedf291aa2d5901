"""Blueprints and banks that cannot work: assemble, check and blueprint say why."""

import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from ciip_irt.cli import main

SAMPLES = Path(__file__).resolve().parents[2] / "data" / "samples"
ITEMS = str(SAMPLES / "items.csv")

BLUEPRINT = """
name = "small"
outline = "1"
effective = "2024"
length = {length}

[domains.A]
name = "Procurement"
count = 3

[domains.B]
name = "Project Management"
count = 4
"""


@pytest.fixture
def blueprint(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(BLUEPRINT.format(length=7))
    return path


def items_of(tmp_path: Path, frame: pl.DataFrame) -> str:
    path = tmp_path / "items.csv"
    frame.write_csv(path)
    return str(path)


def test_counts_that_do_not_sum(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "small.toml"
    path.write_text(BLUEPRINT.format(length=9))
    assert main(["assemble", "--items", ITEMS, "--blueprint", str(path), "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert "small.toml" in said
    assert "7" in said
    assert "9" in said
    assert not (tmp_path / "out").exists()


def test_an_unknown_domain(tmp_path: Path, blueprint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    items = pl.read_csv(ITEMS, infer_schema=False).filter(pl.col("domain").is_in(["A", "B"]))
    odd = items.with_columns(
        domain=pl.when(pl.int_range(pl.len()) < 2).then(pl.lit("Procurment")).otherwise("domain")
    )
    given = [
        "--items",
        items_of(tmp_path, odd),
        "--blueprint",
        str(blueprint),
        "--out",
        str(tmp_path / "out"),
    ]
    assert main(["assemble", *given]) == 2
    said = capsys.readouterr().err
    assert "'Procurment'" in said
    assert "2 rows" in said
    assert "Procurement" in said
    assert not (tmp_path / "out").exists()


def test_a_bank_too_small(tmp_path: Path, blueprint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    items = pl.read_csv(ITEMS, infer_schema=False).filter(pl.col("domain").is_in(["A", "B"]))
    scored = items.filter((pl.col("status") == "scored") & (pl.col("domain") == "A")).head(2)
    few = pl.concat([items.filter(pl.col("domain") == "B"), scored])
    out = tmp_path / "out"
    given = ["--items", items_of(tmp_path, few), "--blueprint", str(blueprint), "--out", str(out)]
    assert main(["assemble", *given]) == 1
    said = capsys.readouterr().err
    assert "Procurement" in said
    assert "Traceback" not in said
    assert (out / "shortages.csv").exists()
    assert not (out / "forms.csv").exists()


def test_findings_one_per_line(tmp_path: Path, blueprint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    items = pl.read_csv(ITEMS, infer_schema=False)
    scored = items.filter(pl.col("status") == "scored")
    chosen = pl.concat(
        [scored.filter(pl.col("domain") == "A").head(4), scored.filter(pl.col("domain") == "B").head(3)]
    )
    forms = chosen.select(
        "item_id",
        "domain",
        form_id=pl.lit("F1"),
        role=pl.lit("scored"),
        position=pl.int_range(1, pl.len() + 1),
    )
    forms.write_csv(tmp_path / "forms.csv")
    wrong = ["check", str(tmp_path / "forms.csv"), "--items", ITEMS, "--blueprint", str(blueprint)]
    only = items.filter(pl.col("domain").is_in(["A", "B"]))
    wrong[3] = items_of(tmp_path, only)
    assert main(wrong) == 1
    lines = capsys.readouterr().out.splitlines()
    assert any("A Procurement: 4 items, blueprint needs 3" in line for line in lines)
    assert any("B Project Management: 3 items, blueprint needs 4" in line for line in lines)


@pytest.mark.parametrize(
    "arguments",
    [
        ["blueprint", "ciip-2042"],
        ["blueprint", "apportion", "ciip-2024", "--items", "130", "--rule", "largest_remainder"],
    ],
)
def test_unusable_arguments(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_an_unknown_command_suggests(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrte"]) == 2
    assert "'calibrate'" in capsys.readouterr().err


def forms_file(path: Path, form_id: str, domain: str, count: int) -> str:
    items = pl.read_csv(ITEMS, infer_schema=False).filter(
        (pl.col("status") == "scored") & (pl.col("domain") == domain)
    )
    items.head(count).select(
        "item_id",
        "domain",
        form_id=pl.lit(form_id),
        role=pl.lit("scored"),
        position=pl.int_range(1, pl.len() + 1),
    ).write_csv(path)
    return str(path)


def test_every_finding_names_its_own_file(
    tmp_path: Path, blueprint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    only = pl.read_csv(ITEMS, infer_schema=False).filter(pl.col("domain").is_in(["A", "B"]))
    given = ["--items", items_of(tmp_path, only), "--blueprint", str(blueprint)]
    files = [forms_file(tmp_path / f"{form}.csv", form, "A", count) for form, count in (("F1", 4), ("F2", 5))]
    assert main(["check", *files, *given, "--format", "github"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert all(("F1.csv" in line) == ("title=F1 " in line) for line in lines)
    assert all(("F2.csv" in line) == ("title=F2 " in line) for line in lines)
    assert main(["check", *files, *given, "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["file_of_form"] == {"F1": files[0], "F2": files[1]}


def test_a_form_in_two_files(tmp_path: Path, blueprint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [forms_file(tmp_path / f"{name}.csv", "F1", "A", 3) for name in ("old", "new")]
    assert main(["check", *files, "--items", ITEMS, "--blueprint", str(blueprint)]) == 2
    said = capsys.readouterr()
    assert f"new.csv: form F1 is in {files[0]} already" in said.err
    assert said.out == ""


def test_old_forms_do_not_stay_beside_shortages(tmp_path: Path, blueprint: Path) -> None:
    for stale in ("forms.csv", "achieved.csv", "curves.csv"):
        (tmp_path / stale).write_text("stale")
    few = pl.read_csv(ITEMS, infer_schema=False).filter(pl.col("domain") == "A")
    given = ["--items", items_of(tmp_path, few), "--blueprint", str(blueprint), "--out", str(tmp_path)]
    assert main(["assemble", *given]) == 1
    assert (tmp_path / "shortages.csv").exists()
    assert not [
        path for path in tmp_path.iterdir() if path.name in ("forms.csv", "achieved.csv", "curves.csv")
    ]


def test_a_console_of_few_letters_loses_no_result() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "ciip_irt", "blueprint", "ciip-2024"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )
    assert (said.returncode, said.stderr) == (0, b"")
    assert b"Sainte-Lagu\\xeb" in said.stdout
