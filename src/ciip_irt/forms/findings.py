"""What a check found, and how it is told: text, JSON, JUnit XML, GitHub annotations."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from xml.etree import ElementTree

import polars as pl

from ciip_irt.errors import BlueprintError, Problem, plural

__all__ = ["FORMATS", "Finding", "findings_frame", "report_findings"]

ERROR, WARNING = "error", "warning"
Files = Mapping[str, str]  # form -> file


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


def report_findings(
    findings: Sequence[Finding],
    format: str = "text",
    *,
    form_ids: Sequence[str] = (),
    rules: Sequence[str] = (),
    file: str | Mapping[str, str] = "",
) -> str:
    """The findings in a format that a person or a CI system reads.

    Parameters
    ----------
    format
        ``text``, ``json``, ``junit`` or ``github``.
    form_ids, rules
        What was checked: forms without a finding are counted, JUnit lists every check.
    file
        Name of the form file; where there are several, that of each form.

    >>> found = [Finding("domain_counts", "error", "A", "",
    ...                  "F Image Management: 22 items, blueprint needs 23")]
    >>> print(report_findings(found, form_ids=("A", "B")), end="")
    A: F Image Management: 22 items, blueprint needs 23 [domain_counts]
    2 forms checked: 1 error; 1 form conforms.
    """
    if format not in FORMATS:
        raise BlueprintError(
            Problem(f"unknown format {format!r}", remedy=f"Choose one of {', '.join(FORMATS)}.")
        )
    if isinstance(file, str):
        file = dict.fromkeys((*form_ids, *(f.form_id for f in findings)), file)
    return FORMATS[format](findings, tuple(form_ids), tuple(rules), file)


def _text(
    findings: Sequence[Finding], form_ids: tuple[str, ...], _rules: tuple[str, ...], _file: Files
) -> str:
    lines = [
        f"{f.form_id}: {'warning: ' if f.severity == WARNING else ''}{f.message} [{f.rule}]" for f in findings
    ]
    return "\n".join([*lines, _count(findings, form_ids)]) + "\n"


def _count(findings: Sequence[Finding], form_ids: tuple[str, ...]) -> str:
    errors = sum(f.severity == ERROR for f in findings)
    counts = {"error": errors, "warning": len(findings) - errors}
    found = [plural(count, word) for word, count in counts.items() if count]
    failing = {f.form_id for f in findings if f.severity == ERROR}
    conforming = sum(form_id not in failing for form_id in form_ids)
    tail = f"; {plural(conforming, 'form')} {'conforms' if conforming == 1 else 'conform'}"
    return f"{plural(len(form_ids), 'form')} checked: {', '.join(found) or 'nothing found'}{tail}."


def _json(findings: Sequence[Finding], form_ids: tuple[str, ...], rules: tuple[str, ...], file: Files) -> str:
    content = {
        "file": ", ".join(dict.fromkeys(file.values())),
        "file_of_form": dict(file),
        "forms": list(form_ids),
        "rules": list(rules),
        "conform": not any(f.severity == ERROR for f in findings),
        "findings": [asdict(f) for f in findings],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _junit(
    findings: Sequence[Finding], form_ids: tuple[str, ...], rules: tuple[str, ...], file: Files
) -> str:
    """One suite per form, one case per rule; errors are failures, warnings go to the case's output."""
    names = tuple(dict.fromkeys((*rules, *(f.rule for f in findings))))
    root = ElementTree.Element("testsuites", name=_xml(", ".join(dict.fromkeys(file.values()))) or "forms")
    for form_id in dict.fromkeys((*form_ids, *(f.form_id for f in findings))):
        here = [f for f in findings if f.form_id == form_id]
        failing = {f.rule for f in here if f.severity == ERROR}
        suite = ElementTree.SubElement(
            root, "testsuite", name=_xml(form_id), tests=str(len(names)), failures=str(len(failing))
        )
        for name in names:
            case = ElementTree.SubElement(suite, "testcase", classname=_xml(form_id), name=name)
            for severity, tag in ((ERROR, "failure"), (WARNING, "system-out")):
                messages = [_xml(f.message) for f in here if f.rule == name and f.severity == severity]
                if messages:
                    node = ElementTree.SubElement(case, tag)
                    node.text = "\n".join(messages)
                    if tag == "failure":
                        node.set("message", messages[0])
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _xml(text: str) -> str:
    """Without the control characters that XML cannot hold."""
    return "".join(c for c in text if c in "\t\n" or (c >= " " and not "\ud800" <= c <= "\udfff"))


def _github(
    findings: Sequence[Finding], _forms: tuple[str, ...], _rules: tuple[str, ...], file: Files
) -> str:
    def escaped(text: str, more: str = "") -> str:
        for character in "%\r\n" + more:
            text = text.replace(character, f"%{ord(character):02X}")
        return text

    lines = []
    for f in findings:
        at = file.get(f.form_id, "")
        place = [f"file={escaped(at, ',:')}"] if at else []
        options = ",".join([*place, f"title={escaped(f'{f.form_id} {f.rule}', ',:')}"])
        lines.append(f"::{f.severity} {options}::{escaped(f'{f.form_id}: {f.message}')}")
    return "".join(line + "\n" for line in lines)


FORMATS: dict[str, Callable[[Sequence[Finding], tuple[str, ...], tuple[str, ...], Files], str]] = {
    "text": _text,
    "json": _json,
    "junit": _junit,
    "github": _github,
}
