"""Parameters that no item has: told where the bank is read, before anything rests on them."""

from pathlib import Path

import polars as pl

from ciip_irt.errors import MAX_EXAMPLES, plural

__all__ = ["implausible_values"]

# in logits: at |b| = 10 an average candidate surprises once in 22,000 times, so nobody measured it
FURTHEST = 10.0
STEEPEST = 10.0  # per logit: the whole curve within half a logit, which no sample of answers can show


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
