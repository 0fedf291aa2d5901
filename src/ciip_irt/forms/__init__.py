"""Assembly and the check of forms.

``assemble`` builds forms to a blueprint; ``check_forms`` says in which way forms do not conform, without a
solver, however they were made; ``bank_capacity`` says how many forms a bank supports. An assembly
constraint is one file in ``constraints`` and one line in its registry.
"""

from ciip_irt.forms.assemble import assemble
from ciip_irt.forms.assembly import Assembly, not_built
from ciip_irt.forms.capacity import BankCapacity, bank_capacity
from ciip_irt.forms.checking.check import CHECKED_RULES, RULE_MEANINGS, check_forms
from ciip_irt.forms.checking.finding_formats import FORMATS, report_findings
from ciip_irt.forms.checking.form_files import FormFiles, read_form_files
from ciip_irt.forms.constraints import CONSTRAINTS
from ciip_irt.forms.findings import ERROR, Finding, Findings, findings_frame
from ciip_irt.forms.pilot_plan import planned_pilots
from ciip_irt.forms.pool.held_out import open_flags

__all__ = [
    "CHECKED_RULES",
    "CONSTRAINTS",
    "ERROR",
    "FORMATS",
    "RULE_MEANINGS",
    "Assembly",
    "BankCapacity",
    "Finding",
    "Findings",
    "FormFiles",
    "assemble",
    "bank_capacity",
    "check_forms",
    "findings_frame",
    "not_built",
    "open_flags",
    "planned_pilots",
    "read_form_files",
    "report_findings",
]
