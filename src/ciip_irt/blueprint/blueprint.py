"""A blueprint: what a form of this exam must be. Records only; files are read in ``reading``.

Per domain a blueprint holds the published percentage as it was printed and the decided number of items.
The counts are required and sum to the length; assembly never apportions. Percentages and counts concern
the scored items; pilot slots come on top and follow need.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import MappingProxyType

import polars as pl

from ciip_irt.blueprint.requirements import FormRequirements
from ciip_irt.errors import BlueprintError, Problem, plural
from ciip_irt.records import result

__all__ = [
    "ApportionmentRecord",
    "AttemptRules",
    "Blueprint",
    "Domain",
    "Target",
    "resolve_domains",
]

SEVERITIES = ("error", "warning")
ITEM_ORDERS = ("interleaved", "domain blocks")


@dataclass(frozen=True, slots=True)
class Domain:
    """One domain of the outline. ``low`` and ``high`` are equal to ``count`` unless a range is given."""

    letter: str
    name: str
    count: int
    percent: str | None = None
    low: int = -1
    high: int = -1

    def __post_init__(self) -> None:
        if self.low < 0:
            object.__setattr__(self, "low", self.count)
        if self.high < 0:
            object.__setattr__(self, "high", self.count)

    @property
    def title(self) -> str:
        """Letter and name, as findings begin: ``F Image Management``."""
        return f"{self.letter} {self.name}"

    @property
    def wanted(self) -> str:
        """``23``, or ``22 to 24`` where the blueprint gives a range."""
        return str(self.count) if self.low == self.high else f"{self.low} to {self.high}"


@dataclass(frozen=True, slots=True)
class ApportionmentRecord:
    """How the counts came from the percentages: rule, normaliser and tie-break, as decided."""

    rule: str
    normaliser: str = ""
    tie_break: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class AttemptRules:
    """At most ``limit`` attempts within ``months``."""

    limit: int
    months: int


@dataclass(frozen=True, slots=True)
class Target:
    """A difficulty target of the blueprint: ``value`` +- ``tolerance`` in the units of the quantity.

    Without a value the target is what the bank's eligible items give on average in the blueprint's
    proportions. ``severity`` says whether a form outside the tolerance is an error or a warning.

    Curves (``characteristic_curve``, ``information``) have their target at each of ``thetas``: ``values``, or
    ``share`` of what they are ``relative_to``: ``bank average``, ``bank best`` (the most that forms of these
    counts could have at that theta), or ``reference``, an earlier form. Their tolerance is in units or, as
    ``tolerance_percent``, of the value. With ``goal = "maximise"`` information has no value: the least of
    I(theta) / weight over thetas and forms is made as high as possible, the forms within
    ``equal_within_percent`` of each other; without ``weights`` these are the bank's average. With a
    ``certainty`` it is what forms have with that probability, the parameters being uncertain.
    """

    quantity: str
    tolerance: float
    value: float | None = None
    severity: str = "error"
    thetas: tuple[float, ...] = ()
    values: tuple[float, ...] = ()
    tolerance_percent: float | None = None
    relative_to: str = "bank average"
    share: float = 1.0
    reference: str = ""
    goal: str = "reach"
    equal_within_percent: float = 2.0
    weights: tuple[float, ...] = ()
    certainty: float | None = None


@result
@dataclass(frozen=True, slots=True)
class Blueprint:
    """What a form must be; see the fields.

    ``max_overlap`` is the largest share of the scored items that two forms may have in common (``None``: no
    bound). ``theta_cut`` is the standard on the bank scale at which expected scores are compared. ``shrink``:
    whether targets are expectations over the errors of the bank's parameters. ``slow_pace``: how many times
    as long as expected the slowest twentieth of candidates take.
    """

    name: str
    outline: str
    effective: str
    length: int
    domains: tuple[Domain, ...]
    title: str = ""
    pilot_slots: int = 0
    testing_time_minutes: int | None = None
    slow_pace: float | None = None
    attempts: AttemptRules | None = None
    apportionment: ApportionmentRecord | None = None
    theta_cut: float | None = None
    targets: tuple[Target, ...] = ()
    shrink: bool = True
    max_overlap: float | None = None
    enemies_apart: bool = True
    scored_status: tuple[str, ...] = ("scored",)
    pilot_status: tuple[str, ...] = ("pilot",)
    item_order: str = "interleaved"
    requirements: FormRequirements = field(default_factory=FormRequirements)
    where: str = field(default="", compare=False)

    @property
    def letters(self) -> tuple[str, ...]:
        return tuple(domain.letter for domain in self.domains)

    @property
    def counts(self) -> tuple[int, ...]:
        """Scored items per domain in outline order."""
        return tuple(domain.count for domain in self.domains)

    @property
    def anchor_items(self) -> frozenset[str]:
        """The anchors, where they are listed or chosen already."""
        return frozenset(self.requirements.anchors.items if self.requirements.anchors is not None else ())

    @property
    def overlap_bound(self) -> int | None:
        """The bound in items as it is written: the largest whole number within the share.

        Without a share, forms differ at least by one item where a candidate may sit more than once.
        """
        if self.max_overlap is not None:
            return int(self.max_overlap * self.length + 1e-9)
        return self.length - 1 if self.attempts is not None and self.attempts.limit > 1 else None

    @property
    def max_common_items(self) -> int | None:
        """How many scored items two forms may share besides the anchors.

        >>> from dataclasses import replace
        >>> from ciip_irt.blueprint.requirements import AnchorBlock
        >>> blocks = (None, AnchorBlock(5), AnchorBlock(5, counted="within"))
        >>> plain = Blueprint("x", "1", "2024", 20, (), max_overlap=0.4)
        >>> [replace(plain, requirements=FormRequirements(anchors=b)).max_common_items for b in blocks]
        [8, 8, 3]
        """
        bound, block = self.overlap_bound, self.requirements.anchors
        if bound is None or block is None or (self.max_overlap is not None and block.counted == "apart"):
            return bound
        return max(0, bound - block.count)

    @property
    def max_common_earlier(self) -> int | None:
        """The same with a form that was used before."""
        share = self.requirements.max_overlap_earlier
        return self.overlap_bound if share is None else int(share * self.length + 1e-9)

    def domain(self, letter: str) -> Domain:
        return next(domain for domain in self.domains if domain.letter == letter)

    def spellings(self) -> Mapping[str, str]:
        """Every accepted spelling of a domain (letter or name, in lower case) with its letter."""
        return MappingProxyType(
            {spelling.casefold(): d.letter for d in self.domains for spelling in (d.name, d.letter)}
        )

    def to_frame(self) -> pl.DataFrame:
        """One row per domain in outline order: ``letter, domain, percent, count, low, high``."""
        return pl.DataFrame(
            [(d.letter, d.name, d.percent, d.count, d.low, d.high) for d in self.domains],
            schema={"letter": pl.String, "domain": pl.String, "percent": pl.String,
                    "count": pl.Int64, "low": pl.Int64, "high": pl.Int64},
            orient="row",
        )  # fmt: skip

    def summary(self) -> str:
        """What the blueprint asks for, in two sentences."""
        time = f" in {self.testing_time_minutes} minutes" if self.testing_time_minutes else ""
        pilots = f" and {plural(self.pilot_slots, 'pilot slot')}" if self.pilot_slots else ""
        return (
            f"{self.name}: {plural(self.length, 'scored item')} in {plural(len(self.domains), 'domain')}"
            f"{pilots}{time}.\nOutline {self.outline}, in force from {self.effective}."
        )

    def _repr_html_(self) -> str:
        from ciip_irt.tables import show_html

        return show_html(f"Blueprint {self.name}", self.summary(), self.to_frame())


def resolve_domains(values: Iterable[str | None], blueprint: Blueprint, where: str = "items") -> list[str]:
    """The letter of each domain, which may be written as letter or name, in capitals or not.

    Raises
    ------
    BlueprintError
        Domains that the blueprint lacks: all of them, with counts and the nearest name.

    >>> two = Blueprint("two", "1", "2024", 3, (Domain("A", "Procurement", 1), Domain("B", "Operations", 2)))
    >>> resolve_domains(["A", "operations"], two)
    ['A', 'B']
    >>> resolve_domains(["Operation", "Operation", "Z"], two)
    Traceback (most recent call last):
    ciip_irt.errors.BlueprintError: items: blueprint two has no domain 'Operation' (2 rows). \
Did you mean 'Operations'?
    items: blueprint two has no domain 'Z' (1 row). It has A Procurement, B Operations.
    """
    spellings = blueprint.spellings()
    given = list(values)
    found: dict[str, str | None] = {}
    for value in given:
        text = value or ""
        if text not in found:
            found[text] = spellings.get(" ".join(text.split()).casefold())
    unknown = [text for text, letter in found.items() if letter is None]
    if unknown:
        raise BlueprintError(
            [
                Problem(
                    f"blueprint {blueprint.name} has no domain {text!r}",
                    where=where,
                    count=sum((value or "") == text for value in given),
                    remedy=_nearest_domain(text, blueprint),
                )
                for text in unknown
            ]
        )
    return [found[value or ""] or "" for value in given]


def _nearest_domain(text: str, blueprint: Blueprint) -> str:
    names = {d.name.casefold(): d.name for d in blueprint.domains}
    near = get_close_matches(" ".join(text.split()).casefold(), names, n=1, cutoff=0.7)
    if near:
        return f"Did you mean {names[near[0]]!r}?"
    return f"It has {', '.join(d.title for d in blueprint.domains)}."
