"""Any log into the canonical table: read, examine, set apart what cannot be used, account for every row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from ciip_irt.bank import ItemBank, Items, as_bank
from ciip_irt.errors import InputError, Problem, plural
from ciip_irt.records import result
from ciip_irt.responses.account import (
    NOTHING_OFFERED_RULE,
    count_rows,
    nothing_left,
    odd_identities,
    row_notes,
    score_check,
    score_notes,
    where_invalid,
    whole_invalid,
)
from ciip_irt.responses.candidates import delivery_table, read_candidates, with_attributes, without_personal
from ciip_irt.responses.mapping import ColumnMapping, read_mapping
from ciip_irt.responses.open_log import OpenedLog, bank_of_logs, open_log
from ciip_irt.responses.pseudonyms import pseudonyms_of, read_pseudonym_key
from ciip_irt.responses.readers import READERS, Reader, ReadLog, Source
from ciip_irt.responses.recognition import NO_CHOICES, Choices, Reading, is_email_column
from ciip_irt.responses.rules import Examination, examine, quarantine
from ciip_irt.tables import EXCLUSIONS, RESPONSES, AnyFrame, show_html

__all__ = ["Ingested", "ingest"]

NO_ANSWER = "The delivery has not a single answer."
NOTHING_OFFERED = "No answer of the delivery is among the options offered."
FEWEST_INVALID = 5
"""Invalid answers, and no other, that show a delivery written another way: fewer may be slips of the pen."""
PSEUDONYMISED = ("candidate_id", "delivery_id")
NOTHING_USABLE = "Every row of the delivery is in quarantine."
Files = Path | str | Sequence[Path | str]

NEEDS_ITEMS = " A wide file needs the items file as well (--items)."


@result
@dataclass(frozen=True, slots=True)
class Ingested:
    """A log in canonical form, and an account of everything that was not taken over.

    Attributes
    ----------
    responses
        The ``responses`` contract: the rows kept, in the order of the files.
    candidates
        One row per delivery kept: the ``candidates`` contract and the attributes.
    quarantine
        One row per row (or cell) set apart: the ``quarantine`` contract, with the name of the ``rule`` and
        the offending ``value``.
    exclusions
        Deliveries left out as a whole: the ``exclusions`` contract.
    counts
        What goes into ``ingest.json``; per file and in total
        ``rows_read = rows_kept + rows_quarantined + rows_excluded``.
    cautions
        What a reader must not overlook, in words.
    notes
        What else a reader should know, in words.
    bank
        The items the log was held against: those given, or those of the key found in the file; ``None``
        where there is neither. For a log of marks (0 and 1) every item's key is ``1``.
    readings
        How each file was recognised, for files that were.
    """

    responses: pl.DataFrame
    candidates: pl.DataFrame
    quarantine: pl.DataFrame
    exclusions: pl.DataFrame
    counts: Mapping[str, Any]
    cautions: tuple[str, ...]
    notes: tuple[str, ...]
    bank: ItemBank | None = None
    readings: tuple[Reading, ...] = ()

    @property
    def sentences(self) -> tuple[str, ...]:
        """Cautions, marked as such, then notes."""
        return (*(f"CAUTION: {caution}" for caution in self.cautions), *self.notes)

    def to_frame(self) -> pl.DataFrame:
        """One row per response: the ``responses`` contract."""
        return self.responses

    def summary(self) -> str:
        total, by_status = self.counts["total"], self.counts["by_status"]
        kinds = ", ".join(f"{n:,} {status.replace('_', ' ')}" for status, n in by_status.items() if n)
        left_out = plural(total["deliveries_excluded"], "excluded delivery", "excluded deliveries")
        return "\n".join(
            [
                f"{plural(total['rows_read'], 'row')} read from {plural(len(self.counts['files']), 'file')}: "
                f"{total['rows_kept']:,} kept, {total['rows_quarantined']:,} quarantined, "
                f"{total['rows_excluded']:,} in {left_out}.",
                f"{plural(total['deliveries'], 'delivery', 'deliveries')} of "
                f"{plural(total['candidates'], 'candidate')}; {kinds}.",
                *self.sentences,
            ]
        )

    def explained(self, rows: int = 12) -> str:
        """The first responses as they were read, in columns."""
        shown = [
            name for name in RESPONSES.names if self.responses[name].null_count() < self.responses.height
        ]
        with pl.Config(
            tbl_rows=rows, tbl_cols=-1, tbl_width_chars=160, tbl_hide_column_data_types=True,
            tbl_hide_dataframe_shape=True, ascii_tables=True,
        ):  # fmt: skip
            return str(self.responses.select(shown).head(rows))

    def _repr_html_(self) -> str:
        return show_html("Ingested log", self.summary(), self.responses)


def ingest(
    files: Files,
    *,
    bank: Items | None = None,
    format: str | None = None,
    mapping: ColumnMapping | Path | str | None = None,
    candidates: Path | str | AnyFrame | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    choices: Choices = NO_CHOICES,
    about: pl.DataFrame | None = None,
    pseudonyms: Path | str | None = None,
) -> Ingested:
    """Read one or several log files into the canonical table.

    Parameters
    ----------
    files
        CSV, CSV.gz, XLSX, Parquet or NDJSON files; all of one layout.
    bank
        The items, as a bank or a table. Needed for wide files; where given, unknown items and options that
        an item does not offer are set apart, and the source's 0/1 scores (where the mapping names them) are
        held against the keys.
    format
        ``long``, ``wide`` or ``vendor-wide``; told from the columns, or said by the mapping, where not given.
    mapping
        A column-mapping file; its delimiter and encoding go before those given here.
    candidates
        Attributes, one row per ``delivery_id`` or per ``candidate_id``.
    delimiter, encoding
        Of text files; told from each file where not given.
    choices
        What is said about files without a mapping, so that nothing need be guessed.
    about
        What a file says about items without saying their keys; joined to the keys found in the log.
    pseudonyms
        File with the key under which candidates and deliveries get pseudonyms; made where it is not there.

    Raises
    ------
    InputError
        A file that cannot be read, a required column that is missing, no usable row; everything at once.

    Notes
    -----
    The rules are listed in ``rules.RULES``. Of two rows for the same item in one delivery the first
    by time stamp, then by line, is kept: a second one comes from a restart or a double export, and by then
    the candidate has seen the item. An answered item with zero seconds has an unknown time; zero seconds
    without an answer stay. An option that the item does not offer becomes ``invalid``, never wrong by
    silence and never dropped. A delivery without a single answer (valid or not) is excluded.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     log = Path(folder, "log.csv")
    ...     _ = log.write_text("candidate_id,attempt,form_id,item_id,response\\n"
    ...                        "c1,1,F,I1,A\\nc1,1,F,I1,A\\nc1,1,F,I2,\\nc2,1,F,I1,\\n")
    ...     result = ingest(log)
    >>> result.responses.select("delivery_id", "item_id", "response", "status").rows()
    [('c1/1', 'I1', 'A', 'answered'), ('c1/1', 'I2', None, 'omitted')]
    >>> result.quarantine.select("row", "rule").rows(), result.exclusions.select("delivery_id", "rule").rows()
    ([(3, 'duplicate')], [('c2/1', 'no_answer')])
    """
    paths = _paths(files)
    plan = mapping if mapping is None or isinstance(mapping, ColumnMapping) else read_mapping(mapping)
    if plan is not None:
        delimiter, encoding = plan.delimiter or delimiter, plan.encoding or encoding
    bank = None if bank is None else as_bank(bank)
    keep = choices.keep_names
    attributes = (
        None if candidates is None else read_candidates(candidates, delimiter, encoding, keep_names=keep)
    )
    choices = replace(choices, delimiter=delimiter, encoding=encoding)
    opened, logs, readers = _read_all(paths, plan, format, bank, choices)
    readings = tuple(log.reading for log in opened if log.reading is not None)
    plan = plan or _one_plan(opened)
    names = _names(paths)
    rows, deliveries, said, by_people = _people(logs, plan, names, attributes, keep, pseudonyms)
    notes = [*(note for log in logs for note in log.notes), *said]
    bank = _bank_of(opened, rows, bank, about)
    read = rows["file"].value_counts()
    examined = _with_repeated_headers(examine(rows, bank, plan), logs)
    del rows
    exclusions, excluded_rows, kept = _exclude(examined, deliveries)
    counts = count_rows(
        names, readers, logs, dict(read.iter_rows()), examined, kept, excluded_rows, exclusions
    )
    if not (kept["status"] == "answered").any():
        raise InputError(nothing_left(counts, examined, ", ".join(map(str, paths))))
    check = score_check(kept, bank)
    (by_rows, on_rows), (by_scores, on_scores) = row_notes(counts, examined), score_notes(check)
    by_place = [*whole_invalid(examined, exclusions), *where_invalid(examined, exclusions, deliveries, names)]
    by_files = [*(caution for reading in readings for caution in reading.cautions)]
    result = Ingested(
        responses=kept.select(RESPONSES.names),
        candidates=delivery_table(kept, deliveries),
        quarantine=quarantine(examined.listed, names),
        exclusions=exclusions,
        counts={**counts, "score_check": check, **_readings_told(readings)},
        cautions=(*by_files, *by_people, *by_place, *by_rows, *by_scores),
        notes=(*on_rows, *on_scores, *notes),
        bank=bank,
        readings=readings,
    )
    return replace(result, counts={**result.counts, "notes": list(result.sentences)})


def _people(
    logs: Sequence[ReadLog],
    plan: ColumnMapping,
    names: Sequence[str],
    attributes: tuple[pl.DataFrame, str, str, list[str]] | None,
    keep_names: bool,
    pseudonyms: Path | str | None,
) -> tuple[pl.DataFrame, pl.DataFrame, list[str], list[str]]:
    """The rows of all files, every delivery once with its attributes, notes, and cautions about identities.

    Raises
    ------
    InputError
        Candidates are told by their e-mail address, and nobody asked for that.
    """
    named = pseudonyms is None
    rows, everybody = _together(logs)
    if named and not keep_names and is_email_column(everybody["candidate_id"].to_list()):
        remedy = (
            "--keep-names keeps the addresses; with --pseudonyms KEYFILE they are replaced in all results."
        )
        what = "candidate_id tells candidates by their e-mail address"
        raise InputError(Problem(what, ", ".join(names), remedy=remedy))
    asked = plan.candidates or ()
    everybody, hidden = without_personal(everybody, "the log", keep_names=keep_names, asked=asked)
    deliveries = everybody.unique("delivery_id", keep="first", maintain_order=True)
    rows, deliveries, said, unmatched = with_attributes(rows, deliveries, attributes, named=named)
    if pseudonyms is not None:
        rows, deliveries, everybody = _under_pseudonyms(pseudonyms, rows, deliveries, everybody)
    return (
        rows,
        deliveries,
        [*hidden, *said],
        [*unmatched, *odd_identities(rows, everybody, names, named=named)],
    )


def _paths(files: Files) -> list[Path]:
    paths = [Path(files)] if isinstance(files, Path | str) else [Path(path) for path in files]
    if not paths:
        raise InputError("No log file was given.")
    return paths


def _bank_of(
    opened: Sequence[OpenedLog], rows: pl.DataFrame, bank: ItemBank | None, about: pl.DataFrame | None
) -> ItemBank | None:
    """The bank given, or that of the keys found in the files, for the answers and items that occur."""
    answers = [str(answer) for answer in rows["response"].drop_nulls().unique()]
    met = [str(item) for item in rows["item_id"].drop_nulls().unique(maintain_order=True)]
    return bank_of_logs(opened, answers, met, bank, about)


def _under_pseudonyms(key_file: Path | str, *tables: pl.DataFrame) -> list[pl.DataFrame]:
    key = read_pseudonym_key(key_file)
    return [
        table.with_columns(pseudonyms_of(table[name], key).alias(name) for name in PSEUDONYMISED)
        for table in tables
    ]


def _names(paths: Sequence[Path]) -> list[str]:
    """The files' names; with their folders where two are called the same."""
    names = [path.name for path in paths]
    return names if len(set(names)) == len(names) else [str(path) for path in paths]


