"""Options that several commands share, and the log they describe."""

import argparse
import math
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ciip_irt.errors import InputError, Problem

if TYPE_CHECKING:
    import polars as pl

    from ciip_irt.bank import ItemBank
    from ciip_irt.responses import Ingested, ScoredResponses
    from ciip_irt.screening import Concern

__all__ = [
    "add_accept",
    "add_blueprint",
    "add_earlier",
    "add_flags",
    "add_groupings",
    "add_item_times",
    "add_items",
    "add_log",
    "add_logs",
    "add_out",
    "add_person_misfit",
    "add_policy",
    "add_reading",
    "add_seed",
    "add_text_format",
    "add_theta_cut",
    "earlier_forms",
    "flags_given",
    "items_and_log",
    "items_given",
    "no_key",
    "note",
    "number",
    "read_items",
    "read_log",
    "recovered",
    "scored_log",
    "stopped",
    "text_format",
    "timed_items",
    "warn",
    "whole",
]


def number(text: str) -> float:
    """A number that can be compared: neither ``nan`` nor infinite."""
    value = float(text)
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text} is no number that anything could be compared with")
    return value


def whole(least: int) -> Callable[[str], int]:
    """A whole number from ``least`` on."""

    def parsed(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"{text} is below {least}")
        return value

    parsed.__name__ = "whole number"
    return parsed


def add_out(parser: argparse.ArgumentParser, default: str | None = None, *, required: bool = True) -> None:
    """``--out DIR``."""
    parser.add_argument(
        "--out",
        metavar="DIR",
        default=default,
        required=required and default is None,
        help="folder for the results" + (f" (default: {default})" if default else ""),
    )


def add_text_format(parser: argparse._ActionsContainer) -> None:
    """``--delimiter`` and ``--encoding`` of delimited text files."""
    parser.add_argument(
        "--delimiter",
        default=None,
        metavar="C",
        help="between cells of CSV files: a character, or tab, semicolon, bar (default: seen from the file)",
    )
    parser.add_argument(
        "--encoding", default=None, help="of CSV files, e.g. cp1252 (default: seen from the file)"
    )


