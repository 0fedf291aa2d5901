"""A declaration as a JSON schema, for editors that complete and check TOML."""

import json
from typing import Any

from ciip_irt.settings.declaration import Contents, Named, Repeated, Section, default_of
from ciip_irt.settings.kinds import Kind

__all__ = ["json_schema"]


def json_schema(section: Section, title: str, description: str) -> str:
    """The schema of a file of settings, draft 7, ending in a newline.

    >>> from ciip_irt.settings import Flag, Setting
    >>> fields = Section((Setting("purify", Flag(), "drop drifted anchors", default=True),))
    >>> json.loads(json_schema(fields, "limits", "Limits."))["properties"]["purify"]
    {'description': 'drop drifted anchors', 'type': 'boolean', 'default': True}
    """
    head = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": title,
        "description": description,
    }
    return json.dumps({**head, **_contents(section)}, indent=2, ensure_ascii=False) + "\n"


def _contents(contents: Contents | Kind) -> dict[str, Any]:
    if isinstance(contents, Repeated):
        return {"type": "array", "items": _contents(contents.section)}
    if isinstance(contents, Named):
        inner = _contents(contents.of)
        least = {"minProperties": contents.least} if contents.least else {}
        if contents.names:
            listed = dict.fromkeys(contents.names, inner)
            return {"type": "object", "properties": listed, **least, "additionalProperties": False}
        return {"type": "object", **least, "additionalProperties": inner}
    if not isinstance(contents, Section):
        return contents.schema()
    properties: dict[str, Any] = {}
    for setting in contents.settings:
        entry = {**({"description": setting.doc} if setting.doc else {}), **_contents(setting.kind)}
        default = default_of(setting, contents)
        if isinstance(default, bool | int | float | str) and default != "":
            entry["default"] = default
        properties[setting.name] = entry
        if setting.formerly:
            properties[setting.formerly] = {**entry, "description": f"now {setting.name}", "deprecated": True}
    required = [setting.name for setting in contents.settings if _must_be_there(setting)]
    choices = [choice.schema() for choice in contents.choices]
    return {
        "type": "object",
        "properties": properties,
        **({"required": required} if required else {}),
        "additionalProperties": False,
        **(choices[0] if len(choices) == 1 else {"allOf": choices} if choices else {}),
    }


def _must_be_there(setting: Any) -> bool:
    if isinstance(setting.kind, Section):
        return setting.required and any(_must_be_there(inner) for inner in setting.kind.settings)
    return bool(setting.required)
