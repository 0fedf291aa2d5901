"""The sections of the report, in reading order. A new one is one new file and one row here."""

from ciip_irt.report.edition import Section
from ciip_irt.report.sections.calibration import CALIBRATION_SECTION
from ciip_irt.report.sections.capacity import CAPACITY_SECTION
from ciip_irt.report.sections.fit import FIT_SECTION
from ciip_irt.report.sections.flags import FLAGS_SECTION
from ciip_irt.report.sections.forms import FORMS_SECTION
from ciip_irt.report.sections.groups import GROUPS_SECTION
from ciip_irt.report.sections.item_pages import ITEM_PAGES_SECTION
from ciip_irt.report.sections.items import ITEMS_SECTION
from ciip_irt.report.sections.method import METHOD_SECTION
from ciip_irt.report.sections.needs import NEEDS_SECTION
from ciip_irt.report.sections.overview import OVERVIEW_SECTION
from ciip_irt.report.sections.pilots import PILOTS_SECTION

__all__ = ["SECTIONS"]

SECTIONS: dict[str, Section] = {
    section.name: section
    for section in (
        OVERVIEW_SECTION,
        ITEMS_SECTION,
        FLAGS_SECTION,
        PILOTS_SECTION,
        NEEDS_SECTION,
        FORMS_SECTION,
        GROUPS_SECTION,
        CAPACITY_SECTION,
        CALIBRATION_SECTION,
        FIT_SECTION,
        METHOD_SECTION,
        ITEM_PAGES_SECTION,
    )
}
