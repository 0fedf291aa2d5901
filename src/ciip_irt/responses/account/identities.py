"""Whether a candidate's number stands for one person: told by days, files and attributes; and numbers that a
spreadsheet has changed, or that differ only in how they are written.
"""

from collections.abc import Sequence

import polars as pl

from ciip_irt.errors import plural
from ciip_irt.tables import meaning_of

__all__ = ["changed_numbers", "odd_identities", "people_under_one_id", "twins"]

SHOWN = 3  # examples in a message: enough to see what happened
OF_A_PERSON = ("sex",)
"""Attributes that stay the same from sitting to sitting; others, like a site, may change."""
YEARS_OFF = 10  # between two ages of one person: sittings are not that far apart
ROUNDED = r"^[+-]?\d+([.,]\d+)?[eE][+]?\d{2,}$"
A_DATE = (
    r"^(\d{1,2}[-/. ][A-Za-z]{3}\.?([-/. ]\d{2,4})?|[A-Za-z]{3}[-/. ]\d{2,4}"
    r"|\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2})?)?)$"
)
FEW = 0.1  # of the numbers: where more look like dates, the programme writes them so


def odd_identities(
    rows: pl.DataFrame, deliveries: pl.DataFrame, files: Sequence[str], *, named: bool
) -> list[str]:
    """Everything here, of the tables of ``people_under_one_id``; pseudonyms hide how names are written."""
    found = people_under_one_id(rows, deliveries, files)
    if not named:
        return found
    return [*found, *twins(deliveries["candidate_id"]), *changed_numbers(deliveries["candidate_id"])]


def people_under_one_id(rows: pl.DataFrame, deliveries: pl.DataFrame, files: Sequence[str]) -> list[str]:
    """Candidates who look like two people: answers of several days or files in one delivery, or attributes
    that differ within a delivery, or between deliveries where they belong to the person.

    Parameters
    ----------
    rows
        Answers with the number of their ``file``.
    deliveries
        One row or several per delivery: several where their attributes differ.
    files
        Names of the files.
    """
    reasons = [*_days(rows), *_files(rows, files), *_attributes(deliveries)]
    people = list(dict.fromkeys(name for names, _ in reasons for name in names))
    if not people:
        return []
    said = "; ".join(f"{len(names):,} with {words}" for names, words in reasons)
    return [
        f"{plural(len(people), 'candidate')} of {deliveries['candidate_id'].n_unique():,} may be two people,"
        f" or have sat twice, under one number: {said}. What has one number and no delivery_id or attempt"
        " of its own counts as one delivery. Give every sitting its own delivery_id or attempt, or read the"
        " files apart."
    ]


def _days(rows: pl.DataFrame) -> list[tuple[list[str], str]]:
    days = (
        rows.select("delivery_id", "candidate_id", day=pl.col("delivered_at").str.slice(0, 10))
        .drop_nulls()
        .filter(pl.col("delivery_id") == pl.col("candidate_id"))
        .group_by("candidate_id", maintain_order=True)
        .agg(days=pl.col("day").unique(maintain_order=True))
        .filter(pl.col("days").list.len() > 1)
    )
    if days.is_empty():
        return []
    shown = " and ".join(str(day) for day in days["days"][0].head(SHOWN))
    names = days["candidate_id"].to_list()
    return [(names, f"answers of several days under one number (e.g. {names[0]!r}: {shown})")]


def _files(rows: pl.DataFrame, files: Sequence[str]) -> list[tuple[list[str], str]]:
    if len(files) < 2:
        return []
    several = (
        rows.filter(pl.col("delivery_id") == pl.col("candidate_id"))
        .group_by("candidate_id", maintain_order=True)
        .agg(files=pl.col("file").unique(maintain_order=True))
        .filter(pl.col("files").list.len() > 1)
    )
    if several.is_empty():
        return []
    shown = " and ".join(files[number] for number in several["files"][0].head(SHOWN))
    names = several["candidate_id"].to_list()
    return [(names, f"answers in several files (e.g. {names[0]!r}: {shown})")]


