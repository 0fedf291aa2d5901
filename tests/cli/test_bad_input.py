"""Bad input through the front door: exit code, a message that helps, no traceback, nothing half-written."""

import codecs
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ciip_irt import calibration
from ciip_irt.cli import main

SAMPLES = Path(__file__).resolve().parents[2] / "data" / "samples"
Frame = pl.DataFrame


@pytest.fixture(scope="module")
def log() -> Frame:
    """Sixty deliveries of the sample log, without its dirt: every third scored item, forty pilots."""
    everything = pl.read_parquet(SAMPLES / "responses.parquet").unique(
        ["delivery_id", "item_id"], maintain_order=True
    )
    bank = pl.read_csv(SAMPLES / "items.csv", infer_schema=False)
    few_pilots = (
        everything.select("item_id").unique(maintain_order=True)
        .join(bank.filter(status="pilot"), on="item_id", how="semi", maintain_order="left").head(40)
    )  # fmt: skip
    met = bank.join(everything, on="item_id", how="semi", maintain_order="left")
    fewer = met.filter(status="scored").select("item_id").gather_every(3)
    wanted = pl.concat([fewer, few_pilots])
    known = everything.join(wanted, on="item_id", how="semi", maintain_order="left")
    known = known.filter(pl.col("response").is_null() | (pl.col("response") != "E"))
    few = known["delivery_id"].unique(maintain_order=True).head(60)
    return known.filter(pl.col("delivery_id").is_in(few.implode()))


@pytest.fixture(scope="module")
def items(log: Frame) -> Frame:
    """The bank's rows on what these sixty met."""
    bank = pl.read_csv(SAMPLES / "items.csv", infer_schema=False)
    return bank.join(log, on="item_id", how="semi", maintain_order="left")


@pytest.fixture
def run(
    tmp_path: Path, items: Frame, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, list[str]]]:
    """Runs a command on a log; gives exit code, what it said on standard error, and the files it left."""

    def run(
        command: str, log: Frame | bytes, *more: str, items: Frame = items, both_streams: bool = False
    ) -> tuple[int, str, list[str]]:
        file = tmp_path / "log.csv"
        file.write_bytes(log) if isinstance(log, bytes) else log.write_csv(file)
        items.write_csv(tmp_path / "items.csv")
        out = tmp_path / "out"
        code = main(
            [*command.split(), str(file), "--items", str(tmp_path / "items.csv"), "--out", str(out), *more]
        )
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        left = sorted(path.name for path in out.rglob("*")) if out.exists() else []
        assert not [name for name in left if "partial" in name]
        return code, said.out + said.err if both_streams else said.err, left

    return run


Run = Callable[..., tuple[int, str, list[str]]]


def header(log: Frame) -> bytes:
    return (",".join(log.columns) + "\n").encode()


@pytest.mark.parametrize("command", ["ingest", "analyse", "calibrate", "pilots review"])
class TestUnreadableFiles:
    def test_empty_file(self, run: Run, command: str) -> None:
        code, said, left = run(command, b"")
        assert (code, left) == (2, [])
        assert "log.csv: the file is empty" in said

    def test_header_only(self, run: Run, log: Frame, command: str) -> None:
        code, said, left = run(command, header(log))
        assert (code, left) == (2, [])
        assert "not a single row" in said

    def test_a_column_missing(self, run: Run, log: Frame, command: str) -> None:
        code, said, left = run(command, log.drop("item_id"))
        assert (code, left) == (2, [])
        assert "item_id" in said

    def test_no_such_file(
        self, tmp_path: Path, items: Frame, capsys: pytest.CaptureFixture[str], command: str
    ) -> None:
        items.write_csv(tmp_path / "items.csv")
        given = [*command.split(), str(tmp_path / "nowhere.csv"), "--items", str(tmp_path / "items.csv")]
        assert main([*given, "--out", str(tmp_path / "out")]) == 2
        assert "nowhere.csv: no such file" in capsys.readouterr().err
        assert not (tmp_path / "out").exists()


def test_a_byte_order_mark_is_read(run: Run, log: Frame) -> None:
    code, _, left = run("ingest", codecs.BOM_UTF8 + log.write_csv().encode())
    assert code == 0
    assert "responses.parquet" in left


@pytest.mark.parametrize("said", [[], ["--encoding", "cp1252"]])
def test_cp1252_is_read(run: Run, log: Frame, said: list[str]) -> None:
    umlaut = log.with_columns(candidate_id=pl.concat_str(pl.lit("ü"), "candidate_id"))
    code, _, left = run("ingest", umlaut.write_csv().encode("cp1252"), *said)
    assert code == 0
    assert "responses.parquet" in left


@pytest.mark.parametrize("said", [[], ["--delimiter", ";"]])
def test_semicolons_are_read(run: Run, log: Frame, said: list[str]) -> None:
    code, _, left = run("ingest", log.head(340).write_csv(separator=";").encode(), *said)
    assert code == 0
    assert "responses.parquet" in left


def quarantine(tmp_path: Path) -> Frame:
    return pl.read_csv(tmp_path / "out" / "quarantine.csv", infer_schema=False)


def test_duplicate_rows(run: Run, log: Frame, tmp_path: Path) -> None:
    code, _, _ = run("ingest", pl.concat([log, log.head(3)]))
    assert code == 0
    rows = quarantine(tmp_path)
    assert rows.height == 3
    assert set(rows["action"]) == {"removed"}
    assert int(rows["row"][0]) == log.height + 2


