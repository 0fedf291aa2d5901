"""Is the key right? Whole hypotheses about an item, held against each other.

The key is right; the key is wrong and X is right; the key and X are both right; the item is guessed at. What
each says about the options is in ``key_priors``, how the answers weigh it in ``option_choice``. What slopes
and popularity are like is estimated from all items of the exam (empirical Bayes), and so are the shares of
flaws in each kind of item (scored, pilot), held by a stronger prior, because flaws are rare and items few.
The posterior probabilities of an item's hypotheses sum to one.

Not among the hypotheses: three or more right options, no right option, a multiple key of which one part is
wrong. Guessing is not a part of the model: it flattens the curves of hard items a little.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import logsumexp

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.irt.keys.key_priors import (
    ChoiceItems,
    ChoiceShape,
    Places,
    estimate_shape,
    hypothesis_evidence,
)
from ciip_irt.records import result
from ciip_irt.threads import one_blas_thread

__all__ = ["DEFAULT_RATES", "FlawRates", "KeyProbabilities", "key_probabilities"]

RATES_HELD_BY = 200.0  # the rates before any answer count as much as so many items
TEMPTING = 0.25  # share of sound items with a tempting distractor, before any answer
TEMPTING_HELD_BY = 20.0  # that share counts as much as so many items
KEY_TEMPTS = 0.7  # where an item has a tempting distractor and the key is wrong: how often it is keyed
ROUNDS = 4  # of rates and shape in turn: the first two find the shape, the others judge under it
NEGLIGIBLE = 1e-7  # probability of a hypothesis: ruled out
DEFAULT_SHAPE: Final = ChoiceShape()


@dataclass(frozen=True, slots=True)
class FlawRates:
    """How often items have a flaw: before any answer, or as estimated from all items of a kind."""

    wrong: float
    two_right: float
    guessed: float

    @property
    def right(self) -> float:
        return 1.0 - self.wrong - self.two_right - self.guessed


DEFAULT_RATES: Final[Mapping[str, FlawRates]] = {
    "scored": FlawRates(wrong=0.02, two_right=0.02, guessed=0.02),
    "pilot": FlawRates(wrong=0.03, two_right=0.03, guessed=0.05),
}


@result
@dataclass(frozen=True, slots=True)
class KeyProbabilities:
    """Posterior probabilities of the hypotheses about J items; an item's sum to one.

    Attributes
    ----------
    right, guessed
        Shape (J,); NaN for an item that cannot be judged: nobody chose, nothing or everything is credited.
    wrong, two_right
        Shape (J, K): the key is wrong and option k is right; the key and option k are both right.
    n
        Shape (J,): persons who chose an option.
    shape
        What the exam's options are like, estimated.
    rates
        Shares of flaws in each kind of item, estimated.
    tempting
        Share of sound items with a tempting distractor, estimated.
    """

    right: FloatArray
    wrong: FloatArray
    two_right: FloatArray
    guessed: FloatArray
    n: IntArray
    shape: ChoiceShape
    rates: Mapping[str, FlawRates]
    tempting: float

    @property
    def judged(self) -> BoolArray:
        """Shape (J,)."""
        return np.isfinite(self.right)


def key_probabilities(
    counts: FloatArray,
    abilities: FloatArray,
    points: FloatArray,
    offered: BoolArray,
    credited: BoolArray,
    kinds: tuple[str, ...] | None = None,
    *,
    rates: Mapping[str, FlawRates] = DEFAULT_RATES,
    shape: ChoiceShape = DEFAULT_SHAPE,
) -> KeyProbabilities:
    """The probability that each item's key is right, wrong, one of two, or that the item is guessed at.

    Parameters
    ----------
    counts, abilities, points, offered
        As in ``choice_evidence``; abilities are from *other* items.
    credited
        Shape (J, K): the keyed options.
    kinds
        Each item's kind, a name in ``rates``; all ``"scored"`` by default.
    rates
        Shares of flaws by kind, before any answer.
    shape
        Of the options, before any answer.

    >>> rng = np.random.default_rng(1)
    >>> u = np.linspace(-3, 3, 13)
    >>> truth = np.array([1.5, 0.0, -0.5, -0.5]) + np.outer(u, [1.0, 0.0, 0.1, -0.1])
    >>> p = np.exp(truth) / np.exp(truth).sum(axis=1, keepdims=True)
    >>> counts = np.array([[rng.multinomial(n, q) for n, q in zip((300 * np.exp(-u**2 / 2)).astype(int), p)]
    ...                    for _ in range(12)], dtype=float)
    >>> credited = np.tile(np.eye(4, dtype=bool)[0], (12, 1))
    >>> credited[3] = [False, True, False, False]                # a wrong key
    >>> known, offered = np.tile(np.eye(13), (12, 1, 1)), np.ones((12, 4), dtype=bool)
    >>> found = key_probabilities(counts, known, u, offered, credited)
    >>> found.right.round(2)[:4], found.wrong[3].round(2)
    (array([1., 1., 1., 0.]), array([1., 0., 0., 0.]))
    """
    with one_blas_thread():
        n_items, n_options = offered.shape
        kinds = kinds or ("scored",) * n_items
        n = counts.sum(axis=(1, 2))
        judged = (n > 0) & (credited & offered).any(axis=1) & (offered & ~credited).any(axis=1)
        rows = np.flatnonzero(judged)
        items = ChoiceItems(counts, abilities, points, offered, credited & offered).part(rows)
        kind_of = np.array([kinds[j] for j in rows])
        now, tempting = dict(rates), TEMPTING
        shape_now, log_evidence = shape, np.zeros((rows.size, 0))
        places = Places(n_options)
        weight, modes, posterior_now = np.ones(rows.size), None, log_evidence
        for turn in range(ROUNDS if rows.size else 0):
            if turn:  # first the flaws as weighed by the default, so that they do not widen the shape
                shape_now = estimate_shape(items, weight, shape, shape_now)
            # hypotheses ruled out under an estimated shape are not judged again; the default may be far off
            alive = posterior_now > NEGLIGIBLE if turn > 1 else None
            found, modes = hypothesis_evidence(items, shape_now, alive, modes)
            log_evidence = found if alive is None else np.where(alive, found, log_evidence)
            now, tempting = _estimate_rates(items, log_evidence, kind_of, rates)
            posterior_now = _posterior(items, log_evidence, kind_of, now, tempting)
            weight = posterior_now[:, 0] + posterior_now[:, places.tempting].sum(axis=1)
        posterior = np.full((n_items, places.count), np.nan)
        if rows.size:
            posterior[rows] = posterior_now
        return KeyProbabilities(
            right=posterior[:, 0] + posterior[:, places.tempting].sum(axis=1),
            wrong=posterior[:, places.key_wrong] + posterior[:, places.key_tempts],
            two_right=posterior[:, places.two_right],
            guessed=posterior[:, places.guessed].sum(axis=1),
            n=n.astype(np.int64),
            shape=shape_now,
            rates=now,
            tempting=tempting,
        )


def _log_rates(
    items: ChoiceItems, kind_of: np.ndarray, rates: Mapping[str, FlawRates], tempting: float
) -> FloatArray:
    """Shape (J, H): log prior probability; -inf for hypotheses that the item does not have."""
    distractor = items.offered & ~items.credited
    each = distractor / distractor.sum(axis=1, keepdims=True)
    right, wrong, two, guessed = np.array(
        [(rate.right, rate.wrong, rate.two_right, rate.guessed) for rate in (rates[k] for k in kind_of)]
    ).T[:, :, None]
    parts = [
        right * (1.0 - tempting), wrong * (1.0 - tempting * KEY_TEMPTS) * each, two * each,
        guessed / 2.0, guessed / 2.0, right * tempting * each, wrong * tempting * KEY_TEMPTS * each,
    ]  # fmt: skip
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.concatenate(parts, axis=1)))


def _posterior(
    items: ChoiceItems,
    log_evidence: FloatArray,
    kind_of: np.ndarray,
    rates: Mapping[str, FlawRates],
    tempting: float,
) -> FloatArray:
    joint = log_evidence + _log_rates(items, kind_of, rates, tempting)
    result: FloatArray = np.exp(joint - logsumexp(joint, axis=1, keepdims=True))
    return result


def _estimate_rates(
    items: ChoiceItems, log_evidence: FloatArray, kind_of: np.ndarray, rates: Mapping[str, FlawRates]
) -> tuple[dict[str, FlawRates], float]:
    places = Places(items.offered.shape[1])
    now, tempting = dict(rates), TEMPTING
    for _ in range(20):
        posterior = _posterior(items, log_evidence, kind_of, now, tempting)
        with_one = posterior[:, places.tempting].sum()
        sound = TEMPTING_HELD_BY + posterior[:, 0].sum() + with_one
        tempting = float((TEMPTING_HELD_BY * TEMPTING + with_one) / sound)
        for kind, first in rates.items():
            mine = posterior[kind_of == kind]
            total = RATES_HELD_BY + len(mine)
            now[kind] = FlawRates(
                wrong=float(
                    RATES_HELD_BY * first.wrong
                    + (mine[:, places.key_wrong].sum() + mine[:, places.key_tempts].sum())
                )
                / total,
                two_right=float(RATES_HELD_BY * first.two_right + mine[:, places.two_right].sum()) / total,
                guessed=float(RATES_HELD_BY * first.guessed + mine[:, places.guessed].sum()) / total,
            )
    return now, tempting
