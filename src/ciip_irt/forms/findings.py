"""What a check found."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import polars as pl

__all__ = ["ERROR", "WARNING", "Finding", "findings_frame"]

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a form. ``item_id`` is empty where no single item is at fault."""

    rule: str
    severity: str
    form_id: str
    item_id: str
    message: str


def findings_frame(findings: Sequence[Finding]) -> pl.DataFrame:
    """One row per finding, in the columns of the contract."""
    columns = ("rule", "severity", "form_id", "item_id", "message")
    return pl.DataFrame(
        [asdict(finding) for finding in findings], schema=dict.fromkeys(columns, pl.String), orient="row"
    )
