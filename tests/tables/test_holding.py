"""Two programs and one folder: one at a time, the other is told who; what was left behind is nobody's."""

import json
import multiprocessing
import os
import stat
import sys
import threading
from multiprocessing.connection import Connection
from pathlib import Path

import polars as pl
import pytest

from ciip_irt.errors import InputError
from ciip_irt.tables import holding, recover, write_outputs

LOCK, STAGING = ".ciip-irt-lock", ".ciip-irt-staging"


def hold(folder: str, pipe: Connection) -> None:
    with holding(Path(folder)):
        pipe.send(os.getpid())
        pipe.recv()


def test_the_second_is_told_who_holds_it(tmp_path: Path) -> None:
    ours, theirs = multiprocessing.Pipe()
    other = multiprocessing.get_context("spawn").Process(target=hold, args=(str(tmp_path), theirs))
    other.start()
    pid = ours.recv()
    said = rf"another run \(process {pid}, since 20\d\d-.*\) is writing into this folder"
    with pytest.raises(InputError, match=said):
        write_outputs(tmp_path, {"a.csv": "x"})
    assert not (tmp_path / "a.csv").exists()
    other.kill()  # nothing is tidied up: the lock file stays and is nobody's
    other.join()
    assert json.loads((tmp_path / LOCK).read_text())["pid"] == pid
    write_outputs(tmp_path, {"a.csv": "x"})
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


def test_another_thread_is_told_too(tmp_path: Path) -> None:
    caught: list[InputError] = []

    def write() -> None:
        try:
            write_outputs(tmp_path, {"a.csv": "x"})
        except InputError as error:
            caught.append(error)

    with holding(tmp_path), holding(tmp_path):
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
        assert write_outputs(tmp_path, {"b.csv": "x"})
    assert "another thread of this program" in str(caught[0])
    assert [path.name for path in tmp_path.iterdir()] == ["b.csv"]


def test_a_folder_made_for_nothing_goes_again(tmp_path: Path) -> None:
    with pytest.raises(KeyError), holding(tmp_path / "new" / "folder"):
        raise KeyError
    assert not (tmp_path / "new").exists()


def test_what_was_left_in_staging_goes(tmp_path: Path) -> None:
    (tmp_path / STAGING / "report").mkdir(parents=True)
    (tmp_path / STAGING / "report" / "index.html").write_text("half")
    assert recover(tmp_path) == ""
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="no modes")
def test_files_with_candidates_are_private(tmp_path: Path) -> None:
    people = pl.DataFrame({"delivery_id": ["D1"], "total": [3]})
    items = pl.DataFrame({"item_id": ["I1"]})
    files = {"abilities.csv": people, "responses.parquet": people, "items.csv": items}
    os.umask(before := os.umask(0o022))
    (tmp_path / "abilities.csv").write_text("old")
    write_outputs(tmp_path, files)
    modes = {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in files}
    assert modes == {"abilities.csv": 0o600, "responses.parquet": 0o600, "items.csv": 0o666 & ~before}


def test_pages_and_results_change_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full while the pages are written: the old results stay with the old pages."""
    old = {"results.csv": "old", "report/index.html": "old page"}
    write_outputs(tmp_path, old)
    (tmp_path / "beside.csv").write_text("stays")

    def made_of(whole: Path) -> tuple[dict[str, str], list[str]]:
        assert {path.name: path.read_text() for path in whole.iterdir()} == {
            "results.csv": "new", "beside.csv": "stays"
        }  # fmt: skip
        return {"report/index.html": "new page", "report/more.html": "more"}, ["beside.csv"]

    written = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if path.name == "more.html":
            raise OSError(28, "No space left on device", str(path))
        return written(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(InputError, match=r"report.more\.html: cannot write here: No space left"):
        write_outputs(tmp_path, {"results.csv": "new"}, made_of=made_of)
    assert {name: (tmp_path / name).read_text() for name in old} == old
    assert sorted(path.name for path in tmp_path.iterdir()) == ["beside.csv", "report", "results.csv"]
    monkeypatch.undo()
    write_outputs(tmp_path, {"results.csv": "new"}, made_of=made_of)
    assert (tmp_path / "report" / "index.html").read_text() == "new page"
    assert not (tmp_path / "beside.csv").exists()
