"""The source's own 0/1 scores held against the keys of the bank."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from ciip_irt.bank import CREDIT_ALL, ItemBank

__all__ = ["score_check", "score_notes"]


def score_check(kept: pl.DataFrame, bank: ItemBank | None) -> dict[str, Any] | None:
    """The source's own 0/1 scores against the keys: how many were compared, how many differ, where."""
    if bank is None or kept["score"].null_count() == kept.height:
        return None
    scores = kept.select(
        "item_id", "status", "response", score=pl.col("score").cast(pl.Float64, strict=False)
    )
    credited = bank.items.select(
        "item_id",
        response=pl.when(pl.col("key") == CREDIT_ALL)
        .then(pl.col("options").str.split(""))
        .otherwise(pl.col("key").str.split("|").list.eval(pl.element().str.strip_chars())),
    ).explode("response").with_columns(credited=True)  # fmt: skip
    everyone = bank.items.filter(pl.col("key") == CREDIT_ALL)["item_id"].implode()
    joined = scores.join(credited, on=["item_id", "response"], how="left").filter(
        pl.col("score").is_not_null()
    )
    ours = pl.col("item_id").is_in(everyone) | (
        (pl.col("status") == "answered") & pl.col("credited").fill_null(False)
    )
    different = joined.filter(ours.cast(pl.Float64) != pl.col("score"))
    worst = different["item_id"].value_counts().sort(["count", "item_id"], descending=[True, False]).head(10)
    check = {"compared": joined.height, "different": different.height, "items": dict(worst.iter_rows())}
    words = kept["score"].drop_nulls().cast(pl.String)
    words = words.filter(words.cast(pl.Float64, strict=False).is_null() & (words.str.strip_chars() != ""))
    if len(words):
        counted = words.value_counts(sort=True).head(MOST_WORDS)
        check |= {"not_numbers": len(words), "words": [str(word) for word in counted["score"]]}
    return check


MOST_WORDS = 5
"""Words of a score column that are shown."""


def score_notes(check: Mapping[str, Any] | None) -> tuple[list[str], list[str]]:
    """What asks for caution in a comparison of scores, and what does not."""
    if check is None:
        return [], []
    if check.get("not_numbers"):
        words = ", ".join(map(repr, check["words"]))
        table = "[recode.score]"
        unread = (
            f"{check['not_numbers']:,} of the source's own scores are no numbers ({words}) and could not be"
            f" compared with ours. Translate them under {table} in a mapping file: 1 for right, 0 for wrong."
        )
        if not check["compared"]:
            return [unread], []
        cautions, notes = score_notes({**check, "not_numbers": 0})
        return [unread, *cautions], notes
    if not check["different"]:
        return [], [f"The source's own scores equal ours in all {check['compared']:,} answers."]
    items = ", ".join(f"{item} ({count:,})" for item, count in list(check["items"].items())[:5])
    caution = (
        f"the source's own scores differ from ours in {check['different']:,} of"
        f" {check['compared']:,} answers, most on {items}. Check the keys of these items."
    )
    return [caution], []
