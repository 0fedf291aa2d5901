"""From published percentages to whole numbers of items: exact, by a named rule, every tie shown.

Percentages do not determine counts. The weights of the CIIP outline sum to 99, and six integer blueprints
of 130 items round to them; so the counts are a decision, and this module is where it is made and explained.
All arithmetic is in fractions: with floating-point numbers a tie would be broken at random.

Divisor rules give the items one at a time to the domain with the largest ``weight / d(n)``, where ``n`` is
what the domain already has; they do not depend on what the weights sum to:

==================  =====================================================
webster             ``d(n) = n + 1/2`` (Sainte-Laguë)
dhondt              ``d(n) = n + 1`` (Jefferson)
hill                ``d(n) = sqrt(n (n + 1))`` (Huntington-Hill)
dean                ``d(n) = 2 n (n + 1) / (2 n + 1)``
==================  =====================================================

Quota rules start from ``quota = length x weight / normaliser``, so the normaliser has to be stated where the
weights do not sum to 100: largest_remainder (Hamilton) gives what is left after rounding down to the largest
remainders; round_half_up rounds each quota by itself, and is an answer only if the counts happen to sum.

Source: Balinski & Young (1982), Fair Representation.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, islice
from math import ceil, comb, floor

from ciip_irt.blueprint.apportionment_rules import HALF, RULES, Rule, Weight, exact, plain, resolve_rule
from ciip_irt.errors import BlueprintError, Problem, plural
from ciip_irt.records import result

__all__ = [
    "RULES",
    "Apportionment",
    "Rule",
    "Tie",
    "Weight",
    "apportion",
    "compare_rules",
    "feasible_counts",
    "resolve_rule",
]

Counts = tuple[int, ...]

OUTLINE_ORDER = "outline order"
MAX_RESOLUTIONS = 1000  # ways to break a tie that are listed; nobody reads more, their number is told
ROUNDING_SLACK = 5  # per cent: ten printed weights, each off by up to .5, sum to 95 to 105


@dataclass(frozen=True, slots=True)
class Tie:
    """``seats`` items are left and more than that many domains have exactly the same claim to one.

    ``contenders`` are positions in outline order, ``before`` the counts without those items, ``resolutions``
    the counts that each choice gives (all ``n_resolutions`` of them, up to a thousand).
    """

    seats: int
    before: Counts
    contenders: tuple[int, ...]
    resolutions: tuple[Counts, ...]
    n_resolutions: int


@result
@dataclass(frozen=True, slots=True)
class Apportionment:
    """What a rule gives for a length: quotas, remainders, the tie if there is one, and every solution.

    ``solutions`` holds one vector where the rule (with the tie-break) decides, several under an open tie, and
    none where the rule gives no counts that sum to the length; ``note`` then says why.
    """

    rule: str
    length: int
    names: tuple[str, ...]
    weights: tuple[Fraction, ...]
    normaliser: Fraction
    quotas: tuple[Fraction, ...]
    solutions: tuple[Counts, ...]
    tie: Tie | None = None
    tie_break: str | None = None
    note: str = ""

    @property
    def remainders(self) -> tuple[Fraction, ...]:
        """The part of each quota after the point."""
        return tuple(quota - floor(quota) for quota in self.quotas)

    @property
    def counts(self) -> Counts:
        """The decided counts.

        Raises
        ------
        BlueprintError
            Where the rule leaves a tie open or gives no counts that sum to the length.
        """
        if len(self.solutions) == 1:
            return self.solutions[0]
        raise BlueprintError(self._problem())

    def _problem(self) -> Problem:
        if self.tie is None:
            return Problem(self.note, remedy="Choose another rule or another normaliser.")
        named = [self.names[index] for index in self.tie.contenders]
        shown = "; ".join(
            f"{', '.join(self._winners(counts))}: {' '.join(map(str, counts))}"
            for counts in self.tie.resolutions[:6]
        )
        more = self.tie.n_resolutions - min(6, len(self.tie.resolutions))
        return Problem(
            f"{RULES[self.rule].label} over {self.length} items ties: {plural(self.tie.seats, 'item')} left, "
            f"and {', '.join(named)} have exactly the same claim ({shown}"
            f"{f'; and {more} more' if more else ''})",
            remedy="State a tie-break: 'outline order', or the domains that come first.",
        )

    def _winners(self, counts: Counts) -> list[str]:
        assert self.tie is not None
        return [self.names[i] for i in self.tie.contenders if counts[i] > self.tie.before[i]]

    def summary(self) -> str:
        """What the rule gives, in one or two sentences."""
        label = RULES[self.rule].label
        if not self.solutions:
            return f"{label}: {self.note}"
        if self.tie is None:
            return f"{label}: {', '.join(map(str, self.counts))}; no tie."
        named = " and ".join(self.names[index] for index in self.tie.contenders)
        tied = f"exact tie of {named} for {plural(self.tie.seats, 'item')}"
        if len(self.solutions) == 1:
            return f"{label}: {', '.join(map(str, self.counts))}; {tied}, broken by {self.tie_break}."
        options = " or ".join(", ".join(map(str, counts)) for counts in self.solutions[:6])
        more = self.tie.n_resolutions - min(6, len(self.solutions))
        return f"{label}: {options}{f' or {more} more' if more else ''}; {tied}."


def apportion(
    weights: Sequence[Weight],
    length: int,
    rule: str = "webster",
    *,
    normaliser: Weight | None = None,
    tie_break: str | Sequence[str] | None = None,
    names: Sequence[str] | None = None,
) -> Apportionment:
    """Share ``length`` items among domains in proportion to ``weights``.

    Parameters
    ----------
    weights
        One positive number per domain, as printed.
    normaliser
        What the quotas are taken against. Divisor rules need none. For quota rules it may be left out
        only where the weights sum to 100; otherwise say which is meant: their sum, or 100.
    tie_break
        ``"outline order"`` (the domain that comes first in the outline), or domain names in the order in
        which they come first. Not needed where there is no tie.
    names
        Names of the domains for messages; 1, 2, 3 ... by default.

    Raises
    ------
    BlueprintError
        A tie without a tie-break (with every way to resolve it); counts that do not sum (round_half_up);
        a normaliser that is needed and missing; weights that are not positive numbers.

    >>> ciip = [4, 5, 12, 5, 4, 18, 12, 15, 10, 14]
    >>> apportion(ciip, 130).counts
    (5, 7, 16, 7, 5, 23, 16, 20, 13, 18)
    >>> apportion(ciip, 130, "largest_remainder", normaliser=99, names="ABCDEFGHIJ", tie_break="B").counts
    (5, 7, 16, 6, 5, 24, 16, 20, 13, 18)
    """
    result = _open(weights, length, resolve_rule(rule), normaliser, names)
    if result.tie is not None and tie_break is not None:
        result = _break_tie(result, result.tie, tie_break)
    _ = result.counts
    return result


def compare_rules(
    weights: Sequence[Weight], length: int, *, names: Sequence[str] | None = None
) -> tuple[Apportionment, ...]:
    """What every rule gives, ties left open; quota rules with the sum and, for percentages, 100.

    >>> for result in compare_rules([4, 5, 12, 5, 4, 18, 12, 15, 10, 14], 130, names="ABCDEFGHIJ")[:3]:
    ...     print(result.summary())
    Webster / Sainte-Laguë: 5, 7, 16, 7, 5, 23, 16, 20, 13, 18; no tie.
    largest remainder (Hamilton): 5, 7, 16, 6, 5, 24, 16, 20, 13, 18 or 5, 6, 16, 7, 5, 24, 16, 20, 13, 18;
    exact tie of B and D for 1 item.
    largest remainder (Hamilton): 5, 7, 16, 7, 5, 23, 16, 20, 13, 18; no tie.
    """
    total = sum((exact(weight) for weight in weights), Fraction(0))
    results = []
    for rule in RULES.values():
        normalisers = [total]
        if rule.uses_normaliser and total != 100 and abs(total - 100) <= ROUNDING_SLACK:
            normalisers.append(Fraction(100))
        results += [_open(weights, length, rule, normaliser, names) for normaliser in normalisers]
    return tuple(results)


def _open(
    weights: Sequence[Weight],
    length: int,
    rule: Rule,
    normaliser: Weight | None,
    names: Sequence[str] | None,
) -> Apportionment:
    parts = tuple(exact(weight) for weight in weights)
    labels = tuple(names) if names is not None else tuple(str(i + 1) for i in range(len(parts)))
    problems = [Problem(f"{label}: weight {part} is not positive")
                for label, part in zip(labels, parts, strict=True) if part <= 0]  # fmt: skip
    if not parts:
        problems.append(Problem("there are no weights to apportion by"))
    if length < 1:
        problems.append(Problem(f"length {length} is not a positive number of items"))
    total = sum(parts, Fraction(0))
    if normaliser is None and rule.uses_normaliser and total != 100:
        problems.append(
            Problem(
                f"the weights sum to {plain(total)}, not 100, and {rule.label} depends on the normaliser",
                remedy=f"State it: {plain(total)} (their sum) or 100 (the percentages as published).",
            )
        )
    divisor = total if normaliser is None else exact(normaliser)
    if divisor <= 0 and parts:
        problems.append(Problem(f"normaliser {plain(divisor)} is not positive"))
    if problems:
        raise BlueprintError(problems)

    quotas = tuple(length * part / divisor for part in parts)
    tie: Tie | None = None
    solutions: tuple[Counts, ...]
    note = ""
    if rule.squared_divisor is not None:
        solutions, tie = _by_divisors(parts, length, rule.squared_divisor)
    elif rule.name == "round_half_up":
        rounded = tuple(floor(quota + HALF) for quota in quotas)
        solutions = (rounded,) if sum(rounded) == length else ()
        note = "" if solutions else (
            f"rounding each quota by itself gives {', '.join(map(str, rounded))}"
            f" = {sum(rounded)}, not {length}"
        )  # fmt: skip
    else:
        floors = tuple(floor(quota) for quota in quotas)
        left = length - sum(floors)
        if 0 <= left <= len(parts):
            solutions, tie = _to_the_largest(
                floors, [q - f for q, f in zip(quotas, floors, strict=True)], left
            )
        else:
            solutions = ()
            note = f"with normaliser {plain(divisor)} the quotas leave {left} items for {len(parts)} domains"
    return Apportionment(
        rule=rule.name, length=length, names=labels, weights=parts, normaliser=divisor, quotas=quotas,
        solutions=solutions, tie=tie, note=note,
    )  # fmt: skip


def _by_divisors(
    weights: Sequence[Fraction], length: int, squared_divisor: Callable[[int], Fraction]
) -> tuple[tuple[Counts, ...], Tie | None]:
    def claim(index: int, count: int) -> tuple[int, Fraction]:
        divisor = squared_divisor(count)
        # d(0) = 0 (Hill, Dean): every domain's first item comes before anyone's second.
        return (1, Fraction(0)) if divisor == 0 else (0, weights[index] ** 2 / divisor)

    indices = range(len(weights))
    counts = [0] * len(weights)
    last = (0, Fraction(0))
    claims = [claim(index, 0) for index in indices]
    for _ in range(length):
        last = max(claims)
        winner = claims.index(last)
        counts[winner] += 1
        claims[winner] = claim(winner, counts[winner])
    served = [index for index in indices if counts[index] and claim(index, counts[index] - 1) == last]
    waiting = [index for index in indices if claims[index] == last]
    before = [count - (index in served) for index, count in enumerate(counts)]
    return _share(before, sorted(served + waiting), len(served))


def _to_the_largest(
    floors: Sequence[int], remainders: Sequence[Fraction], left: int
) -> tuple[tuple[Counts, ...], Tie | None]:
    if left == 0:
        return (tuple(floors),), None
    edge = sorted(remainders, reverse=True)[left - 1]
    before = [count + (part > edge) for count, part in zip(floors, remainders, strict=True)]
    contenders = [index for index, part in enumerate(remainders) if part == edge]
    return _share(before, contenders, left - sum(part > edge for part in remainders))


def _share(
    before: Sequence[int], contenders: Sequence[int], seats: int
) -> tuple[tuple[Counts, ...], Tie | None]:
    ways: Iterator[Iterable[int]] = islice(combinations(contenders, seats), MAX_RESOLUTIONS)
    solutions = tuple(
        tuple(count + (index in winners) for index, count in enumerate(before))
        for winners in (set(way) for way in ways)
    )
    if len(contenders) == seats:
        return solutions, None
    return solutions, Tie(seats, tuple(before), tuple(contenders), solutions, comb(len(contenders), seats))


def _break_tie(result: Apportionment, tie: Tie, tie_break: str | Sequence[str]) -> Apportionment:
    if tie_break == OUTLINE_ORDER:
        order, words = list(tie.contenders), OUTLINE_ORDER
    else:
        wanted = [tie_break] if isinstance(tie_break, str) else list(tie_break)
        unknown = [name for name in wanted if name not in result.names]
        if unknown:
            raise BlueprintError(
                Problem("the tie-break names domains that do not exist", examples=unknown,
                        remedy=f"Domains: {', '.join(result.names)}; or 'outline order'.")
            )  # fmt: skip
        order = [i for i in map(result.names.index, wanted) if i in tie.contenders]
        words = ", ".join(wanted) + " first"
    if len(order) < tie.seats:
        return result
    winners = set(order[: tie.seats])
    chosen = tuple(count + (index in winners) for index, count in enumerate(tie.before))
    return Apportionment(
        rule=result.rule, length=result.length, names=result.names, weights=result.weights,
        normaliser=result.normaliser, quotas=result.quotas, solutions=(chosen,), tie=tie, tie_break=words,
    )  # fmt: skip


def feasible_counts(percentages: Sequence[Weight], length: int) -> tuple[Counts, ...]:
    """Every vector of whole numbers with that sum whose rounded percentages are the published ones.

    ``round(100 n / length)``, half up, to as many decimals as the percentages are printed with.

    >>> len(feasible_counts([4, 5, 12, 5, 4, 18, 12, 15, 10, 14], 130))
    6
    """
    parts = [exact(percentage) for percentage in percentages]
    decimals = max((len(str(p).partition(".")[2]) for p in percentages if "/" not in str(p)), default=0)
    unit = Fraction(1, 10**decimals)
    ranges = [
        range(max(0, ceil((part - unit / 2) * length / 100)), ceil((part + unit / 2) * length / 100))
        for part in parts
    ]

    def complete(position: int, left: int) -> Iterator[Counts]:
        if position == len(ranges):
            if left == 0:
                yield ()
            return
        rest = ranges[position + 1 :]
        low, high = sum(r.start for r in rest), sum(r.stop - 1 for r in rest)
        for count in ranges[position]:
            if low <= left - count <= high:
                for tail in complete(position + 1, left - count):
                    yield (count, *tail)

    if any(len(r) == 0 for r in ranges):
        return ()
    return tuple(complete(0, length))
