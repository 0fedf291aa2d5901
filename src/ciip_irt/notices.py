"""What a result warns of, as values: code asks for the code and the subject, people read the words."""

from dataclasses import dataclass

__all__ = ["Notice"]


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that a reader of a result should know.

    Attributes
    ----------
    code
        Which kind of notice it is, the same whatever the words: ``"not_converged"``.
    words
        The notice as a plain sentence.
    subject
        What it is about, by number: items, populations; nothing where it is about the whole.

    >>> print(Notice("no_spread", "Population 2 comes out with almost no spread.", (2,)))
    Population 2 comes out with almost no spread.
    """

    code: str
    words: str
    subject: tuple[int, ...] = ()

    def __str__(self) -> str:
        return self.words
