"""A sheet that people reviewed, brought into the bank: what is refused, what changes, what is recorded.

Refused are sheets made from other evidence, about items that changed since, or brought in before. What counts
of a sheet is what people may write: reviewer, override, comment, and which rows are still there. Probability
and number of answers are taken from the evidence, whatever a spreadsheet made of them.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from ciip_irt.bank import ItemBank, Scale, appended, edited, item_hashes, with_parameters
from ciip_irt.errors import InputError, Problem, TableError, plural
from ciip_irt.pilots.sheet.promote import SHOWN, decided, promote
from ciip_irt.pilots.sheet.sheet import (
    EVIDENCE_FILE,
    PARAMETERS_FILE,
    REVIEW_FILE,
    VALUES,
    check_decisions,
    evidence_hash,
    find_unsigned,
    read_sheet,
)
from ciip_irt.records import result
from ciip_irt.tables import FIRST_ROW, read_csv, show_html

__all__ = ["Evidence", "Promotion", "apply_sheet", "read_evidence"]

KEPT = ("item_id", "decision", "reviewer", "override", "comment", "reasons", "evidence", "item_hash")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a sheet rests on, read from the folder of the review.

    Attributes
    ----------
    items
        ``item_id, domain, decision, probability, n`` of every pilot reviewed.
    parameters
        ``item_id, a, b, c, se_a, se_b, se_c`` of the items that the calibration estimated.
    scale
        The scale of these parameters.
    hash, policy, where
        Its name, the policy that judged it, the folder it came from.
    """

    items: pl.DataFrame
    parameters: pl.DataFrame
    scale: Scale
    hash: str
    policy: str
    where: str


@result
@dataclass(frozen=True, slots=True)
class Promotion:
    """A bank after a review.

    Attributes
    ----------
    bank
        The new bank.
    table
        The same in the layout of the file it came from.
    ledger
        The whole ledger, the new lines at its end.
    lines
        The new lines.
    unseen
        Pilots on the sheet that nobody has answered yet: nothing to decide, so no line.
    left_out
        Pilots of the review that are not on the sheet.
    evidence
        Hash of the evidence.
    """

    bank: ItemBank
    table: pl.DataFrame
    ledger: pl.DataFrame
    lines: pl.DataFrame
    unseen: int
    left_out: int
    evidence: str

    def to_frame(self) -> pl.DataFrame:
        """The new lines of the ledger."""
        return self.lines

    def summary(self) -> str:
        lines = [decided(self.lines)]
        if self.unseen:
            lines.append(f"{plural(self.unseen, 'pilot')} without an answer so far: nothing to decide.")
        if self.left_out:
            lines.append(
                f"{plural(self.left_out, 'pilot')} of the review without a row on the sheet:"
                " nothing is decided about them."
            )
        if (self.lines.select(pl.coalesce("override", "decision")).to_series() == "revise").any():
            lines.append(
                "Items back in draft: when one has been reworded, write the day into 'revised_on' and set its"
                " status to pilot; answers given before that day no longer count for it."
            )
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return show_html("Promotion", self.summary(), self.lines.select(SHOWN))


