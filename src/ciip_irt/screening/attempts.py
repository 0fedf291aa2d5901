"""Candidates beyond the programme's limit of attempts, and items that a candidate met before."""

from datetime import date

import polars as pl

from ciip_irt.errors import plural
from ciip_irt.responses import ScoredResponses
from ciip_irt.screening.concern import Concern, Whole

__all__ = ["screen_attempts"]


def screen_attempts(
    scored: ScoredResponses, *, limit: int | None = None, months: int | None = None
) -> list[Concern]:
    """Who sat more often than ``limit`` times within ``months``; who met scored items a second time.

    The limit is the programme's to enforce; a candidate who met an item before may remember it.
    """
    found = []
    people = scored.deliveries.group_by("candidate_id", maintain_order=True).agg(
        n=pl.len(), days=pl.col("delivered_at")
    )
    again = people.filter(pl.col("n") > 1)
    if again.is_empty():
        return []
    if limit is not None and months is not None:
        over = [
            str(candidate)
            for candidate, days in again.select("candidate_id", "days").iter_rows()
            if _beyond([day for day in map(_day, days) if day is not None], limit, months)
        ]
        if over:
            found.append(
                Concern(
                    Whole.ATTEMPTS,
                    tuple(over),
                    f"{plural(len(over), 'candidate')} sat more than {limit} times within {months} months.",
                    "The limit is the programme's to enforce: check the registrations.",
                )
            )
    met = _met_again(scored)
    if met:
        found.append(
            Concern(
                Whole.ATTEMPTS,
                tuple(met),
                f"{plural(len(met), 'candidate')} met scored items a second time; what they remember is in"
                " their scores.",
                'Count first attempts only (attempts = "first"), or read both sittings with care.',
            )
        )
    return found


def _met_again(scored: ScoredResponses) -> list[str]:
    seen: dict[str, set[int]] = {}
    met: dict[str, None] = {}
    candidates = scored.deliveries["candidate_id"].to_list()
    several = {name for name, n in scored.deliveries["candidate_id"].value_counts().iter_rows() if n > 1}
    for block in scored.blocks:
        items = set(block.items[block.is_scored].tolist())
        for person in block.persons:
            who = candidates[int(person)]
            if who not in several:
                continue
            before = seen.setdefault(who, set())
            if before & items:
                met[str(who)] = None
            before |= items
    return list(met)


def _day(stamp: object) -> date | None:
    try:
        return date.fromisoformat(str(stamp)[:10])
    except ValueError:
        return None


def _beyond(days: list[date], limit: int, months: int) -> bool:
    """Whether some ``limit + 1`` sittings lie within ``months`` months of one another."""
    days = sorted(days)
    return any(
        (later.year - first.year) * 12 + later.month - first.month - (later.day < first.day) < months
        for first, later in zip(days, days[limit:], strict=False)
    )
