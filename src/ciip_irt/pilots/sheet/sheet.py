"""The decision sheet: written for people, and read back in after they wrote into it.

Sheet and evidence are tied together by a hash over what the decisions rest on (the evidence, the parameters,
the data's hash, the policy's limits, the scale); each row also carries a hash of what its item was. So a
sheet that comes back weeks later is known by its evidence, whatever a spreadsheet did to its numbers.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from ciip_irt.bank import ItemBank, Scale, item_hashes
from ciip_irt.errors import Problem, TableError
from ciip_irt.pilots.decision import PilotReview
from ciip_irt.tables import FIRST_ROW, PILOT_DECISIONS, Sheet, csv_bytes, read_frame, workbook

__all__ = [
    "EVIDENCE_FILE",
    "PARAMETERS_FILE",
    "REVIEW_FILE",
    "VALUES",
    "Calibrated",
    "check_decisions",
    "decision_files",
    "evidence_hash",
    "find_unsigned",
    "named",
    "read_decisions",
    "read_sheet",
]

EVIDENCE_FILE, PARAMETERS_FILE, REVIEW_FILE = (
    "pilot_evidence.csv",
    "pilot_parameters.csv",
    "pilot_review.json",
)
FOR_PEOPLE = ("reviewer", "override", "comment")
VALUES = ("a", "b", "c", "se_a", "se_b", "se_c")
HASH_LENGTH = 16  # hexadecimal digits: two sheets of one programme never share 64 bits by chance
HOW_TO = (
    ("How to", "The policy proposes, a person decides. To agree with a row, leave it as it is."),
    ("", "To decide otherwise, choose a decision in 'override' and write your name into 'reviewer'."),
    ("", "To leave an item undecided, delete its row. Rows may be sorted; shaded columns stay as they are."),
    ("", "Then: ciip-irt promote pilot_decisions.xlsx --items ITEMS --evidence DIR --by NAME --out DIR"),
)


class Calibrated(Protocol):
    """What is needed of a calibration."""

    @property
    def scale(self) -> Scale: ...
    @property
    def converged(self) -> bool | None: ...
    def wide(self) -> pl.DataFrame: ...


def named(scale: Scale) -> str:
    """A scale in words: name, model, D.

    >>> named(Scale("bank", "rasch"))
    'bank (rasch, D = 1)'
    """
    return f"{scale.scale_id} ({scale.model}, D = {scale.D:g})"


def evidence_hash(evidence: bytes, parameters: bytes, facts: Mapping[str, Any]) -> str:
    """One hash over the two tables as they stand in their files, and the facts (data, policy, scale)."""
    digest = hashlib.sha256()
    for part in (evidence, parameters, json.dumps(facts, sort_keys=True).encode()):
        digest.update(part.replace(b"\r\n", b"\n") + b"\x1d")
    return digest.hexdigest()[:HASH_LENGTH]


def decision_files(
    review: PilotReview, bank: ItemBank, calibration: Calibrated
) -> dict[str, pl.DataFrame | Mapping[str, Any] | str | bytes]:
    """The files of a pilot review: file name -> content.

    ``pilot_decisions.csv`` and ``.xlsx`` are the sheet; ``pilot_evidence.csv``, ``pilot_parameters.csv`` and
    ``pilot_review.json`` are what it rests on and what ``promote`` asks for.

    Parameters
    ----------
    bank
        The bank that was reviewed.
    calibration
        The calibration behind the review; its new parameters go into the bank with promoted items.
    """
    scale = calibration.scale
    fixed = pl.col("fixed") if bank.scale is not None else pl.lit(False)
    parameters = (
        calibration.wide()
        .filter(~fixed & pl.col("b").is_not_null())
        .select("item_id", *VALUES, "n")
        .with_columns(model=pl.lit(scale.model), D=pl.lit(scale.D), scale_id=pl.lit(scale.scale_id))
    )
    provenance = review.provenance.to_dict()
    facts = {
        "data_hash": review.provenance.data_hash,
        "policy": review.policy.name,
        "policy_limits": provenance["settings"].get("policy_limits", {}),
        "scale": {"scale_id": scale.scale_id, "model": scale.model, "D": scale.D},
    }
    mark = evidence_hash(csv_bytes(review.evidence), csv_bytes(parameters), facts)
    sheet = (
        review.decisions.drop("item_hash")
        .join(item_hashes(bank.items), on="item_id", how="left", maintain_order="left")
        .with_columns(policy=pl.lit(review.policy.name), scale=pl.lit(named(scale)), evidence=pl.lit(mark))
        .select(review.decisions.columns)
    )
    return {
        "pilot_decisions.csv": sheet,
        "pilot_decisions.xlsx": _workbook(sheet, review, named(scale), mark),
        EVIDENCE_FILE: review.evidence,
        PARAMETERS_FILE: parameters,
        REVIEW_FILE: {
            "evidence": mark,
            **facts,
            "converged": calibration.converged,
            "warnings": list(review.warnings),
            "provenance": provenance,
        },
    }


def read_decisions(path: Path | str, *, delimiter: str = ",", encoding: str = "utf-8") -> pl.DataFrame:
    """A decision sheet, CSV or XLSX, with what reviewers wrote into it.

    Semicolons between cells are recognised, names of columns and decisions may be in capitals, rows and
    columns in any order.

    Raises
    ------
    InputError
        The file cannot be read; or everything in it that breaks the contract, an override without a reviewer
        among them.
    """
    return check_decisions(read_sheet(path, delimiter=delimiter, encoding=encoding), str(path))


def read_sheet(path: Path | str, *, delimiter: str = ",", encoding: str = "utf-8") -> pl.DataFrame:
    """The sheet as text with its columns named as they were, not yet held against the contract."""
    # A comma is only what we write: the program of another country puts something else between the cells.
    frame = read_frame(path, delimiter=None if delimiter == "," else delimiter, encoding=encoding)
    lowered = {name: name.strip().lower() for name in frame.columns}
    return frame.rename(
        {name: low for name, low in lowered.items() if low in PILOT_DECISIONS.names and low not in frame}
    )


def check_decisions(frame: pl.DataFrame, where: str = "pilot_decisions") -> pl.DataFrame:
    """The sheet in canonical types; see ``read_decisions``."""
    examined = PILOT_DECISIONS.examine(_lower_case(frame), where)
    problems = [*examined.problems, *find_unsigned(frame, where)]
    if problems:
        raise TableError(problems)
    return examined.rows


def find_unsigned(frame: pl.DataFrame, where: str) -> Sequence[Problem]:
    """Overrides that nobody answers for."""
    if not {"item_id", "override", "reviewer"} <= set(frame.columns):
        return ()
    written = {name: frame[name].cast(pl.String).str.strip_chars().replace("", None).is_not_null()
               for name in ("override", "reviewer")}  # fmt: skip
    found = written["override"] & ~written["reviewer"]
    if not found.any():
        return ()
    at = found.arg_true()
    return (
        Problem(
            "an override without a reviewer",
            where=where,
            row=int(at[0]) + FIRST_ROW,
            count=len(at),
            examples=tuple(frame["item_id"].gather(at).cast(pl.String).head(5)),
            remedy="Write the name of the person who decided into 'reviewer'.",
        ),
    )


def _workbook(sheet: pl.DataFrame, review: PilotReview, scale: str, mark: str) -> bytes:
    provenance = review.provenance
    about = [
        *HOW_TO,
        ("Policy", review.policy.summary()),
        *_limits(review),
        ("Scale", f"{scale}; candidates have mean {review.mean:.3f} and SD {review.sd:.3f}"),
        ("Deliveries", f"{provenance.n_deliveries:,}"),
        ("Answers", f"{provenance.n_responses:,}"),
        ("Data", provenance.data_hash),
        ("Evidence", mark),
        *(("Warning", warning) for warning in review.warnings),
    ]  # fmt: skip
    choices = {"override": ("promote", "hold", "revise", "retire")}
    return workbook(
        Sheet(sheet, "Decisions", FOR_PEOPLE, choices, {"probability": "0.00"}),
        Sheet(pl.DataFrame(about, schema=["what", "value"], orient="row"), "About"),
    )


def _limits(review: PilotReview) -> list[tuple[str, str]]:
    """The limits in force, a row for each section with its source."""
    limits = review.policy.to_frame().drop_nulls("value")
    rows = []
    for (section, source), part in limits.group_by("section", "source", maintain_order=True):
        values = ", ".join(f"{name} {value:g}" for name, value in part.select("limit", "value").iter_rows())
        rows.append((f"Limits: {section}", f"{values}. {source}".rstrip()))
    return rows


def _lower_case(frame: pl.DataFrame) -> pl.DataFrame:
    """Decisions as people type them: ``Promote`` is ``promote``."""
    typed = [name for name in ("decision", "override") if frame.schema.get(name) == pl.String]
    return frame.with_columns(pl.col(typed).str.strip_chars().str.to_lowercase()) if typed else frame
