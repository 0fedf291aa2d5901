"""``ciip-irt ingest``: any log into the canonical table."""

import argparse

from ciip_irt.cli.named_files import items_given, read_log
from ciip_irt.cli.options import add_items, add_logs, add_out, add_reading
from ciip_irt.errors import InputError, Problem

EPILOG = """\
writes responses.parquet, candidates.csv, exclusions.csv, quarantine.csv and ingest.json. Rows that cannot
be used are listed in quarantine.csv with the reason; the counts in ingest.json add up to the rows read."""


def configure(parser: argparse.ArgumentParser) -> None:
    add_logs(parser)
    add_items(parser, required=False)
    add_reading(parser)
    parser.add_argument(
        "--explain", action="store_true", help="show how the first rows are read, and write nothing"
    )
    add_out(parser, required=False)


def run(arguments: argparse.Namespace) -> int:
    from ciip_irt.job.outputs import ingest_outputs, reading_outputs
    from ciip_irt.tables import write_outputs

    bank, about = items_given(arguments)
    read = read_log(arguments, bank, about)
    for reading in read.readings:
        print(reading.summary())
    if arguments.explain:
        print(read.explained())
        return 0
    if arguments.out is None:
        remedy = "Say --out DIR, or --explain to see how the file is read."
        raise InputError(Problem("no folder for the results", remedy=remedy))
    write_outputs(arguments.out, {**ingest_outputs(read), **reading_outputs(read)})
    print(read.summary())
    return 0
