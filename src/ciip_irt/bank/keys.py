"""Keys: ``B`` one right option, ``B|D`` either is right, ``*`` everyone is credited."""

from typing import Final

__all__ = ["CREDIT_ALL", "credited_options"]

CREDIT_ALL: Final = "*"


def credited_options(key: str, options: str) -> frozenset[str]:
    """The options that earn the point.

    >>> sorted(credited_options("B|D", "ABCD"))
    ['B', 'D']
    >>> sorted(credited_options("*", "ABC"))
    ['A', 'B', 'C']
    """
    if key.strip() == CREDIT_ALL:
        return frozenset(options)
    return frozenset(part.strip() for part in key.split("|"))
