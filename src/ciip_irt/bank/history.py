"""Items over time: today's wording, the role an item had when it was answered, whether it is what it was.

An item that was reworded is another item under the same name. The bank's column ``revised_on`` says since
when it reads as it does now; answers given before that day do not count for it.

An item that is scored today was a pilot on the forms that came out before its promotion. The ledger says when
that was; totals of those forms are what they were.
"""

import hashlib

import polars as pl

from ciip_irt.bank.item_bank import ItemBank
from ciip_irt.errors import plural

__all__ = ["current_wording", "item_hashes", "roles_then"]

HASHED = ("item_id", "domain", "key", "options", "revised_on")
HASH_LENGTH = 12  # of 64 hexadecimal digits: two of 100,000 wordings agree by chance once in 50,000 banks
DAY = r"^(\d{4}-\d{2}-\d{2})"


def current_wording(responses: pl.DataFrame, bank: ItemBank) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The answers that were given to the items as they read now, and what was left out, in words.

    Answers to an item that counted when they were given (``role`` is ``scored``) stay: they are part of a
    total. An answer without a date to a reworded item is left out, because it cannot be told which wording it
    was given to.

    Parameters
    ----------
    responses
        The ``responses`` contract: ``item_id``, ``delivered_at``, ``role`` are read.

    Examples
    --------
    >>> bank = ItemBank.from_frame(pl.DataFrame({
    ...     "item_id": ["I1", "I2"], "domain": ["A", "A"], "status": ["scored", "pilot"],
    ...     "key": ["A", "C"], "options": ["ABCD", "ABCD"], "revised_on": [None, "2026-03-01"]}))
    >>> log = pl.DataFrame({"item_id": ["I1", "I2", "I2"], "role": [None] * 3,
    ...     "delivered_at": ["2026-02-28T09:00:00", "2026-02-28T09:00:00", "2026-03-01T09:00:00"]})
    >>> kept, said = current_wording(log, bank)
    >>> kept.height, said
    (2, ('1 answer to 1 reworded item was given before its new wording and does not count (I2).',))
    """
    revised = bank.items.filter(pl.col("revised_on").is_not_null() & (pl.col("status") != "scored"))
    revised = revised.select("item_id", "revised_on")
    if revised.is_empty() or not {"item_id", "delivered_at", "role"} <= set(responses.columns):
        return responses, ()
    day = pl.col("delivered_at").cast(pl.String).str.extract(DAY)
    since = pl.col("revised_on")
    touched = since.is_not_null() & (pl.col("role").cast(pl.String) != "scored").fill_null(True)
    marked = responses.join(revised, on="item_id", how="left", maintain_order="left").with_columns(
        __earlier=touched & (day < since).fill_null(False), __undated=touched & day.is_null()
    )
    said = []
    for mark, one, many in (
        ("__earlier", "was given before its new wording and does not count",
         "were given before their new wording and do not count"),
        ("__undated", "has no date, so it does not count: nobody knows which wording it was given to",
         "have no date, so they do not count: nobody knows which wording they were given to"),
    ):  # fmt: skip
        out = marked.filter(mark)
        if out.height:
            items = out["item_id"].unique().sort()
            shown = ", ".join(items.head(5)) + (", ..." if len(items) > 5 else "")
            said.append(
                f"{plural(out.height, 'answer')} to {plural(len(items), 'reworded item')}"
                f" {one if out.height == 1 else many} ({shown})."
            )
    kept = marked.filter(~(pl.col("__earlier") | pl.col("__undated"))).select(responses.columns)
    return kept, tuple(said)


def roles_then(responses: pl.DataFrame, ledger: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The log with the role ``pilot`` for items on forms that came out before these items were promoted.

    The same for pilots that were retired: they never counted, and nobody need say so again.

    A form came out on the day of its first delivery in the log. Roles that the log itself states stay, and
    nothing is changed for a form without dates.

    Examples
    --------
    >>> log = pl.DataFrame({"form_id": ["F1", "F2"], "item_id": ["I1", "I1"], "role": [None, None],
    ...     "delivered_at": ["2025-05-01", "2026-05-01"]}, schema_overrides={"role": pl.String})
    >>> ledger = pl.DataFrame({"item_id": ["I1"], "status_after": ["scored"], "date": ["2026-03-01"]})
    >>> roles_then(log, ledger)[0]["role"].to_list()
    ['pilot', None]
    """
    decided = ledger.filter(
        pl.col("status_after").is_in(["scored", "retired"]) & pl.col("date").is_not_null()
    )
    promoted = (
        decided.sort("date", maintain_order=True)
        .group_by("item_id", maintain_order=True)
        .agg(__since=pl.col("date").last(), __scored=pl.col("status_after").last() == "scored")
    )
    if promoted.is_empty() or not {"form_id", "item_id", "delivered_at", "role"} <= set(responses.columns):
        return responses, ()
    day = pl.col("delivered_at").cast(pl.String).str.extract(DAY)
    marked = responses.with_columns(__out=day.min().over("form_id")).join(
        promoted, on="item_id", how="left", maintain_order="left"
    )
    marked = marked.with_columns(
        __then=(pl.col("role").is_null() & (pl.col("__out") < pl.col("__since"))).fill_null(False)
    )
    then = marked.filter("__then")
    if then.is_empty():
        return responses, ()
    role = pl.when("__then").then(pl.lit("pilot")).otherwise(pl.col("role").cast(pl.String))
    changed = marked.with_columns(role=role).select(responses.columns)
    then = then.filter("__scored")
    if then.is_empty():
        return changed, ()
    items, forms = then["item_id"].n_unique(), then["form_id"].n_unique()
    one = items == 1
    said = (
        f"{plural(items, 'item')} scored today {'was a pilot' if one else 'were pilots'} on"
        f" {plural(forms, 'form')} that came out before {'its' if one else 'their'} promotion (ledger):"
        f" {plural(then.height, 'answer')} there {'counts' if then.height == 1 else 'count'} as such."
    )
    return changed, (said,)


def item_hashes(items: pl.DataFrame) -> pl.DataFrame:
    """``item_id, item_hash``: the same for the same domain, key, options and date of wording.

    >>> items = pl.DataFrame({"item_id": ["I1"], "domain": ["A"], "key": ["B"], "options": ["ABCD"],
    ...     "revised_on": [None]})
    >>> changed = items.with_columns(key=pl.lit("C"))
    >>> item_hashes(items)["item_hash"][0] == item_hashes(changed)["item_hash"][0]
    False
    """
    rows = items.select(pl.col(name).cast(pl.String) for name in HASHED).iter_rows()
    return pl.DataFrame(
        [
            (row[0], hashlib.sha256("\x1f".join(cell or "" for cell in row).encode()).hexdigest())
            for row in rows
        ],
        schema={"item_id": pl.String, "item_hash": pl.String},
        orient="row",
    ).with_columns(pl.col("item_hash").str.head(HASH_LENGTH))
