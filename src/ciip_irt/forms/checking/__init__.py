"""Whether forms conform, without a solver, however they were made; findings in every format."""

from ciip_irt.forms.checking.check import RULE_MEANINGS, check_form_set
from ciip_irt.forms.checking.finding_formats import report_findings
from ciip_irt.forms.checking.form_files import read_form_files
from ciip_irt.forms.checking.verbose_report import verbose_report

__all__ = [
    "RULE_MEANINGS",
    "check_form_set",
    "read_form_files",
    "report_findings",
    "verbose_report",
]
