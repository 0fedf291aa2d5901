"""Files of settings: those that ship with the package, by name, or a reader's own, by path."""

from collections.abc import Sequence
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path

from ciip_irt.errors import InputError, Problem

__all__ = ["file_text", "shipped_names", "shipped_or_own"]


def shipped_names(room: str, folder: str) -> tuple[str, ...]:
    """Names of the TOML files in ``folder`` of the package ``room``, without their ending.

    >>> shipped_names("ciip_irt.blueprint", "blueprints")
    ('ciip-2019', 'ciip-2024')
    """
    names = (entry.name for entry in (files(room) / folder).iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


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
    return file_text(name_or_path, kind=kind, known=shipped, error=error), str(name_or_path)


def file_text(
    path: str | Path, *, kind: str, known: Sequence[str] = (), error: type[InputError] = InputError
) -> str:
    """The text of a file; ``known`` are names that could have been given in its place.

    Raises
    ------
    InputError
        It cannot be read, or it is not UTF-8 text, with the first line that is not.
    """
    from ciip_irt.tables import bounded_bytes  # polars comes with it, and help starts without

    where = str(path)
    try:
        content = bounded_bytes(Path(path))
    except (OSError, ValueError) as fault:  # ValueError: a name that no file can have
        near = get_close_matches(where, known, n=1)
        if near:
            remedy = f"Did you mean {near[0]}?"
        else:
            remedy = f"Give a TOML file, or one of {', '.join(known)}." if known else "Check the path."
        why = (fault.strerror or str(fault)) if isinstance(fault, OSError) else "no file can have this name"
        raise error(Problem(f"there is no such {kind} ({why})", where=where, remedy=remedy)) from None
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as fault:
        row = fault.object.count(b"\n", 0, fault.start) + 1
        raise error(
            Problem("the file is not UTF-8 text", where=where, row=row, remedy="Save it as UTF-8.")
        ) from None
