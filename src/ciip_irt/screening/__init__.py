"""What looks wrong as a whole: deliveries, the key of a form, item sets, times, attempts.

Every other check compares a row or an item with its neighbours. Here each whole is held against what such a
whole can be: one file for each, each a function of the scored responses that returns concerns.
"""

from collections.abc import Callable
from typing import Final

from ciip_irt.responses import ScoredResponses
from ciip_irt.screening.attempts import screen_attempts
from ciip_irt.screening.bank_values import screen_bank_values
from ciip_irt.screening.concern import Concern, Whole, check_accepted, look_wrong, stopping
from ciip_irt.screening.deliveries import screen_deliveries
from ciip_irt.screening.form_keys import screen_form_keys
from ciip_irt.screening.item_sets import scored_sets, screen_item_sets
from ciip_irt.screening.times import screen_times

__all__ = [
    "SCREENS",
    "Concern",
    "Whole",
    "check_accepted",
    "look_wrong",
    "scored_sets",
    "screen",
    "screen_attempts",
    "screen_bank_values",
    "stopping",
]

SCREENS: Final[tuple[Callable[[ScoredResponses], list[Concern]], ...]] = (
    screen_form_keys,
    screen_item_sets,
    screen_deliveries,
    screen_times,
)
"""In the order in which they are told."""


def screen(
    scored: ScoredResponses, *, attempts_limit: int | None = None, attempts_months: int | None = None
) -> tuple[Concern, ...]:
    """Everything that looks wrong as a whole in scored responses; what stops the work first."""
    found = [concern for check in SCREENS for concern in check(scored)]
    found += screen_attempts(scored, limit=attempts_limit, months=attempts_months)
    return tuple(sorted(found, key=lambda concern: not concern.stops))