def _together(logs: Sequence[ReadLog]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of all files with the number of their ``file``, and every delivery, once for each of the
    attributes that are said of it."""
    rows = pl.concat(
        [log.rows.with_columns(file=pl.lit(number, dtype=pl.UInt16)) for number, log in enumerate(logs)],
        how="vertical_relaxed",
    )
    deliveries = pl.concat([log.deliveries for log in logs], how="diagonal_relaxed")
    deliveries = deliveries.filter(pl.col("delivery_id").is_not_null()).unique(maintain_order=True)
    return rows, deliveries


def _one_plan(opened: Sequence[OpenedLog]) -> ColumnMapping:
    """The mapping whose units and layouts of time hold for all files.

    Raises
    ------
    InputError
        They differ from file to file.
    """
    plans = [log.source.mapping for log in opened]
    if len({(plan.time_unit, plan.time_stamp_format) for plan in plans}) > 1:
        remedy = "Read them one by one, or give a mapping file."
        raise InputError(Problem("the files write times or dates differently", remedy=remedy))
    return plans[0]


def _readings_told(readings: Sequence[Reading]) -> dict[str, Any]:
    """How each file was recognised; nothing where none had to be."""
    return {"readings": {one.file: list(one.said) for one in readings}} if readings else {}


def _read_all(
    paths: Sequence[Path],
    mapping: ColumnMapping | None,
    format: str | None,
    bank: ItemBank | None,
    choices: Choices,
) -> tuple[list[OpenedLog], list[ReadLog], list[Reader]]:
    """Every file read; what is wrong with any of them in one error."""
    opened: list[OpenedLog] = []
    logs: list[ReadLog] = []
    readers: list[Reader] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            log = open_log(path, mapping, format, bank, choices)
            reader = _reader_for(log.source, format)
            logs.append(reader.read(log.source))
            readers.append(reader)
            opened.append(log)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return opened, logs, readers


def _reader_for(source: Source, format: str | None) -> Reader:
    said = source.mapping.format
    if format is not None and said is not None and format != said:
        what = f"the format is {format!r} here and {said!r} in {source.mapping.where}"
        raise InputError(Problem(what, where=source.where, remedy="Leave one of them out."))
    name = format or said
    if name is not None and name not in READERS:
        raise InputError(Problem(f"unknown format {name!r}", remedy=f"Say one of: {', '.join(READERS)}."))
    if name is not None:
        return READERS[name]
    columns = source.frame.columns
    fitting = [reader for reader in READERS.values() if reader.fits(columns, source.item_ids)]
    if fitting:
        return fitting[0]
    looks = "; ".join(f"{reader.name}: {reader.looks}" for reader in READERS.values())
    hint = _zeros_lost(columns, source.item_ids) if source.item_ids else NEEDS_ITEMS
    raise InputError(
        Problem(
            f"the format cannot be told from the columns {', '.join(columns[:12])}"
            + (f", ... ({len(columns)} in all)" if len(columns) > 12 else ""),
            where=source.where,
            row=1,
            remedy=f"Say which it is ({looks}), or describe it in a mapping file (docs/reading-logs.md)."
            + hint,
        )
    )


def _zeros_lost(columns: Sequence[str], item_ids: Sequence[str]) -> str:
    """A spreadsheet turns 007 into 7: say so where that would explain the columns."""
    bare = {item.lstrip("0"): item for item in item_ids if item.startswith("0")}
    lost = [name for name in columns if name in bare]
    if len(lost) < 2:
        return ""
    return (
        f" Columns such as {lost[0]} may be items such as {bare[lost[0]]} that lost their zeros in a"
        " spreadsheet: format the cells as text and export again."
    )


def _with_repeated_headers(examined: Examination, logs: Sequence[ReadLog]) -> Examination:
    found = [(number, row) for number, log in enumerate(logs) for row in log.repeated_headers]
    if not found:
        return examined
    lines = pl.DataFrame(found, schema={"file": pl.UInt16, "row": pl.Int64}, orient="row")
    lines = lines.with_columns(rule=pl.lit("repeated_header"))
    listed = pl.concat([examined.listed, lines], how="diagonal").sort("file", "row", maintain_order=True)
    return replace(examined, listed=listed)


def _exclude(
    examined: Examination, deliveries: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """The ``exclusions`` table, how many rows of which file go with it, and the rows that stay."""
    left = examined.rows.group_by("delivery_id").agg(
        rows=pl.len().cast(pl.Int64),
        answers=pl.col("status").is_in(["answered", "invalid"]).sum(),
        usable=(pl.col("status") == "answered").sum(),
    )
    table = deliveries.select("delivery_id", "candidate_id").join(
        left, on="delivery_id", how="left", maintain_order="left"
    )
    answers, usable = pl.col("answers").fill_null(0), pl.col("usable").fill_null(0)
    silent = table.filter((answers == 0) | ((usable == 0) & (answers >= FEWEST_INVALID)))
    quarantined = pl.col("rows").is_null() & pl.col("delivery_id").is_in(
        examined.listed["delivery_id"].drop_nulls().unique().implode()
    )
    invalid = pl.col("answers").fill_null(0) > 0
    exclusions = silent.select(
        "delivery_id",
        "candidate_id",
        rule=pl.when(quarantined)
        .then(pl.lit("nothing_usable"))
        .when(invalid)
        .then(pl.lit(NOTHING_OFFERED_RULE))
        .otherwise(pl.lit("no_answer")),
        reason=pl.when(quarantined)
        .then(pl.lit(NOTHING_USABLE))
        .when(invalid)
        .then(pl.lit(NOTHING_OFFERED))
        .otherwise(pl.lit(NO_ANSWER)),
        rows=pl.col("rows").fill_null(0),
    )
    gone = examined.rows.select("file", "delivery_id").join(
        exclusions.select("delivery_id"), on="delivery_id", how="semi"
    )
    kept = examined.rows
    if exclusions["rows"].sum():
        kept = kept.filter(~pl.col("delivery_id").is_in(exclusions["delivery_id"].implode()))
    return EXCLUSIONS.validate(exclusions), gone["file"].value_counts(), kept
