"""What if: an item's scores under every outcome of key validation, before anyone decides.

Keep the key; accept a second option; change the key; credit everyone; eliminate the item. Each outcome is the
scoring that ``responses.score`` does with the changed key, applied to the log as it was scored.

The cut. Where a standard on theta and the parameters of the form's scored items are known, the raw cut of
each outcome is derived anew: the expected score at the standard, rounded up. A credited item adds one point,
an eliminated one nothing, and an item with another key has the difficulty that reproduces its new proportion
right among the candidates, its slope kept. Otherwise the raw cut given is kept for every outcome.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from ciip_irt.arrays import MISSING, BoolArray, FloatArray
from ciip_irt.bank import CREDIT_ALL, credited_options, near_match
from ciip_irt.classical import reliability
from ciip_irt.errors import InputError, Problem, plural
from ciip_irt.irt.models import probability
from ciip_irt.item_analysis.choice_counts import Abilities, bank_abilities, choice_counts
from ciip_irt.item_analysis.form_summary import scored_part
from ciip_irt.records import result
from ciip_irt.responses import AdministeredBlock, CellStatus, ScoredResponses
from ciip_irt.scores.numbers import lowest_passing, passes
from ciip_irt.tables import RESCORING, show_html

__all__ = ["RescoringEffects", "rescored", "rescoring_effects", "rescoring_table"]


@result
@dataclass(frozen=True, slots=True)
class RescoringEffects:
    """What each outcome would do.

    Attributes
    ----------
    table
        One row per form and outcome: ``item_id, form_id, outcome, key, n_candidates, n_scored_items, p`` (of
        the item), ``mean, sd, reliability`` (KR-20 of the total), ``cut, n_passed, n_score_changed,
        n_newly_pass, n_newly_fail`` (against keeping the key) and ``cut_from`` (standard or given). An
        eliminated item takes its point from everyone who had it; that counts as a changed score.
    deliveries
        One row per delivery and outcome whose total or decision changes: ``delivery_id, outcome, before,
        after, passed_before, passed_after``. It names candidates.
    """

    table: pl.DataFrame
    deliveries: pl.DataFrame

    def to_frame(self) -> pl.DataFrame:
        return self.table

    def summary(self) -> str:
        """One sentence for each outcome that changes something, over all forms."""
        totals = self.table.group_by("item_id", "outcome", "key", maintain_order=True).agg(
            pl.col("n_score_changed", "n_newly_pass", "n_newly_fail").sum(), judged=pl.col("cut").count()
        )
        return "\n".join(_sentence(row) for row in totals.iter_rows(named=True) if row["outcome"] != "keep")

    def _repr_html_(self) -> str:
        return show_html("What if", self.summary(), self.table)


def _sentence(row: Mapping[str, object]) -> str:
    words = {
        "accept_two": f"accept {str(row['key']).replace('|', ' or ')}",
        "change_key": f"change the key to {row['key']}",
        "credit_all": "credit everyone",
        "eliminate": "eliminate the item",
    }
    text = f"{row['item_id']}, {words[str(row['outcome'])]}: "
    text += f"{plural(int(str(row['n_score_changed'])), 'raw score')} changed"
    if row["judged"]:
        text += f", {row['n_newly_pass']} newly pass, {row['n_newly_fail']} newly fail"
    return text + "."


def rescoring_effects(
    scored: ScoredResponses,
    item_id: str,
    other: str | None = None,
    *,
    raw_cut: Mapping[str, float] | float | None = None,
    theta_cut: float | None = None,
) -> RescoringEffects:
    """The effect of every outcome for one scored item.

    Parameters
    ----------
    other
        The option that may be right as well, or instead; without it only keep, credit all and eliminate.
    raw_cut
        Raw score needed to pass: of every form, or by form.
    theta_cut
        The passing standard; used on forms whose scored items all have parameters in ``scored.items``.

    Raises
    ------
    InputError
        The log lacks the item, it is nowhere scored, or does not offer the option.

    Examples
    --------
    >>> from ciip_irt.bank import ItemBank
    >>> from ciip_irt.responses import score
    >>> bank = ItemBank.from_frame(pl.DataFrame({"item_id": ["I1", "I2", "I3"], "domain": ["A"] * 3,
    ...     "status": ["scored"] * 3, "key": ["A", "B", "C"], "options": ["ABC"] * 3}))
    >>> given = ["ABC", "ABC", "ACC", "CCA", "BCB"]
    >>> log = pl.DataFrame([(f"c{i}", f"d{i}", "1", "F", item, answer, "answered")
    ...     for i, answers in enumerate(given) for item, answer in zip(bank.item_ids, answers)], orient="row",
    ...     schema=["candidate_id", "delivery_id", "attempt", "form_id", "item_id", "response", "status"])
    >>> print(rescoring_effects(score(log, bank), "I2", "C", raw_cut={"F": 2}).summary())
    I2, accept B or C: 3 raw scores changed, 0 newly pass, 0 newly fail.
    I2, change the key to C: 5 raw scores changed, 0 newly pass, 0 newly fail.
    I2, credit everyone: 3 raw scores changed, 0 newly pass, 0 newly fail.
    I2, eliminate the item: 2 raw scores changed, 0 newly pass, 0 newly fail.
    """
    item = _place(scored, item_id, other)
    abilities = bank_abilities(scored) if theta_cut is not None else None
    known = cuts_by_form(scored, raw_cut)
    rows, changes = [], []
    before: dict[str, tuple[FloatArray, BoolArray | None]] = {}
    for outcome, key in _keys(scored, item, other):
        after = rescored(scored, item_id, key)
        for form_id in scored.form_ids:
            blocks = [block for block in after.blocks if block.form_id == form_id]
            if not any((block.items == item).any() for block in blocks):
                continue
            persons = np.concatenate([block.persons for block in blocks])
            total = after.totals[persons]
            cut, origin = known.get(form_id), "given"
            if theta_cut is not None and abilities is not None:
                expected = _expected(after, abilities, item, key, blocks, theta_cut)
                if expected is not None:
                    cut, origin = float(lowest_passing(expected)), "standard"
            passed = None if cut is None else passes(total, cut)
            first = before.setdefault(form_id, (total, passed))
            rows.append(
                _row(after, item, form_id, blocks, total, passed, first)
                | {"item_id": item_id, "outcome": outcome, "key": key or None, "cut": cut,
                   "cut_from": None if cut is None else origin}
            )  # fmt: skip
            changes.append(_changes(scored, outcome, persons, total, passed, first))
    return RescoringEffects(
        RESCORING.frame(rows),
        pl.concat(changes),
    )


def cuts_by_form(scored: ScoredResponses, raw_cut: Mapping[str, float] | float | None) -> dict[str, float]:
    """The raw score needed to pass of each form that has one; a number holds for every form."""
    if raw_cut is None:
        return {}
    by_form = raw_cut if isinstance(raw_cut, Mapping) else dict.fromkeys(scored.form_ids, raw_cut)
    return {form_id: float(cut) for form_id, cut in by_form.items()}


def rescoring_table(
    scored: ScoredResponses,
    items: Sequence[tuple[str, str | None]],
    *,
    raw_cut: Mapping[str, float] | float | None = None,
    theta_cut: float | None = None,
) -> pl.DataFrame:
    """``rescoring``: the tables of several (item, other option), one below the other."""
    tables = [
        rescoring_effects(scored, item_id, other, raw_cut=raw_cut, theta_cut=theta_cut).table
        for item_id, other in items
    ]
    return pl.concat([RESCORING.empty(), *tables])


def rescored(scored: ScoredResponses, item_id: str, key: str) -> ScoredResponses:
    """The log scored with another key for one item; the empty key eliminates it from the total."""
    item = scored.item_ids.index(item_id)
    options = scored.items["options"][item]
    right = np.array([letter in credited_options(key, options) for letter in options]) if key else None
    rules = scored.provenance.settings.get("scoring", {})
    uncounted = [int(status) for status in CellStatus if rules.get(status.name.lower()) == "missing"]
    blocks, total = [], scored.totals.copy()
    n_scored = scored.deliveries["n_scored"].to_numpy().copy()
    for block in scored.blocks:
        (column,) = np.nonzero(block.items == item)
        if column.size:
            at = int(column[0])
            met = block.statuses[:, at] != CellStatus.NOT_ADMINISTERED
            scores, is_scored = block.scores.copy(), block.is_scored.copy()
            if is_scored[at]:
                total[block.persons] -= scores[:, at] == 1
            if right is None:
                n_scored[block.persons] -= met & is_scored[at]
                is_scored[at] = False
            else:
                scores[:, at] = _scores(block, at, key, right, met, uncounted)
                if is_scored[at]:
                    total[block.persons] += scores[:, at] == 1
            block = replace(block, scores=scores, is_scored=is_scored)
        blocks.append(block)
    keys = scored.items["key"].to_list()
    keys[item] = key or keys[item]
    return replace(
        scored,
        blocks=tuple(blocks),
        items=scored.items.with_columns(key=pl.Series(keys, dtype=pl.String)),
        deliveries=scored.deliveries.with_columns(
            total=pl.Series(total.astype(np.int64)), n_scored=pl.Series(n_scored)
        ),
    )


def _scores(
    block: AdministeredBlock, at: int, key: str, right: BoolArray, met: BoolArray, uncounted: list[int]
) -> np.ndarray:
    if key == CREDIT_ALL:
        return np.where(met, 1, MISSING).astype(np.int8)
    chosen = block.choices[:, at]
    credited = (chosen >= 0) & right[np.maximum(chosen, 0)]
    missing = ~met | np.isin(block.statuses[:, at], uncounted)
    return np.where(missing, MISSING, credited).astype(np.int8)


def _keys(scored: ScoredResponses, item: int, other: str | None) -> Iterator[tuple[str, str]]:
    key = scored.items["key"][item]
    yield "keep", key
    if other is not None and key != CREDIT_ALL:
        yield "accept_two", f"{key}|{other}"
        yield "change_key", other
    if key != CREDIT_ALL:
        yield "credit_all", CREDIT_ALL
    yield "eliminate", ""


def _row(
    after: ScoredResponses,
    item: int,
    form_id: str,
    blocks: Sequence[AdministeredBlock],
    total: FloatArray,
    passed: BoolArray | None,
    first: tuple[FloatArray, BoolArray | None],
) -> dict[str, object]:
    scored_items = np.unique(np.concatenate([block.items[block.is_scored] for block in blocks]))
    own = np.concatenate([block.scores[:, block.items == item].ravel() for block in blocks])
    part = scored_part(after, scored_items, blocks)
    judged = passed is not None and first[1] is not None
    return {
        "form_id": form_id,
        "n_candidates": len(total),
        "n_scored_items": len(scored_items),
        "p": float((own == 1).sum() / max((own != MISSING).sum(), 1)),
        "mean": float(total.mean()),
        "sd": float(total.std(ddof=1)) if len(total) > 1 else None,
        "reliability": float(reliability(part).alpha),
        "n_passed": None if passed is None else int(passed.sum()),
        "n_score_changed": int((total != first[0]).sum()),
        "n_newly_pass": int((passed & ~first[1]).sum()) if judged else None,  # type: ignore[operator]
        "n_newly_fail": int((~passed & first[1]).sum()) if judged else None,  # type: ignore[operator]
    }


def _changes(
    scored: ScoredResponses,
    outcome: str,
    persons: np.ndarray,
    total: FloatArray,
    passed: BoolArray | None,
    first: tuple[FloatArray, BoolArray | None],
) -> pl.DataFrame:
    was = first[1]
    frame = pl.DataFrame(
        {
            "delivery_id": scored.deliveries["delivery_id"].gather(persons),
            "outcome": [outcome] * len(persons),
            "before": first[0].astype(np.int64),
            "after": total.astype(np.int64),
            "passed_before": pl.Series([None] * len(persons) if was is None else was, dtype=pl.Boolean),
            "passed_after": pl.Series([None] * len(persons) if passed is None else passed, dtype=pl.Boolean),
        }
    )
    moved = (pl.col("before") != pl.col("after")) | (pl.col("passed_before") != pl.col("passed_after"))
    return frame.filter(moved.fill_null(pl.col("before") != pl.col("after")))


def _expected(
    after: ScoredResponses,
    abilities: Abilities,
    item: int,
    key: str,
    blocks: Sequence[AdministeredBlock],
    theta_cut: float,
) -> float | None:
    """The expected score at the standard; ``None`` where an item of the form has no parameters."""
    items = np.unique(np.concatenate([block.items[block.is_scored] for block in blocks]))
    others = items[items != item]
    credited = (after.items["key"] == CREDIT_ALL).to_numpy()
    measured = others[~credited[others]]
    parameters = abilities.parameters
    if not np.isfinite(parameters[measured]).all():
        return None
    at = np.array([theta_cut])
    rest = (
        float(probability(parameters[measured], at, abilities.D)[0, :, 1].sum()) + len(others) - len(measured)
    )
    if not key:
        return rest
    if key == CREDIT_ALL:
        return rest + 1.0
    own = _with_key(after, abilities, item, key)
    return None if own is None else rest + float(probability(own, at, abilities.D)[0, 0, 1])


def _with_key(after: ScoredResponses, abilities: Abilities, item: int, key: str) -> FloatArray | None:
    """Shape (1, 3): the item's parameters with this key; as known where it is the bank's."""
    known = abilities.parameters[[item]]
    if key == abilities.keys[item] and np.isfinite(known).all():
        return known
    others = np.array(known)
    options = after.items["options"][item]
    found = choice_counts(after, abilities.without(item), max(map(len, after.items["options"])), item)
    n = found.counts[item].sum(axis=1)
    letters = credited_options(key, options)
    right = found.counts[item][:, [options.index(letter) for letter in letters]].sum()
    if not 0 < right < n.sum():
        return None
    theta = abilities.mean + abilities.sd * found.points
    others[0, 0] = (
        known[0, 0] if np.isfinite(known[0, 0]) else float(np.nanmedian(abilities.parameters[:, 0]))
    )
    others[0, 2] = 0.0
    mass = n @ found.abilities[item]

    def excess(b: float) -> float:
        others[0, 1] = b
        return float(mass @ probability(others, theta, abilities.D)[:, 0, 1]) - float(right)

    if excess(-20.0) < 0 or excess(20.0) > 0:
        return None
    from scipy.optimize import brentq  # .2 s to load, and most runs need no root

    others[0, 1] = brentq(excess, -20.0, 20.0)
    return others


def _place(scored: ScoredResponses, item_id: str, other: str | None) -> int:
    if item_id not in scored.item_ids:
        raise InputError(
            Problem(
                f"the log has no item {item_id!r}",
                where="what if",
                remedy=f"{near_match([item_id], scored.item_ids)} Give an item_id of the log, as in"
                " item_statistics.csv.".strip(),
            )
        )
    item = scored.item_ids.index(item_id)
    problems = []
    if not any((block.items[block.is_scored] == item).any() for block in scored.blocks):
        problems.append(
            Problem(f"{item_id} is nowhere scored", where="what if", remedy="A pilot changes no score.")
        )
    options, key = scored.items["options"][item], scored.items["key"][item]
    if other is not None and (other not in options or other in credited_options(key, options)):
        problems.append(
            Problem(
                f"{other!r} is no option of {item_id} beside its key",
                where="what if",
                remedy=f"It offers {options}, key {key}.",
            )
        )
    if problems:
        raise InputError(problems)
    return item
