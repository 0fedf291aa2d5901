"""What looks wrong as a whole, as a value: which whole, what was seen, what to do, and whether work stops."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from ciip_irt.errors import InputError, Problem, did_you_mean

__all__ = ["Concern", "Whole", "check_accepted", "look_wrong", "stopping"]


class Whole(StrEnum):
    """What a concern is about; the name by which it is accepted."""

    DELIVERIES = "deliveries"
    ITEMS = "items"
    KEY = "key"
    ANCHORS = "anchors"
    BANK = "bank"
    FORMS = "forms"
    GROUPS = "groups"
    TIMES = "times"
    ATTEMPTS = "attempts"
    SLOPES = "slopes"


@dataclass(frozen=True, slots=True)
class Concern:
    """Something that looks wrong as a whole.

    Attributes
    ----------
    whole
        What looks wrong.
    names
        The deliveries, items, forms or groups concerned, the worst first.
    seen
        What was seen, in one or two sentences.
    remedy
        What to do.
    stops
        Whether nothing may be promoted or built until a person says that it is right.

    >>> print(Concern(Whole.TIMES, ("F1",), "The median time is 51,000 s.", "Milliseconds?"))
    The median time is 51,000 s. Milliseconds?
    """

    whole: Whole
    names: tuple[str, ...]
    seen: str
    remedy: str
    stops: bool = False

    def __str__(self) -> str:
        return f"{self.seen} {self.remedy}"

    def to_dict(self) -> dict[str, object]:
        """For a JSON file."""
        return {
            "whole": str(self.whole),
            "names": list(self.names),
            "seen": self.seen,
            "remedy": self.remedy,
            "stops": self.stops,
        }


def stopping(concerns: Iterable[Concern], accepted: Collection[str] = ()) -> tuple[Concern, ...]:
    """Those that stop the work and were not accepted by name.

    >>> reversed_scale = Concern(Whole.ANCHORS, (), "Reversed.", "Turn the signs.", stops=True)
    >>> len(stopping([reversed_scale])), len(stopping([reversed_scale], ["anchors"]))
    (1, 0)
    """
    return tuple(concern for concern in concerns if concern.stops and concern.whole not in accepted)


def look_wrong(wholes: Iterable[Whole]) -> str:
    """Subject and verb of a sentence about them.

    >>> look_wrong([Whole.KEY]), look_wrong([Whole.KEY, Whole.ANCHORS])
    ('the key looks wrong', 'the anchors and the key look wrong')
    """
    names = sorted(map(str, wholes))
    one = names == [str(Whole.KEY)]
    return f"{' and '.join(f'the {name}' for name in names)} {'looks' if one else 'look'} wrong"


def check_accepted(accepted: Iterable[str]) -> frozenset[Whole]:
    """The wholes that were accepted by name.

    Raises
    ------
    InputError
        A name that is none of ``Whole``.
    """
    names = list(accepted)
    unknown = [name for name in names if name not in list(Whole)]
    if unknown:
        raise InputError(
            Problem(
                f"{', '.join(unknown)} cannot be accepted",
                where="accept",
                remedy=did_you_mean(unknown[0], [str(whole) for whole in Whole], "What can be accepted is"),
            )
        )
    return frozenset(Whole(name) for name in names)
