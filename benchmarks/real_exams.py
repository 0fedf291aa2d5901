"""Two public exams as scored responses, from a folder that holds their files."""

from pathlib import Path

import polars as pl

from ciip_irt.bank import ItemBank
from ciip_irt.responses import ScoredResponses, score

__all__ = ["licensure", "sat12"]


def licensure(folder: Path) -> ScoredResponses:
    """1,636 deliveries of a licensure exam, omitted scored wrong."""
    source = folder / "licensure170"
    key = pl.read_csv(source / "form1_key.csv").select(
        "item_id", "status", pl.col("key").cast(pl.String), domain=pl.lit("all"), options=pl.lit("1234")
    )
    text = {"attempt": pl.String, "response": pl.String}
    given = pl.col("response").is_not_null()
    log = pl.read_csv(source / "form1_log_long.csv.gz", schema_overrides=text).select(
        "candidate_id", "attempt", "form_id", "item_id", "position", "response", "time_s",
        delivery_id="candidate_id",
        status=pl.when(given).then(pl.lit("answered")).otherwise(pl.lit("omitted")),
    )  # fmt: skip
    candidates = pl.read_csv(source / "form1_candidates.csv", schema_overrides={"attempt": pl.String})
    attributes = candidates.select(
        delivery_id="candidate_id", first_time=pl.col("attempt") == "1", region="country"
    )
    return score(log, ItemBank.from_frame(key), candidates=attributes)


def sat12(folder: Path) -> ScoredResponses:
    """SAT12, whose item 32 is published with a wrong key."""
    source = folder / "sat12"
    key = pl.read_csv(source / "key.csv").select(
        "item_id", pl.col("key").cast(pl.String), domain=pl.lit("all"), status=pl.lit("scored"),
        options=pl.lit("12345"),
    )  # fmt: skip
    omitted = pl.col("response") == "8"
    log = (
        pl.read_csv(source / "responses_raw.csv")
        .unpivot(index="candidate_id", variable_name="item_id", value_name="response")
        .with_columns(pl.col("response").cast(pl.String))
        .select(
            "candidate_id", "item_id", delivery_id="candidate_id", attempt=pl.lit("1"), form_id=pl.lit("SAT"),
            status=pl.when(omitted).then(pl.lit("omitted")).otherwise(pl.lit("answered")),
            response=pl.when(omitted).then(None).otherwise("response"),
        )
    )  # fmt: skip
    return score(log, ItemBank.from_frame(key))
