"""What the user has said about a file, so that recognition need not guess."""

from dataclasses import dataclass
from pathlib import Path

__all__ = ["NO_CHOICES", "Choices"]


@dataclass(frozen=True, slots=True)
class Choices:
    """Decisions that go before what recognition would take.

    Attributes
    ----------
    delimiter, encoding, sheet
        Of the file; ``None``: told from it.
    key_row
        Number of the row that is the key.
    blank
        What an empty cell means.
    attributes
        Columns that are attributes of candidates, where they look like items.
    keep_names
        Keep names, e-mail addresses and the like.
    key_file
        The file whose keys are used: the mapping names it, so that the next file is read with it too.
    """

    delimiter: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    key_row: int | None = None
    blank: str | None = None
    attributes: tuple[str, ...] = ()
    keep_names: bool = False
    key_file: Path | None = None


NO_CHOICES = Choices()