def read_evidence(path: Path | str) -> Evidence:
    """The evidence in a folder that ``pilots review`` or ``run`` wrote, or beside the file named.

    Raises
    ------
    InputError
        Files are missing or were changed after the review; the calibration behind it did not converge.
    """
    folder = Path(path)
    folder = folder.parent if folder.is_file() else folder
    absent = [n for n in (REVIEW_FILE, EVIDENCE_FILE, PARAMETERS_FILE) if not (folder / n).is_file()]
    if absent:
        remedy = "Name the folder that 'pilots review' or 'run' wrote."
        what = "this folder holds no evidence of a pilot review; missing"
        raise InputError(Problem(what, where=str(folder), examples=tuple(absent), remedy=remedy))
    try:
        review: dict[str, Any] = json.loads((folder / REVIEW_FILE).read_text("utf-8"))
        facts = {name: review[name] for name in ("data_hash", "policy", "policy_limits", "scale")}
        scale, mark = Scale(**facts["scale"]), str(review["evidence"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        what = f"not the record of a pilot review ({type(error).__name__}: {error})"
        where = str(folder / REVIEW_FILE)
        raise InputError(Problem(what, where=where, remedy="Run 'ciip-irt pilots review' again.")) from None
    content = [(folder / name).read_bytes() for name in (EVIDENCE_FILE, PARAMETERS_FILE)]
    if evidence_hash(content[0], content[1], facts) != mark:
        what = f"{EVIDENCE_FILE}, {PARAMETERS_FILE} and {REVIEW_FILE} do not belong together, or were changed"
        remedy = "Keep them as the review wrote them, or review again."
        raise InputError(Problem(what, where=str(folder), remedy=remedy))
    if review.get("converged") is False:
        what = "the calibration behind these decisions did not converge, so they rest on no sound scale"
        raise InputError(Problem(what, where=str(folder), remedy="Review again with more answers."))
    items = read_csv(folder / EVIDENCE_FILE).select(
        "item_id", "domain", "decision", pl.col("probability").cast(pl.Float64), pl.col("n").cast(pl.Int64)
    )
    parameters = read_csv(folder / PARAMETERS_FILE).select("item_id", pl.col(VALUES).cast(pl.Float64))
    return Evidence(items, parameters, scale, mark, str(facts["policy"]), str(folder))


def apply_sheet(
    sheet: Path | str,
    table: pl.DataFrame,
    evidence: Evidence,
    ledger: pl.DataFrame,
    *,
    by: str,
    date: str = "",
    where: str = "items",
    encoding: str = "utf-8",
    ledger_where: str = "ledger.csv",
) -> Promotion:
    """The bank and ledger after the decisions of a reviewed sheet.

    Parameters
    ----------
    sheet
        The sheet, CSV or XLSX.
    table
        The bank as its file holds it (``read_frame``).
    evidence
        What the sheet must have been made from.
    ledger
        The bank's ledger so far.
    by
        Who brings the sheet in.
    date
        When, ISO 8601.

    Raises
    ------
    InputError
        The sheet was made from other evidence, is about items that are not what they were, was brought in
        before, or breaks its contract; everything wrong at once as far as it can be seen at once.
    ScaleError
        The bank is on another scale than the calibration behind the sheet.
    """
    bank = ItemBank.from_frame(table, where)
    decisions = _authenticate(read_sheet(sheet, encoding=encoding), str(sheet), evidence, bank)
    unseen = decisions.filter((pl.col("n") == 0) & pl.col("override").is_null())
    decisions = decisions.join(unseen, on="item_id", how="anti", maintain_order="left")
    before = bank
    if bank.scale is None:
        before = with_parameters(bank, evidence.parameters, scale=evidence.scale)
    appended(ledger, decisions.select("item_id", "evidence"), ledger_where)
    after, lines = promote(
        before, decisions.drop("evidence", "item_hash"), evidence.parameters,
        by=by, scale=evidence.scale, evidence=evidence.hash, date=date,
    )  # fmt: skip
    return Promotion(
        bank=after,
        table=edited(table, bank, after),
        ledger=appended(ledger, lines, ledger_where),
        lines=lines,
        unseen=unseen.height,
        left_out=evidence.items.height - lines.height - unseen.height,
        evidence=evidence.hash,
    )


def _authenticate(frame: pl.DataFrame, where: str, evidence: Evidence, bank: ItemBank) -> pl.DataFrame:
    """The sheet's rows with the numbers of their evidence, or everything that does not fit."""
    absent = [name for name in ("item_id", "decision", "evidence", "item_hash") if name not in frame.columns]
    if absent:
        what = f"columns are missing that tie the sheet to its evidence: {', '.join(absent)}"
        remedy = "Use a sheet as 'pilots review' wrote it; keep all its columns."
        raise TableError(Problem(what, where=where, row=1, remedy=remedy))
    absent = [name for name in ("reviewer", "override", "comment") if name not in frame.columns]
    if absent:  # a column under another name would be a decision lost without a word
        what = f"columns are missing into which people write: {', '.join(absent)}"
        remedy = "Name them again as 'pilots review' did; they may be empty."
        raise TableError(Problem(what, where=where, row=1, remedy=remedy))
    text = frame.select(
        pl.col(name).cast(pl.String).str.strip_chars().replace("", None)
        if name in frame.columns else pl.lit(None, dtype=pl.String).alias(name)
        for name in KEPT
    )  # fmt: skip
    rows = text.with_row_index("row", offset=FIRST_ROW)
    rows = rows.filter(~pl.all_horizontal(pl.col(name).is_null() for name in KEPT))
    rows = rows.with_columns(pl.col("decision", "override").str.to_lowercase())
    known = evidence.items.rename({"decision": "proposed"})
    rows = rows.join(known, on="item_id", how="left", maintain_order="left").join(
        item_hashes(bank.items).rename({"item_hash": "now"}), on="item_id", how="left", maintain_order="left"
    )
    if rows.is_empty():
        raise TableError(Problem("the sheet has no rows", where=where, remedy="Nothing was decided."))
    foreign = pl.col("evidence").ne_missing(evidence.hash)
    ours = ~foreign
    checks = (
        (foreign, "evidence",
         f"the sheet was made from other evidence than lies in {evidence.where} ({evidence.hash})",
         "Give --evidence the folder of the review that this sheet came from."),
        (ours & pl.col("proposed").is_null(), "item_id", "items were not part of this review",
         "Item ids may have suffered in a spreadsheet (007 became 7): the XLSX sheet keeps them."),
        (ours & pl.col("proposed").is_not_null() & pl.col("decision").ne_missing(pl.col("proposed")),
         "item_id", "the policy's decision was changed",
         "Leave 'decision' as it was; write yours into 'override' and your name into 'reviewer'."),
        (ours & pl.col("now").is_not_null() & pl.col("now").ne_missing(pl.col("item_hash")), "item_id",
         f"domain, key, options or wording are not what they were when reviewed: {bank.where}",
         "Use the bank the review was made with, or review again."),
    )  # fmt: skip
    problems = []
    for broken, shows, what, remedy in checks:
        found = rows.filter(broken)
        if found.height:
            examples = tuple(found[shows].drop_nulls().unique(maintain_order=True).head(5))
            problems.append(Problem(what, where, int(found["row"][0]), found.height, examples, remedy))
    problems += find_unsigned(text, where)
    if problems:
        raise TableError(problems)
    rows = rows.with_columns(
        policy=pl.lit(evidence.policy), reasons=pl.col("reasons").fill_null("-"), more_needed=None
    )
    return check_decisions(rows.drop("row", "proposed", "now"), where)
