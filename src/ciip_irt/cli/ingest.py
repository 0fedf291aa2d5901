"""``ciip-irt ingest``: any log into the canonical table."""

import argparse

from ciip_irt.cli.options import add_items, add_logs, add_out, add_reading, read_items, read_log

EPILOG = """\
writes responses.parquet, candidates.csv, exclusions.csv, quarantine.csv and ingest.json. Rows that cannot
be used are listed in quarantine.csv with the reason; the counts in ingest.json add up to the rows read."""


def configure(parser: argparse.ArgumentParser) -> None:
    add_logs(parser)
    add_items(parser, required=False)
    add_reading(parser)
    add_out(parser)


def run(arguments: argparse.Namespace) -> int:
    from ciip_irt.job.outputs import ingest_outputs
    from ciip_irt.tables import write_outputs

    read = read_log(arguments, read_items(arguments) if arguments.items else None)
    write_outputs(arguments.out, ingest_outputs(read))
    print(read.summary())
    return 0
