"""How findings are told: text for people; JSON, JUnit XML, GitHub annotations and SARIF for machines."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import PurePath
from urllib.parse import quote
from xml.etree import ElementTree

from ciip_irt.errors import BlueprintError, Problem
from ciip_irt.forms.findings import ERROR, WARNING, Finding, Findings

__all__ = ["FORMATS", "report_findings"]

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


@dataclass(frozen=True, slots=True)
class Checked:
    """The findings, and what they were found in."""

    findings: tuple[Finding, ...]
    form_ids: tuple[str, ...]
    rules: Mapping[str, str]
    files: Mapping[str, str]
    lines: Mapping[tuple[str, str], int]
    quiet: bool

    def line(self, finding: Finding) -> int | None:
        """Where the item stands in its file; the form's first line where no item is named."""
        here = self.lines.get((finding.form_id, finding.item_id))
        return self.lines.get((finding.form_id, "")) if here is None else here


def report_findings(
    findings: Sequence[Finding],
    format: str = "text",
    *,
    form_ids: Sequence[str] = (),
    rules: Sequence[str] | Mapping[str, str] = (),
    file: str | Mapping[str, str] = "",
    lines: Mapping[tuple[str, str], int] | None = None,
    quiet: bool = False,
) -> str:
    """The findings in a format that a person or a CI system reads.

    Parameters
    ----------
    format
        ``text``, ``json``, ``junit``, ``github`` or ``sarif``.
    form_ids, rules
        What was checked: forms without a finding are counted, JUnit lists every check. ``rules`` may hold
        the meaning of each.
    file
        Name of the form file; where there are several, that of each form.
    lines
        Line of each ``(form_id, item_id)`` in its file, of the form itself under an empty ``item_id``.
    quiet
        Errors only; text then has no closing count, so that nothing is said of forms that conform.

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
    told = tuple(f for f in findings if f.severity == ERROR or not quiet)
    if isinstance(file, str):
        file = dict.fromkeys((*form_ids, *(f.form_id for f in told)), file)
    meanings = dict(rules) if isinstance(rules, Mapping) else dict.fromkeys(rules, "")
    return FORMATS[format](Checked(told, tuple(form_ids), meanings, file, lines or {}, quiet))


def _text(checked: Checked) -> str:
    lines = [
        f"{f.form_id}: {'warning: ' if f.severity == WARNING else ''}{f.message} [{f.rule}]"
        for f in checked.findings
    ]
    if not checked.quiet:
        lines.append(Findings(checked.findings, checked.form_ids).summary())
    return "".join(line + "\n" for line in lines)


def _json(checked: Checked) -> str:
    content = {
        "file": _files(checked),
        "file_of_form": dict(checked.files),
        "forms": list(checked.form_ids),
        "rules": list(checked.rules),
        "conform": not any(f.severity == ERROR for f in checked.findings),
        "findings": [asdict(f) for f in checked.findings],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _files(checked: Checked) -> str:
    return ", ".join(dict.fromkeys(checked.files.values()))


def _junit(checked: Checked) -> str:
    """One suite per form, one case per rule; errors are failures, warnings go to the case's output."""
    names = tuple(dict.fromkeys((*checked.rules, *(f.rule for f in checked.findings))))
    root = ElementTree.Element("testsuites", name=_xml(_files(checked)) or "forms")
    for form_id in dict.fromkeys((*checked.form_ids, *(f.form_id for f in checked.findings))):
        here = [f for f in checked.findings if f.form_id == form_id]
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


def _github(checked: Checked) -> str:
    def escaped(text: str, more: str = "") -> str:
        for character in "%\r\n" + more:
            text = text.replace(character, f"%{ord(character):02X}")
        return text

    lines = []
    for f in checked.findings:
        file, line = checked.files.get(f.form_id, ""), checked.line(f)
        place = [f"file={escaped(file, ',:')}"] if file else []
        place += [f"line={line}"] if file and line else []
        options = ",".join([*place, f"title={escaped(f'{f.form_id} {f.rule}', ',:')}"])
        lines.append(f"::{f.severity} {options}::{escaped(f'{f.form_id}: {f.message}')}")
    return "".join(line + "\n" for line in lines)


def _sarif(checked: Checked) -> str:
    """SARIF 2.1.0: one run, one result per finding, located at the item's line in the form's file."""
    names = tuple(dict.fromkeys((*checked.rules, *(f.rule for f in checked.findings))))
    results = []
    for f in checked.findings:
        result = {
            "ruleId": f.rule,
            "ruleIndex": names.index(f.rule),
            "level": f.severity,
            "message": {"text": f"{f.form_id}: {f.message}"},
        }
        file, line = checked.files.get(f.form_id, ""), checked.line(f)
        if file:
            place: dict[str, object] = {"artifactLocation": {"uri": quote(PurePath(file).as_posix())}}
            if line:
                place["region"] = {"startLine": line}
            result["locations"] = [{"physicalLocation": place}]
        results.append(result)
    driver = {
        "name": "ciip-irt check",
        "version": version("ciip-irt"),
        "rules": [
            {"id": name, "shortDescription": {"text": checked.rules.get(name) or name}} for name in names
        ],
    }
    content = {
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


FORMATS: dict[str, Callable[[Checked], str]] = {
    "text": _text,
    "json": _json,
    "junit": _junit,
    "github": _github,
    "sarif": _sarif,
}
