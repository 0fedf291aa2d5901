"""One program at a time in a folder of results, and a private folder for what it is going to put there.

The system's own lock on a file is what counts: it goes with the program that holds it, however that ends. The
file says who it is, for the message; one that is left behind is nobody's, and the next program takes it.
"""

import contextlib
import datetime as dt
import json
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from ciip_irt.errors import InputError, Problem

__all__ = ["STAGING", "cannot_write", "holding", "remove_staging"]

LOCK = ".ciip-irt-lock"
STAGING = ".ciip-irt-staging"
LOCKED_BYTE = 1 << 30
"""Where Windows locks a byte: beyond the text, which others must be able to read."""
_held: dict[Path, tuple[int, int]] = {}  # folder -> thread, how often it entered


@contextlib.contextmanager
def holding(folder: Path) -> Iterator[None]:
    """Keeps other programs from changing ``folder``; may be entered again by the thread that holds it.

    A folder that was made for it and stays empty goes again.

    Raises
    ------
    InputError
        Another run holds it: which one, and since when. The folder cannot be made or written.
    """
    me = threading.get_ident()
    try:
        known = folder.resolve()
        owner, times = _held.get(known, (me, 0))
        if owner != me:
            raise _in_use(folder, "another thread of this program")
        made = [path for path in (folder, *folder.parents) if not path.exists()] if not times else []
        handle = None if times else _locked(folder)
    except (OSError, ValueError) as error:
        raise cannot_write(folder, error) from None
    _held[known] = (me, times + 1)
    try:
        yield
    finally:
        _held[known] = (me, times)
        if not times:
            del _held[known]
            with contextlib.suppress(OSError):
                (folder / LOCK).unlink(missing_ok=True)
            if handle is not None:
                os.close(handle)
            with contextlib.suppress(OSError):
                for path in made:
                    path.rmdir()


def cannot_write(where: Path | str, error: OSError | ValueError) -> InputError:
    """The error as a problem; ``ValueError`` is what Python says to a name that no folder can have."""
    reason = "no folder can have this name"
    if isinstance(error, OSError):
        reason = error.strerror or str(error)
    remedy = "Choose another folder, or check who may write there."
    return InputError(Problem(f"cannot write here: {reason}", where=str(where), remedy=remedy))


def remove_staging(folder: Path) -> None:
    """Remove what a stopped program had not yet put in its place."""
    if (folder / STAGING).exists():
        shutil.rmtree(folder / STAGING)


def _locked(folder: Path) -> int | None:
    """The open lock file; ``None`` where the file system knows no locks."""
    path = folder / LOCK
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            taken = _lock(handle)
        except BlockingIOError:
            who = _who(handle)
            os.close(handle)
            raise _in_use(folder, who) from None
        if not path.exists() or not os.path.samestat(os.fstat(handle), path.stat()):
            os.close(handle)  # it was removed by its holder between our two steps
            continue
        since = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        os.truncate(handle, 0)
        os.write(handle, json.dumps({"pid": os.getpid(), "since": since}).encode())
        if taken:
            return handle
        os.close(handle)
        return None


def _lock(handle: int) -> bool:
    """Lock the file or raise ``BlockingIOError``; false where the file system cannot."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(handle, LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError from error
        os.lseek(handle, 0, os.SEEK_SET)
        return True
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        return False
    return True


def _who(handle: int) -> str:
    try:
        os.lseek(handle, 0, os.SEEK_SET)
        said = json.loads(os.read(handle, 1000))
        return f"another run (process {int(said['pid'])}, since {str(said['since'])[:25]})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another run"


def _in_use(folder: Path, who: str) -> InputError:
    remedy = "Wait until it has ended, or choose another folder with --out."
    return InputError(Problem(f"{who} is writing into this folder", where=str(folder), remedy=remedy))
