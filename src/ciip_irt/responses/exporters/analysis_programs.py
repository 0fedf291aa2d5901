"""Input files of other item-analysis programs: Iteman and Xcalibre, Winsteps, Lertap."""

import re
from collections.abc import Sequence
from pathlib import Path

from ciip_irt.errors import InputError, Problem
from ciip_irt.responses.exporters.exporter import Exporter, answers_sheet, key_sheet
from ciip_irt.tables import Grid, folded, told_text

__all__ = ["ITEMAN", "LERTAP", "WINSTEPS"]

HEADER = re.compile(r"\s*(\d{1,3})\s+(\S)\s+(\S)\s+(\d{1,3})\b.*")
SETTING = re.compile(r"^\s*&?([A-Za-z][A-Za-z0-9]*)\s*=\s*(.*?)\s*,?\s*$")
STATUS = {"Y": "scored", "N": "retired", "P": "pilot"}


def _lines(text: str) -> list[str]:
    return [line.rstrip("\r\n") for line in text.split("\n")]


def _iteman_fits(text: str, grids: Sequence[Grid]) -> bool:  # noqa: ARG001 - one signature for all
    lines = _lines(text)[:5]
    found = HEADER.fullmatch(lines[0]) if lines else None
    if found is None or len(lines) < 5:
        return False
    n = int(found[1])
    key, alternatives, included = (line.strip() for line in lines[1:4])
    return len(key) == len(alternatives) == len(included) == n and alternatives.isdigit()


def _iteman(text: str, grids: Sequence[Grid], path: Path) -> tuple[Grid, ...]:  # noqa: ARG001
    """Number of items, code for omitted, code for not reached, characters of the id; the key; the number of
    alternatives; Y, N or P (or a digit or letter of a scale) per item; then the candidates.
    """
    lines = _lines(text)
    found = HEADER.fullmatch(lines[0])
    assert found is not None  # the layout was told by it
    n, omitted, not_reached, width = int(found[1]), found[2], found[3], int(found[4])
    key, alternatives, included = (line.strip() for line in lines[1:4])
    items = numbered(n)
    words = {omitted: "omitted", not_reached: "not reached"}
    rows = _fixed(lines[4:], width, n, words, path, first=5)
    status = {item: STATUS.get(code, "scored") for item, code in zip(items, included, strict=True)}
    domains = {item: code for item, code in zip(items, included, strict=True) if code not in STATUS}
    more = {"options": dict(zip(items, alternatives, strict=True)), "status": status}
    if domains:
        more["domain"] = {item: domains.get(item, "unscored") for item in items}
    return answers_sheet(["candidate_id", *items], rows), key_sheet(
        dict(zip(items, key, strict=True)), **more
    )


def numbered(n: int) -> list[str]:
    """Names for items that have none: ``Q01`` to ``Q25``.

    >>> numbered(3)
    ['Q1', 'Q2', 'Q3']
    """
    width = len(str(n))
    return [f"Q{number:0{width}d}" for number in range(1, n + 1)]


def _fixed(
    lines: Sequence[str], width: int, n: int, words: dict[str, str], path: Path, first: int
) -> list[list[str]]:
    """Candidate and answers of lines with ``width`` characters of id and ``n`` of answers after them."""
    rows = []
    for number, line in enumerate(lines, start=first):
        if not line.strip():
            continue
        answers = line[width:].rstrip()
        blanks = len(answers) - n
        if blanks > 0 and answers[:blanks].isspace():
            answers = answers[blanks:]  # a space between id and answers
        if len(answers) > n or (len(answers) < n and " " not in words and not line[width:].endswith(" ")):
            remedy = "Every line has the id and one character per item, in the same columns."
            what = f"{len(answers)} answers where the header says {n}"
            raise InputError(Problem(what, str(path), number, examples=(line[:40],), remedy=remedy))
        padded = answers.ljust(n)
        rows.append([line[:width].strip(), *(words.get(cell, cell.strip() or "omitted") for cell in padded)])
    return rows


def _winsteps_fits(text: str, grids: Sequence[Grid]) -> bool:  # noqa: ARG001
    upper = text[:50_000].upper()
    return "&END" in upper and "ITEM1" in upper and re.search(r"^\s*NI\s*=", upper, re.M) is not None


