"""What every result is beyond its fields: nothing in it can be written over, and it shows itself in words."""

from dataclasses import fields
from functools import wraps
from typing import Any, TypeVar

import numpy as np

__all__ = ["read_only", "result"]

T = TypeVar("T")


def result(cls: type[T]) -> type[T]:
    """Makes a frozen dataclass a result: its arrays are read-only, its ``repr`` is its ``summary()``.

    A frozen dataclass alone protects the names of its fields, not the numbers in them. The arrays that were
    passed in stay as writable as they were: a result holds views of them.

    >>> from dataclasses import dataclass
    >>> @result
    ... @dataclass(frozen=True, slots=True)
    ... class Spread:
    ...     sd: np.ndarray
    ...     def summary(self) -> str:
    ...         return f"{len(self.sd)} standard deviations."
    >>> spread = Spread(np.ones(2))
    >>> spread
    2 standard deviations.
    >>> spread.sd[0] = 5.0
    Traceback (most recent call last):
    ValueError: assignment destination is read-only
    """
    names = tuple(field.name for field in fields(cls))  # type: ignore[arg-type]
    fill = cls.__init__

    @wraps(fill)
    def protected(self: Any, *given: Any, **named: Any) -> None:
        fill(self, *given, **named)
        for name in names:
            value = getattr(self, name)
            kept = read_only(value)
            if kept is not value:
                object.__setattr__(self, name, kept)

    cls.__init__ = protected  # type: ignore[method-assign]
    if hasattr(cls, "summary"):
        cls.__repr__ = _in_words  # type: ignore[method-assign]
    return cls


def read_only(value: Any) -> Any:
    """The value itself, or a view that cannot be written into where it is an array or holds some.

    >>> read_only((np.zeros(1), "x"))[0].flags.writeable
    False
    """
    if isinstance(value, np.ndarray):
        if not value.flags.writeable:
            return value
        view = value.view()
        view.flags.writeable = False
        return view
    if type(value) is tuple and any(isinstance(part, np.ndarray) for part in value):
        return tuple(map(read_only, value))
    if type(value) is dict and any(isinstance(part, np.ndarray) for part in value.values()):
        return {key: read_only(part) for key, part in value.items()}
    return value


def _in_words(self: Any) -> str:
    return str(self.summary())
