"""From one content outline to the next: items move to the domains of the new outline by a mapping table.

A row of the table says ``old`` domain and ``new`` domain. Where an old domain is divided it has several rows,
and rows with an ``item_id`` say where each item goes. An item of a divided domain that no row names stays
where it is, under the old outline: no form of the new outline takes it until somebody has decided.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from ciip_irt.bank import ItemBank
from ciip_irt.blueprint.blueprint import Blueprint, resolve_domains
from ciip_irt.errors import BlueprintError, Problem, plural
from ciip_irt.records import result
from ciip_irt.tables import STATUS, Column, Table, show_html

__all__ = ["OUTLINE_MAPPING", "Migration", "migrate"]

OUTLINE_MAPPING = Table(
    "outline mapping",
    (
        Column("old", pl.String, "domain of the old outline: letter or name"),
        Column("new", pl.String, "domain of the new outline: letter or name"),
        Column("item_id", pl.String, "the item that this row is about", required=False, nullable=True),
    ),
)
MOVES = {"old": pl.String, "new": pl.String, **dict.fromkeys((*STATUS, "items"), pl.Int64)}
SUPPLY = {"letter": pl.String, "domain": pl.String, "before": pl.Int64, "after": pl.Int64, "count": pl.Int64}
SHOWN = 10  # lines of a summary; the table has them all


@result
@dataclass(frozen=True, slots=True)
class Migration:
    """A bank under the new outline, and what moved.

    Attributes
    ----------
    items
        The bank with its new domains; the column ``outline`` says by which outline each item is classified.
    moves
        ``old, new, draft, pilot, scored, retired, items``: one row per move, ``new`` empty where undecided.
    supply
        ``letter, domain, before, after, count``: scored items per domain of the new outline, before (under a
        domain of the same name) and after, and how many one form needs.
    undecided
        Items of divided domains that no row names.
    """

    old: str
    new: str
    items: pl.DataFrame
    moves: pl.DataFrame
    supply: pl.DataFrame
    undecided: tuple[str, ...]

    def to_frame(self) -> pl.DataFrame:
        """One row per move."""
        return self.moves

    def summary(self) -> str:
        """What moved, what waits for a decision, and where the new outline is short."""
        decided = [
            (start, goal, n) for start, goal, n in self.moves.select("old", "new", "items").rows() if goal
        ]
        moved = sorted((row for row in decided if row[0] != row[1]), key=lambda row: -row[2])
        total, away = sum(row[2] for row in decided), sum(row[2] for row in moved)
        lines = [
            f"Outline {self.old} to {self.new}: {plural(away, 'item')} to a domain of another name,"
            f" {plural(total - away, 'item')} under the same name."
        ]
        lines += [f"{start} -> {goal}: {plural(n, 'item')}." for start, goal, n in moved[:SHOWN]]
        if self.undecided:
            lines.append(
                f"{plural(len(self.undecided), 'item')} of divided domains wait for a decision"
                f" (e.g. {', '.join(self.undecided[:5])}): give each a row with its item_id."
            )
        short = self.supply.filter(pl.col("after") < pl.col("count"))
        lines += [
            f"{letter} {name}: {plural(after, 'scored item')}, one form needs {count}."
            for letter, name, _, after, count in short.iter_rows()
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return show_html(f"Outline {self.old} to {self.new}", self.summary(), self.moves)


def migrate(
    items: pl.DataFrame, mapping: pl.DataFrame, *, old: Blueprint, new: Blueprint, where: str = "mapping"
) -> Migration:
    """Classify a bank by the new outline.

    Parameters
    ----------
    items
        The bank, as the ``items`` contract describes it. Items whose ``outline`` is the new one already are
        left as they are, so that a mapping may be applied again when more has been decided.
    mapping
        ``old, new`` and, for divided domains, ``item_id``. Every domain that the bank uses needs a row, also
        where it keeps its name.
    old, new
        Blueprints of both outlines.

    Raises
    ------
    TableError, BlueprintError
        Tables that break their contracts; unknown domains or items, items twice or under another domain,
        domains of the bank without a row; outlines that are the same.

    >>> from ciip_irt.blueprint.blueprint import Domain
    >>> before = Blueprint("b", "1", "2018", 1, (Domain("A", "Storage", 1),))
    >>> after = Blueprint("a", "2", "2024", 2, (Domain("A", "Archives", 1), Domain("B", "Cloud", 1)))
    >>> bank = pl.DataFrame({"item_id": ["I1", "I2"], "domain": "Storage", "status": "scored", "key": "A",
    ...                      "options": "AB"})
    >>> table = pl.DataFrame({"old": "Storage", "new": ["Archives", "Cloud", "Cloud"],
    ...                       "item_id": [None, None, "I2"]})
    >>> result = migrate(bank, table, old=before, new=after)
    >>> result.items.select("item_id", "domain", "outline").rows()
    [('I1', 'Storage', '1'), ('I2', 'Cloud', '2')]
    >>> result.undecided
    ('I1',)
    """
    if old.outline == new.outline:
        raise BlueprintError(Problem(f"both blueprints are of outline {old.outline}: nothing to migrate"))
    bank = ItemBank.from_frame(items)
    frame = bank.items
    if "outline" not in frame.columns:
        frame = frame.with_columns(outline=pl.lit(None, dtype=pl.String))
    outlines = [value or old.outline for value in frame["outline"].cast(pl.String)]
    waiting = [outline == old.outline for outline in outlines]
    letters = resolve_domains(frame.filter(pl.Series(waiting))["domain"], old, bank.where)
    letter_of = dict(zip(frame.filter(pl.Series(waiting))["item_id"], letters, strict=True))
    ways, by_item = _read(mapping, old, new, letter_of, set(bank.item_ids), where)

    names = {d.letter: d.name for d in new.domains}
    in_letters = set(frame["domain"].str.to_lowercase()) <= {letter.lower() for letter in old.letters}
    domains, labels, undecided, moved = [], [], [], []
    rows = frame.select("item_id", "domain", "status").iter_rows()
    for (item_id, domain, status), outline in zip(rows, outlines, strict=True):
        letter = letter_of.get(item_id)
        goals = () if letter is None else ways[letter]
        goal = by_item.get(item_id, goals[0] if len(goals) == 1 else None)
        if letter is not None and goal is None:
            undecided.append(item_id)
        decided = letter is not None and goal is not None
        domains.append((goal if in_letters else names[goal or ""]) if decided else domain)
        labels.append(new.outline if decided else outline)
        if letter is not None:
            moved.append((old.domain(letter).name, names[goal] if goal else None, status))
    migrated = frame.with_columns(domain=pl.Series(domains), outline=pl.Series(labels))
    return Migration(
        old.outline,
        new.outline,
        migrated,
        _moves(moved),
        _supply(frame, migrated, old, new),
        tuple(undecided),
    )


def _read(
    mapping: pl.DataFrame, old: Blueprint, new: Blueprint, letter_of: dict[str, str], known: set[str],
    where: str,
) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:  # fmt: skip
    """New domains per old one, and the decisions per item."""
    table = OUTLINE_MAPPING.validate(mapping, where)
    problems: list[Problem] = []
    columns: list[list[str]] = []
    for name, blueprint in (("old", old), ("new", new)):
        try:
            columns.append(resolve_domains(table[name], blueprint, f"{where}, column {name}"))
        except BlueprintError as error:
            problems += error.problems
    if problems:
        raise BlueprintError(problems)
    ways: dict[str, dict[str, None]] = {}
    by_item: dict[str, str] = {}
    twice, strangers, elsewhere = [], [], []
    for start, goal, item_id in zip(*columns, table["item_id"], strict=True):
        ways.setdefault(start, {})[goal] = None
        if item_id is None:
            continue
        if item_id in by_item:
            twice.append(item_id)
        elif item_id not in known:
            strangers.append(item_id)
        elif letter_of.get(item_id, start) != start:
            elsewhere.append(item_id)
        by_item[item_id] = goal
    without = [d.title for d in old.domains if d.letter in set(letter_of.values()) - set(ways)]
    for found, what, remedy in (
        (twice, "items have more than one row", "Keep one row for each."),
        (strangers, "items are not in the bank", "Correct the item_id, or remove the row."),
        (elsewhere, "items stand under another old domain in the bank", "Correct 'old' in their rows."),
        (without, "domains of the bank have no row", "Say where they go, also where they keep their name."),
    ):
        if found:
            problems.append(
                Problem(what, where=where, count=len(found), examples=tuple(found[:5]), remedy=remedy)
            )
    if problems:
        raise BlueprintError(problems)
    return {start: tuple(goals) for start, goals in ways.items()}, by_item


def _moves(moved: Iterable[tuple[str, str | None, str]]) -> pl.DataFrame:
    counts: dict[tuple[str, str | None], dict[str, int]] = {}
    for start, goal, status in moved:
        row = counts.setdefault((start, goal), dict.fromkeys(STATUS, 0))
        row[status] += 1
    return pl.DataFrame(
        [(*pair, *row.values(), sum(row.values())) for pair, row in counts.items()], MOVES, orient="row"
    )


def _supply(before: pl.DataFrame, after: pl.DataFrame, old: Blueprint, new: Blueprint) -> pl.DataFrame:
    """Scored items per new domain: those that had a domain of that name, and those that have it now."""
    old_names = {s: old.domain(letter).name.casefold() for s, letter in old.spellings().items()}
    new_names = {s: new.domain(letter).name.casefold() for s, letter in new.spellings().items()}

    def count(frame: pl.DataFrame, names: dict[str, str], name: str) -> int:
        return sum(names.get(" ".join(d.split()).casefold()) == name for d in frame["domain"])

    was = before.filter(pl.col("status") == "scored")
    now = after.filter((pl.col("status") == "scored") & (pl.col("outline") == new.outline))
    rows = [
        (d.letter, d.name, count(was, old_names, d.name.casefold()), count(now, new_names, d.name.casefold()),
         d.count)
        for d in new.domains
    ]  # fmt: skip
    return pl.DataFrame(rows, SUPPLY, orient="row")
