"""What a blueprint may demand of a form beyond counts per domain and difficulty. Records only."""

from dataclasses import dataclass
from math import ceil, floor, inf

__all__ = ["CountRule", "Demands", "ItemSets", "KeyBalance", "SumRule", "Where"]

EXACT = 1e-9  # .3 of 10 items is three, in binary fractions too
Where = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class CountRule:
    """At least ``low`` and at most ``high`` scored items that have one of the values in every column named.

    ``where`` is ``((column, (value, ...)), ...)``; domains are letters.
    """

    name: str
    where: Where
    low: int
    high: int

    @property
    def wanted(self) -> str:
        """``40``, or ``35 to 45``."""
        return str(self.low) if self.low == self.high else f"{self.low} to {self.high}"


@dataclass(frozen=True, slots=True)
class SumRule:
    """The sum of a numeric column over the scored items (those that ``where`` names) is within bounds."""

    name: str
    column: str
    low: float = -inf
    high: float = inf
    where: Where = ()

    @property
    def wanted(self) -> str:
        """``5000 to 7000``, or ``at most 7000``."""
        if self.low == -inf:
            return f"at most {self.high:g}"
        return f"at least {self.low:g}" if self.high == inf else f"{self.low:g} to {self.high:g}"


@dataclass(frozen=True, slots=True)
class ItemSets:
    """Of the items that share a ``set_id`` a form has none, or all (``whole``), or ``low`` to ``high``."""

    whole: bool
    low: int = 1
    high: int = 0


@dataclass(frozen=True, slots=True)
class KeyBalance:
    """Each of ``letters`` is the key of this share of the scored items; no key more often running."""

    low: float = 0.0
    high: float = 1.0
    letters: str = "ABCD"
    longest_run: int | None = None

    def items(self, length: int) -> tuple[int, int]:
        """The shares as numbers of items.

        >>> KeyBalance(0.2, 0.3).items(130)
        (26, 39)
        """
        return ceil(self.low * length - EXACT), floor(self.high * length + EXACT)


@dataclass(frozen=True, slots=True)
class Demands:
    """All of them; what is left out is not demanded.

    ``include`` are items that every form has in a scored slot, ``exclude`` items that no form has.
    ``last_used_before`` is an ISO date or its beginning: items used then or later rest.
    ``max_overlap_earlier`` is the share of scored items that a form may have in common with an earlier form;
    without it, ``max_overlap`` of the blueprint holds.
    """

    counts: tuple[CountRule, ...] = ()
    sums: tuple[SumRule, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    item_sets: ItemSets | None = None
    key_balance: KeyBalance | None = None
    last_used_before: str | None = None
    max_overlap_earlier: float | None = None
