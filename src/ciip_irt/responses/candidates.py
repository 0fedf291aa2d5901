"""Candidate attributes: one row per delivery, from the log and from a file of their own."""

from collections.abc import Collection
from pathlib import Path

import polars as pl

from ciip_irt.bank import near_match
from ciip_irt.errors import InputError, Problem, plural
from ciip_irt.responses.readers.source import attribute_name, text
from ciip_irt.responses.recognition import is_email_column
from ciip_irt.tables import (
    CANDIDATES,
    AnyFrame,
    delimiter_beside,
    is_personal,
    polars_frame,
    read_frame,
    renamed_by_meaning,
)

__all__ = ["delivery_table", "read_candidates", "with_attributes", "without_personal"]

IDENTIFIERS = ("delivery_id", "candidate_id")
OF_THE_LOG = ("form_id", "attempt", "delivered_at")


def read_candidates(
    given: Path | str | AnyFrame,
    delimiter: str | None = None,
    encoding: str | None = None,
    *,
    keep_names: bool = False,
) -> tuple[pl.DataFrame, str, str, list[str]]:
    """The attributes as text, the column that joins them (``delivery_id`` or ``candidate_id``), the name of
    the file, and what is said of columns left out because they tell who a person is.

    Raises
    ------
    InputError
        Neither column is there; an id is empty or occurs twice.
    """
    where = str(given) if isinstance(given, Path | str) else "candidates"
    frame = (
        read_frame(
            given,
            delimiter=None if delimiter is None else delimiter_beside(given, delimiter),
            encoding=encoding,
        )
        if isinstance(given, Path | str)
        else polars_frame(given, where)
    )
    frame = frame.rename(renamed_by_meaning(frame.columns, IDENTIFIERS)[0])
    on = next((name for name in IDENTIFIERS if name in frame.columns), None)
    if on is None:
        shown = ", ".join(frame.columns[:12])
        remedy = "Name the column that identifies the sitting delivery_id, or the person candidate_id."
        raise InputError(
            Problem(
                f"neither delivery_id nor candidate_id is among the columns {shown}", where, 1, remedy=remedy
            )
        )
    frame = pl.DataFrame([text(frame[name]) for name in frame.columns if not frame.schema[name].is_nested()])
    problems = []
    for broken, what in (
        (frame[on].is_null(), f"column {on!r} is empty"),
        (frame.select(~pl.col(on).is_first_distinct() & pl.col(on).is_not_null()).to_series(),
         f"the same {on} occurs more than once"),
    ):  # fmt: skip
        if broken.any():
            at = broken.arg_true()
            examples = tuple(frame[on].gather(at).drop_nulls().unique(maintain_order=True).head(5))
            remedy = f"Keep one row for each {on}."
            problems.append(Problem(what, where, int(at[0]) + 2, len(at), examples, remedy))
    if problems:
        raise InputError(problems)
    frame, said = without_personal(frame, Path(where).name, keep_names=keep_names, asked=(on,))
    return frame, on, where, said


def without_personal(
    frame: pl.DataFrame, where: str, *, keep_names: bool, asked: Collection[str] = ()
) -> tuple[pl.DataFrame, list[str]]:
    """The table without columns of names, addresses and the like, and what is said of them; those ``asked``
    for stay.

    >>> without_personal(pl.DataFrame({"Last name": ["Vu"], "site": ["Oslo"]}), "log", keep_names=False)[1]
    ['log: left out, because they tell who a person is: Last name (--keep-names keeps them).']
    """
    personal = [
        name
        for name in frame.columns
        if name not in asked and name not in IDENTIFIERS
        and (is_personal(name) or is_email_column(frame[name].cast(pl.String).to_list()))
    ]  # fmt: skip
    if keep_names or not personal:
        return frame, []
    listing = ", ".join(personal)
    words = f"{where}: left out, because they tell who a person is: {listing} (--keep-names keeps them)."
    return frame.drop(personal), [words]


def delivery_table(rows: pl.DataFrame, attributes: pl.DataFrame) -> pl.DataFrame:
    """One row per delivery in ``rows``, in their order: the ``candidates`` contract, then the attributes."""
    deliveries = rows.group_by("delivery_id", maintain_order=True).agg(
        pl.col("candidate_id").first(),
        pl.col("form_id").first(),
        pl.col("attempt").drop_nulls().first(),
        pl.col("delivered_at").drop_nulls().min(),
    )
    known = [name for name in CANDIDATES.names if name in attributes.columns and name != "delivery_id"]
    return deliveries.join(attributes.drop(known), on="delivery_id", how="left", maintain_order="left")


def with_attributes(
    rows: pl.DataFrame,
    deliveries: pl.DataFrame,
    given: tuple[pl.DataFrame, str, str, list[str]] | None,
    *,
    named: bool = True,
) -> tuple[pl.DataFrame, pl.DataFrame, list[str], list[str]]:
    """Rows and deliveries with the attributes of a candidates file, what did not match, and where nothing or
    only another spelling did, a warning.

    Its columns replace those of the same name that came with the log. Form, attempt and time stamp are the
    log's; they are taken from the file only where the log has none at all.
    """
    if given is None:
        return rows, deliveries, [], []
    frame, on, path, hidden = given
    where = Path(path).name  # notes are the same on every machine
    known = frame[on].is_in(deliveries[on].implode())
    notes = list(hidden)
    near = near_match(frame.filter(~known)[on].drop_nulls(), deliveries[on].drop_nulls()) if named else ""
    cautions = [f"{where}: {near} Write the {on} alike in both files."] if near else []
    if frame.height and not known.any():
        cautions.insert(0, _matches_nobody(where, on, frame, deliveries, named=named))
    elif unmatched := int((~known).sum()):
        notes.append(f"{where}: {plural(unmatched, 'row')} for a {on} that the log does not have.")
    absent = deliveries.filter(~pl.col(on).is_in(frame[on].implode())).height
    if absent and known.any():
        notes.append(f"{where}: no row for {plural(absent, 'delivery', 'deliveries')} of the log.")
    other = "candidate_id" if on == "delivery_id" else "delivery_id"
    frame = frame.drop(other, strict=False)
    for name in OF_THE_LOG:
        if name in frame.columns and rows[name].null_count() == rows.height:
            filled = rows.select(on).join(frame.select(on, name), on=on, how="left", maintain_order="left")
            rows = rows.with_columns(filled[name])
            notes.append(f"{where}: {name} is taken from here; the log has none.")
    frame = frame.drop(*OF_THE_LOG, strict=False)
    frame = frame.rename({name: attribute_name(name) for name in frame.columns if name != on})
    replaced = [name for name in frame.columns if name in deliveries.columns and name != on]
    deliveries = deliveries.drop(replaced).join(frame, on=on, how="left", maintain_order="left")
    return rows, deliveries, notes, cautions


def _matches_nobody(
    where: str, on: str, frame: pl.DataFrame, deliveries: pl.DataFrame, *, named: bool
) -> str:
    """With the values of both sides: what is wrong is seen at once."""
    theirs, ours = (", ".join(map(repr, table[on].drop_nulls().head(3))) for table in (frame, deliveries))
    said = (
        f"{where}: none of its {plural(frame.height, 'row')} has a {on} of the log, so it says nothing of"
        " anybody."
    )
    return f"{said} It has {theirs}, ...; the log has {ours}, ..." if named else said
