"""The bank that follows from reviewed decisions, and the ledger lines that account for it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from ciip_irt.bank import ItemBank, Items, Scale, as_bank, change_status, with_parameters
from ciip_irt.errors import InputError, Problem, plural
from ciip_irt.pilots.sheet.sheet import check_decisions
from ciip_irt.records import result
from ciip_irt.tables import LEDGER, AnyFrame, polars_frame, show_html

__all__ = ["Promoted", "decided", "promote"]

NEW_STATUS = {"promote": "scored", "revise": "draft", "retire": "retired", "hold": "pilot"}
DID = {"promote": "promoted", "hold": "held", "revise": "back to draft for rework", "retire": "retired"}
SHOWN = ("item_id", "status_before", "status_after", "decision", "override", "reviewer", "by")
VALUES = ("a", "b", "c", "se_a", "se_b", "se_c")


@result
@dataclass(frozen=True, slots=True)
class Promoted:
    """A bank after decisions, and the lines of its ledger that account for it; unpacks into the two."""

    bank: ItemBank
    lines: pl.DataFrame

    def __iter__(self) -> Iterator[Any]:
        yield from (self.bank, self.lines)

    def to_frame(self) -> pl.DataFrame:
        """The new lines of the ledger, one per item of the sheet."""
        return self.lines

    def summary(self) -> str:
        """How many decisions were brought in, and what came of the items."""
        return decided(self.lines)

    def _repr_html_(self) -> str:
        return show_html("Promotion", self.summary(), self.lines.select(SHOWN))


def decided(lines: pl.DataFrame) -> str:
    """What the lines of a ledger did, in a sentence."""
    settled = pl.coalesce("override", "decision")
    counts = dict(lines.select(settled.alias("settled"))["settled"].value_counts().iter_rows())
    told = ", ".join(f"{counts.get(name, 0)} {did}" for name, did in DID.items())
    overridden = lines.filter(pl.col("override") != pl.col("decision")).height
    by_hand = f"; {plural(overridden, 'override')}" if overridden else ""
    return f"{plural(lines.height, 'decision')} brought in: {told}{by_hand}."


def promote(
    bank: Items,
    decisions: AnyFrame,
    parameters: AnyFrame | None = None,
    *,
    by: str,
    scale: Scale | None = None,
    evidence: str = "",
    date: str = "",
) -> Promoted:
    """The bank after the decisions, and the ledger of what was changed.

    An override takes the place of the decision. Promoted items become ``scored``, items to be revised go back
    to ``draft``, retired ones to ``retired``, held ones stay.

    Parameters
    ----------
    bank
        The bank the decisions are about, or the table of its items; it is left as it is.
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
        A name of the evidence, e.g. its hash; goes into the ledger.
    date
        When the decisions are brought in, ISO 8601; goes into the ledger.

    Returns
    -------
    The new bank, and the lines for its ledger: one per item of the sheet, sorted by item. Unpacks as
    ``bank, lines``.

    Raises
    ------
    InputError
        Items that the bank lacks or that are no pilots, promoted items without parameters where some are
        given, nobody named in ``by``; all at once.
    ScaleError
        The parameters are on another scale than the bank.

    Examples
    --------
    >>> items = pl.DataFrame({"item_id": ["P1", "P2"], "domain": "A", "status": "pilot", "key": "A",
    ...                       "options": "ABCD"})
    >>> sheet = pl.DataFrame({"item_id": ["P1", "P2"], "domain": "A", "decision": ["promote", "hold"],
    ...     "probability": [0.97, 0.6], "n": [120, 30], "more_needed": [0, 70], "reasons": "-",
    ...     "reviewer": None, "override": None, "comment": None})
    >>> bank, lines = promote(items, sheet, by="C. Hair")
    >>> bank.items["status"].to_list(), lines["status_after"].to_list()
    (['scored', 'pilot'], ['scored', 'pilot'])
    """
    bank = as_bank(bank)
    parameters = None if parameters is None else polars_frame(parameters, "parameters")
    decisions = check_decisions(polars_frame(decisions, "decisions"))
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
    written = after.items.filter(pl.col("item_id").is_in(promoted)).select("item_id", "b")
    facts = (
        settled.sort("item_id")
        .join(written.rename({"b": "__b"}), on="item_id", how="left")
        .with_columns(
            date=pl.lit(date or None, dtype=pl.String),
            status_before=pl.col("item_id").replace_strict(status_of, return_dtype=pl.String),
            status_after=pl.col("settled").replace_strict(NEW_STATUS, return_dtype=pl.String),
            b=pl.col("__b"),
            by=pl.lit(by.strip()),
            evidence=pl.lit(evidence or None, dtype=pl.String),
        )
    )
    return Promoted(after, LEDGER.validate(facts.select(LEDGER.names).sort("item_id")))


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
                remedy="Pilot them until they can be calibrated; until then, hold them. (From Python,"
                " without parameters they are promoted uncalibrated.)",
            )
        )
    return problems
