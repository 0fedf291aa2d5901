"""An item that could be written: its domain, range of difficulty, attributes and key."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ciip_irt.arrays import FloatArray
from ciip_irt.blueprint import Between, Condition, ResolvedTarget, in_words

__all__ = ["ANY_DIFFICULTY", "NewItem", "split_condition", "usual"]

ANY_DIFFICULTY = Between()


@dataclass(frozen=True, slots=True)
class NewItem:
    """A kind of item that could be written, or that an author could be asked for.

    ``others`` are the conditions of rows (beyond domain and difficulty) that it satisfies; ``key`` its key
    where it matters. ``unusual`` orders kinds that serve equally well. ``targets`` says what such an item
    adds to each difficulty target.
    """

    letter: str
    band: Between
    others: frozenset[Condition]
    key: str | None
    unusual: float
    targets: Sequence[tuple[ResolvedTarget, float]] = ()

    def satisfies(self, where: Condition) -> bool:
        """Whether such an item counts for a row with this condition."""
        letters, difficulty, others = split_condition(where)
        return (
            (letters is None or self.letter in letters)
            and (difficulty is None or _within(self.band, difficulty))
            and (not others or others in self.others)
        )

    @property
    def words(self) -> str:
        """The difficulty, attributes and key asked for; empty where any will do."""
        parts = [f"b {self.band}"] if self.band != ANY_DIFFICULTY else []
        for where in sorted(self.others, key=str):
            for column, values in where:
                parts.append(f"{column} {in_words(values)}")
        if self.key is not None:
            parts.append(f"key {self.key}")
        return ", ".join(dict.fromkeys(parts))


def split_condition(where: Condition) -> tuple[tuple[str, ...] | None, Between | None, Condition]:
    """The domains, the range of b, and what else a condition asks for."""
    letters = next((v for c, v in where if c == "domain" and isinstance(v, tuple)), None)
    difficulty = next((v for c, v in where if c == "b" and isinstance(v, Between)), None)
    others = tuple(
        (c, v) for c, v in where
        if not (c == "domain" and isinstance(v, tuple)) and not (c == "b" and isinstance(v, Between))
    )  # fmt: skip
    return letters, difficulty, others


def _within(band: Between, wanted: Between) -> bool:
    return wanted.low <= band.low and band.high <= wanted.high


def usual(coefficients: FloatArray) -> float:
    """The median of the coefficients that are not zero: what is taken where it cannot be known.

    >>> usual(np.array([0.0, 2.0, 4.0]))
    3.0
    """
    some = coefficients[coefficients != 0]
    return float(np.median(some)) if len(some) else 0.0
