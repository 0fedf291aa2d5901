"""Candidates under pseudonyms: keyed hashes that only the holder of the key can make again."""

import hashlib
import hmac
import os
import secrets
import stat
from pathlib import Path

import polars as pl

from ciip_irt.errors import InputError, Problem

__all__ = ["pseudonyms_of", "read_pseudonym_key"]

KEY_BYTES = 32  # as long as the hash itself
SHOWN = 16  # hexadecimal digits, 64 bits: no two of a million candidates share a pseudonym but once in 10^7
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def read_pseudonym_key(path: Path | str) -> bytes:
    """The key in a file; a new one is made, readable by its owner alone, where there is no such file.

    Raises
    ------
    InputError
        The file cannot be read or made, is too short, or others may read it.
    """
    path = Path(path)
    try:
        if not path.exists():
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_hex(KEY_BYTES) + "\n")
        if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & OTHERS:
            remedy = f"Whoever has the key can find the candidates: chmod 600 {path.name}."
            raise InputError(Problem("others may read the key of the pseudonyms", str(path), remedy=remedy))
        key = path.read_bytes().strip()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        remedy = "Name a file that you may read, or a new one."
        raise InputError(Problem(reason, where=str(path), remedy=remedy)) from None
    if len(key) < KEY_BYTES:
        remedy = "Delete it, and a new one is made; the pseudonyms are other ones then."
        raise InputError(Problem("the key of the pseudonyms is too short", str(path), remedy=remedy))
    return key


def pseudonyms_of(ids: pl.Series, key: bytes) -> pl.Series:
    """A pseudonym for each id: the first digits of HMAC-SHA256 (RFC 2104) of it under the key.

    >>> first, again, other = pseudonyms_of(pl.Series(["C1", "C1", "C2"]), b"k" * 32)
    >>> first == again, first == other, len(first)
    (True, False, 17)
    """
    made = {
        name: "P" + hmac.new(key, str(name).encode(), hashlib.sha256).hexdigest()[:SHOWN]
        for name in ids.drop_nulls().unique()
    }
    return ids.replace_strict(made, default=None, return_dtype=pl.String)