def _attributes(deliveries: pl.DataFrame) -> list[tuple[list[str], str]]:
    names = [name for name in deliveries.columns if name not in ("delivery_id", "candidate_id")]
    found = []
    for name in names:
        personal = meaning_of(name) in OF_A_PERSON
        within = "candidate_id" if personal or meaning_of(name) == "age" else "delivery_id"
        text = deliveries.select("candidate_id", "delivery_id", value=pl.col(name).cast(pl.String))
        apart = (
            text.drop_nulls()
            .group_by(within, maintain_order=True)
            .agg(
                who=pl.col("candidate_id").first(),
                values=pl.col("value").unique(maintain_order=True),
                deliveries=pl.col("delivery_id").n_unique(),
            )
            .filter(pl.col("values").list.len() > 1)
        )
        if not personal and within == "candidate_id":
            years = pl.col("values").list.eval(pl.element().cast(pl.Float64, strict=False))
            far = (years.list.max() - years.list.min() > YEARS_OFF).fill_null(False)
            apart = apart.filter((pl.col("deliveries") == 1) | far)
        if apart.height:
            who = apart["who"].to_list()
            shown = " and ".join(map(repr, apart["values"][0].head(SHOWN)))
            found.append((who, f"several values of {name!r} (e.g. {who[0]!r}: {shown})"))
    return found


def twins(names: pl.Series) -> list[str]:
    """Candidates whose numbers differ only in capitals, blanks or leading zeros, so that one person may count
    as two.

    >>> twins(pl.Series(["0017", "17", "18"]))[0][:70]
    '1 pair of candidates would be one but for how their numbers are writte'
    """
    unique = names.drop_nulls().unique(maintain_order=True)
    shape = (
        unique.str.normalize("NFKC")
        .str.to_lowercase()
        .str.replace_all(r"[\s_\x{200b}\x{feff}]+", "")
        .str.replace_all(r"(^|[^0-9])0+([0-9])", "${1}${2}")
        .str.replace(r"^(\d+)\.0+$", "${1}")
    )
    table = pl.DataFrame({"name": unique, "shape": shape})
    pairs = (
        table.group_by("shape", maintain_order=True)
        .agg(names=pl.col("name"))
        .filter(pl.col("names").list.len() > 1)
    )
    if pairs.is_empty():
        return []
    shown = ", ".join(
        " and ".join(repr(str(name)) for name in own) for own in pairs["names"].head(SHOWN).to_list()
    )
    return [
        f"{plural(pairs.height, 'pair')} of candidates would be one but for how their numbers are written"
        f" (capitals, blanks, accents, leading zeros): {shown}. They count apart: write a person's number"
        " alike everywhere."
    ]


def changed_numbers(names: pl.Series) -> list[str]:
    """Numbers that a spreadsheet has rounded (``1.23E+11``) or taken for dates (``12-Mar``).

    >>> changed_numbers(pl.Series(["1.23457E+11", "42"]))[0][:56]
    '1 candidate has a number that a spreadsheet has rounded:'
    """
    unique = names.drop_nulls().unique(maintain_order=True)
    found = []
    for pattern, many, words in (
        (ROUNDED, 1.0, "a number that a spreadsheet has rounded"),
        (A_DATE, FEW, "a number that a spreadsheet has taken for a date"),
    ):
        hits = unique.filter(unique.str.contains(pattern))
        if len(hits) and len(hits) <= max(1, many * len(unique)):
            people = plural(len(hits), "candidate")
            has = "has" if len(hits) == 1 else "have"
            shown = ", ".join(map(repr, hits.head(SHOWN)))
            found.append(
                f"{people} {has} {words}: {shown}. Several people may have become one: export the numbers"
                " again as text."
            )
    return found
