"""What every result carries: which data, how many, left out why, settings, versions.

No time stamps and no run times: the same input must give the same bytes. Those go into a sidecar of their
own (``run_times.json``).
"""

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import Any

import polars as pl

from ciip_irt._version import __version__

__all__ = ["Provenance", "data_hash", "versions"]

ROWS_AT_ONCE = 500_000  # rows: some tens of megabytes of text


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a result comes from.

    ``data_hash`` is the SHA-256 of the canonical table that went in; ``exclusions`` counts deliveries by
    the rule that left them out; ``settings`` are the choices in force, thresholds included.
    """

    data_hash: str
    n_deliveries: int
    n_responses: int
    exclusions: Mapping[str, int] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=lambda: versions())

    def with_settings(self, **settings: Any) -> "Provenance":
        """The same origin with further settings."""
        return replace(self, settings={**self.settings, **settings})

    def to_dict(self) -> dict[str, Any]:
        """As plain values for a JSON file."""
        return {
            "data_hash": self.data_hash,
            "n_deliveries": self.n_deliveries,
            "n_responses": self.n_responses,
            "exclusions": dict(self.exclusions),
            "settings": dict(self.settings),
            "versions": dict(self.versions),
        }


def data_hash(frame: pl.DataFrame) -> str:
    """SHA-256 of a table's content: column names, then rows, as CSV text.

    >>> data_hash(pl.DataFrame({"x": [1, 2]})) == data_hash(pl.DataFrame({"x": [1, 2]}))
    True
    >>> data_hash(pl.DataFrame({"x": [1, 2]})) == data_hash(pl.DataFrame({"x": [2, 1]}))
    False
    """
    digest = hashlib.sha256(frame.clear().write_csv().encode())
    for part in frame.iter_slices(ROWS_AT_ONCE):
        digest.update(part.write_csv(include_header=False).encode())
    return digest.hexdigest()


def versions() -> dict[str, str]:
    """Versions of this package and of what computes for it."""
    packages = ("numpy", "scipy", "polars", "highspy", "girth")
    return {
        "python": platform.python_version(),
        "ciip-irt": __version__,
        **{name: version(name) for name in packages},
    }
