"""TOML files that ship with the package, by name, or a reader's own, by path."""

import re
import tomllib
from collections.abc import Sequence
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any

from ciip_irt.errors import InputError, Problem

__all__ = ["parsed_toml", "shipped_or_own"]


def shipped_or_own(
    name_or_path: str | Path,
    shipped: Sequence[str],
    *,
    room: str,
    folder: str,
    kind: str,
    error: type[InputError] = InputError,
) -> tuple[str, str]:
    """The text of a file, and the name by which messages call it.

    Parameters
    ----------
    shipped
        Names that ship in ``folder`` of the package ``room``.
    kind
        What the file is, for messages: ``"policy"``.
    error
        Raised where there is no such file, or it is not UTF-8 text.
    """
    if str(name_or_path) in shipped:
        where = f"{name_or_path}.toml"
        return (files(room) / folder / where).read_text("utf-8"), where
    try:
        return Path(name_or_path).read_text("utf-8-sig"), str(name_or_path)
    except (OSError, UnicodeDecodeError) as fault:
        near = get_close_matches(str(name_or_path), shipped, n=1)
        what = (
            "the file is not UTF-8 text"
            if isinstance(fault, UnicodeDecodeError)
            else f"there is no such {kind} ({fault.strerror})"
        )
        remedy = f"Did you mean {near[0]}?" if near else f"Give a TOML file, or one of {', '.join(shipped)}."
        raise error(Problem(what, where=str(name_or_path), remedy=remedy)) from None


def parsed_toml(text: str, where: str, error: type[InputError] = InputError) -> dict[str, Any]:
    """The content of a TOML text; ``error`` names the line where it is none.

    >>> parsed_toml("n = 1", "policy.toml")
    {'n': 1}
    >>> parsed_toml("n = = 1", "policy.toml")
    Traceback (most recent call last):
    ciip_irt.errors.InputError: policy.toml:1: not valid TOML: Invalid value (at line 1, column 5)
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        line = re.search(r"at line (\d+)", str(fault))
        row = int(line[1]) if line else None
        raise error(Problem(f"not valid TOML: {fault}", where=where, row=row)) from None
