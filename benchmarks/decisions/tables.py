"""The reviews as tables: calibration, what is said, ranking beside Bayes' rule and beside the fixed rules."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from ciip_irt.arrays import BoolArray, FloatArray
from ciip_irt.pilots.simulate.true_programme import GOOD_P

__all__ = ["calibration", "looking", "ranking", "rules", "width"]

CLASSES = ((0.0, 0.05), (0.05, 0.5), (0.5, 0.65), (0.65, 0.75), (0.75, 0.85), (0.85, 0.95), (0.95, 1.01))
LIMITS = (0.15, 0.20)  # of the observed R, for the fixed rules
PROMOTE, GIVE_UP = 0.85, 0.05  # of the default policy


def calibration(reviews: pl.DataFrame) -> Iterator[str]:
    """By world and class: how many pilots, mean stated, share truly good, standard error of the difference.

    The standard error rests on the scatter between pilots, each of which is reviewed at several looks, and
    between programmes, whose pilots share one prior, whichever is larger.
    """
    head = "".join(f"{f'{low:g} to {min(high, 1):g}':>22}" for low, high in CLASSES)
    yield f"{'world':<16}{'all':>16}{head}"
    for (name,), part in reviews.group_by("world", maintain_order=True):
        cells = [f"{part['stated'].mean():.3f} {part['good'].mean():.3f}"]
        for low, high in CLASSES:
            mine = part.filter((pl.col("stated") >= low) & (pl.col("stated") < high))
            cells.append(_cell(mine))
        yield f"{name!s:<16}{cells[0]:>16}" + "".join(f"{cell:>22}" for cell in cells[1:])


def _cell(part: pl.DataFrame) -> str:
    if not part.height:
        return "-"
    return f"{part.height} {part['stated'].mean():.3f} {part['good'].mean():.3f} ±{_error(part):.3f}"


def _error(part: pl.DataFrame) -> float:
    off = part.with_columns(off=pl.col("good").cast(pl.Float64) - pl.col("stated"))
    by_pilot = off.group_by("programme", "item_id").agg(pl.col("off").sum())["off"]
    by_programme = off.group_by("programme").agg(pl.col("off").sum())["off"].to_numpy()
    between = float(((by_programme - by_programme.mean()) ** 2).sum()) if by_programme.size > 1 else 0.0
    return float(np.sqrt(max(float((by_pilot**2).sum()), between))) / part.height


def width(reviews: pl.DataFrame, n: int = 100) -> Iterator[str]:
    """How much is said after n answers: intervals of R, and pilots decided, beside Bayes' rule."""
    yield f"{'world':<16}{'width of R':>12}{'Bayes':>8}{'ratio':>8}{'decided':>10}{'Bayes':>8}{'ratio':>8}"
    for (name,), part in reviews.filter(n=n).drop_nulls("bayes").group_by("world", maintain_order=True):
        ours = float(np.median(part["high"] - part["low"]))
        best = float(np.median(part["bayes_high"] - part["bayes_low"]))
        decided, by_bayes = (_decided(part[rule].to_numpy()) for rule in ("stated", "bayes"))
        yield (
            f"{name!s:<16}{ours:>12.3f}{best:>8.3f}{ours / best:>8.2f}{decided:>10.3f}{by_bayes:>8.3f}"
            f"{by_bayes / decided:>8.2f}"
        )


def _decided(probability: FloatArray) -> float:
    return float(((probability >= PROMOTE) | (probability <= GIVE_UP)).mean())


def ranking(reviews: pl.DataFrame, n: int = 100) -> Iterator[str]:
    """Share of the good promoted, at the share of pilots that are not good among those promoted at .85.

    AUC: the chance that a good pilot stands above one that is not.
    """
    yield (f"{'world':<16}{'bad':>8}{'review':>9}{'Bayes':>8}{'R':>8}   AUC{'review':>9}{'Bayes':>8}{'R':>8}")
    for (name,), part in reviews.filter(n=n).drop_nulls("bayes").group_by("world", maintain_order=True):
        good = part["good"].to_numpy()
        rules = [part[rule].to_numpy() for rule in ("stated", "bayes")] + [_by_r(part)]
        promoted = rules[0] >= PROMOTE
        bad = float((~good[promoted]).mean()) if promoted.any() else 0.0
        reached = "".join(f"{_reached(rule, good, bad):>8.3f}" for rule in rules)
        auc = "".join(f"{_auc(rule, good):>8.3f}" for rule in rules)
        yield f"{name!s:<16}{bad:>8.3f} {reached}      {auc}"


