"""Why no forms can be built, in words: supply against need first, then the smallest change that would do."""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import polars as pl

from ciip_irt.errors import plural
from ciip_irt.forms.facts import matches, resting
from ciip_irt.forms.findings import ERROR
from ciip_irt.forms.pool import Pool, Row
from ciip_irt.forms.program import build_program
from ciip_irt.forms.solve import Effort, solve

__all__ = ["SHORTAGE_COLUMNS", "count_shortages", "nearest_change", "no_shortages"]

SHORTAGE_COLUMNS = {
    "what": pl.String, "domain": pl.String, "needed": pl.Int64, "available": pl.Int64,
    "short": pl.Int64, "message": pl.String,
}  # fmt: skip
MAX_ROWS = 15


def no_shortages() -> pl.DataFrame:
    """The table without rows."""
    return pl.DataFrame(schema=SHORTAGE_COLUMNS)


def usable_scored(pool: Pool) -> list[bool]:
    """Which items may stand in a scored slot: by status, parameters where targets demand them, demands."""
    barred = resting(pool.facts, pool.blueprint)
    strict = any(target.severity == ERROR for target in pool.targets)
    known = pool.targets[0].contributions if pool.targets else {}
    return [
        status in pool.blueprint.scored_status and (not strict or item_id in known) and item_id not in barred
        for item_id, status in zip(pool.item_ids, pool.statuses, strict=True)
    ]


def count_shortages(pool: Pool) -> pl.DataFrame:
    """Cells in which the bank has fewer items than the forms need, whatever the solver does.

    Each count is a proof: per domain and per count by attribute, ``supply < need`` of one form; in all, K
    forms of n items of which any two share at most m need ``K n - m K (K - 1) / 2`` different items, and a
    domain can give at most ``min(supply, K x count)`` of them.
    """
    b, n_forms = pool.blueprint, len(pool.form_ids)
    usable = usable_scored(pool)
    supply = Counter(letter for letter, good in zip(pool.letters, usable, strict=True) if good)
    uncalibrated = Counter(
        letter
        for letter, status, good in zip(pool.letters, pool.statuses, usable, strict=True)
        if status in b.scored_status and not good
    )
    pilots = Counter(
        letter for letter, status in zip(pool.letters, pool.statuses, strict=True) if status in b.pilot_status
    )
    rows: list[tuple[str, str, int, int, int, str]] = []
    for d in b.domains:
        short = d.low - supply[d.letter]
        if short <= 0:
            continue
        ways = [f"Write {short}"]
        if uncalibrated[d.letter]:
            ways.append(f"calibrate the {plural(uncalibrated[d.letter], 'scored item')} without parameters")
        if pilots[d.letter]:
            ways.append(f"promote from its {plural(pilots[d.letter], 'pilot item')}")
        message = (
            f"{d.title} needs {plural(d.low, 'scored item')}; the bank has {supply[d.letter]} that qualify."
            f" {', or '.join(ways)}."
        )
        rows.append(("scored items", d.letter, d.low, supply[d.letter], short, message))
    for rule in b.demands.counts:
        able = sum(
            good and matches(pool.facts, rule.where, item_id)
            for item_id, good in zip(pool.item_ids, usable, strict=True)
        )
        if able < rule.low:
            message = (
                f"{rule.name} needs {plural(rule.low, 'scored item')}; the bank has {able} that qualify."
                f" Write {rule.low - able}, or lower the bound."
            )
            rows.append((rule.name, "", rule.low, able, rule.low - able, message))
    bound = b.max_common_items
    if not rows and bound is not None and n_forms > 1:
        needed = max(b.length, n_forms * b.length - bound * n_forms * (n_forms - 1) // 2)
        offered = {d.letter: min(supply[d.letter], n_forms * d.high) for d in b.domains}
        available = sum(offered.values())
        if available < needed:
            short = needed - available
            scarce = sorted(
                (d for d in b.domains if offered[d.letter] < n_forms * d.count),
                key=lambda d: (offered[d.letter] - n_forms * d.count, d.letter),
            )
            where = ", ".join(f"{d.title} {supply[d.letter]} for {n_forms} x {d.count}" for d in scarce[:4])
            message = (
                f"{n_forms} forms of {b.length} scored items that share at most {bound} pairwise need"
                f" {needed} different items; the bank offers {available} in these domains"
                f" (scarcest: {where}). Write {short}, allow more overlap, or build fewer forms."
            )
            rows.append(("different scored items over all forms", "", needed, available, short, message))
    return pl.DataFrame(rows, schema=SHORTAGE_COLUMNS, orient="row")


def nearest_change(
    pool: Pool, rows: Sequence[Row], seed: int, progress: Callable[[str], None] | None = None
) -> pl.DataFrame:
    """The fewest items by which named rows would have to give way: where counting alone finds no reason."""
    half = pool.n_columns // 2
    program = build_program(
        pool.n_columns, rows,
        lower=np.zeros(pool.n_columns),
        upper=np.concatenate([np.ones(half), np.zeros(half)]),
        integer=np.arange(pool.n_columns) < half,
        relax=True,
    )  # fmt: skip
    if progress is not None:
        progress("No forms satisfy every row; looking for the smallest change that would help.")
    proposal = solve(program, Effort(nodes=200, seconds=60), seed)
    if proposal.values is None:
        return no_shortages()
    broken: Counter[str] = Counter()
    for (name, sign), amount in zip(program.slack_rows, proposal.values[program.first_slack :], strict=True):
        if amount > 0.5:
            broken[name] += sign * round(float(amount))
    units = {row.name: row.unit for row in rows}
    wording = "The nearest forms" if proposal.stopped == "optimal" else "The nearest forms found"
    found = []
    for name, amount in sorted(broken.items(), key=lambda item: (-abs(item[1]), item[0]))[:MAX_ROWS]:
        unit = units.get(name, "item")
        size = plural(abs(amount), unit) if unit == "item" else f"{abs(amount):,} {unit}"
        message = (
            f"{wording} break '{name}' by {size}: {size} too {'few' if amount > 0 else 'many'}."
            " Write items that are free to stand there, or loosen that row."
        )
        found.append((name, "", None, None, abs(amount), message))
    return pl.DataFrame(found, schema=SHORTAGE_COLUMNS, orient="row")
