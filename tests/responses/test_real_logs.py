"""Real logs: what comes out is known from their own documentation and from other programs."""

import gzip
from pathlib import Path

import polars as pl
import pytest

from ciip_irt.bank import ItemBank
from ciip_irt.errors import InputError
from ciip_irt.responses import (
    ColumnMapping,
    EligibilityRules,
    Ingested,
    ingest,
    read_mapping,
    score,
    select_eligible,
)
from ciip_irt.tables import read_csv

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "licensure170.toml"
LONG_PLAN = {
    "format": "long",
    "columns": {"delivery_id": "candidate_id", "role": "item_status", "score": "correct"},
    "candidates": {},
}


@pytest.fixture(scope="module")
def folder(shared: Path) -> Path:
    return shared / "realdata" / "licensure170"


@pytest.fixture(scope="module")
def bank(folder: Path) -> ItemBank:
    key = read_csv(folder / "form1_key.csv")
    return ItemBank.from_frame(
        key.select("item_id", "status", "key", domain=pl.lit("A"), options=pl.lit("1234"))
    )


@pytest.fixture(scope="module")
def vendor(folder: Path, bank: ItemBank) -> Ingested:
    return ingest(folder / "form1_vendor_wide.csv.gz", bank=bank, mapping=EXAMPLE)


@pytest.fixture(scope="module")
def long(folder: Path, bank: ItemBank) -> Ingested:
    return ingest(
        folder / "form1_log_long.csv.gz", bank=bank, mapping=ColumnMapping.from_dict(LONG_PLAN),
        candidates=folder / "form1_candidates.csv",
    )  # fmt: skip


def test_both_layouts_give_the_identical_table(vendor: Ingested, long: Ingested) -> None:
    assert vendor.responses.equals(long.responses)
    assert vendor.candidates.equals(long.candidates.select(vendor.candidates.columns))


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("layout", ["vendor", "long"])
def test_every_row_is_accounted_for(layout: str, request: pytest.FixtureRequest) -> None:
    result: Ingested = request.getfixturevalue(layout)
    total = result.counts["total"]
    assert (total["rows_read"], total["rows_kept"]) == (294_480, 294_480)
    assert (total["rows_quarantined"], total["rows_excluded"]) == (0, 0)
    assert result.counts["by_status"] == {"answered": 294_340, "omitted": 140, "not_reached": 0, "invalid": 0}
    by_role = result.responses.filter(status="omitted")["role"].value_counts()
    assert dict(by_role.iter_rows()) == {"scored": 135, "pilot": 5}
    assert (result.responses["time_s"] == 0).sum() == 109
    assert result.counts["score_check"] == {"compared": 294_480, "different": 0, "items": {}}


def test_the_wide_file_says_what_was_not_administered(vendor: Ingested) -> None:
    assert vendor.counts["files"][0]["not_administered"] == 1636 * 200 - 294_480


def test_totals_over_all_attempts(vendor: Ingested, bank: ItemBank) -> None:
    scored = score(vendor.responses, bank, candidates=vendor.candidates)
    assert scored.totals.mean() == pytest.approx(123.3123, abs=5e-5)
    assert scored.totals.std(ddof=1) == pytest.approx(16.46914, abs=5e-6)
    assert (scored.totals.min(), scored.totals.max()) == (54, 156)
    assert sorted(len(block.persons) for block in scored.blocks) == [302, 611, 723]


def test_attempt_labels_stay_as_they_came(vendor: Ingested, bank: ItemBank) -> None:
    scored = score(vendor.responses, bank, candidates=vendor.candidates)
    by_label = scored.deliveries.group_by("attempt").agg(n=pl.len(), mean=pl.col("total").mean())
    found = {label: (n, mean) for label, n, mean in by_label.iter_rows()}
    assert found == {
        "1": (1167, pytest.approx(127.73, abs=0.006)),
        "2": (207, pytest.approx(115.14, abs=0.006)),
        "3": (106, pytest.approx(113.25, abs=0.006)),
        "4": (48, pytest.approx(109.63, abs=0.006)),
        "4+": (107, pytest.approx(107.24, abs=0.006)),
        "0": (1, 106),
    }


