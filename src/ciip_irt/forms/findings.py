"""What a check found."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import overload

import polars as pl

from ciip_irt.errors import plural
from ciip_irt.records import result
from ciip_irt.tables import show_html

__all__ = ["ERROR", "WARNING", "Finding", "Findings", "findings_frame"]

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a form. ``item_id`` is empty where no single item is at fault."""

    rule: str
    severity: str
    form_id: str
    item_id: str
    message: str


@result
@dataclass(frozen=True, slots=True, eq=False)
class Findings(Sequence[Finding]):
    """What a check of forms found: a sequence of findings that also knows what was checked.

    Attributes
    ----------
    findings
        Form by form.
    form_ids
        The forms checked, those without a finding among them.

    >>> found = Findings((Finding("domain_counts", "error", "A", "", "F: 22 items, blueprint needs 23"),),
    ...                  ("A", "B"))
    >>> found
    2 forms checked: 1 error; 1 form conforms.
    >>> len(found), found.conforms, found.to_frame()["rule"].to_list()
    (1, False, ['domain_counts'])
    """

    findings: tuple[Finding, ...] = ()
    form_ids: tuple[str, ...] = ()

    @property
    def conforms(self) -> bool:
        """Whether no finding is an error."""
        return not any(finding.severity == ERROR for finding in self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    @overload
    def __getitem__(self, at: int) -> Finding: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Finding, ...]: ...
    def __getitem__(self, at: int | slice) -> Finding | tuple[Finding, ...]:
        return self.findings[at]

    def __eq__(self, other: object) -> bool:
        """Equal to any sequence of the same findings."""
        return isinstance(other, Sequence) and self.findings == tuple(other)

    def __hash__(self) -> int:
        return hash(self.findings)

    def to_frame(self) -> pl.DataFrame:
        """One row per finding, in the columns of the ``findings`` contract."""
        return findings_frame(self.findings)

    def summary(self) -> str:
        """How many forms were checked, what was found, how many conform."""
        errors = sum(f.severity == ERROR for f in self.findings)
        counts = {"error": errors, "warning": len(self.findings) - errors}
        found = [plural(count, word) for word, count in counts.items() if count]
        failing = {f.form_id for f in self.findings if f.severity == ERROR}
        conforming = sum(form_id not in failing for form_id in self.form_ids)
        tail = f"; {plural(conforming, 'form')} {'conforms' if conforming == 1 else 'conform'}"
        return f"{plural(len(self.form_ids), 'form')} checked: {', '.join(found) or 'nothing found'}{tail}."

    def _repr_html_(self) -> str:
        return show_html("Check of forms", self.summary(), self.to_frame())


def findings_frame(findings: Sequence[Finding]) -> pl.DataFrame:
    """One row per finding, in the columns of the contract."""
    columns = ("rule", "severity", "form_id", "item_id", "message")
    return pl.DataFrame(
        [asdict(finding) for finding in findings], schema=dict.fromkeys(columns, pl.String), orient="row"
    )
