"""A stream to a terminal that what stands in files cannot command."""

import io
from typing import TextIO

from ciip_irt.errors import printable

__all__ = ["PrintableStream"]


class PrintableStream(io.TextIOBase):
    """Writes what is ``printable`` of every text; everything else is the stream's own.

    >>> inner = io.StringIO()
    >>> _ = PrintableStream(inner).write("red \\x1b[31m")
    >>> inner.getvalue() == "red \\ufffd[31m"
    True
    """

    def __init__(self, terminal: TextIO) -> None:
        self.terminal = terminal

    def write(self, text: str) -> int:
        """Write it, and tell how many characters were given."""
        self.terminal.write(printable(text))
        return len(text)

    def flush(self) -> None:
        """As the stream does."""
        self.terminal.flush()

    def close(self) -> None:
        """As the stream does."""
        self.terminal.close()

    def isatty(self) -> bool:
        """As the stream does."""
        return self.terminal.isatty()

    def fileno(self) -> int:
        """As the stream does."""
        return self.terminal.fileno()

    def __del__(self) -> None:
        """Going out of use closes nothing: the stream is not ours."""

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """As the stream's."""
        return self.terminal.encoding
