"""Whether the key of a form fits its answers: a key moved by a row, or of another version, shows at once.

One wrong key hides among a hundred right ones; a key column moved by one row does not: the mean falls to what
guessing gives, the items no longer agree with one another, and for many of them another option is the one
chosen most. Any two of these have innocent causes (a very hard exam, a very short one), all three together
none.
"""

from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.bank import credited_options
from ciip_irt.errors import plural
from ciip_irt.responses import AdministeredBlock, ScoredResponses
from ciip_irt.screening.concern import Concern, Whole

__all__ = ["screen_form_keys"]

FEWEST_PERSONS = 30  # below, the option chosen most is a matter of chance for hard items
FEWEST_ITEMS = 8  # below, KR-20 near zero is usual
SHARE_NOT_MODAL = 0.25  # of the items: another option than the key is the one chosen most
LOW_RELIABILITY = 0.4  # KR-20 with a moved key is .1 or less; a sound form of ten items has more than .4
GAIN = 0.25  # KR-20 that another key must bring before it is named
FITTING = 0.6  # share of items whose most chosen option a moved key must hit before it is named


@dataclass(frozen=True, slots=True)
class _FormAnswers:
    """The scored items of a form that most met: ``choices`` (N, J), options per item, credited options."""

    form_id: str
    items: IntArray
    choices: IntArray
    n_options: IntArray
    credited: BoolArray


def screen_form_keys(scored: ScoredResponses) -> list[Concern]:
    """Forms whose key looks moved, or made for another version."""
    found = []
    for form_id in scored.form_ids:
        answers = _answers_of(scored, form_id)
        if answers is not None and (concern := _judge(scored, answers)) is not None:
            found.append(concern)
    return found


def _answers_of(scored: ScoredResponses, form_id: str) -> _FormAnswers | None:
    blocks = [block for block in scored.blocks if block.form_id == form_id]
    largest: AdministeredBlock = max(blocks, key=lambda block: block.choices.size)
    counts = np.flatnonzero(largest.is_scored)
    offered = [str(scored.items["options"][int(j)] or "") for j in largest.items[counts]]
    with_options = np.array([len(letters) >= 2 for letters in offered], dtype=np.bool_)
    counts = counts[with_options]
    offered = [letters for letters, has in zip(offered, with_options, strict=True) if has]
    if len(largest.persons) < FEWEST_PERSONS or counts.size < FEWEST_ITEMS:
        return None
    order = _order_of(largest, counts)
    counts, offered = counts[order], [offered[k] for k in order]
    items = largest.items[counts]
    width = max(map(len, offered))
    credited = np.zeros((items.size, width), dtype=np.bool_)
    for row, (j, letters) in enumerate(zip(items, offered, strict=True)):
        right = credited_options(str(scored.items["key"][int(j)]), letters)
        credited[row, : len(letters)] = [letter in right for letter in letters]
    return _FormAnswers(
        form_id,
        items,
        largest.choices[:, counts].astype(np.int64),
        np.array([len(letters) for letters in offered]),
        credited,
    )


def _order_of(block: AdministeredBlock, counts: IntArray) -> IntArray:
    """Items in the order of the form where positions are known and the same for all, else of the bank."""
    positions = block.positions[:, counts]
    known = (positions > 0).all() and (positions == positions[0]).all()
    return np.argsort(positions[0], kind="stable") if known else np.arange(counts.size)


def _judge(scored: ScoredResponses, answers: _FormAnswers) -> Concern | None:
    J = answers.items.size
    modal = _most_chosen(answers)
    hits = answers.credited[np.arange(J), modal]
    points = _points(answers, answers.credited)
    total, kr20 = points.sum(axis=1), _kr20(points)
    chance = float((answers.credited.sum(axis=1) / answers.n_options).sum())
    spread = float(np.sqrt((answers.credited.sum(axis=1) / answers.n_options * 0.75).sum()))
    near_chance = float(total.mean()) < chance + 2 * spread
    if hits.mean() > 1 - SHARE_NOT_MODAL or kr20 > LOW_RELIABILITY or not near_chance:
        return None
    by_modal = _points(answers, np.eye(answers.credited.shape[1], dtype=np.bool_)[modal])
    gain = _kr20(by_modal)
    if gain < kr20 + GAIN:
        return None  # no key would do: the answers themselves hold nothing together
    better = _moved_key(answers, modal) or _key_of_other_form(scored, answers, modal)
    seen = (
        f"Form {answers.form_id}: the key looks as if it belonged to other questions. The mean is"
        f" {total.mean():.1f} of {J} (guessing gives {chance:.1f}), KR-20 is {kr20:.2f}, and for"
        f" {int((~hits).sum())} of {J} items another option than the key is chosen most."
        f" With the most chosen options as key KR-20 would be {gain:.2f}."
    )
    remedy = (
        f"{better} Correct the keys in the items file before anything else."
        if better
        else "Compare the items file with the form that was given: is the key that of another version?"
    )
    return Concern(Whole.KEY, (answers.form_id,), seen, remedy, stops=True)


def _most_chosen(answers: _FormAnswers) -> IntArray:
    width = answers.credited.shape[1]
    counts = np.stack([(answers.choices == option).sum(axis=0) for option in range(width)])
    result: IntArray = counts.argmax(axis=0).astype(np.int64)
    return result


def _points(answers: _FormAnswers, credited: BoolArray) -> FloatArray:
    given = answers.choices >= 0
    chosen = np.where(given, answers.choices, 0)
    result: FloatArray = (given & credited[np.arange(credited.shape[0]), chosen]).astype(np.float64)
    return result


def _kr20(points: FloatArray) -> float:
    """Cronbach's alpha of 0/1 items; 0 where totals do not differ."""
    J, spread = points.shape[1], points.sum(axis=1).var(ddof=1)
    if spread <= 0:
        return 0.0
    return float(J / (J - 1) * (1 - points.var(axis=0, ddof=1).sum() / spread))


def _moved_key(answers: _FormAnswers, modal: IntArray) -> str:
    """The shift of the key column that fits, in words; empty where none does."""
    J = answers.items.size
    shares = {}
    for shift in range(1, J):
        moved = np.roll(answers.credited, shift, axis=0)
        shares[shift if shift <= J // 2 else shift - J] = float(moved[np.arange(J), modal].mean())
    best = max(shares, key=lambda shift: (shares[shift], -abs(shift)))
    if shares[best] < FITTING:
        return ""
    way = "up" if best < 0 else "down"
    return (
        f"Moved {plural(abs(best), 'row')} {way}, the key hits the most chosen option of"
        f" {round(shares[best] * J)} of {J} items."
    )


def _key_of_other_form(scored: ScoredResponses, answers: _FormAnswers, modal: IntArray) -> str:
    """The form whose key, by position, fits these answers; empty where none does."""
    for form_id in scored.form_ids:
        other = None if form_id == answers.form_id else _answers_of(scored, form_id)
        if other is None or other.items.size != answers.items.size:
            continue
        width = min(other.credited.shape[1], answers.credited.shape[1])
        fits = other.credited[np.arange(modal.size), np.minimum(modal, width - 1)] & (modal < width)
        if fits.mean() >= FITTING:
            return (
                f"The key of form {form_id}, taken by position, hits the most chosen option of"
                f" {int(fits.sum())} of {modal.size} items."
            )
    return ""
