"""What a blueprint may require of a form beyond counts per domain and difficulty. Records only."""

import re
from dataclasses import dataclass
from math import ceil, floor, inf

__all__ = [
    "DATE",
    "AnchorBlock",
    "Between",
    "Condition",
    "CountRule",
    "FormRequirements",
    "IfThen",
    "ItemSets",
    "KeyBalance",
    "LimitRule",
    "NotIn",
    "SumRule",
    "UseRule",
    "Wanted",
    "conditions_in_words",
    "in_words",
]  # fmt: skip

DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")  # a year, a month or a day
EXACT = 1e-9  # .3 of 10 items is three, in binary fractions too


@dataclass(frozen=True, slots=True)
class Between:
    """A condition on a numeric column: ``low <= value <= high``.

    >>> str(Between(-1, 1)), str(Between(high=50))
    ('between -1 and 1', 'at most 50')
    """

    low: float = -inf
    high: float = inf

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def __str__(self) -> str:
        if self.low == -inf:
            return f"at most {self.high:g}"
        return f"at least {self.low:g}" if self.high == inf else f"between {self.low:g} and {self.high:g}"


@dataclass(frozen=True, slots=True)
class NotIn:
    """A condition on a column of texts: it has a value, and none of these.

    >>> str(NotIn(("recall", "apply"))), str(NotIn())
    ('not recall or apply', 'given')
    """

    values: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"not {' or '.join(self.values)}" if self.values else "given"


Wanted = tuple[str, ...] | Between | NotIn
Condition = tuple[tuple[str, Wanted], ...]


def in_words(wanted: Wanted) -> str:
    """
    >>> in_words(("recall", "apply")), in_words(Between(high=5))
    ('recall or apply', 'at most 5')
    """
    return " or ".join(wanted) if isinstance(wanted, tuple) else str(wanted)


def conditions_in_words(where: Condition) -> str:
    """
    >>> conditions_in_words((("domain", ("F",)), ("b", Between(high=0))))
    'domain F and b at most 0'
    """
    return " and ".join(f"{column} {in_words(wanted)}" for column, wanted in where)


@dataclass(frozen=True, slots=True)
class CountRule:
    """At least ``low`` and at most ``high`` items that have one of the values in every column named.

    ``where`` is ``((column, (value, ...)), ...)``, or a ``Between`` in place of the values; domains are
    letters. ``role`` says whether scored or pilot items are counted.
    """

    name: str
    where: Condition
    low: int
    high: int
    role: str = "scored"

    @property
    def wanted(self) -> str:
        """``40``, or ``35 to 45``."""
        return str(self.low) if self.low == self.high else f"{self.low} to {self.high}"


@dataclass(frozen=True, slots=True)
class IfThen:
    """A form with a scored item of ``condition`` has at least ``least``, at most ``most`` of ``consequence``.

    ``both_ways``: the other way round, too (one item of ``condition`` at least).
    """

    name: str
    condition: Condition
    consequence: Condition
    least: int = 1
    most: int | None = None
    both_ways: bool = False

    @property
    def wanted(self) -> str:
        """``at least 1``, ``0 to 2``."""
        return f"at least {self.least}" if self.most is None else f"{self.least} to {self.most}"


@dataclass(frozen=True, slots=True)
class SumRule:
    """The sum (or ``mean``) of a numeric column over the scored items, or some of them, is bounded."""

    name: str
    column: str
    low: float = -inf
    high: float = inf
    where: Condition = ()
    mean: bool = False

    @property
    def wanted(self) -> str:
        """``5000 to 7000``, or ``at most 7000``."""
        if self.low == -inf:
            return f"at most {self.high:g}"
        return f"at least {self.low:g}" if self.high == inf else f"{self.low:g} to {self.high:g}"


