"""Progress on a terminal, silence in a pipe."""

import sys
import time
from types import TracebackType

__all__ = ["Progress"]


class Progress:
    """One line on standard error that says what is being done; nothing where nobody watches.

    >>> with Progress() as progress:
    ...     progress("calibrating")
    """

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._started = time.monotonic()

    def __call__(self, doing: str) -> None:
        """Say what is being done now."""
        if self._shown:
            seconds = time.monotonic() - self._started
            sys.stderr.write(f"\r\x1b[2K{seconds:5.0f} s  {doing} ...")
            sys.stderr.flush()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()
