"""Parameters that no item has: told where the bank is read, before anything rests on them."""

from pathlib import Path

import numpy as np
import polars as pl

from ciip_irt.errors import MAX_EXAMPLES, plural

__all__ = ["implausible_scale", "implausible_values"]

# in logits: at |b| = 10 an average candidate surprises once in 22,000 times, so nobody measured it
FURTHEST = 10.0
STEEPEST = 10.0  # per logit: the whole curve within half a logit, which no sample of answers can show
FEWEST = 20  # items with a difficulty: of fewer, any values can be an accident
MOSTLY = 0.5  # of the items beyond that: not a slip but another unit
HARDEST = 1.0
"""Median difficulty, logits from the candidates' mean where the bank's scale is theirs: three in four answers
would be wrong, and no programme that lets most candidates pass has such a bank."""
LEAST_SPREAD = 0.05  # standard deviation: values that hardly differ are constants, not shares


def implausible_values(items: pl.DataFrame, where: str) -> tuple[str, ...]:
    """Sentences about difficulties beyond 10 logits and slopes beyond 10; none where all can be.

    >>> implausible_values(pl.DataFrame({"item_id": ["Q1"], "a": [1.0], "b": [245.0]}), "items.csv")[0][:60]
    'items.csv: 1 item has a difficulty b beyond 10 logits, which'
    """
    said = []
    for name, limit, words in (
        ("b", FURTHEST, f"a difficulty b beyond {FURTHEST:g} logits"),
        ("a", STEEPEST, f"a slope a beyond {STEEPEST:g}"),
    ):
        if name not in items.columns:
            continue
        beyond = items.filter(pl.col(name).abs() > limit)
        if beyond.height:
            shown = ", ".join(
                f"{item} ({value:g})"
                for item, value in beyond.select("item_id", name).head(MAX_EXAMPLES).rows()
            )
            more = ", ..." if beyond.height > MAX_EXAMPLES else "."
            have = "has" if beyond.height == 1 else "have"
            said.append(
                f"{Path(where).name}: {plural(beyond.height, 'item')} {have} {words}, which no item of"
                f" an exam has: {shown}{more}"
                " Has a decimal point been lost, or is the column in another unit?"
            )
    return tuple(said)


def implausible_scale(items: pl.DataFrame) -> tuple[str, str, bool] | None:
    """What is wrong with the difficulties as a whole: what is seen, what to do, whether no forms should be
    built on them; ``None`` where nothing is, or fewer than ``FEWEST`` items have one.

    >>> implausible_scale(pl.DataFrame({"item_id": ["Q"] * 30, "b": [450.0] * 30}))[2]
    True
    """
    if "b" not in items.columns:
        return None
    b = items["b"].cast(pl.Float64, strict=False).drop_nulls().drop_nans()
    if len(b) < FEWEST:
        return None
    values = b.to_numpy()
    low, high, sd, middle = (
        float(value) for value in (values.min(), values.max(), values.std(), np.median(values))
    )
    of = f"the {len(b)} difficulties of the bank"
    if (abs(values) > FURTHEST).mean() > MOSTLY:
        return (
            f"Most of {of} lie beyond {FURTHEST:g} logits (median {middle:,.1f}, SD {sd:,.1f}).",
            f"They look like scores of a reporting scale. On the logit scale, (b - {middle:,.0f}) /"
            f" {sd:,.0f} or what your scale's definition says: convert the items file; nothing is"
            " converted here.",
            True,
        )
    if low >= 0 and high <= 1 and sd > LEAST_SPREAD:
        return (
            f"All of {of} lie between 0 and 1 ({low:.2f} to {high:.2f}).",
            "They look like p values (shares right), where easy items have the high values. Give"
            " difficulties in logits; nothing is converted here.",
            True,
        )
    if middle > HARDEST:
        return (
            f"The median of {of} is {middle:+.2f}: candidates of average ability would have fewer than half"
            " of the questions right.",
            "Are the signs turned (easiness, as some programs print), or is the scale's zero not the"
            " candidates' mean? Hold the bank against answers (calibrate) before forms rest on it.",
            False,
        )
    return None
