"""How numbers and names are written for readers. Everything here returns plain text, escaped by the page."""

import math
import re
from typing import Any

from ciip_irt.errors import plural

__all__ = [
    "FILTERS",
    "NO_VALUE",
    "cell",
    "decimal",
    "humane",
    "interval",
    "percent",
    "seconds",
    "sentence_case",
    "tied",
    "whole",
]

NO_VALUE = "–"
MINUS = "−"
JOINT = "\u00a0"
NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?", re.IGNORECASE)
WORDS = {
    "csem": "CSEM",
    "n": "n",
    "p": "p",
    "r": "R",
    "sd": "SD",
    "se": "SE",
    "sem": "SEM",
    "dif": "DIF",
    "id": "ID",
    "theta": "θ",
    "rmsd": "RMSD",
    "md": "MD",
    "x2": "X²",
    "df": "df",
    "mnsq": "MNSQ",
    "ets": "ETS",
    "eap": "EAP",
    "mean p": "mean p",
    "mean r": "mean R",
    "mean b": "mean b",
    "form id": "form",
    "dif class c": "DIF class C",
    "item id": "item",
}


def _number(value: Any) -> float | None:
    if value is None or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def decimal(value: Any, digits: int = 2, *, leading_zero: bool = False) -> str:
    """A statistic as the field writes it: no zero before the point, a real minus sign.

    >>> decimal(0.9312), decimal(-0.05), decimal(1.234, 1), decimal(None), decimal(-0.001)
    ('.93', '−.05', '1.2', '–', '.00')
    """
    number = _number(value)
    if number is None:
        return NO_VALUE
    text = f"{abs(number):,.{digits}f}"
    negative = number < 0 and text.strip("0.,") != ""
    if not leading_zero and text.startswith("0."):
        text = text[1:]
    return f"{MINUS}{text}" if negative else text


def interval(low: Any, high: Any, digits: int = 2) -> str:
    """Both ends of an interval.

    >>> interval(-0.05, 0.36), interval(None, 1)
    ('−.05 to .36', '–')
    """
    if _number(low) is None or _number(high) is None:
        return NO_VALUE
    return f"{decimal(low, digits)} to {decimal(high, digits)}"


def whole(value: Any) -> str:
    """A count.

    >>> whole(12500), whole(None)
    ('12,500', '–')
    """
    number = _number(value)
    if number is None:
        return NO_VALUE
    text = f"{abs(number):,.0f}"
    return f"{MINUS}{text}" if number < 0 and text != "0" else text


def percent(value: Any, digits: int = 0) -> str:
    r"""A share; a small share that is not nothing is not written as nothing.

    >>> [percent(share).replace("\u00a0", " ") for share in (0.413, 0.002, 0, None, 0.999)]
    ['41 %', '< 1 %', '0 %', '–', '> 99 %']
    """
    number = _number(value)
    if number is None:
        return NO_VALUE
    text = f"{number:.{digits}%}"[:-1]
    if digits == 0 and number > 0 and text == "0":
        return f"<{JOINT}1{JOINT}%"
    if digits == 0 and number < 1 and text == "100":
        return f">{JOINT}99{JOINT}%"
    return f"{text}{JOINT}%"


def seconds(value: Any) -> str:
    """A time on an item or a form.

    >>> seconds(48.4), seconds(75), seconds(9720), seconds(None)
    ('48 s', '1 min 15 s', '2 h 42 min', '–')
    """
    number = _number(value)
    if number is None:
        return NO_VALUE
    whole_seconds = round(number)
    if whole_seconds < 60:
        return f"{whole_seconds} s"
    if whole_seconds < 3600:
        return f"{whole_seconds // 60} min {whole_seconds % 60} s"
    minutes = round(number / 60)
    return f"{minutes // 60} h {minutes % 60} min"


def humane(name: str) -> str:
    """A column or flag name in words.

    >>> humane("median_total_time_s"), humane("key_suspect"), humane("n"), humane("theta_cut")
    ('median total time, s', 'key suspect', 'n', 'θ cut')
    """
    text = str(name).strip()
    unit = ", s" if text.endswith("_s") else ""
    text = text.removesuffix("_s") if unit else text
    text = text.replace("_", " ").replace("-", " ") if re.fullmatch(r"[\w-]+", text) else text
    if text in WORDS:
        return WORDS[text] + unit
    return " ".join(WORDS.get(word, word) for word in text.split(" ")) + unit


def cell(value: Any) -> str:
    """A cell of a table whose columns are not known beforehand.

    >>> cell("0.12345678"), cell("130"), cell("F Image Management"), cell(None), cell(True), cell([1, 2])
    ('.123', '130', 'F Image Management', '–', 'yes', '1, 2')
    """
    if value is None or value == "":
        return NO_VALUE
    if isinstance(value, bool) or value in ("true", "false"):
        return "yes" if value in (True, "true") else "no"
    if isinstance(value, list | tuple):
        return ", ".join(cell(part) for part in value) or NO_VALUE
    if isinstance(value, dict):
        return "; ".join(f"{humane(key)}: {cell(part)}" for key, part in value.items()) or NO_VALUE
    if isinstance(value, int):
        return whole(value)
    if isinstance(value, float) or (isinstance(value, str) and NUMBER.fullmatch(value)):
        # Identifiers like 007 or 2024 are not quantities: whole numbers given as text stay as they are.
        if isinstance(value, str) and "." not in value and "e" not in value.lower():
            return value
        number = _number(value)
        if number is None:
            return NO_VALUE
        return whole(number) if number.is_integer() and abs(number) >= 1 else decimal(number, 3)
    return str(value)


def sentence_case(text: str) -> str:
    """With a capital first letter, the rest as it stands.

    >>> sentence_case("low R"), sentence_case("")
    ('Low R', '')
    """
    return text[:1].upper() + text[1:]


def tied(text: Any) -> str:
    r"""A sentence whose numbers keep their percent sign when the line breaks.

    >>> tied("41 % chose C") == "41\u00a0% chose C", tied(None)
    (True, '')
    """
    return "" if text is None else str(text).replace(" %", f"{JOINT}%")


FILTERS = {
    "decimal": decimal,
    "interval": interval,
    "whole": whole,
    "percent": percent,
    "seconds": seconds,
    "humane": humane,
    "sentence_case": sentence_case,
    "cell": cell,
    "tied": tied,
    "plural": plural,
}
