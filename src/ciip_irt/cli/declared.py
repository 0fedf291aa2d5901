"""Options of a command made from declared settings: one name, kind and default everywhere."""

import argparse
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, cast

from ciip_irt.errors import InputError, Problem
from ciip_irt.settings import AnyOf, Flag, Kind, ListOf, Named, Section, Setting, Text, UnfitError

__all__ = ["add_former_name", "add_settings", "option_of", "told"]


def option_of(name: str) -> str:
    """The option of a setting: ``robust_z`` is ``--robust-z``."""
    return f"--{name.replace('_', '-')}"


def add_settings(
    parser: argparse._ActionsContainer, section: Section, placeholders: Mapping[str, str]
) -> None:
    """An option for each setting named: ``robust_z`` becomes ``--robust-z``.

    ``placeholders`` are the settings wanted with what stands for their value in the help; empty for settings
    that are on or off, or that have a few values to choose from. Lists are options that may be repeated.
    """
    for name, placeholder in placeholders.items():
        setting = section[name]
        option = option_of(name)
        more: dict[str, Any] = {"default": setting.default, "help": _help(setting)}
        if isinstance(setting.kind, Flag):
            parser.add_argument(option, action=argparse.BooleanOptionalAction, **more)
        elif isinstance(setting.kind, Text) and setting.kind.choices:
            parser.add_argument(option, choices=setting.kind.choices, **more)
        elif isinstance(setting.kind, ListOf | Named):
            more["help"] += "; may be repeated"
            parser.add_argument(option, action="append", metavar=placeholder, **more)
        else:
            kind = cast(Kind, setting.kind)  # no option holds a section
            parser.add_argument(option, type=_typed(kind), metavar=placeholder, **more)
        if setting.formerly:
            add_former_name(parser, option_of(setting.formerly), option)


def add_former_name(parser: argparse._ActionsContainer, former: str, now: str) -> None:
    """Take an option by the name that it had in an earlier release, too; the help does not speak of it."""
    parser._option_string_actions[former] = parser._option_string_actions[now]


def told(arguments: argparse.Namespace, section: Section) -> dict[str, Any]:
    """What the command line says about every setting of the section; the default where it has no option.

    Raises
    ------
    InputError
        A value that is none of the setting's, where it came in several parts.
    """
    return {setting.name: _told(arguments, setting) for setting in section.settings}


def _told(arguments: argparse.Namespace, setting: Setting) -> Any:
    given = getattr(arguments, setting.name, None)
    if given is None:
        return setting.default
    try:
        if isinstance(setting.kind, ListOf):
            return setting.kind.read(given)
        if isinstance(setting.kind, Named):
            return _by_name(given, setting)
    except UnfitError as unfit:
        raise InputError(Problem(f"{option_of(setting.name)} {unfit}")) from None
    return given


def _by_name(pairs: list[str], setting: Setting) -> dict[str, tuple[str, ...]]:
    """``NAME=VALUE`` of every pair, the values of a name together."""
    option = option_of(setting.name)
    if wrong := [pair for pair in pairs if "=" not in pair]:
        remedy = f"For example {option} flagged=1."
        raise InputError(Problem(f"{option} wants ATTRIBUTE=VALUE", examples=tuple(wrong), remedy=remedy))
    values: dict[str, tuple[str, ...]] = {}
    for pair in pairs:
        name, value = (part.strip() for part in pair.split("=", 1))
        values[name] = (*values.get(name, ()), value)
    return values


def _help(setting: Setting) -> str:
    if setting.default is None or setting.default == ():
        return setting.doc.replace("%", "%%")
    default = setting.default
    if isinstance(default, bool):
        default = f"--{'' if default else 'no-'}{option_of(setting.name)[2:]}"
    elif isinstance(default, float):
        default = f"{default:g}"
    return " ".join(part for part in (setting.doc.replace("%", "%%"), f"(default: {default})") if part)


def _typed(kind: Kind) -> Callable[[str], Any]:
    """How the text of an option becomes a value of the kind; of one that may be a list, commas part it."""

    def typed(text: str) -> Any:
        value: Any = text
        if not isinstance(kind, Text | AnyOf):
            for number in (int, float):
                with suppress(ValueError):
                    value = number(text)
                    break
        try:
            return kind.read(value)
        except UnfitError as unfit:
            if isinstance(kind, AnyOf):
                with suppress(UnfitError):
                    return kind.read([part.strip() for part in text.split(",")])
            raise argparse.ArgumentTypeError(str(unfit)) from None

    return typed
