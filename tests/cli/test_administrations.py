"""Evidence adds up over administrations, and stops at a new wording."""

import contextlib
import io
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import polars as pl
import pytest

from ciip_irt.bank import read_bank
from ciip_irt.cli import main
from ciip_irt.responses import ingest, select_eligible
from ciip_irt.simulate import simulate_programme

Review = Callable[..., tuple[pl.DataFrame, str]]


@pytest.fixture(scope="module")
def programme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``items.csv``, the whole log, and its two halves by candidate; half of 2025, half of 2026."""
    folder = tmp_path_factory.mktemp("programme")
    made = simulate_programme(n_candidates=200, n_forms=1, n_pilots=40, seed=3)
    log = made.responses
    who = log["delivery_id"].unique(maintain_order=True)
    late = log["delivery_id"].is_in(who.tail(len(who) // 2).implode())
    log = log.with_columns(
        delivered_at=pl.when(late)
        .then(pl.lit("2026-05-01T09:00:00"))
        .otherwise(pl.lit("2025-05-01T09:00:00"))
    )
    met = made.items.filter(pl.col("item_id").is_in(log["item_id"].unique().implode()))
    met.write_csv(folder / "items.csv")
    log.write_parquet(folder / "whole.parquet")
    log.filter(~late).write_parquet(folder / "2025.parquet")
    log.filter(late).write_parquet(folder / "2026.parquet")
    return folder


@pytest.fixture(scope="module")
def review(programme: Path) -> Review:
    """``review("2025", "2026")``: the evidence from these logs, and what was said."""

    @lru_cache
    def call(*logs: str, items: str = "items.csv") -> tuple[pl.DataFrame, str]:
        files = [str(programme / f"{name}.parquet") for name in logs]
        out = programme / f"from {items}" / "-".join(logs)
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            assert (
                main(["pilots", "review", *files, "--items", str(programme / items), "--out", str(out)]) == 0
            )
        return pl.read_csv(out / "pilot_evidence.csv"), said.getvalue()

    return call


def test_two_logs_are_one(review: Review, programme: Path) -> None:
    whole, halves = review("whole")[0], review("2025", "2026")[0]
    assert halves.equals(whole)
    sheets = [programme / "from items.csv" / name / "pilot_decisions.csv" for name in ("whole", "2025-2026")]
    assert sheets[0].read_bytes() == sheets[1].read_bytes()


def test_evidence_adds_up(review: Review) -> None:
    first, second, both = (review(*logs)[0] for logs in (("2025",), ("2026",), ("2025", "2026")))
    assert (both["n"] == first["n"] + second["n"]).all()
    width = [(frame["p_population_high"] - frame["p_population_low"]).mean() for frame in (first, both)]
    assert 1.2 < width[0] / width[1] < 1.6  # about the square root of two


def test_a_log_given_twice_counts_once(programme: Path) -> None:
    bank = read_bank(programme / "items.csv")
    once, twice = (ingest([programme / "2025.parquet"] * times, bank=bank) for times in (1, 2))
    assert twice.responses.equals(once.responses)


def test_a_reworded_pilot_starts_anew(review: Review, programme: Path) -> None:
    items = pl.read_csv(programme / "items.csv", infer_schema=False)
    pilot = items.filter(status="pilot")["item_id"][0]
    reworded = pl.when(pl.col("item_id") == pilot).then(pl.lit("2026-01-01"))
    items.with_columns(revised_on=reworded).write_csv(programme / "reworded.csv")
    both, said = review("2025", "2026", items="reworded.csv")
    old, new = review("2025")[0], review("2026")[0]
    n = {row["item_id"]: row["n"] for row in both.iter_rows(named=True)}
    assert n.pop(pilot) == new.filter(item_id=pilot)["n"][0]
    assert set(n.values()) == set(review("2025", "2026")[0]["n"])
    read = ingest(programme / "2025.parquet", bank=read_bank(programme / "items.csv"))
    given = select_eligible(read.responses, read.candidates).responses.filter(item_id=pilot)
    left_out = given.height
    assert old.filter(item_id=pilot)["n"][0] <= left_out  # an answer too fast to have been read tells nothing
    assert f"{left_out} answers to 1 reworded item were given before their new wording" in said
    observed = both.filter(item_id=pilot)["p"][0]
    assert observed == pytest.approx(new.filter(item_id=pilot)["p"][0])


def test_what_was_promoted_stays_what_it_was_then(review: Review, programme: Path) -> None:
    """The same answers say the same about the pilots left over, though the best of their block are gone."""
    first = review("whole")[0]
    sheet = programme / "from items.csv" / "whole" / "pilot_decisions.xlsx"
    assert main(
        ["promote", str(sheet), "--items", str(programme / "items.csv"), "--by", "C. Hair",
         "--date", "2026-09-01", "--out", str(programme / "bank")]
    ) == 0  # fmt: skip
    again, said = review("whole", items="bank/items.csv")
    promoted = first.filter(decision="promote").height
    assert f"{promoted} items scored today were pilots on 1 form that came out before their promotion" in said
    held = first.filter(decision="hold")
    assert 0 < again.height == held.height
    assert again.equals(held)
