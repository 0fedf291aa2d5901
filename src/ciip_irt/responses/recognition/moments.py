"""Dates and times as files write them: which layout all of them fit, and only that one."""

from collections.abc import Sequence
from datetime import datetime

__all__ = ["moment_format", "time_unit"]

LAYOUTS = tuple(
    f"{day}{clock}"
    for day in ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%d %b %Y",
                "%b %d, %Y",
                "%d %B %Y", "%B %d, %Y", "%d-%b-%Y", "%m/%d/%y", "%d/%m/%y")
    for clock in ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", ", %H:%M", ", %I:%M %p")
)  # fmt: skip
LOOKED_AT = 2_000  # stamps that are tried: enough to meet a day after the twelfth of a month


def moment_format(stamps: Sequence[str]) -> tuple[str | None, tuple[str, ...]]:
    """The layout that all stamps fit, ``None`` where they are ISO 8601 or none fits; what to say.

    A layout is taken only where no other fits: 03/04/2026 alone could be March or April.

    >>> moment_format(["31.12.2025 09:30", "01.02.2026 10:00"])[0]
    '%d.%m.%Y %H:%M'
    >>> moment_format(["03/04/2026"])
    (None, ('dates such as 03/04/2026 could be day/month or month/day: not used; say time_stamp_format in a \
mapping file',))
    """
    filled = list(dict.fromkeys(stamp for stamp in stamps if stamp))[:LOOKED_AT]
    if not filled or _is_iso(filled[0]):
        return None, ()
    fitting = [layout for layout in LAYOUTS if all(_fits(stamp, layout) for stamp in filled)]
    if len(fitting) == 1:
        return fitting[0], (f"dates are written {fitting[0]}",)
    if len(fitting) > 1 and {_day_first(layout) for layout in fitting} == {True, False}:
        said = f"dates such as {filled[0]} could be day/month or month/day: not used; say time_stamp_format"
        return None, (f"{said} in a mapping file",)
    return (fitting[0], (f"dates are written {fitting[0]}",)) if fitting else (None, ())


def time_unit(name: str) -> str | None:
    """The unit of time that the name of a column says, ``None`` for seconds.

    >>> time_unit("Time (ms)"), time_unit("Minutes"), time_unit("time_s")
    ('milliseconds', 'minutes', None)
    """
    words = name.lower().replace("(", " ").replace(")", " ").replace("_", " ").split()
    if any(word in ("ms", "msec", "milliseconds", "millis") for word in words):
        return "milliseconds"
    return "minutes" if any(word in ("min", "mins", "minutes") for word in words) else None


def _is_iso(stamp: str) -> bool:
    return len(stamp) >= 10 and stamp[:4].isdigit() and stamp[4] == "-" and stamp[7] == "-"


def _fits(stamp: str, layout: str) -> bool:
    try:
        datetime.strptime(stamp, layout)
    except ValueError:
        return False
    return True


def _day_first(layout: str) -> bool:
    return layout.startswith("%d")
