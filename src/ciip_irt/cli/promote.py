"""``ciip-irt promote``: a reviewed decision sheet goes into the bank."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ciip_irt.cli.named_files import recovered, text_format
from ciip_irt.cli.options import add_items, add_out, add_text_format
from ciip_irt.errors import InputError, Problem

if TYPE_CHECKING:
    import polars as pl

EPILOG = """\
writes the bank (under its own name; items.csv where it was no CSV file) and ledger.csv: one line per
decision, new lines at the end. The ledger beside the bank is continued. With the folder of the bank as --out,
both are replaced in place; nothing is written unless everything fits.
Refused (exit code 2): a sheet made from other evidence than --evidence holds, items that have changed since
the review, a sheet that was brought in before, a calibration on another scale than the bank's.
Give --date for the same bytes on another day."""

LEDGER = "ledger.csv"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sheet", metavar="SHEET", help="the reviewed sheet: pilot_decisions.xlsx or .csv")
    add_items(parser)
    parser.add_argument(
        "--evidence",
        metavar="DIR",
        default=None,
        help="folder of the review that the sheet came from (default: the folder of the sheet)",
    )
    parser.add_argument("--by", metavar="NAME", required=True, help="who brings the decisions in")
    parser.add_argument("--date", metavar="YYYY-MM-DD", default=None, help="when (default: today)")
    add_text_format(parser)
    add_out(parser)


def run(arguments: argparse.Namespace) -> int:
    from ciip_irt.bank import read_ledger
    from ciip_irt.pilots.sheet import apply_sheet, read_evidence
    from ciip_irt.tables import csv_bytes, read_frame, write_outputs

    date = _date(arguments.date)
    items, out = Path(arguments.items), Path(arguments.out)
    for folder in dict.fromkeys((items.parent.resolve(), out.resolve())):
        recovered(folder)
    evidence = read_evidence(arguments.evidence or Path(arguments.sheet).parent)
    how = text_format(arguments, items)
    table = read_frame(items, **how)
    beside = items.parent / LEDGER
    ledger = read_ledger(beside)
    _nothing_lost(out / LEDGER, beside, ledger)
    promotion = apply_sheet(
        arguments.sheet, table, evidence, ledger,
        by=arguments.by, date=date, where=str(items), encoding=arguments.encoding, ledger_where=str(beside),
    )  # fmt: skip
    name = items.name if items.suffix.lower() == ".csv" else "items.csv"
    windows = items.suffix.lower() == ".csv" and b"\r\n" in items.read_bytes()
    content = csv_bytes(promotion.table, delimiter=how["delimiter"], line_end="\r\n" if windows else "\n")
    write_outputs(out, {name: content, LEDGER: promotion.ledger})
    print(promotion.summary())
    print(f"Written: {out / name} and {out / LEDGER} (evidence {promotion.evidence}, {date}).")
    return 0


def _nothing_lost(there: Path, beside: Path, ledger: "pl.DataFrame") -> None:
    """Decisions that an earlier call brought into the folder must be in the bank that comes in now."""
    from ciip_irt.bank import read_ledger

    if not there.exists() or there.resolve() == beside.resolve():
        return
    key = ["date", "item_id", "evidence", "decision", "override", "by"]
    missing = read_ledger(there).join(ledger, on=key, how="anti", nulls_equal=True)
    if missing.height:
        what = "the bank in this folder holds decisions that the bank of --items does not have"
        remedy = f"Give --items the bank in {there.parent}, or another --out."
        examples = tuple(missing["item_id"].head(5))
        raise InputError(Problem(what, str(there), count=missing.height, examples=examples, remedy=remedy))


def _date(given: str | None) -> str:
    from datetime import date

    if given is None:
        return date.today().isoformat()
    try:
        return date.fromisoformat(given).isoformat()
    except ValueError:
        raise InputError(
            Problem(f"--date {given!r} is not a day", remedy="Write it as 2026-03-01.")
        ) from None
