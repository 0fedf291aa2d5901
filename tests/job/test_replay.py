"""A run again from its own record: the same bytes, or what is not the same."""

import shutil
from pathlib import Path

import pytest

from ciip_irt.cli import main
from ciip_irt.job import replay as module
from ciip_irt.job.replay import replay

SMALL = Path(__file__).parents[1] / "cases" / "hostile_files"
FILES = ("exam.toml", "policy.toml", "blueprint.toml", "items.csv", "log.csv", "candidates.csv")


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small exam and, in ``out``, its results."""
    folder = tmp_path_factory.mktemp("exam")
    for name in FILES:
        shutil.copy(SMALL / name, folder)
    assert main(["run", str(folder / "exam.toml"), "--out", str(folder / "out")]) == 0
    return folder


def test_results_that_were_changed_are_named_and_all_others_come_out_the_same(
    ran: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = Path(shutil.copytree(ran / "out", ran / "changed"))
    with (out / "forms.csv").open("a", encoding="utf-8") as file:
        file.write("x\n")
    (out / "report" / "pilots.html").unlink()
    (out / "mine.txt").write_text("mine", encoding="utf-8")
    then = module.versions()
    monkeypatch.setattr(module, "versions", lambda: {**then, "numpy": "9.9"})
    found = replay(out)
    assert not found.is_yes
    assert found.differences == (
        ("result", "forms.csv", "other bytes"),
        ("result", "report/pilots.html", "it is not in the folder"),
    )
    assert found.n_files > 60
    assert found.summary().endswith(f"Other versions: numpy {then['numpy']} then, 9.9 now.")
    assert found.to_frame().columns == ["kind", "file", "difference"]


def test_the_record_names_every_file_that_was_read(ran: Path) -> None:
    assert sorted(module._record(ran / "out" / "record.json")["inputs"]) == sorted(FILES)


def test_other_inputs_are_named_and_nothing_is_run(
    ran: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(shutil.copytree(ran, tmp_path / "moved"))
    (folder / "candidates.csv").unlink()
    (folder / "exam.toml").rename(folder / "renamed.toml")
    with (folder / "log.csv").open("a", encoding="utf-8") as file:
        file.write("\n")
    assert main(["replay", str(folder / "out")]) == 2
    assert "--exam-file EXAM.toml" in capsys.readouterr().err
    assert main(["replay", str(folder / "out"), "--exam-file", str(folder / "renamed.toml")]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "Inputs that are not what they were (2):",
        "  candidates.csv: it is not there",
        "  log.csv: its content is another",
        "Nothing was run: other inputs give other results. Bring the files back first.",
    ]


def test_a_folder_without_a_record_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(tmp_path)]) == 2
    assert "there is no record.json" in capsys.readouterr().err
    (tmp_path / "record.json").write_text("[" * 100_000, encoding="utf-8")
    assert main(["replay", str(tmp_path)]) == 2
    assert "the file is damaged" in capsys.readouterr().err
    (tmp_path / "record.json").write_text("[1]", encoding="utf-8")
    assert main(["replay", str(tmp_path)]) == 2
    assert "is no record of a run" in capsys.readouterr().err
