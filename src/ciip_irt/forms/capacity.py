"""How many parallel forms a bank supports, which cells run out first, and what to write next.

An upper bound comes from ``least_overlap``: where not even its relaxation has a solution, no set of so many
forms exists. What remains is built: forms that conform are a proof that so many do.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil, inf, isfinite
from typing import Any

import polars as pl

from ciip_irt.arrays import BoolArray
from ciip_irt.bank import Items, as_items
from ciip_irt.blueprint import Blueprint
from ciip_irt.errors import BlueprintError, Problem, plural
from ciip_irt.forms.anchor_block import with_anchor_block
from ciip_irt.forms.assemble import assemble
from ciip_irt.forms.pool.bank_pool import bank_pool
from ciip_irt.forms.pool.item_attributes import matches
from ciip_irt.forms.pool.new_item import ANY_DIFFICULTY
from ciip_irt.forms.pool.pool import Pool
from ciip_irt.forms.shortage.item_uses import ItemUses, build_item_uses
from ciip_irt.forms.shortage.items_to_write import items_to_write
from ciip_irt.forms.shortage.least_overlap import are_possible, least_overlap
from ciip_irt.forms.shortage.new_items import bands_of, difficulty_of
from ciip_irt.forms.shortage.shortage import most_forms, one_form_shortages
from ciip_irt.forms.shortage.supply import supply_of
from ciip_irt.forms.tolerances import SOLVED
from ciip_irt.records import result
from ciip_irt.tables import AnyFrame, polars_frame, show_html

__all__ = ["BankCapacity", "bank_capacity"]

Progress = Callable[[str], None]

# Nobody asks for more forms that share none; doubling and bisection to there take some
# fifteen small programs.
MOST_DISJOINT = 200
# Columns of the program that counts every use of every item: so many take seconds.
LARGEST_EXACT = 20_000
# So many more forms are looked at for the overlap that they need, and for what to write next.
BEYOND, STEPS_AHEAD = 6, 3
# Forms are built as a proof up to so many, and up to so many items times forms (seconds); from the bound
# downwards so often; forms that overlap only where they are few, as many of them take long.
MOST_BUILT, LARGEST_BUILT, TRIES, FEW = 10, 20_000, 2, 4

OVERLAP_COLUMNS = {
    "forms": pl.Int64,
    "least_overlap": pl.Int64,
    "share": pl.Float64,
    "within_bound": pl.Boolean,
}
CELL_COLUMNS = {
    "what": pl.String, "domain": pl.String, "name": pl.String, "b_low": pl.Float64, "b_high": pl.Float64,
    "available": pl.Int64, "per_form": pl.Float64, "forms_alone": pl.Float64, "runs_out": pl.Int64,
}  # fmt: skip
WRITING_COLUMNS = {
    "forms": pl.Int64, "domain": pl.String, "name": pl.String, "b_low": pl.Float64, "b_high": pl.Float64,
    "asks_for": pl.String, "available": pl.Int64, "write": pl.Int64, "worth": pl.Float64,
    "message": pl.String,
}  # fmt: skip


@result
@dataclass(frozen=True, slots=True)
class BankCapacity:
    """What a bank supports under a blueprint.

    Attributes
    ----------
    supported
        No set of more forms exists (``at_least``: the search for the bound ended here) whose scored items
        overlap at most by ``max_common`` pairwise; ``disjoint`` is the same for forms that share none.
    built
        So many forms, overlapping at most by ``built_common`` items, were built to the blueprint and checked;
        nothing where that was not tried.
    cells
        ``what, domain, name, b_low, b_high, available, per_form, forms_alone, runs_out``: per domain, domain
        and range of b, count by attribute and key, for how many forms the items would do if no two shared
        one, and the order in which they run out.
    overlap
        ``forms, least_overlap, share, within_bound``: how much overlap so many forms need at least.
    writing
        ``forms, domain, name, b_low, b_high, asks_for, available, write, worth, message``: the fewest items
        to write for ``forms`` forms, always counted from today; each is ``worth`` so much of a form.
    shortages
        Why there is not even one form, where there is none.
    anchors
        Size of the anchor block that all forms share anyway.
    """

    blueprint: str
    length: int
    max_common: int | None
    disjoint: int
    supported: int
    at_least: bool
    built: int | None
    built_common: int | None
    cells: pl.DataFrame
    overlap: pl.DataFrame
    writing: pl.DataFrame
    shortages: pl.DataFrame
    anchors: int = 0
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pl.DataFrame:
        """The cells, those that run out first at the top."""
        return self.cells

    def to_dict(self) -> dict[str, Any]:
        """What ``capacity.json`` holds."""
        return {
            "blueprint": self.blueprint, "max_common_items": self.max_common, "disjoint_forms": self.disjoint,
            "supported_forms": self.supported, "more_may_exist": self.at_least, "built_forms": self.built,
            "answer": self.answer(), "summary": self.summary().splitlines(), "warnings": list(self.warnings),
        }  # fmt: skip

    def summary(self) -> str:
        """The answer in a few plain sentences, what runs out first, and what to write."""
        return "\n".join([*self.answer(), *(self._what_next() if self.supported else ())])

    def answer(self) -> list[str]:
        """How many forms the bank supports, or why none, in a few plain sentences."""
        if not self.supported:
            refusal = f"The bank does not support one form to blueprint {self.blueprint}."
            return [refusal, *self.shortages["message"]]
        lines = [self._head(), *self._reason()]
        if self.built is not None:
            none = self.built_common == 0
            alike = f" that share none{self.beside}" if none else ""
            goal = self.disjoint if none else self.supported
            lines.append(
                f"{plural(self.built, 'form')}{alike} built and checked."
                if self.built == goal
                else f"Built and checked: {plural(self.built, 'form')}. For more, up to {goal}, neither forms"
                " nor a reason against them were found."
            )
        return lines

    def _what_next(self) -> list[str]:
        first = self.cells.filter(pl.col("what") == "domain").head(3)
        shown = "; ".join(
            f"{row['name']} ({row['available']} items: {row['forms_alone']:.1f} forms that share none)"
            for row in first.iter_rows(named=True)
        )
        lines = [f"First to run out: {shown}."]
        none = self.at_least or self.max_common == 0
        sharing = f" that share none{self.beside}" if none else f" that share at most {self.max_common}"
        for (forms,), part in self.writing.group_by("forms", maintain_order=True):
            total = int(part["write"].sum())
            shown = "; ".join(part["message"].head(6))
            more = f"; and {part.height - 6} more" if part.height > 6 else ""
            lines.append(
                f"For {forms} forms{sharing} write {plural(total, 'item')}, each worth"
                f" {part['worth'][0]:.3f} of a form: {shown}{more}."
            )
        return lines

    @property
    def beside(self) -> str:
        """Words for what every form shares anyway: the anchors, where there are any."""
        return " besides the anchors" if self.anchors else ""

    def _reason(self) -> list[str]:
        """Why not more, where that is proven: what so many forms would have to share."""
        beyond = self.overlap.filter(~pl.col("within_bound"))
        if self.at_least or beyond.is_empty():
            return []
        forms, least = beyond.sort("forms").select("forms", "least_overlap").row(0)
        return [
            f"Of {forms} forms, two would share at least {plural(least, 'scored item')}{self.beside}, however"
            " the items are dealt out."
        ]

    def _head(self) -> str:
        none = f"{plural(self.disjoint, 'form')} that share no scored item{self.beside}"
        if self.max_common == 0:
            return f"The bank supports {none}: no set of {self.disjoint + 1} exists."
        if self.max_common is None:
            return f"The bank supports {none}; the blueprint does not bound what forms share."
        share = 100 * self.max_common / self.length
        some = f"{self.supported} that share at most {self.max_common} pairwise ({share:.0f} %)"
        more = (
            f"; the search stopped at {self.supported} forms, more may exist"
            if self.at_least
            else f": no set of {self.supported + 1} exists"
        )
        return f"The bank supports {none}, and {some}{more}."

    def _repr_html_(self) -> str:
        return show_html(f"Capacity for {self.blueprint}", self.summary(), self.cells)


def bank_capacity(
    items: Items,
    blueprint: Blueprint,
    *,
    max_overlap: float | None = None,
    theta_cut: float | None = None,
    earlier: AnyFrame | None = None,
    build: bool | None = None,
    seed: int = 2026,
    progress: Callable[[str], None] | None = None,
) -> BankCapacity:
    """How many parallel forms the bank supports, and what would make it support more.

    Parameters
    ----------
    max_overlap, theta_cut
        Replace the blueprint's.
    earlier
        Forms used before, from which new ones keep their distance.
    build
        Whether the forms are built as a proof that they exist; left out, where that takes seconds.

    Raises
    ------
    TableError, ScaleError, BlueprintError
        As ``assemble``.

    Examples
    --------
    >>> import polars as pl
    >>> from ciip_irt.blueprint import Domain
    >>> two = Blueprint("two", "1", "2024", 2, (Domain("A", "Procurement", 1), Domain("B", "Operations", 1)))
    >>> items = pl.DataFrame({"item_id": [f"I{n}" for n in range(1, 7)], "domain": ["A", "B"] * 3,
    ...                       "status": "scored", "key": "A", "options": "ABCD"})
    >>> bank_capacity(items, two, max_overlap=0).supported
    3
    """
    blueprint = _asked_for(blueprint, max_overlap, theta_cut)
    items, earlier = as_items(items), None if earlier is None else polars_frame(earlier, "earlier forms")
    pool, _, warnings = bank_pool(items, blueprint, 1, earlier)
    shortages = one_form_shortages(pool)
    if not shortages.height and blueprint.requirements.anchors is not None:
        pool, words = with_anchor_block(pool, seed)
        warnings += words
    uses = build_item_uses(pool)
    if not shortages.height and not are_possible(uses, 1):
        shortages = one_form_shortages(pool, targets=True)
    nothing = BankCapacity(
        blueprint.name, blueprint.length, uses.max_common, 0, 0, at_least=False, built=None,
        built_common=None,
        cells=_cells(pool, uses.model.usable), overlap=pl.DataFrame(schema=OVERLAP_COLUMNS),
        writing=pl.DataFrame(schema=WRITING_COLUMNS), shortages=shortages,
        anchors=len(pool.blueprint.anchor_items), warnings=tuple(warnings),
    )  # fmt: skip
    if shortages.height:
        return nothing
    if progress is not None:
        progress("How many forms share no item.")
    disjoint = most_forms(uses, MOST_DISJOINT, max_common=0)
    overlap, supported, at_least = _overlaps(uses, disjoint, progress)
    base, bound = (disjoint, 0) if at_least else (supported, uses.max_common)
    if progress is not None:
        progress(f"No more than {supported} forms; looking for what to write next.")
    # Forms that share none are quickly built; many that overlap are not.
    common = uses.max_common if build or supported <= FEW else 0
    goal = supported if common == uses.max_common and not at_least else disjoint
    if goal == disjoint:
        common = 0
    shared = replace(pool.blueprint, max_overlap=common / blueprint.length if common is not None else None)
    return replace(
        nothing, disjoint=disjoint, supported=supported, at_least=at_least, overlap=overlap,
        writing=_writing(uses, base, bound), shortages=shortages, built_common=common,
        built=_built(items, shared, goal, earlier, build, seed, progress) if goal else None,
    )  # fmt: skip


def _asked_for(blueprint: Blueprint, max_overlap: float | None, theta_cut: float | None) -> Blueprint:
    if max_overlap is not None:
        if not 0 <= max_overlap <= 1:
            raise BlueprintError(Problem(f"max_overlap is a share from 0 to 1, not {max_overlap:g}"))
        blueprint = replace(blueprint, max_overlap=max_overlap)
    return blueprint if theta_cut is None else replace(blueprint, theta_cut=theta_cut)


def _overlaps(uses: ItemUses, disjoint: int, progress: Progress | None) -> tuple[pl.DataFrame, int, bool]:
    """Least overlap for growing numbers of forms; how many the bound allows; whether more may."""
    bound, length = uses.max_common, uses.pool.blueprint.length
    rows: list[tuple[int, int, float, bool]] = []
    supported = max(1, disjoint)
    for n_forms in range(max(1, disjoint), disjoint + BEYOND + 1):
        if progress is not None:
            progress(f"How much {n_forms} forms have to share.")
        answer = least_overlap(uses, n_forms)
        if not answer.possible:
            break
        least = ceil(answer.max_common - SOLVED)
        within = bound is None or least <= bound
        rows.append((n_forms, least, least / length, within))
        if not within:
            break
        supported = n_forms
    stopped = bool(rows) and rows[-1][0] == disjoint + BEYOND and rows[-1][3]
    if stopped and bound is not None:
        more, supported, stopped = _farther(uses, supported, bound, progress)
        rows += more
    return pl.DataFrame(rows, schema=OVERLAP_COLUMNS, orient="row"), supported, stopped


def _farther(
    uses: ItemUses, reached: int, bound: int, progress: Progress | None
) -> tuple[list[tuple[int, int, float, bool]], int, bool]:
    """As ``_overlaps`` beyond its last row: twice as many forms, until too many, then halfway between."""
    length = uses.pool.blueprint.length
    rows: list[tuple[int, int, float, bool]] = []
    low, high = reached, MOST_DISJOINT + 1
    while high - low > 1 and low < MOST_DISJOINT:
        n_forms = min(2 * low, MOST_DISJOINT) if high > MOST_DISJOINT else (low + high) // 2
        if len(uses.sizes) * n_forms > LARGEST_EXACT:
            return sorted(rows), low, True
        if progress is not None:
            progress(f"How much {n_forms} forms have to share.")
        answer = least_overlap(uses, n_forms, exact=True)
        if not answer.possible:
            high = n_forms
            continue
        least = ceil(answer.max_common - SOLVED)
        rows.append((n_forms, least, least / length, least <= bound))
        low, high = (n_forms, high) if least <= bound else (low, n_forms)
    return sorted(rows), low, high > MOST_DISJOINT


def _cells(pool: Pool, usable: BoolArray) -> pl.DataFrame:
    """Supply and need of every cell, in the order in which they run out."""
    b = pool.blueprint
    able = [
        (item_id, letter)
        for item_id, letter, good in zip(pool.item_ids, pool.letters, usable, strict=True)
        if good
    ]
    supply = Counter(letter for _, letter in able)
    rows: list[tuple[str, str, str, float | None, float | None, int, float]] = [
        ("domain", d.letter, d.title, None, None, supply[d.letter], float(d.low)) for d in b.domains
    ]
    difficulty = difficulty_of(pool)
    for band in bands_of(pool, usable) if difficulty else ():
        if band == ANY_DIFFICULTY:
            continue
        inside = Counter(letter for item_id, letter in able if difficulty.get(item_id, inf) in band)
        # A form like the bank: each domain takes its count, of each range what the bank has of it in all.
        share = sum(d.count * inside[d.letter] / supply[d.letter] for d in b.domains if supply[d.letter])
        share /= b.length
        low, high = (edge if isfinite(edge) else None for edge in (band.low, band.high))
        rows += [
            ("difficulty", d.letter, f"{d.title}, b {band}", low, high, inside[d.letter], d.count * share)
            for d in b.domains
        ]
    rows += [
        ("count", "", rule.name, None, None,
         sum(matches(pool.attributes, rule.where, item_id) for item_id, _ in able), float(rule.low))
        for rule in b.requirements.counts
        if rule.role == "scored"
    ]  # fmt: skip
    balance = b.requirements.key_balance
    if balance is not None:
        keys = Counter(pool.attributes.named("key").get(item_id) for item_id, _ in able)
        least = float(balance.items(b.length)[0])
        rows += [("key", "", f"key {k}", None, None, keys[k], least) for k in balance.letters]
    alone = [row[5] / row[6] if row[6] > 0 else inf for row in rows]
    order = sorted((n for n in range(len(rows)) if alone[n] < inf), key=lambda n: (alone[n], n))
    cells = [(*rows[n], alone[n], rank) for rank, n in enumerate(order, start=1)]
    return pl.DataFrame(cells, schema=CELL_COLUMNS, orient="row")


def _writing(uses: ItemUses, base: int, bound: int | None) -> pl.DataFrame:
    """The fewest items to write for one form more, two and three."""
    rows: list[tuple[int, str, str, float | None, float | None, str, int, int, float, str]] = []
    for n_forms in range(base + 1, base + STEPS_AHEAD + 1):
        answer = items_to_write(uses, n_forms, max_common=bound)
        total = int(answer.written.sum())
        if not answer.possible or not total:
            continue
        worth = (n_forms - base) / total
        wanted = [(kind, int(n)) for kind, n in zip(uses.new, answer.written, strict=True) if n]
        for kind, number in sorted(wanted, key=lambda pair: (-pair[1], pair[0].letter, pair[0].words)):
            title = uses.pool.blueprint.domain(kind.letter).title
            low, high = (edge if isfinite(edge) else None for edge in (kind.band.low, kind.band.high))
            asked = f" with {kind.words}" if kind.words else ""
            message = f"{title} {number}{asked}"
            rows.append(
                (
                    n_forms,
                    kind.letter,
                    title,
                    low,
                    high,
                    kind.words,
                    supply_of(uses, kind),
                    number,
                    worth,
                    message,
                )
            )
    return pl.DataFrame(rows, schema=WRITING_COLUMNS, orient="row")


def _built(
    items: pl.DataFrame,
    blueprint: Blueprint,
    supported: int,
    earlier: pl.DataFrame | None,
    build: bool | None,
    seed: int,
    progress: Callable[[str], None] | None,
) -> int | None:
    """The largest number of forms that could be built, trying from the bound downwards."""
    start = min(supported, MOST_BUILT)
    if build is False or (build is None and items.height * start > LARGEST_BUILT):
        return None
    for n_forms in range(start, max(0, start - TRIES), -1):
        if progress is not None:
            progress(f"Building {plural(n_forms, 'form')} as a proof.")
        if assemble(items, blueprint, n_forms=n_forms, seed=seed, earlier=earlier).conforms:
            return n_forms
    return 0
