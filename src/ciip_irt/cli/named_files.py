"""The files that the options shared by commands name, read: items, logs, earlier forms, flags."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ciip_irt.cli.declared import told
from ciip_irt.cli.remarks import note, warn
from ciip_irt.errors import InputError, Problem
from ciip_irt.job.exam_settings import ELIGIBILITY, RESPONSES, SCORING

if TYPE_CHECKING:
    import polars as pl

    from ciip_irt.bank import ItemBank
    from ciip_irt.responses import Ingested, ScoredResponses

__all__ = [
    "earlier_forms",
    "flags_given",
    "items_and_log",
    "items_given",
    "no_key",
    "read_items",
    "read_log",
    "recovered",
    "scored_log",
    "text_format",
    "timed_items",
]


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
    from ciip_irt.bank import bank_of, read_items_file, require_keys, with_keys

    files = [name for name in (arguments.items, arguments.key) if name is not None]
    tables = [
        read_items_file(name, **text_format(arguments, name), key_only=name == arguments.key)
        for name in files
    ]
    if not tables:
        return None, None
    if arguments.key is not None:
        require_keys(tables[-1][0], arguments.key)
    (items, said), *key = tables
    if key:
        keys, more = key[0]
        items, different = with_keys(items, arguments.items, keys, arguments.key)
        said = (*said, *more, *different)
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


def flags_given(arguments: argparse.Namespace) -> "pl.DataFrame | None":
    """The flags of ``--flags``; ``None`` without it."""
    from ciip_irt.forms import open_flags
    from ciip_irt.tables import read_frame

    if not arguments.flags:
        return None
    return open_flags([(read_frame(path, **text_format(arguments, path)), path) for path in arguments.flags])


def read_log(
    arguments: argparse.Namespace, bank: "ItemBank | None", about: "pl.DataFrame | None" = None
) -> "Ingested":
    """The log files named on the command line, examined."""
    from ciip_irt.responses import Choices, ingest

    how = told(arguments, RESPONSES)
    return ingest(
        [Path(name) for name in arguments.log],
        bank=bank,
        **{name: how[name] for name in ("format", "mapping", "candidates", "delimiter", "encoding")},
        choices=Choices(
            **{name: how[name] for name in ("sheet", "key_row", "blank", "keep_names")},
            attributes=how["attributes"] or (),
            key_file=None if arguments.key is None else Path(arguments.key),
        ),
        about=about,
        pseudonyms=how["pseudonyms"],
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
    asked = {name: value for name, value in told(arguments, ELIGIBILITY).items() if value is not None}
    eligible = select_eligible(read.responses, read.candidates, EligibilityRules(**asked))
    responses, history = roles_then(
        eligible.responses, read_ledger(Path(arguments.items or arguments.log[0]).parent / "ledger.csv")
    )
    for sentence in (*read.cautions, *eligible.cautions):
        warn(sentence)
    for sentence in (*read.notes, *eligible.notes, *history):
        note(sentence)
    return score(
        responses,
        bank,
        candidates=eligible.candidates,
        exclusions=pl.concat([read.exclusions, eligible.exclusions]),
        rules=ScoringRules(**told(arguments, SCORING)),
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
