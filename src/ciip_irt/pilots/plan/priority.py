"""Which pilots wait for answers, how many each wants, and in which order they choose their places.

**How many answers a pilot wants.** One that was reviewed and is held wants what the review said should settle
it; one that nobody has met yet wants ``new_pilot_n`` (100: where ``docs/pilot-decisions.md`` finds three good
items in four decided). Pilots that are decided already wait for a signature, not for answers.

**Order.** First the pilots of a domain and difficulty that the bank lacks, then the others; domains take
turns in proportion to what they lack (then: to what a form asks of them); within a domain the pilot that
promises most per slot, i.e. its probability to be good over the number of forms it needs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from ciip_irt.bank import enemies_of
from ciip_irt.pilots.plan.allocation import FormRoom, PilotRequest
from ciip_irt.pilots.plan.needs import Demand, Needs
from ciip_irt.pilots.policy import Policy

__all__ = ["NEW_PILOT_N", "Pilot", "Row", "prioritise", "request_answers"]

NEW_PILOT_N = 100  # answers: see above
PROMISE = 0.6  # of a pilot nobody has answered, where no review tells what its block is like
NOT_IN_BLUEPRINT = "Its domain is not in the blueprint."

Row = tuple[str | None, str, str, int, float | None, int | None, bool | None, float | None, str]


@dataclass(frozen=True, slots=True)
class Pilot:
    """One pilot to be planned."""

    request: PilotRequest
    n_now: int
    n_wanted: int
    promise: float
    domain: str
    letter: str
    b: float | None
    order: int


def request_answers(
    items: pl.DataFrame,
    demand: Demand,
    policy: Policy,
    review: pl.DataFrame | None,
    new_pilot_n: int,
    statuses: Sequence[str],
) -> tuple[list[Pilot], list[Row]]:
    """The pilots that wait for answers, and the rows of those that do not."""
    known: Mapping[str, Mapping[str, Any]] = (
        {} if review is None else {row["item_id"]: row for row in review.iter_rows(named=True)}
    )
    probabilities = [row["probability"] for row in known.values() if row["probability"] is not None]
    promise = float(np.mean(probabilities)) if len(probabilities) >= 10 else PROMISE
    enemies = enemies_of(items)
    pilots: list[Pilot] = []
    rows: list[Row] = []
    columns = zip(items["item_id"], items["domain"], items["status"], demand.letters(items), strict=True)
    for order, (item_id, domain, status, letter) in enumerate(columns):
        if status not in statuses:
            continue
        found = known.get(item_id)
        n = int(found["n"]) if found is not None else 0
        if letter is None:
            rows.append((None, item_id, domain, n, None, None, None, None, NOT_IN_BLUEPRINT))
            continue
        if found is not None and found["decision"] != "hold":
            why = f"Decided: {found['decision']}. Bring the sheet in ('ciip-irt promote')."
            rows.append((None, item_id, domain, n, None, None, None, None, why))
            continue
        more = found["more_needed"] if found is not None and n else None
        wanted = n + int(more) if more is not None else max(new_pilot_n, n)
        wanted = int(np.clip(wanted, policy.minimum_n, policy.maximum_n))
        probability = found["probability"] if found is not None else None
        b = found["b"] if found is not None else None
        pilots.append(
            Pilot(
                PilotRequest(item_id, max(wanted - n, 1), enemies.get(item_id, frozenset())),
                n,
                wanted,
                promise if probability is None else float(probability),
                domain,
                letter,
                None if b is None else float(b),
                order,
            )
        )
    return pilots, rows


def prioritise(
    pilots: Sequence[Pilot], needs: Needs, demand: Demand, forms: Sequence[FormRoom]
) -> list[Pilot]:
    """The pilots in the order in which they may choose."""
    largest = np.cumsum(sorted((form.expected for form in forms), reverse=True))

    def per_slot(pilot: Pilot) -> float:
        needed = int(np.searchsorted(largest, pilot.request.wanted - 1e-6)) + 1
        return pilot.promise / needed if needed <= len(forms) else 0.0

    queues: dict[tuple[str, str], list[Pilot]] = {}
    for pilot in sorted(pilots, key=lambda p: (-per_slot(p), p.request.wanted, p.order)):
        queues.setdefault((pilot.letter, needs.band(pilot.b)), []).append(pilot)
    lacked = {cell: needs.lacking(cell[0], queue[0].b) for cell, queue in queues.items()}
    promised = dict.fromkeys(queues, 0.0)
    chosen = dict.fromkeys(demand.counts, 0)
    order: list[Pilot] = []
    while any(queues.values()):

        def rank(cell: tuple[str, str]) -> tuple[bool, float, float, int]:
            first = queues[cell][0]
            lacking = promised[cell] < lacked[cell]
            if lacking:
                behind = (promised[cell] + 0.5 * first.promise) / lacked[cell]
            else:
                behind = (chosen[cell[0]] + 0.5) / max(demand.counts.get(cell[0], 0), 1e-9)
            return not lacking, behind, -per_slot(first), first.order

        cell = min((cell for cell, queue in queues.items() if queue), key=rank)
        pilot = queues[cell].pop(0)
        promised[cell] += pilot.promise
        chosen[cell[0]] = chosen.get(cell[0], 0) + 1
        order.append(pilot)
    return order
