"""The rules of apportionment, and numbers read exactly as they were printed."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from ciip_irt.errors import BlueprintError, Problem

__all__ = ["RULES", "Rule", "Weight", "exact", "plain", "resolve_rule"]

Weight = int | str | float | Decimal | Fraction

HALF = Fraction(1, 2)  # the rounding point of Webster's rule, exactly


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of apportionment. ``squared_divisor(n)`` is ``d(n)**2``, so that Hill's root stays exact."""

    name: str
    label: str
    squared_divisor: Callable[[int], Fraction] | None = None

    @property
    def uses_normaliser(self) -> bool:
        return self.squared_divisor is None


RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule("webster", "Webster / Sainte-Laguë", lambda n: (n + HALF) ** 2),
        Rule("largest_remainder", "largest remainder (Hamilton)"),
        Rule("dhondt", "D'Hondt (Jefferson)", lambda n: Fraction(n + 1) ** 2),
        Rule("hill", "Huntington-Hill", lambda n: Fraction(n * (n + 1))),
        Rule("dean", "Dean", lambda n: Fraction(2 * n * (n + 1), 2 * n + 1) ** 2),
        Rule("round_half_up", "round half up"),
    )
}

ALIASES = {
    "sainte-lague": "webster",
    "sainte-laguë": "webster",
    "hamilton": "largest_remainder",
    "d'hondt": "dhondt",
    "jefferson": "dhondt",
    "huntington-hill": "hill",
}


def exact(weight: Weight) -> Fraction:
    """The weight as it was printed: ``0.1`` is one tenth, not the nearest binary fraction."""
    try:
        return Fraction(str(weight).strip())
    except (ValueError, ZeroDivisionError):
        raise BlueprintError(Problem(f"weight {weight!r} is not a number")) from None


def resolve_rule(name: str) -> Rule:
    """The rule of that name or of one of its other names.

    >>> resolve_rule("Sainte-Lague").name, resolve_rule("largest-remainder").name
    ('webster', 'largest_remainder')
    """
    plain = name.strip().lower()
    key = ALIASES.get(plain, plain.replace("-", "_").replace(" ", "_"))
    if key not in RULES:
        raise BlueprintError(Problem(f"unknown rule {name!r}", remedy=f"Choose one of {', '.join(RULES)}."))
    return RULES[key]


def plain(number: Fraction) -> str:
    """A fraction as a person writes it: 99, 12.5, or 130/3 where no decimal is exact."""
    if number.denominator == 1:
        return str(number.numerator)
    as_decimal = Decimal(number.numerator) / Decimal(number.denominator)
    return str(as_decimal) if Fraction(as_decimal) == number else str(number)
