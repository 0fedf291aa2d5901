"""Answers written as letter and text (``A - Lossless``): whether a letter stands for one text throughout."""

from collections.abc import Mapping, Sequence

from ciip_irt.errors import InputError, Problem, plural
from ciip_irt.tables import is_lettered, plain_letter

__all__ = ["check_letters"]

DIFFERENT = 0.05  # of an item's answers: fewer other texts are typing errors or a corrected wording


def check_letters(cells_of: Mapping[str, Sequence[str]], where: str) -> None:
    """Refuse items of which one letter stands for several texts: their options were shuffled, and a letter
    then says where an option stood, not which it was.

    Parameters
    ----------
    cells_of
        Item -> its answers.

    Raises
    ------
    InputError
        Such items; with the texts of one letter.

    >>> check_letters({"Q1": ["A - Yes", "B - No"] * 9}, "log.csv")
    >>> check_letters({"Q1": ["A - Yes", "A - No"] * 9}, "log.csv")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ciip_irt.errors.InputError: log.csv: the letters of 1 item (Q1) stand for different texts, ...
    """
    found: list[str] = []
    shown: tuple[str, ...] = ()
    for item, cells in cells_of.items():
        texts: dict[str, dict[str, int]] = {}
        for cell in filter(is_lettered, cells):
            own = texts.setdefault((plain_letter(cell) or "").upper(), {})
            own[cell.casefold()] = own.get(cell.casefold(), 0) + 1
        several = [own for own in texts.values() if len(own) > 1]
        other = sum(sum(own.values()) - max(own.values()) for own in several)
        if other > DIFFERENT * sum(map(bool, cells)):
            found.append(item)
            shown = shown or tuple(list(several[0])[:3])
    if found:
        names = ", ".join(found[:5])
        remedy = "Export the options in one order for all, or right and wrong (1 and 0) instead of letters."
        what = f"the letters of {plural(len(found), 'item')} ({names}) stand for different texts, as if the"
        raise InputError(Problem(f"{what} options had been shuffled", where, examples=shown, remedy=remedy))
