"""Options that several commands share, and the log they describe."""

import argparse
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ciip_irt.errors import InputError, Problem

if TYPE_CHECKING:
    import polars as pl

    from ciip_irt.bank import ItemBank
    from ciip_irt.responses import Ingested, ScoredResponses

__all__ = [
    "add_blueprint",
    "add_earlier",
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
    "note",
    "number",
    "read_items",
    "read_log",
    "scored_log",
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


def add_out(parser: argparse.ArgumentParser, default: str | None = None) -> None:
    """``--out DIR``."""
    parser.add_argument(
        "--out",
        metavar="DIR",
        default=default,
        required=default is None,
        help="folder for the results" + (f" (default: {default})" if default else ""),
    )


def add_text_format(parser: argparse._ActionsContainer) -> None:
    """``--delimiter`` and ``--encoding`` of delimited text files."""
    parser.add_argument(
        "--delimiter",
        default=",",
        metavar="C",
        help="between cells of CSV files: one character, or tab, semicolon, bar (default: comma)",
    )
    parser.add_argument("--encoding", default="utf-8", help="of CSV files, e.g. cp1252 (default: utf-8)")


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


def add_logs(parser: argparse.ArgumentParser) -> None:
    """``LOG...``: the files alone."""
    parser.add_argument(
        "log", metavar="LOG", nargs="+", help="response logs: CSV, CSV.gz, XLSX, Parquet or NDJSON"
    )


def add_log(parser: argparse.ArgumentParser) -> None:
    """Everything that says how a response log is read, who counts, and how it is scored."""
    add_logs(parser)
    add_items(parser)
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
    add_text_format(reading)


def text_format(arguments: argparse.Namespace, path: "Path | str") -> dict[str, str]:
    """How a file is read that may have commas beside a log with semicolons."""
    from ciip_irt.tables import delimiter_beside

    return {"delimiter": delimiter_beside(path, arguments.delimiter), "encoding": arguments.encoding}


def read_items(arguments: argparse.Namespace) -> "ItemBank":
    """The bank named by ``--items``."""
    from ciip_irt.bank import read_bank

    return read_bank(arguments.items, **text_format(arguments, arguments.items))


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
    how = {"delimiter": arguments.delimiter, "encoding": arguments.encoding}
    return read_form_files(arguments.earlier, **how).forms


def read_log(arguments: argparse.Namespace, bank: "ItemBank | None") -> "Ingested":
    """The log files named on the command line, examined."""
    from ciip_irt.responses import ingest

    return ingest(
        [Path(name) for name in arguments.log],
        bank=bank,
        format=arguments.format,
        mapping=arguments.mapping,
        candidates=arguments.candidates,
        delimiter=arguments.delimiter,
        encoding=arguments.encoding,
    )


def scored_log(arguments: argparse.Namespace, bank: "ItemBank") -> "ScoredResponses":
    """The log of ``add_log``: read, examined, narrowed to who counts, scored.

    What was set apart is said on standard error; nothing is dropped in silence.
    """
    import polars as pl

    from ciip_irt.bank import read_ledger, roles_then
    from ciip_irt.responses import EligibilityRules, ScoringRules, score, select_eligible

    read = read_log(arguments, bank)
    rules = EligibilityRules(
        attempts=_attempts(arguments.attempts),
        exclude_attributes=_excluded(arguments.exclude),
        maximum_rapid=arguments.maximum_rapid,
    )
    eligible = select_eligible(read.responses, read.candidates, rules)
    responses, history = roles_then(
        eligible.responses, read_ledger(Path(arguments.items).parent / "ledger.csv")
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