@dataclass(frozen=True, slots=True)
class LimitRule:
    """Every scored (or pilot) item that ``where`` names has a value of ``column`` within bounds.

    ``low`` and ``high`` bound a number (uses so far, words), ``since`` and ``before`` a date (written,
    calibrated). An item without a value may stand; it is told.
    """

    name: str
    column: str
    low: float = -inf
    high: float = inf
    since: str | None = None
    before: str | None = None
    where: Condition = ()
    role: str = "scored"

    @property
    def dated(self) -> bool:
        """Whether the column holds dates."""
        return self.since is not None or self.before is not None

    @property
    def wanted(self) -> str:
        """``at most 5``, ``2019 or later``."""
        if not self.dated:
            return str(Between(self.low, self.high))
        parts = [
            f"{self.since} or later" if self.since else "",
            f"before {self.before}" if self.before else "",
        ]
        return " and ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class AnchorBlock:
    """Scored items that all forms of a family have in common, so that forms can be equated.

    ``items`` are listed or, where empty, chosen: in proportion to the domains and as difficult as the form.
    ``counted`` says what the overlap bound is about: ``apart`` bounds what two forms share beyond the block,
    ``within`` the block included. ``reference`` is the id of an earlier form that has the block too. Between
    anchors and form, means of b differ by at most ``mean_b`` logits and standard deviations by at most
    the share ``sd_b``; a block outside that is told.
    """

    count: int
    items: tuple[str, ...] = ()
    counted: str = "apart"
    reference: str | None = None
    same_positions: bool = True
    mean_b: float = 0.1
    sd_b: float = 0.35


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
class UseRule:
    """In how many forms of a family an item stands in a scored slot; anchors and included items aside.

    ``least`` to ``most`` forms; at most the share ``max_exposure`` of them, or of the candidates where
    ``candidates`` says how many each form is expected to have, in the order of the forms. ``every_item``: all
    items that may be scored are used; ``fewest_unused``: as many as there can be, other things equal.
    """

    least: int = 0
    most: int | None = None
    max_exposure: float | None = None
    candidates: tuple[float, ...] = ()
    every_item: bool = False
    fewest_unused: bool = False

    def bounds(self, n_forms: int) -> tuple[int, int]:
        """Least and most forms that one item may stand in.

        >>> UseRule(max_exposure=0.25).bounds(10), UseRule(1, 3).bounds(10)
        ((0, 2), (1, 3))
        """
        most = n_forms if self.most is None else min(n_forms, self.most)
        if self.max_exposure is not None:
            loads = sorted(self.loads(n_forms))
            total, shares = 0.0, self.max_exposure * n_forms + EXACT
            within = 0
            while within < n_forms and total + loads[within] <= shares:
                total, within = total + loads[within], within + 1
            most = min(most, within)
        return max(self.least, int(self.every_item)), most

    def loads(self, n_forms: int) -> tuple[float, ...]:
        """What each form counts for exposure; they sum to the number of forms."""
        if len(self.candidates) != n_forms:
            return (1.0,) * n_forms
        total = sum(self.candidates)
        return tuple(n_forms * candidates / total for candidates in self.candidates)


@dataclass(frozen=True, slots=True)
class FormRequirements:
    """All of them; what is left out is not required.

    ``include`` are items that every form has in a scored slot, ``exclude`` items that no form has, ``let_in``
    items that may stand in a form in spite of open flags.
    ``last_used_before`` is an ISO date or its beginning: items used then or later rest.
    ``max_overlap_earlier`` is the share of scored items that a form may have in common with an earlier form;
    without it, ``max_overlap`` of the blueprint holds.
    """

    counts: tuple[CountRule, ...] = ()
    sums: tuple[SumRule, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    let_in: tuple[str, ...] = ()
    item_sets: ItemSets | None = None
    key_balance: KeyBalance | None = None
    last_used_before: str | None = None
    max_overlap_earlier: float | None = None
    limits: tuple[LimitRule, ...] = ()
    anchors: AnchorBlock | None = None
    uses: UseRule | None = None
    if_then: tuple[IfThen, ...] = ()
