"""What a command says beside its results, on standard error."""

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ciip_irt.bank import ItemBank
    from ciip_irt.screening import Concern

__all__ = ["note", "stopped", "warn"]


def note(sentence: str) -> None:
    """One thing that was done, on standard error."""
    print(f"note: {sentence}", file=sys.stderr)


def warn(sentence: str) -> None:
    """One warning on standard error."""
    print(f"warning: {sentence}", file=sys.stderr)


def bank_stops(bank: "ItemBank", accept: Sequence[str]) -> bool:
    """Whether the bank's values look wrong as a whole, so that no forms should be built on them; says so, and
    what was done to read the bank."""
    from ciip_irt.bank import implausible_values
    from ciip_irt.screening import check_accepted, screen_bank_values, stopping

    wild = implausible_values(bank.items, bank.where)
    for sentence in bank.said:
        if sentence not in wild:
            note(sentence)
    for sentence in wild:
        warn(sentence)
    concerns = screen_bank_values(bank.items)
    for concern in concerns:
        warn(str(concern))
    if not stopping(concerns, check_accepted(accept)):
        return False
    warn("stopped: nothing is built on these values. Where they are right all the same: --accept bank.")
    return True


def stopped(concerns: "Iterable[Concern]", accept: Sequence[str]) -> bool:
    """Whether something that looks wrong as a whole stops the work; says so, and how to go on."""
    from ciip_irt.screening import Whole, check_accepted, look_wrong, stopping

    names = sorted({str(concern.whole) for concern in stopping(concerns, check_accepted(accept))})
    if names:
        how = " ".join(f"--accept {name}" for name in names)
        warn(
            f"stopped, because {look_wrong(map(Whole, names))} as a whole: the results are written, but"
            f" nothing should be built on them. Where it is right all the same: {how}."
        )
    return bool(names)