def rules(reviews: pl.DataFrame) -> Iterator[str]:
    """The policy beside R >= .15 and R >= .20 with p in range: good promoted, bad among the promoted.

    Then the share of the good that ranking by the stated probability promotes at the same share of bad.
    """
    yield (
        f"{'world':<16}{'n':>5}{'policy: good':>14}{'bad':>7}"
        + "".join(f"{f'R >= {limit:.2f}: good':>20}{'bad':>7}{'review at it':>14}" for limit in LIMITS)
    )
    for (name, n), part in reviews.group_by("world", "n", maintain_order=True):
        good, probability = part["good"].to_numpy(), part["stated"].to_numpy()
        line = f"{name!s:<16}{n!s:>5}" + "{:>14}{:>7}".format(*_rates(probability >= PROMOTE, good))
        for limit in LIMITS:
            promoted = _by_r(part) >= limit
            bad = float((~good[promoted]).mean()) if promoted.any() else 0.0
            line += (
                "{:>20}{:>7}".format(*_rates(promoted, good)) + f"{_reached(probability, good, bad):>14.3f}"
            )
        yield line


def looking(reviews: pl.DataFrame) -> Iterator[str]:
    """Promoted at the first look at which the probability reaches the limit: stated, and truly good.

    Beside it Bayes' rule with the true generator, and what was promoted at each look alone.
    """
    yield (
        f"{'world':<16}{'promoted':>10}{'stated':>8}{'true':>8}{'±':>7}{'Bayes: stated':>15}{'true':>8}"
        "   by look: stated, true"
    )
    for (name,), part in reviews.group_by("world", maintain_order=True):
        cells = []
        for rule in ("stated", "bayes"):
            if part[rule].null_count():
                cells.append((0, np.nan, np.nan, np.nan, []))
                continue
            first = (
                part.filter(pl.col(rule) >= PROMOTE).sort("n")
                .unique(["programme", "item_id"], keep="first", maintain_order=True)
            )  # fmt: skip
            error = _error(first.with_columns(stated=pl.col(rule)))
            looks = [
                f"{n}: {mine[rule].mean():.3f} {mine['good'].mean():.3f}"
                for (n,), mine in first.group_by("n", maintain_order=True)
            ]
            cells.append((first.height, first[rule].mean(), first["good"].mean(), error, looks))
        ours, best = cells
        yield (
            f"{name!s:<16}{ours[0]:>10}{ours[1]:>8.3f}{ours[2]:>8.3f}{ours[3]:>7.3f}{best[1]:>15.3f}{best[2]:>8.3f}"
            f"   {', '.join(ours[4])}"
        )


def _by_r(part: pl.DataFrame) -> FloatArray:
    """The observed R, and below all others where the observed p is out of range."""
    r, p = part["r_observed"].fill_nan(-1.0).to_numpy(), part["p_observed"].to_numpy()
    return np.where((p >= GOOD_P[0]) & (p <= GOOD_P[1]), r, -1.0)


def _rates(promoted: BoolArray, good: BoolArray) -> tuple[str, str]:
    bad = f"{(~good[promoted]).mean():.3f}" if promoted.any() else "-"
    return f"{promoted[good].mean():.3f}", bad


def _reached(rule: FloatArray, good: BoolArray, bad: float) -> float:
    """Share of the good among the most that may be promoted with no more than ``bad`` of them not good."""
    order = np.argsort(-rule, kind="stable")
    so_far = np.cumsum(~good[order]) / np.arange(1, good.size + 1)
    allowed = np.flatnonzero(so_far <= bad + 1e-12)
    return float(good[order][: allowed[-1] + 1].sum() / good.sum()) if allowed.size else 0.0


def _auc(rule: FloatArray, good: BoolArray) -> float:
    if good.all() or not good.any():
        return float("nan")
    values, ranks = np.unique(rule, return_inverse=True)
    counts = np.bincount(ranks, minlength=values.size)
    rank = (np.cumsum(counts) - (counts - 1) / 2.0)[ranks]
    positives = int(good.sum())
    return float((rank[good].sum() - positives * (positives + 1) / 2) / (positives * (good.size - positives)))