def add_items(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """``--items ITEMS``."""
    parser.add_argument(
        "--items", metavar="ITEMS", required=required, help="the item bank: items.csv or .xlsx"
    )


def add_groupings(parser: argparse.ArgumentParser) -> None:
    """``--dif COLUMN``, repeatable."""
    parser.add_argument(
        "--dif",
        action="append",
        default=None,
        metavar="COLUMN",
        help="column of the candidates table whose groups are compared item by item; may be repeated"
        " (default: delivery_mode, first_time and region, as far as they are there)",
    )


def add_accept(parser: argparse._ActionsContainer) -> None:
    """``--accept WHOLE``, repeatable."""
    parser.add_argument(
        "--accept",
        action="append",
        default=[],
        metavar="WHOLE",
        help="go on though this looks wrong as a whole (anchors, key); may be repeated",
    )


def stopped(concerns: "Iterable[Concern]", accept: Sequence[str]) -> bool:
    """Whether something that looks wrong as a whole stops the work; says so, and how to go on."""
    from ciip_irt.screening import Whole, check_accepted, look_wrong, stopping

    names = sorted({str(concern.whole) for concern in stopping(concerns, check_accepted(accept))})
    if names:
        how = " ".join(f"--accept {name}" for name in names)
        warn(
            f"stopped, because {look_wrong(map(Whole, names))} as a whole: the results are written, but"
            f" nothing should be built on them. Where it is right all the same: {how}."
        )
    return bool(names)


def add_blueprint(parser: argparse.ArgumentParser) -> None:
    """``--blueprint B``."""
    parser.add_argument("--blueprint", required=True, metavar="B", help="name (ciip-2024) or TOML file")


def add_policy(parser: argparse.ArgumentParser) -> None:
    """``--policy POLICY``."""
    parser.add_argument(
        "--policy", default="default", metavar="POLICY", help="name or TOML file (default: default)"
    )


def add_seed(parser: argparse.ArgumentParser) -> None:
    """``--seed S``: the same seed gives the same result."""
    parser.add_argument("--seed", type=int, default=2026, metavar="S", help="(default: 2026)")


def add_earlier(parser: argparse.ArgumentParser, then: str) -> None:
    """``--earlier FILES``; ``then`` says what follows from them."""
    parser.add_argument(
        "--earlier",
        nargs="+",
        default=[],
        metavar="FILES",
        help=f"forms used before (files or patterns): {then}",
    )


def add_flags(parser: argparse.ArgumentParser, then: str) -> None:
    """``--flags FILES``; ``then`` says what becomes of the items flagged."""
    parser.add_argument(
        "--flags",
        nargs="+",
        default=[],
        metavar="FILES",
        help="flags.csv of 'analyse', also anchors.csv of 'calibrate': items with open flags of severity 1 or"
        f" 2 and anchors that drifted {then}, unless the blueprint lets them in by name",
    )


def flags_given(arguments: argparse.Namespace) -> "pl.DataFrame | None":
    """The flags of ``--flags``; ``None`` without it."""
    from ciip_irt.forms import open_flags
    from ciip_irt.tables import read_frame

    if not arguments.flags:
        return None
    return open_flags([(read_frame(path, **text_format(arguments, path)), path) for path in arguments.flags])


def add_item_times(parser: argparse.ArgumentParser) -> None:
    """``--item-times FILE``, for the time budget of forms."""
    parser.add_argument(
        "--item-times",
        metavar="FILE",
        help="item_times.csv of 'analyse': the expected time of a form is held against the testing time",
    )


def add_theta_cut(parser: argparse.ArgumentParser) -> None:
    """``--theta-cut T`` in the place of the blueprint's."""
    parser.add_argument(
        "--theta-cut",
        type=number,
        metavar="T",
        help="the standard on the bank scale (default: the blueprint's)",
    )


def add_person_misfit(parser: argparse._ActionsContainer) -> None:
    """``--exclude-person-misfit P``."""
    parser.add_argument(
        "--exclude-person-misfit",
        type=number,
        default=None,
        metavar="P",
        help="calibrate again without deliveries whose lz* has a smaller p, as in 0.001 (default: keep all)",
    )


def add_logs(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """``LOG...``: the files alone."""
    parser.add_argument(
        "log",
        metavar="LOG",
        nargs="+" if required else "*",
        help="response logs: CSV, CSV.gz, XLSX, Parquet or NDJSON",
    )


def add_log(parser: argparse.ArgumentParser, *, required: bool = True, items_required: bool = True) -> None:
    """Everything that says how a response log is read, who counts, and how it is scored."""
    add_logs(parser, required=required)
    add_items(parser, required=items_required)
    add_reading(parser)
    who = parser.add_argument_group("who counts")
    who.add_argument(
        "--attempts", default="first", metavar="WHICH", help="first (default), all, or labels: 1,2,4+"
    )
    who.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="ATTRIBUTE=VALUE",
        help="leave out deliveries with this candidate attribute, e.g. flagged=1; may be repeated",
    )
    who.add_argument(
        "--maximum-rapid",
        type=number,
        default=None,
        metavar="SHARE",
        help="leave out deliveries with more than this share of answers given faster than anyone can read,"
        " e.g. 0.1",
    )
    scoring = parser.add_argument_group("scoring")
    for name, what in (
        ("omitted", "omitted answers"),
        ("not-reached", "items not reached"),
        ("invalid", "invalid answers"),
    ):
        scoring.add_argument(
            f"--{name}",
            choices=("wrong", "missing"),
            default="wrong",
            help=f"{what}: 0 points, or do not count (default: wrong)",
        )


def add_reading(parser: argparse.ArgumentParser) -> None:
    """How files are read."""
    reading = parser.add_argument_group("reading")
    reading.add_argument(
        "--format",
        default=None,
        metavar="F",
        help="long, wide or vendor-wide (default: seen from the columns)",
    )
    reading.add_argument("--mapping", default=None, metavar="MAP.toml", help="which column means what")
    reading.add_argument(
        "--candidates", default=None, metavar="FILE", help="attributes, one row per delivery"
    )
    reading.add_argument("--sheet", default=None, metavar="NAME", help="sheet of a workbook with the answers")
    reading.add_argument(
        "--key", default=None, metavar="FILE", help="the key: a table with a column of items and one of keys"
    )
    reading.add_argument(
        "--key-row",
        type=whole(1),
        default=None,
        metavar="N",
        help="number of the row that is the key",
    )
    reading.add_argument(
        "--blank",
        choices=("omitted", "not_reached", "invalid", "not_administered"),
        default=None,
        help="what an empty cell of a wide log means (default: seen from where they stand)",
    )
    reading.add_argument(
        "--attribute",
        action="append",
        default=[],
        metavar="COLUMN",
        help="a column that is about candidates though it looks like a question; may be repeated",
    )
    reading.add_argument(
        "--keep-names", action="store_true", help="keep names, e-mail addresses and the like in the results"
    )
    reading.add_argument(
        "--pseudonyms",
        default=None,
        metavar="KEYFILE",
        help="replace candidates by keyed hashes; the key is made where there is no such file (rights 600)",
    )
    add_text_format(reading)


def text_format(arguments: argparse.Namespace, path: "Path | str") -> dict[str, str]:
    """How a file is read that may have commas beside a log with semicolons."""
    from ciip_irt.tables import delimiter_beside, told_format

    if arguments.delimiter is None:
        delimiter, encoding = told_format(Path(path))
        return {"delimiter": delimiter, "encoding": arguments.encoding or encoding}
    return {
        "delimiter": delimiter_beside(path, arguments.delimiter),
        "encoding": arguments.encoding or "utf-8",
    }


def recovered(folder: Path) -> None:
    """Finish what a stopped program left half done in a folder, and say so."""
    from ciip_irt.tables import recover

    try:
        said = recover(folder)
    except OSError as error:
        what = (
            f"an earlier run was stopped while it changed files here, and they cannot be completed: {error}"
        )
        remedy = "Close the files in other programs, or run this again where the folder may be written to."
        raise InputError(Problem(what, where=str(folder), remedy=remedy)) from None
    if said:
        note(said)


def read_items(arguments: argparse.Namespace, *, complete: bool = False) -> "ItemBank":
    """The bank named by ``--items``; ``complete``: columns that it lacks are filled in."""
    from ciip_irt.bank import read_bank

    recovered(Path(arguments.items).parent)
    return read_bank(arguments.items, **text_format(arguments, arguments.items), complete=complete)


def items_given(arguments: argparse.Namespace) -> "tuple[ItemBank | None, pl.DataFrame | None]":
    """The items of ``--items`` with the keys of ``--key``; what ``--items`` says where neither has keys."""
    from ciip_irt.bank import bank_of, read_items_file

    files = [name for name in (arguments.items, arguments.key) if name is not None]
    tables = [read_items_file(name, **text_format(arguments, name)) for name in files]
    if not tables:
        return None, None
    keyed = tables[-1][0].columns
    if arguments.key is not None and not {"item_id", "key"}.issubset(keyed):
        shown = ", ".join(keyed[:8])
        what = f"no columns of items and keys are among {shown}"
        remedy = "Name them item and key, or put the keys in one row below the names of the items."
        raise InputError(Problem(what, where=arguments.key, row=1, remedy=remedy))
    (items, said), *key = tables
    if key:
        keys, more = key[0]
        items = keys.select("item_id", "key").join(
            items.drop("key", strict=False), on="item_id", how="left", maintain_order="left"
        )
        said = (*said, *more)
    if "key" not in items.columns:
        return None, items
    return bank_of(items, files[0], said), None


def timed_items(arguments: argparse.Namespace) -> "ItemBank":
    """The bank of ``--items``, with the expected times of ``--item-times`` where that is given."""
    from ciip_irt.bank import with_expected_times
    from ciip_irt.tables import read_frame

    bank, times = read_items(arguments), arguments.item_times
    if times is None:
        return bank
    return with_expected_times(bank, read_frame(times, **text_format(arguments, times)), times)


def earlier_forms(arguments: argparse.Namespace) -> "pl.DataFrame | None":
    """The forms of ``--earlier``."""
    from ciip_irt.forms import read_form_files

    if not arguments.earlier:
        return None
    return read_form_files(
        arguments.earlier, delimiter=arguments.delimiter or ",", encoding=arguments.encoding or "utf-8"
    ).forms


def read_log(
    arguments: argparse.Namespace, bank: "ItemBank | None", about: "pl.DataFrame | None" = None
) -> "Ingested":
    """The log files named on the command line, examined."""
    from ciip_irt.responses import Choices, ingest

    return ingest(
        [Path(name) for name in arguments.log],
        bank=bank,
        format=arguments.format,
        mapping=arguments.mapping,
        candidates=arguments.candidates,
        delimiter=arguments.delimiter,
        encoding=arguments.encoding,
        choices=Choices(
            sheet=arguments.sheet,
            key_row=arguments.key_row,
            blank=arguments.blank,
            attributes=tuple(arguments.attribute),
            keep_names=arguments.keep_names,
        ),
        about=about,
        pseudonyms=arguments.pseudonyms,
    )


def scored_log(
    arguments: argparse.Namespace, bank: "ItemBank | None", read: "Ingested | None" = None
) -> "ScoredResponses":
    """The log of ``add_log``: read (unless it is given), examined, narrowed to who counts, scored.

    How it was read and what was set apart is said on standard error; nothing is dropped in silence.
    """
    import polars as pl

    from ciip_irt.bank import read_ledger, roles_then
    from ciip_irt.responses import EligibilityRules, ScoringRules, score, select_eligible

    if read is None:
        read = read_log(arguments, bank)
        for reading in read.readings:
            print(reading.summary(), file=sys.stderr)
    bank = read.bank
    if bank is None:
        raise InputError(no_key(arguments, read))
    rules = EligibilityRules(
        attempts=_attempts(arguments.attempts),
        exclude_attributes=_excluded(arguments.exclude),
        maximum_rapid=arguments.maximum_rapid,
    )
    eligible = select_eligible(read.responses, read.candidates, rules)
    responses, history = roles_then(
        eligible.responses, read_ledger(Path(arguments.items or arguments.log[0]).parent / "ledger.csv")
    )
    for sentence in read.cautions:
        warn(sentence)
    for sentence in (*read.notes, *eligible.notes, *history):
        note(sentence)
    return score(
        responses,
        bank,
        candidates=eligible.candidates,
        exclusions=pl.concat([read.exclusions, eligible.exclusions]),
        rules=ScoringRules(arguments.omitted, arguments.not_reached, arguments.invalid),
    )


def items_and_log(arguments: argparse.Namespace) -> "tuple[ItemBank, ScoredResponses]":
    """The items and the scored log of ``add_log``; the items may lack columns, or be the key in the log.

    How both were read, and what is left out for what they lack, is said on standard error.
    """
    from ciip_irt.bank import left_out_for_lack

    given, about = items_given(arguments)
    read = read_log(arguments, given, about)
    for reading in read.readings:
        print(reading.summary(), file=sys.stderr)
    if read.bank is None:
        raise InputError(no_key(arguments, read))
    for sentence in (*read.bank.said, *left_out_for_lack(read.bank.assumed, read.bank.items.height)):
        note(sentence)
    return read.bank, scored_log(arguments, read.bank, read)


def no_key(arguments: argparse.Namespace, read: "Ingested") -> Problem:
    """That there is a log and nothing to score it by; with the rows that could be the key."""
    hints = [reading.hint for reading in read.readings if reading.hint]
    usual = (
        "Give it with --key (a table with a column of items and one of keys) or --items, as a row that"
        " begins with KEY (or say which row it is: --key-row N), or as a second sheet."
    )
    remedy = " ".join([*hints[:1], usual])
    return Problem("no key is found in the log", where=arguments.log[0], remedy=remedy)


def note(sentence: str) -> None:
    """One thing that was done, on standard error."""
    print(f"note: {sentence}", file=sys.stderr)


def warn(sentence: str) -> None:
    """One warning on standard error."""
    print(f"warning: {sentence}", file=sys.stderr)


def _attempts(text: str) -> "Literal['first', 'all'] | tuple[str, ...]":
    if text == "first":
        return "first"
    if text == "all":
        return "all"
    return tuple(part.strip() for part in text.split(","))


def _excluded(pairs: list[str]) -> dict[str, tuple[str, ...]]:
    wrong = [pair for pair in pairs if "=" not in pair]
    if wrong:
        remedy = "For example --exclude flagged=1."
        raise InputError(Problem("--exclude wants ATTRIBUTE=VALUE", examples=tuple(wrong), remedy=remedy))
    values: dict[str, tuple[str, ...]] = {}
    for pair in pairs:
        name, value = pair.split("=", 1)
        values[name.strip()] = (*values.get(name.strip(), ()), value.strip())
    return values
