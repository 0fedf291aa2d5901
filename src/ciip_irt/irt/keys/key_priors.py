"""What an item's options would be like under each hypothesis about its key: priors of the nominal model.

The 3 + 4K hypotheses of an item with K options, in this order (``Places`` says where):

- the key is right: the keyed option has a slope N(slope, slope_sd^2) and popularity like other items' keys,
  distractors have slopes N(0, distractor_slope_sd^2): what one knows hardly decides between them;
- X is right and the key is not, for each option X;
- the key and X are both right, for each X: they share slope and popularity, each with a little of its own;
- guessed at: no slopes, so that what is chosen does not depend on ability; once with the popularity of keys
  and once with that of distractors;
- the key is right and X tempts, for each X: popular, and with half of a key's slope. Real exams have such
  distractors (on a licensure exam with verified keys about half of the items), and without this hypothesis a
  plausible distractor would pass for a second right answer;
- X is right and the key, which is not, tempts, for each X: most wrong keys are plausible distractors, and
  without this hypothesis it would pass for one of two right answers.

Where an X is named, every right option must be steeper than every other one, or the hypothesis would not
mean what it says: its evidence is multiplied by the probability of that after the answers and divided by the
one before. Where the key is right and no X is named this is not asked: in real exams a rare distractor may
well be steeper than a sound key.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy.special import log_ndtr

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.irt.keys.option_choice import ChoiceEvidence, ChoicePrior, choice_evidence
from ciip_irt.records import result

__all__ = ["ChoiceItems", "ChoiceShape", "Places", "estimate_shape", "hypothesis_evidence"]

FLAT_SD = 0.05  # of slopes where an item is guessed at
SPLIT_SD = 0.7  # how those who know split between two right options, as a logit
EACH_SLOPE_SD = 0.5  # of each of two right options, as a share of how distractors differ
TEMPTING_SLOPE = 0.5  # of a tempting distractor, as a share of a key's
TEMPTING_POPULARITY = 0.4  # and its popularity
TEMPTING_POPULARITY_SD = 0.5  # as a share of how distractors differ
HELD_BY = 8.0  # the default shape counts as much as so many items
STEPS = 8  # of EM for the shape at the most; the rounds around it go on from there


@dataclass(frozen=True, slots=True)
class ChoiceShape:
    """What right answers and distractors of an exam are like; slopes per standard deviation of ability.

    Attributes
    ----------
    slope, slope_sd
        Of a right answer, against distractors.
    distractor_slope_sd
        How distractors differ in slope.
    popularity, popularity_sd
        Of a right answer, as a logit against a usual distractor at mean ability.
    distractor_popularity_sd
        How distractors differ in popularity.
    """

    slope: float = 0.9
    slope_sd: float = 0.4
    distractor_slope_sd: float = 0.25
    popularity: float = 1.7
    popularity_sd: float = 1.2
    distractor_popularity_sd: float = 0.9


@dataclass(frozen=True, slots=True)
class Places:
    """Where each hypothesis of items with ``n_options`` options stands."""

    n_options: int

    @property
    def key_wrong(self) -> slice:
        return slice(1, 1 + self.n_options)

    @property
    def two_right(self) -> slice:
        return slice(1 + self.n_options, 1 + 2 * self.n_options)

    @property
    def guessed(self) -> slice:
        return slice(1 + 2 * self.n_options, 3 + 2 * self.n_options)

    @property
    def tempting(self) -> slice:
        return slice(3 + 2 * self.n_options, 3 + 3 * self.n_options)

    @property
    def key_tempts(self) -> slice:
        return slice(3 + 3 * self.n_options, self.count)

    @property
    def count(self) -> int:
        return 3 + 4 * self.n_options


@result
@dataclass(frozen=True, slots=True)
class ChoiceItems:
    """Who chose what, and the hypotheses: ``right`` (J, H, K) says which options are right under each."""

    counts: FloatArray
    abilities: FloatArray
    points: FloatArray
    offered: BoolArray
    credited: BoolArray
    right: BoolArray = field(init=False)

    def __post_init__(self) -> None:
        n_items, n_options = self.offered.shape
        each = np.broadcast_to(np.eye(n_options, dtype=bool), (n_items, n_options, n_options))
        key = self.credited[:, None, :]
        keyed = np.broadcast_to(key, each.shape)
        right = np.concatenate([key, each, each | key, key, key, keyed, each], axis=1)
        object.__setattr__(self, "right", right)

    def part(self, rows: IntArray | slice) -> "ChoiceItems":
        return ChoiceItems(
            self.counts[rows], self.abilities[rows], self.points, self.offered[rows], self.credited[rows]
        )


def hypothesis_evidence(
    items: ChoiceItems,
    shape: ChoiceShape,
    wanted: BoolArray | None = None,
    start: FloatArray | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Log of the probability of the answers under each hypothesis (J, H), and the modes (J, H, 2K).

    -inf for hypotheses that are not ``wanted`` (J, H), or that the item does not have: those that name an
    option which is keyed or not offered. ``start`` are modes under a similar shape.
    """
    distractor = items.offered & ~items.credited
    alone = np.ones((len(distractor), 1), dtype=bool)
    meant = np.concatenate([alone, distractor, distractor, alone, alone, distractor, distractor], axis=1)
    if wanted is not None:
        meant = meant & wanted
    prior = _prior(items, shape, slice(None))
    found = choice_evidence(items.counts, items.abilities, items.points, items.offered, prior, start, meant)
    before = _log_steeper(items, prior.mean, np.asarray(np.linalg.inv(prior.precision)))
    after = _log_steeper(items, found.mode, found.covariance)
    return np.where(meant, found.log_evidence + np.where(meant, after, 0.0) - before, -np.inf), found.mode


