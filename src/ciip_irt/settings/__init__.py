"""Settings declared once as data: read from TOML, everything wrong told by line; said as a JSON schema."""

from ciip_irt.settings.declaration import Choice, Named, Repeated, Section, Setting
from ciip_irt.settings.files import file_text, shipped_names, shipped_or_own
from ciip_irt.settings.kinds import (
    AnyOf,
    Date,
    Flag,
    Kind,
    Label,
    ListOf,
    Number,
    Range,
    Text,
    UnfitError,
    Whole,
    shown,
)
from ciip_irt.settings.reading import Table, read_settings, read_values
from ciip_irt.settings.schema import json_schema
from ciip_irt.settings.words import settings_table

__all__ = [
    "AnyOf",
    "Choice",
    "Date",
    "Flag",
    "Kind",
    "Label",
    "ListOf",
    "Named",
    "Number",
    "Range",
    "Repeated",
    "Section",
    "Setting",
    "Table",
    "Text",
    "UnfitError",
    "Whole",
    "file_text",
    "json_schema",
    "read_settings",
    "read_values",
    "settings_table",
    "shipped_names",
    "shipped_or_own",
    "shown",
]
