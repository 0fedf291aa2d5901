"""Progress on a terminal, silence in a pipe."""

import sys
import time
from types import TracebackType

from ciip_irt.errors import printable

__all__ = ["Progress"]


class Progress:
    """One line on standard error that says what is being done; nothing where nobody watches.

    >>> with Progress() as progress:
    ...     progress("calibrating")
    """

    def __init__(self) -> None:
        self._terminal = getattr(sys.stderr, "terminal", sys.stderr)  # its commands are ours
        self._shown = self._terminal.isatty()
        self._started = time.monotonic()

    def __call__(self, doing: str) -> None:
        """Say what is being done now."""
        if self._shown:
            seconds = time.monotonic() - self._started
            self._terminal.write(f"\r\x1b[2K{seconds:5.0f} s  {printable(doing)} ...")
            self._terminal.flush()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            self._terminal.write("\r\x1b[2K")
            self._terminal.flush()