def _log_steeper(items: ChoiceItems, mean: FloatArray, covariance: FloatArray) -> FloatArray:
    """Shape (J, H): log probability that every right option is steeper than every other one offered.

    Normal probabilities of the pairs, taken as independent.
    """
    n_options = items.offered.shape[1]
    a = mean[..., n_options:]
    of_a = covariance[..., n_options:, n_options:]
    own = np.diagonal(of_a, axis1=-2, axis2=-1)
    difference = a[..., :, None] - a[..., None, :]
    variance = own[..., :, None] + own[..., None, :] - 2.0 * of_a
    pair = items.right[..., :, None] & (~items.right & items.offered[:, None])[..., None, :]
    pair[:, 0] = False
    pair[:, Places(n_options).guessed] = False
    z = difference / np.sqrt(np.maximum(variance, 1e-12))
    result: FloatArray = np.where(pair, log_ndtr(z), 0.0).sum(axis=(-2, -1))
    return result


def _prior(items: ChoiceItems, shape: ChoiceShape, hypotheses: slice) -> ChoicePrior:
    right = items.right[:, hypotheses]
    n_items, n_hypotheses, n_options = right.shape
    several = right.sum(axis=-1, keepdims=True)
    places = Places(n_options)
    number = np.arange(places.count)[hypotheses][None, :, None]
    unknown = number == places.guessed.stop - 1
    flat = unknown | (number == places.guessed.start)
    tempting = (number - places.tempting.start == np.arange(n_options)) & ~right
    tempting |= (number >= places.key_tempts.start) & items.credited[:, None] & ~right
    popularity = np.where(unknown, 0.0, shape.popularity - np.log(np.maximum(several, 1)))
    mean = np.zeros((n_items, n_hypotheses, 2 * n_options))
    mean[..., :n_options] = np.where(right, popularity, 0.0)
    mean[..., n_options:] = np.where(right & ~flat, shape.slope, 0.0)
    mean[..., :n_options] += np.where(tempting, shape.popularity * TEMPTING_POPULARITY, 0.0)
    mean[..., n_options:] += np.where(tempting, shape.slope * TEMPTING_SLOPE, 0.0)

    as_right, together = right & ~unknown, right & (several > 1) & ~flat
    own = np.zeros_like(mean)
    own[..., :n_options] = np.where(as_right, shape.popularity_sd**2, shape.distractor_popularity_sd**2)
    of_a = np.where(right, shape.slope_sd**2, shape.distractor_slope_sd**2)
    own[..., :n_options] *= np.where(tempting, TEMPTING_POPULARITY_SD**2, 1.0)
    own[..., n_options:] = np.where(flat, FLAT_SD**2, of_a)
    # several right options share popularity and slope, and each has a little of its own
    shares = np.zeros((2, *mean.shape))
    for part, of_all, of_each in (
        (slice(n_options), shape.popularity_sd, SPLIT_SD),
        (slice(n_options, None), shape.slope_sd, shape.distractor_slope_sd * EACH_SLOPE_SD),
    ):
        own[..., part] = np.where(together, of_each**2, own[..., part])
        shares[int(part.start is not None), ..., part] = together * of_all
    covariance = own[..., None] * np.eye(2 * n_options)
    covariance += (shares[..., :, None] * shares[..., None, :]).sum(axis=0)
    return ChoicePrior(mean, np.asarray(np.linalg.inv(covariance)))


def estimate_shape(
    items: ChoiceItems, weight: FloatArray, default: ChoiceShape, start: ChoiceShape
) -> ChoiceShape:
    """EM over the items whose key is right, each with the probability that it is."""
    usable = np.flatnonzero(items.credited.sum(axis=1) == 1)
    if not usable.size:
        return start
    items, weight = items.part(usable), weight[usable]
    n_options = items.offered.shape[1]
    key, distractor = items.credited, items.offered & ~items.credited
    shape, mode = start, None
    for _ in range(STEPS):
        prior = _prior(items, shape, slice(0, 1))
        found: ChoiceEvidence = choice_evidence(
            items.counts, items.abilities, items.points, items.offered, prior, mode
        )
        mode = found.mode
        mean = mode[:, 0]
        variance = np.diagonal(found.covariance, axis1=-2, axis2=-1)[:, 0]
        c, a = mean[:, :n_options], mean[:, n_options:]
        c_var, a_var = variance[:, :n_options], variance[:, n_options:]
        slope = _weighted(a[key], weight, default.slope)
        popularity = _weighted(c[key], weight, default.popularity)
        each = np.broadcast_to(weight[:, None], key.shape)[distractor]
        shape = ChoiceShape(
            slope=slope,
            slope_sd=_spread((a[key] - slope) ** 2 + a_var[key], weight, default.slope_sd),
            distractor_slope_sd=_spread((a**2 + a_var)[distractor], each, default.distractor_slope_sd),
            popularity=popularity,
            popularity_sd=_spread((c[key] - popularity) ** 2 + c_var[key], weight, default.popularity_sd),
            distractor_popularity_sd=_spread(
                (c**2 + c_var)[distractor], each, default.distractor_popularity_sd
            ),
        )
    return shape


def _weighted(values: FloatArray, weight: FloatArray, default: float) -> float:
    return float((HELD_BY * default + weight @ values) / (HELD_BY + weight.sum()))


def _spread(squares: FloatArray, weight: FloatArray, default: float) -> float:
    return float(np.sqrt((HELD_BY * default**2 + weight @ squares) / (HELD_BY + weight.sum())))
