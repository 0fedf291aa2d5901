"""Settings written as TOML: whatever characters they have, reading gives them back."""

from collections.abc import Mapping, Sequence
from typing import Any

import tomlkit
from tomlkit.items import InlineTable

__all__ = ["in_one_line", "toml_text", "toml_with"]


def toml_text(settings: Mapping[str, Any], comments: Sequence[str] = ()) -> str:
    """The text of a file of settings below lines of comment.

    Sections are mappings, ``[[sections]]`` lists of them; both stand after the plain settings around them.

    >>> print(toml_text({"name": "of p", "range": [1, 2], "p": {"low": 0.2}}, ["limits"]))
    # limits
    name = "of p"
    range = [1, 2]
    <BLANKLINE>
    [p]
    low = 0.2
    <BLANKLINE>
    """
    said = "".join(f"# {_in_one_line_of_text(line)}\n" for line in comments)
    return said + tomlkit.dumps(settings)


def toml_with(text: str, sections: Mapping[str, Mapping[str, Any]]) -> str:
    """The TOML text with other values for some settings of its sections; its comments stay.

    >>> print(toml_with("[assembly]\\n# How many.\\nn_forms = 3", {"assembly": {"n_forms": 2}}))
    [assembly]
    # How many.
    n_forms = 2
    """
    document: Any = tomlkit.parse(text)
    for section, settings in sections.items():
        document[section].update(settings)
    return tomlkit.dumps(document)


def in_one_line(values: Mapping[str, Any]) -> InlineTable:
    """A section that stands behind its key: ``where = {domain = ["F"]}``."""
    table = tomlkit.inline_table()
    table.update({key: in_one_line(one) if isinstance(one, Mapping) else one for key, one in values.items()})
    return table


def _in_one_line_of_text(text: str) -> str:
    """No line end in a comment may begin a setting, and no control character is TOML."""
    return "".join(one if one.isprintable() else "\ufffd" for one in " ".join(text.split()))
