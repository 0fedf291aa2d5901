"""Options of a command made from declared settings: one name, kind and default everywhere."""

import argparse
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, cast

from ciip_irt.settings import Flag, Kind, Section, Setting, Text, UnfitError

__all__ = ["add_settings", "told"]


def add_settings(
    parser: argparse._ActionsContainer, section: Section, placeholders: Mapping[str, str]
) -> None:
    """An option for each setting named: ``robust_z`` becomes ``--robust-z``.

    ``placeholders`` are the settings wanted with what stands for their value in the help; empty for settings
    that are on or off, or that have a few values to choose from.
    """
    for name, placeholder in placeholders.items():
        setting = section[name]
        option = f"--{name.replace('_', '-')}"
        more: dict[str, Any] = {"default": setting.default, "help": _help(setting)}
        if isinstance(setting.kind, Flag):
            parser.add_argument(option, action=argparse.BooleanOptionalAction, **more)
        elif isinstance(setting.kind, Text) and setting.kind.choices:
            parser.add_argument(option, choices=setting.kind.choices, **more)
        else:
            kind = cast(Kind, setting.kind)  # no option holds a section
            parser.add_argument(option, type=_typed(kind), metavar=placeholder, **more)


def told(arguments: argparse.Namespace, section: Section) -> dict[str, Any]:
    """What the command line says about every setting of the section; the default where it has no option."""
    return {setting.name: getattr(arguments, setting.name, setting.default) for setting in section.settings}


def _help(setting: Setting) -> str:
    if setting.default is None:
        return setting.doc
    default = setting.default
    if isinstance(default, bool):
        default = f"--{'' if default else 'no-'}{setting.name.replace('_', '-')}"
    elif isinstance(default, float):
        default = f"{default:g}"
    return " ".join(part for part in (setting.doc.replace("%", "%%"), f"(default: {default})") if part)


def _typed(kind: Kind) -> Callable[[str], Any]:
    """How the text of an option becomes a value of the kind."""

    def typed(text: str) -> Any:
        value: Any = text
        if not isinstance(kind, Text):
            for number in (int, float):
                with suppress(ValueError):
                    value = number(text)
                    break
        try:
            return kind.read(value)
        except UnfitError as unfit:
            raise argparse.ArgumentTypeError(str(unfit)) from None

    return typed
