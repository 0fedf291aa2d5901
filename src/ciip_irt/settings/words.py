"""A declaration as a table for people."""

from collections.abc import Iterator

from ciip_irt.settings.declaration import Contents, Named, Repeated, Section, Setting, default_of
from ciip_irt.settings.kinds import Kind

__all__ = ["settings_table"]


def settings_table(section: Section) -> str:
    """Markdown with one row per setting: where it stands, what it may be, its default, what it means.

    >>> from ciip_irt.settings import Number
    >>> print(settings_table(Section((Setting("low", Number(0), "least", required=True),))))
    | setting | may be | default | meaning |
    |---|---|---|---|
    | `low` | a number from 0 up | required | least |
    """
    rows = ["| setting | may be | default | meaning |", "|---|---|---|---|"]
    for place, setting, around in _settings(section, ""):
        cells = (f"`{place}`", _words(setting.kind), _default(setting, around), setting.doc)
        rows.append(f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |")
    return "\n".join(rows)


def _settings(section: Section, place: str) -> Iterator[tuple[str, Setting, Section]]:
    for setting in section.settings:
        kind = setting.kind
        heading = f"{place}{setting.name}"
        if isinstance(kind, Section):
            yield from _settings(kind, f"{heading}.")
        elif isinstance(kind, Repeated):
            yield from _settings(kind.section, f"{heading}[].")
        elif isinstance(kind, Named) and isinstance(kind.of, Section):
            yield from _settings(kind.of, f"{heading}.NAME.")
        else:
            yield heading, setting, section


def _words(kind: Contents | Kind) -> str:
    if isinstance(kind, Named):
        keys = f" for any of {', '.join(kind.names)}" if kind.names else " by name"
        inner = "values by text" if isinstance(kind.of, Named) else _words(kind.of)
        return f"{inner}{keys}"
    return "" if isinstance(kind, Section | Repeated) else kind.words


def _default(setting: Setting, section: Section) -> str:
    if setting.required:
        return "required"
    default = default_of(setting, section)
    if default is None or default == "" or default == ():
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, tuple):
        return ", ".join(map(str, default))
    return (
        f"{default:g}" if isinstance(default, float) else f"`{default}`" if default == "," else str(default)
    )
