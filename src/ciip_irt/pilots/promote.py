"""The reviewed decision sheet read back in, and the bank that follows from it."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from ciip_irt.bank import ItemBank, Scale, change_status, with_parameters
from ciip_irt.errors import InputError, Problem, TableError
from ciip_irt.tables import PILOT_DECISIONS, read_frame

__all__ = ["LEDGER", "check_decisions", "promote", "read_decisions"]

NEW_STATUS = {"promote": "scored", "revise": "draft", "retire": "retired", "hold": "pilot"}
VALUES = ("a", "b", "c", "se_a", "se_b", "se_c")
FIRST_ROW = 2
LEDGER = {
    "item_id": pl.String, "status_before": pl.String, "status_after": pl.String, "decision": pl.String,
    "override": pl.String, "probability": pl.Float64, "n": pl.Int64, "reasons": pl.String,
    "reviewer": pl.String, "comment": pl.String, "by": pl.String, "evidence": pl.String,
}  # fmt: skip


def read_decisions(path: Path | str, *, delimiter: str = ",", encoding: str = "utf-8") -> pl.DataFrame:
    """A decision sheet, with what reviewers wrote into it.

    Raises
    ------
    InputError
        The file cannot be read; or everything in it that breaks the contract, an override without a reviewer
        among them.
    """
    return check_decisions(read_frame(path, delimiter=delimiter, encoding=encoding), str(path))


def check_decisions(frame: pl.DataFrame, where: str = "pilot_decisions") -> pl.DataFrame:
    """The sheet in canonical types; see ``read_decisions``."""
    examined = PILOT_DECISIONS.examine(_lowered(frame), where)
    problems = list(examined.problems)
    if {"item_id", "override", "reviewer"} <= set(frame.columns):
        written = {name: frame[name].cast(pl.String).str.strip_chars().replace("", None).is_not_null()
                   for name in ("override", "reviewer")}  # fmt: skip
        unsigned = written["override"] & ~written["reviewer"]
        if unsigned.any():
            at = unsigned.arg_true()
            problems.append(
                Problem(
                    "an override without a reviewer",
                    where=where,
                    row=int(at[0]) + FIRST_ROW,
                    count=len(at),
                    examples=tuple(frame["item_id"].gather(at).cast(pl.String).head(5)),
                    remedy="Write the name of the person who decided into 'reviewer'.",
                )
            )
    if problems:
        raise TableError(problems)
    return examined.rows


def promote(
    bank: ItemBank,
    decisions: pl.DataFrame,
    parameters: pl.DataFrame | None = None,
    *,
    by: str,
    scale: Scale | None = None,
    evidence: str = "",
) -> tuple[ItemBank, pl.DataFrame]:
    """The bank after the decisions, and the ledger of what was changed.

    An override takes the place of the decision. Promoted items become ``scored``, items to be revised go back
    to ``draft``, retired ones to ``retired``, held ones stay.

    Parameters
    ----------
    bank
        The bank the decisions are about; it is left as it is.
    decisions
        The ``pilot_decisions`` contract, as reviewed.
    parameters
        ``item_id, a, b, c, se_a, se_b, se_c`` (columns may be absent except ``item_id`` and ``b``), of which
        those of the promoted items are written into the bank.
    by
        Who brings the decisions into the bank; goes into the ledger.
    scale
        The scale of ``parameters``; the bank's own when absent.
    evidence
        A name of the evidence, e.g. its data hash; goes into the ledger.

    Returns
    -------
    The new bank, and the ledger: one row per item of the sheet, sorted by item.

    Raises
    ------
    InputError
        Items that the bank lacks or that are no pilots, promoted items without parameters where some are
        given, nobody named in ``by``; all at once.
    ScaleError
        The parameters are on another scale than the bank.
    """
    decisions = check_decisions(decisions)
    settled = decisions.with_columns(settled=pl.coalesce("override", "decision"))
    status_of = dict(zip(bank.items["item_id"], bank.items["status"], strict=True))
    promoted = settled.filter(pl.col("settled") == "promote")["item_id"].to_list()
    problems = _problems(bank, settled["item_id"].to_list(), status_of, by)
    if parameters is not None:
        problems += _parameter_problems(parameters, promoted, scale or bank.scale)
    if problems:
        raise InputError(problems)
    new_status = {
        item_id: NEW_STATUS[decision]
        for item_id, decision in settled.select("item_id", "settled").iter_rows()
        if decision != "hold"
    }
    after = bank
    target = scale or bank.scale
    if parameters is not None and promoted and target is not None:
        absent = [
            pl.lit(None, dtype=pl.Float64).alias(name) for name in VALUES if name not in parameters.columns
        ]
        chosen = parameters.with_columns(absent).filter(pl.col("item_id").is_in(promoted))
        after = with_parameters(after, chosen.select("item_id", *VALUES), scale=target)
    after = change_status(after, new_status)
    ledger = settled.sort("item_id").select(
        "item_id",
        pl.col("item_id").replace_strict(status_of, return_dtype=pl.String).alias("status_before"),
        pl.col("settled").replace_strict(NEW_STATUS, return_dtype=pl.String).alias("status_after"),
        "decision", "override", "probability", "n", "reasons", "reviewer", "comment",
        pl.lit(by).alias("by"),
        pl.lit(evidence).alias("evidence"),
    )  # fmt: skip
    return after, ledger.cast(LEDGER)  # type: ignore[arg-type]


def _lowered(frame: pl.DataFrame) -> pl.DataFrame:
    """Decisions as people type them: ``Promote`` is ``promote``."""
    typed = [name for name in ("decision", "override") if frame.schema.get(name) == pl.String]
    return frame.with_columns(pl.col(typed).str.strip_chars().str.to_lowercase()) if typed else frame


def _problems(bank: ItemBank, items: Sequence[str], status_of: dict[str, str], by: str) -> list[Problem]:
    problems = []
    if not by.strip():
        problems.append(Problem("nobody is named", where="by", remedy="Say who brings the decisions in."))
    unknown = [item for item in items if item not in status_of]
    if unknown:
        problems.append(
            Problem(
                "items of the sheet are not in the bank",
                where=bank.where,
                count=len(unknown),
                examples=tuple(unknown[:5]),
                remedy="Use the bank the review was made with.",
            )
        )
    moved = [f"{item} ({status_of[item]})" for item in items if status_of.get(item, "pilot") != "pilot"]
    if moved:
        problems.append(
            Problem(
                "items of the sheet are no pilots in the bank",
                where=bank.where,
                count=len(moved),
                examples=tuple(moved[:5]),
                remedy="The sheet was brought in before, or belongs to another bank; remove these rows.",
            )
        )
    return problems


def _parameter_problems(
    parameters: pl.DataFrame, promoted: Sequence[str], scale: Scale | None
) -> list[Problem]:
    if not {"item_id", "b"} <= set(parameters.columns):
        return [
            Problem(
                "columns 'item_id' and 'b' are needed",
                where="parameters",
                remedy="Give one row per item with a, b, c.",
            )
        ]
    problems = []
    if scale is None and promoted:
        problems.append(
            Problem(
                "it is not said which scale the parameters are on",
                where="parameters",
                remedy="Give the scale of the calibration.",
            )
        )
    usable = parameters.filter(pl.col("b").is_finite().fill_null(False))
    if "a" in parameters.columns:
        usable = usable.filter((pl.col("a") > 0).fill_null(True))
    have = set(usable["item_id"])
    without = [item for item in promoted if item not in have]
    if without:
        problems.append(
            Problem(
                "promoted items have no usable parameters (b, and a above 0)",
                where="parameters",
                count=len(without),
                examples=tuple(without[:5]),
                remedy="Calibrate them, or promote without parameters and calibrate afterwards.",
            )
        )
    return problems