def _winsteps(text: str, grids: Sequence[Grid], path: Path) -> tuple[Grid, ...]:  # noqa: ARG001
    """NI, ITEM1, NAME1, NAMLEN, CODES and KEY1; labels up to END NAMES; the data below, or in DATA=."""
    joined = re.sub(r"\+\s*\r?\n\s*\+", "", text)
    lines = _lines(joined)
    end = next(place for place, line in enumerate(lines) if line.strip().upper().startswith("&END"))
    settings = {}
    for line in lines[:end]:
        found = SETTING.match(line.split(";")[0])
        if found:
            settings[found[1].upper()] = found[2].strip("\"'")
    n, start = _number(settings, "NI", path), _number(settings, "ITEM1", path)
    _require_choice(settings, path)
    names = lines[end + 1 :]
    stop = next(
        (k for k, line in enumerate(names) if line.strip().upper() in ("END NAMES", "END LABELS")), None
    )
    labels = [] if stop is None else [line.split(";")[0].strip() for line in names[:stop]]
    first_words = [label.split()[0] if label else "" for label in labels]
    unique = len(labels) == n and len(set(first_words)) == n and all(first_words)
    items = first_words if unique else numbered(n)
    if settings.get("DATA"):
        beside = path.parent / Path(settings["DATA"].replace("\\", "/")).name
        data = _lines(told_text(beside)[0])
    else:
        data = names if stop is None else names[stop + 1 :]
    name1 = int(settings.get("NAME1", "1"))
    length = int(settings.get("NAMLEN", str(max(start - name1, 0) if name1 < start else 30)))
    valid = settings.get("CODES", "01")
    rows = []
    for line in data:
        if not line.strip() or line.lstrip().startswith(";"):
            continue
        cells = line[start - 1 : start - 1 + n].ljust(n)
        who = line[name1 - 1 : name1 - 1 + length].strip()
        rows.append([who, *(cell if cell in valid else "omitted" for cell in cells)])
    sheet = answers_sheet(["candidate_id", *items], rows)
    key = settings.get("KEY1", "")
    if not key:
        return (sheet,)
    if len(key) != n:
        remedy = "KEY1 has one character per item."
        raise InputError(Problem(f"KEY1 has {len(key)} keys, NI is {n}", str(path), remedy=remedy))
    return sheet, key_sheet(dict(zip(items, key, strict=True)))


def _number(settings: dict[str, str], name: str, path: Path) -> int:
    value = settings.get(name, "")
    if not value.isdigit() or not 0 < int(value) < 100_000:
        what = f"{name} = {value!r} is not a number of columns"
        raise InputError(Problem(what, str(path), remedy="Correct the control file."))
    return int(value)


def _require_choice(settings: dict[str, str], path: Path) -> None:
    """What would be read wrongly: two columns per answer, reformatted records, points above one."""
    codes = settings.get("CODES", "01")
    for name, wrong in (
        ("XWIDE", settings.get("XWIDE", "1") != "1"),
        ("FORMAT", "FORMAT" in settings),
        ("CODES", not settings.get("KEY1") and not set(codes) <= {"0", "1", " "}),
        ("NEWSCORE", "NEWSCORE" in settings),
        ("KEY2", "KEY2" in settings),
    ):
        if wrong:
            remedy = "Export the answers as a table (one column per item) and give that."
            what = (
                f"{name} = {settings.get(name, codes)} is not read: one column per right-or-wrong answer is"
            )
            raise InputError(Problem(what, str(path), remedy=remedy))


def _lertap_fits(text: str, grids: Sequence[Grid]) -> bool:  # noqa: ARG001
    return {"data", "ccs"} <= {folded(grid.name) for grid in grids}


def _lertap(text: str, grids: Sequence[Grid], path: Path) -> tuple[Grid, ...]:  # noqa: ARG001
    """Sheet Data: a title, the headers, the records. Sheet CCs: ``*col (c3-c27)``, ``*key``, ``*alt``."""
    sheets = {folded(grid.name): grid for grid in grids}
    data, cards = sheets["data"], [" ".join(cell for cell in row if cell) for row in sheets["ccs"].rows]
    columns = next(
        (m for card in cards if (m := re.match(r"\*col\s*\(?c(\d+)\s*-\s*c(\d+)\)?", card, re.I))), None
    )
    key = next((re.sub(r"\s", "", card[4:]) for card in cards if card.lower().startswith("*key")), None)
    if columns is None or key is None:
        remedy = "The sheet CCs needs a line *col (c3-c27) and a line *key."
        raise InputError(
            Problem("the control lines lack *col or *key", f"{path}, sheet 'CCs'", remedy=remedy)
        )
    low, high = int(columns[1]) - 1, int(columns[2])
    header, rows = data.rows[1], data.rows[2:]
    items = [name or f"Q{number}" for number, name in enumerate(header[low:high], 1)]
    if len(key) != len(items):
        remedy = "*key has one letter per column of *col."
        what = f"*key has {len(key)} keys for {len(items)} columns"
        raise InputError(Problem(what, f"{path}, sheet 'CCs'", remedy=remedy))
    about = ["candidate_id", *(name for name in header[1:low] if name)]
    sheet = answers_sheet([*about, *items], [[*row[: len(about)], *row[low:high]] for row in rows])
    options = next((re.sub(r"\s", "", card[4:]) for card in cards if card.lower().startswith("*alt")), "")
    more = {"options": dict(zip(items, options, strict=True))} if len(options) == len(items) else {}
    return sheet, key_sheet(dict(zip(items, key, strict=True)), **more)


ITEMAN = Exporter(
    "iteman",
    "Assessment Systems, Iteman 4.3 manual and Xcalibre 4 manual, legacy data file with header lines",
    _iteman_fits,
    _iteman,
)
WINSTEPS = Exporter(
    "winsteps",
    "Winsteps help, control variables: www.winsteps.com/winman/controlusage.htm",
    _winsteps_fits,
    _winsteps,
)
LERTAP = Exporter("lertap", "Lertap 5 help: lertap5.com/HTMLHelp", _lertap_fits, _lertap)
