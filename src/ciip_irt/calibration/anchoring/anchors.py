"""The anchors of a calibration: which hold the scale, which no longer do and why, as a table and in words."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.bank import ItemBank
from ciip_irt.calibration.priors import bank_errors
from ciip_irt.errors import Problem, ScaleError, plural
from ciip_irt.irt import ResponseBlock, connected_parts
from ciip_irt.irt.estimation import AnchoredInformation, ErrorsWithAnchors, MmlFit, errors_with_anchors
from ciip_irt.irt.linking import AnchorScreen, DriftLimits, free_displacement, robust_z
from ciip_irt.records import result
from ciip_irt.responses import ScoredResponses
from ciip_irt.tables import ANCHOR_ITEMS

__all__ = ["AnchorReport", "HeldAnchors", "anchor_warnings", "anchors_of", "no_anchors"]

FEW_ANCHORS = 10  # with nine others beside it, one that drifts still stands out
FLAT = 6.0  # logit from the candidates: the curve is flat there, and one step on it says nothing


@result
@dataclass(frozen=True, slots=True)
class HeldAnchors:
    """What the bank holds of the items of a log.

    Attributes
    ----------
    held
        Shape (J,): scored items with parameters in the bank.
    values, errors
        Shape (J, 3): a, b, c and their standard errors; NaN where not held or unknown.
    cells
        Labels (J,): domains, and parts of the design that share no item; each needs anchors of its own.
    """

    held: BoolArray
    values: FloatArray
    errors: FloatArray
    cells: tuple[IntArray, ...] = ()


def no_anchors(n_items: int) -> HeldAnchors:
    """A free calibration."""
    nothing = np.full((n_items, 3), np.nan)
    return HeldAnchors(np.zeros(n_items, dtype=np.bool_), nothing, nothing)


def anchors_of(scored: ScoredResponses, bank: ItemBank, blocks: Sequence[ResponseBlock]) -> HeldAnchors:
    """The scored items of the log that the bank has parameters for.

    Raises
    ------
    ScaleError
        There are none.
    """
    values = bank.parameters(scored.item_ids)
    held = scored.scored_somewhere & ~np.isnan(values[:, 1])
    if not held.any():
        raise ScaleError(
            Problem(
                "no scored item of this log has parameters in the bank, so nothing can hold the scale",
                where=bank.where,
                remedy="Check the item ids, or calibrate freely with --anchors none.",
            )
        )
    values[~held] = np.nan
    errors = bank_errors(bank, scored.item_ids)
    errors[~held] = np.nan
    domain = np.unique(scored.items["domain"].fill_null("").to_numpy(), return_inverse=True)[1]
    part = np.zeros(held.size, dtype=np.int64)
    for label, items in enumerate(connected_parts(blocks, held.size)):
        part[items] = label
    return HeldAnchors(held, values, errors, (domain.astype(np.int64), part))


@result
@dataclass(frozen=True, slots=True)
class AnchorReport:
    """The anchors after an estimation: how far each would move, who goes, and the errors that follow.

    Attributes
    ----------
    screen
        Of the anchors held in this estimation.
    alone
        Displacement and standard error (J,) of each of them, all others held.
    errors
        Standard errors that allow for the anchors'.
    """

    screen: AnchorScreen
    alone: tuple[FloatArray, FloatArray]
    errors: ErrorsWithAnchors

    @classmethod
    def of(
        cls,
        at: AnchoredInformation,
        fit: MmlFit,
        screen: AnchorScreen,
        anchors: HeldAnchors,
        held_now: BoolArray,
    ) -> "AnchorReport":
        """What there is to say when the anchors are settled."""
        now = np.where(held_now[:, None], anchors.errors, np.nan)
        return cls(screen, free_displacement(at), errors_with_anchors(at, fit, now))

    def table(
        self,
        scored: ScoredResponses,
        anchors: HeldAnchors,
        held_now: BoolArray,
        fit: MmlFit,
        limits: DriftLimits,
        *,
        purify: bool,
        not_held: BoolArray,
        in_question: bool,
    ) -> pl.DataFrame:
        """One row per anchor of the bank, in the columns of the ``anchors`` contract.

        ``not_held`` (J,) are values that cannot be right; ``in_question`` says that the whole set cannot.
        """
        moved, error = (values.copy() for values in self.alone)
        bank_se = np.nan_to_num(anchors.errors[:, 1])
        error = np.hypot(error, bank_se)
        gone = anchors.held & ~held_now
        moved[gone] = fit.parameters[gone, 1] - anchors.values[gone, 1]
        error[gone] = np.hypot(fit.standard_errors[gone, 1], bank_se[gone])
        flat = held_now & (np.abs(anchors.values[:, 1] - float(fit.population_mean.mean())) > FLAT)
        moved[flat] = error[flat] = np.nan
        z = robust_z(moved, held_now & np.isfinite(moved))
        proposed = np.zeros(held_now.shape, dtype=np.bool_)
        proposed[list(self.screen.dropped)] = True
        rows = np.flatnonzero(anchors.held)
        stays = self.screen.protected | proposed
        drifted = (gone & ~not_held) | (stays & ~gone & ~flat & ~not_held & np.isfinite(moved))
        why = [
            _why(
                moved[j],
                error[j],
                z[j],
                limits,
                dropped=bool(gone[j]),
                wild=bool(not_held[j]),
                flat=bool(flat[j]),
                in_question=in_question,
                protected=bool(self.screen.protected[j] or (purify and proposed[j])),
                asked=bool(proposed[j] and not purify),
            )
            for j in rows
        ]
        return ANCHOR_ITEMS.frame(
            {
                "item_id": [scored.item_ids[j] for j in rows],
                "domain": scored.items["domain"].gather(rows),
                "a": anchors.values[rows, 0],
                "b": anchors.values[rows, 1],
                "c": anchors.values[rows, 2],
                "se_b": anchors.errors[rows, 1],
                "n": fit.n[rows],
                "free_b": anchors.values[rows, 1] + moved[rows],
                "displacement": moved[rows],
                "se": error[rows],
                "robust_z": z[rows],
                "decision": np.where(gone[rows], "dropped", "kept").tolist(),
                "why": why,
                "drifted": drifted[rows],
            }
        )


def _why(
    moved: float,
    error: float,
    z: float,
    limits: DriftLimits,
    *,
    dropped: bool,
    wild: bool,
    flat: bool,
    in_question: bool,
    protected: bool,
    asked: bool,
) -> str:
    if wild:
        return "Dropped: no drift explains so large a difference (a decimal point lost?); estimated anew."
    if flat:
        return "Held so far from these candidates that its displacement cannot be computed."
    if not np.isfinite(moved):
        return "Answered alike by everybody, so nothing can be said."
    way = "harder" if moved > 0 else "easier"
    how = f"{way} by {abs(moved):.2f} logit than in the bank (robust z {z:+.1f}"
    how += f", {abs(moved) / error:.1f} standard errors)" if error > 0 else ")"
    if dropped:
        return f"Dropped: {how}; estimated anew."
    if protected:
        return f"Drifted: {how}; kept because too few anchors would stay, in all or in its domain."
    if asked:
        return f"Drifted: {how}; kept because dropping was not asked for."
    if abs(moved) <= limits.displacement:
        return ""
    if abs(moved) <= limits.certainty * error:
        return f"Kept: {how}; too few answers to prove it."
    if in_question:
        return f"Kept: {how}; the anchors as a whole do not belong to these answers."
    return f"Kept: {how}; usual among these anchors."


def anchor_warnings(table: pl.DataFrame, report: AnchorReport, limits: DriftLimits) -> list[str]:
    """Who no longer holds the scale, who should not, and what is not known of the anchors."""
    said = []
    gone = pl.col("decision") == "dropped"
    dropped = _worst_first(table.filter(gone & pl.col("drifted")))
    n = table.height
    if dropped.height:
        said.append(
            f"{dropped.height} of {plural(n, 'anchor')} displaced by more than {limits.displacement:g} logit"
            f" no longer {'holds' if dropped.height == 1 else 'hold'} the scale and"
            f" {'was' if dropped.height == 1 else 'were'} estimated anew: {_named(dropped)} (+ = harder than"
            " in the bank). Review them: has the content changed, has an item leaked, is a key wrong?"
        )
    stayed = _worst_first(table.filter(~gone & pl.col("drifted")))
    if stayed.height:
        said.append(
            f"{plural(stayed.height, 'anchor')} displaced by more than {limits.displacement:g} logit still"
            f" {'holds' if stayed.height == 1 else 'hold'} the scale: {_named(stayed)} (+ = harder than in"
            " the bank). anchors.csv says why; review them before they hold the scale again."
        )
    unknown = int(report.errors.without.sum())
    kept = table.filter(pl.col("decision") == "kept").height
    if unknown:
        which = (
            "The bank has no standard errors for the anchors"
            if unknown == kept
            else f"{unknown} of {plural(kept, 'anchor')} have no standard error in the bank"
        )
        said.append(
            f"{which}, so the standard errors of the new items take"
            f" {'their' if unknown == kept else 'these'} values as exact and are a little too small."
        )
    if kept < FEW_ANCHORS:
        said.append(
            f"Only {plural(kept, 'anchor')} {'holds' if kept == 1 else 'hold'} the scale: one that drifted"
            " moves everything, and drift cannot be told from the rest. Twenty, or a fifth of the form, would"
            " hold it better."
        )
    return said


def _worst_first(table: pl.DataFrame) -> pl.DataFrame:
    return table.sort(pl.col("displacement").abs(), descending=True, maintain_order=True)


def _named(table: pl.DataFrame) -> str:
    shown = ", ".join(
        f"{item} ({d:+.2f})" for item, d in table.head(5).select("item_id", "displacement").rows()
    )
    return shown + (", ..." if table.height > 5 else "")