def test_an_item_the_bank_lacks(run: Run, log: Frame, tmp_path: Path) -> None:
    stray = log.head(2).with_columns(item_id=pl.lit("Z999"))
    code, _, _ = run("ingest", pl.concat([log, stray.head(1)]))
    assert code == 0
    assert quarantine(tmp_path)["item_id"].to_list() == ["Z999"]


def test_an_option_the_item_does_not_offer(run: Run, log: Frame, tmp_path: Path) -> None:
    answered = log.filter(pl.col("status") == "answered")
    odd = log.with_columns(
        response=pl.when(
            (pl.col("delivery_id") == answered["delivery_id"][0])
            & (pl.col("item_id") == answered["item_id"][0])
        )
        .then(pl.lit("Q"))
        .otherwise("response")
    )
    code, _, _ = run("ingest", odd)
    assert code == 0
    rows = quarantine(tmp_path)
    assert rows["response"].to_list() == ["Q"]
    assert rows["action"].to_list() == ["kept as invalid"]


def test_text_in_a_number_column(run: Run, log: Frame, tmp_path: Path) -> None:
    row = pl.int_range(pl.len())
    odd = log.with_columns(
        time_s=pl.when(row == 5).then(pl.lit("soon")).otherwise(pl.col("time_s").cast(pl.String))
    )
    code, said, _ = run("ingest", odd)
    assert code == 0
    assert quarantine(tmp_path)["row"].to_list() == ["7"]
    assert said == ""


@pytest.mark.parametrize("command", ["analyse", "calibrate", "pilots review"])
def test_ten_candidates_get_numbers_and_a_warning(run: Run, log: Frame, command: str) -> None:
    few = log["delivery_id"].unique(maintain_order=True).head(10)
    ten = log.filter(pl.col("delivery_id").is_in(few.implode()))
    code, said, left = run(command, ten, "--attempts", "all", both_streams=True)
    assert code == 0
    assert left
    assert "few" in said.lower()


def test_an_item_everybody_got_right(run: Run, log: Frame, items: Frame, tmp_path: Path) -> None:
    form = log.filter(pl.col("form_id") == log["form_id"][0])
    item = form.join(items.filter(pl.col("status") == "scored"), on="item_id", how="semi")["item_id"][0]
    key = items.filter(pl.col("item_id") == item)["key"][0]
    easy = pl.col("item_id") == item
    everybody = log.with_columns(
        response=pl.when(easy).then(pl.lit(key)).otherwise("response"),
        status=pl.when(easy).then(pl.lit("answered")).otherwise("status"),
    )
    code, _, _ = run("calibrate", everybody, "--anchors", "none")
    assert code == 0
    parameters = pl.read_csv(tmp_path / "out" / "parameters.csv", infer_schema=False)
    assert parameters.filter(pl.col("item_id") == item)["estimate"].to_list() == [None]
    code, _, _ = run("analyse", everybody)
    assert code == 0
    statistics = pl.read_csv(tmp_path / "out" / "item_statistics.csv", infer_schema=False)
    pooled = statistics.filter((pl.col("item_id") == item) & (pl.col("form_id") == "all")).row(0, named=True)
    assert pooled["p"] == "1.0"
    assert pooled["r"] is None


def test_forms_without_a_common_item(run: Run, log: Frame) -> None:
    forms = log["form_id"].unique(maintain_order=True)
    first = log.filter(pl.col("form_id") == forms[0])
    second = log.filter(pl.col("form_id") == forms[1]).join(first, on="item_id", how="anti")
    code, said, left = run("calibrate", pl.concat([first, second]), "--anchors", "none")
    assert (code, left) == (2, [])
    assert "the design falls into" in said
    assert forms[0] in said
    assert forms[1] in said
    assert "items in common" in said


def test_items_that_break_the_contract_are_listed_at_once(run: Run, log: Frame, items: Frame) -> None:
    row = pl.int_range(pl.len())
    bad = items.with_columns(
        status=pl.when(row == 1).then(pl.lit("active")).otherwise("status"),
        key=pl.when(row == 2).then(pl.lit("Z")).otherwise("key"),
        b=pl.when(row == 3).then(pl.lit("1,5")).otherwise("b"),
    )
    code, said, left = run("ingest", log, items=bad)
    assert (code, left) == (2, [])
    for expected in (
        "items.csv:3:",
        "items.csv:4:",
        "items.csv:5:",
        "'active'",
        "'Z'",
        "'1,5'",
        "not a comma",
    ):
        assert expected in said


def test_only_what_asks_for_caution_is_a_warning(run: Run, log: Frame) -> None:
    few = log.filter(
        pl.col("delivery_id").is_in(log["delivery_id"].unique(maintain_order=True).head(20).implode())
    )
    _, said, _ = run("analyse", few.drop("delivery_id"))
    assert "note: log.csv: no column 'delivery_id'" in said
    _, said, _ = run("analyse", pl.concat([few, few]))
    assert "warning: 50% of the rows were set apart" in said
    assert "CAUTION" not in said


def test_pilots_on_a_calibration_that_did_not_converge(
    run: Run, log: Frame, monkeypatch: pytest.MonkeyPatch
) -> None:
    estimate = calibration.calibrate

    def stopped_early(*given: Any, **named: Any) -> calibration.Calibration:
        return replace(estimate(*given, **named), converged=False)

    monkeypatch.setattr(calibration, "calibrate", stopped_early)
    code, said, left = run("pilots review", log)
    assert (code, "pilot_decisions.csv" in left) == (1, True)
    assert "warning: the calibration did not converge" in said


def test_one_candidate_is_told_how_little_that_is(run: Run, log: Frame) -> None:
    one = log.filter(pl.col("delivery_id") == log["delivery_id"][0])
    code, said, _ = run("pilots review", one)
    assert code == 0
    assert "almost no spread" in said