def test_first_attempts(vendor: Ingested) -> None:
    eligible = select_eligible(vendor.responses, vendor.candidates)
    assert eligible.candidates.height == 1167
    reasons = dict(eligible.exclusions["reason"].value_counts().iter_rows())
    assert reasons == {
        "Attempt '2'; only first attempts count.": 207,
        "Attempt '3'; only first attempts count.": 106,
        "Attempt '4'; only first attempts count.": 48,
        "Attempt '4+'; only first attempts count.": 107,
        "Attempt '0' is unknown, so it is not taken as a first attempt.": 1,
    }
    assert eligible.exclusions["rows"].sum() + eligible.responses.height == 294_480
    clean = select_eligible(
        vendor.responses, vendor.candidates,
        EligibilityRules(attempts="all", exclude_attributes={"flagged": ("1",)}),
    )  # fmt: skip
    assert clean.exclusions["rule"].to_list() == ["attribute"] * 46


def test_the_mapping_with_a_key_file_says_the_same(vendor: Ingested, folder: Path, bank: ItemBank) -> None:
    example = read_mapping(EXAMPLE)
    block = {"numbers": [1, 200], "response": "iraw.{n}", "time_s": "idur.{n}", "position": "counted"}
    key = {"path": "form1_key.csv", "number": "position", "item_id": "item_id", "role": "status"}
    plan = ColumnMapping.from_dict(
        {
            "format": "vendor-wide", "columns": dict(example.columns), "candidates": {}, "questions": [block],
            "key_file": key,
        }
    )  # fmt: skip
    result = ingest(folder / "form1_vendor_wide.csv.gz", bank=bank, mapping=plan)
    assert result.responses.equals(vendor.responses)


def test_a_truncated_vendor_file_is_refused(folder: Path, tmp_path: Path) -> None:
    whole = gzip.decompress((folder / "form1_vendor_wide.csv.gz").read_bytes())
    (tmp_path / "cut.csv").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="rows have fewer cells"):
        ingest(tmp_path / "cut.csv", mapping=EXAMPLE)


def test_timss_keeps_omitted_and_not_reached_apart(shared: Path) -> None:
    folder = shared / "realdata" / "timss07_rus"
    key = read_csv(folder / "key.csv")
    five = pl.when(pl.col("n_options") == "5").then(pl.lit("12345")).otherwise(pl.lit("1234"))
    bank = ItemBank.from_frame(
        key.select("item_id", "key", domain="content", status=pl.lit("scored"), options=five)
    )
    plan = ColumnMapping.from_dict(
        {
            "format": "wide",
            "constants": {"form_id": "TIMSS07"},
            "missing": {"omitted": ["9"], "not_reached": ["6"], "blank": "not_administered"},
        }
    )
    result = ingest(folder / "responses_raw_mc.csv.gz", bank=bank, mapping=plan)
    assert result.counts["by_status"]["omitted"] == 3_512
    assert result.counts["by_status"]["not_reached"] == 1_112
    total = result.counts["total"]
    assert total["lines"] == 4_472 == total["deliveries"] + total["deliveries_excluded"]
    assert total["rows_read"] + total["not_administered"] == 4_472 * 224
    assert result.quarantine.is_empty()
    sizes = result.responses.group_by("delivery_id").len()["len"]
    assert (sizes.min(), sizes.max()) == (13, 37)


def test_sat12_with_omits_wrong(shared: Path) -> None:
    folder = shared / "realdata" / "sat12"
    key = read_csv(folder / "key.csv")
    bank = ItemBank.from_frame(
        key.select("item_id", "key", domain=pl.lit("A"), status=pl.lit("scored"), options=pl.lit("12345"))
    )
    plan = ColumnMapping.from_dict({"format": "wide", "missing": {"omitted": ["8"]}})
    result = ingest(folder / "responses_raw.csv", bank=bank, mapping=plan)
    assert result.counts["total"]["rows_kept"] == 600 * 32
    lines = (folder / "responses_raw.csv").read_text().splitlines()[1:]
    assert (
        result.counts["by_status"]["omitted"] == sum(line.split(",")[1:].count("8") for line in lines) == 69
    )
    totals = score(result.responses, bank).totals
    assert totals.mean() == pytest.approx(18.2017, abs=5e-5)
    assert totals.std(ddof=1) == pytest.approx(5.0537, abs=5e-5)


def test_codes_that_are_not_declared_are_seen(shared: Path) -> None:
    folder = shared / "realdata" / "sat12"
    key = read_csv(folder / "key.csv")
    bank = ItemBank.from_frame(
        key.select("item_id", "key", domain=pl.lit("A"), status=pl.lit("scored"), options=pl.lit("12345"))
    )
    result = ingest(folder / "responses_raw.csv", bank=bank)
    assert result.counts["by_status"]["invalid"] > 0
    assert set(result.quarantine["value"]) == {"8"}
