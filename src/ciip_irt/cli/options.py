"""Options that several commands share."""

import argparse
import math
from collections.abc import Callable

from ciip_irt.cli.declared import add_former_name, add_settings
from ciip_irt.job.exam_settings import (
    ANALYSIS,
    ASSEMBLY,
    CALIBRATION,
    ELIGIBILITY,
    PILOTS,
    RESPONSES,
    SCORING,
)

__all__ = [
    "add_accept",
    "add_blueprint",
    "add_dif",
    "add_earlier",
    "add_flags",
    "add_item_times",
    "add_items",
    "add_log",
    "add_logs",
    "add_n_forms",
    "add_out",
    "add_person_misfit",
    "add_policy",
    "add_reading",
    "add_seed",
    "add_text_format",
    "add_theta_cut",
    "number",
    "whole",
]


READING = {
    "format": "",
    "mapping": "MAP.toml",
    "candidates": "FILE",
    "delimiter": "C",
    "encoding": "NAME",
    "key": "FILE",
    "sheet": "NAME",
    "key_row": "N",
    "blank": "",
    "attributes": "COLUMN",
    "keep_names": "",
    "pseudonyms": "KEYFILE",
}
"""The settings of ``[responses]`` but for the files, with what stands for their values."""
WHO_COUNTS = {
    "attempts": "WHICH",
    "exclude_attributes": "ATTRIBUTE=VALUE",
    "minimum_answered": "SHARE",
    "exclude_deliveries": "DELIVERY",
    "require_answer": "",
    "maximum_rapid": "SHARE",
}
"""The settings of ``[eligibility]``."""


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
    add_settings(parser, RESPONSES, {"delimiter": "C", "encoding": "NAME"})


def add_items(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """``--items ITEMS``."""
    parser.add_argument(
        "--items", metavar="ITEMS", required=required, help="the item bank: items.csv or .xlsx"
    )


def add_dif(parser: argparse.ArgumentParser) -> None:
    """``--dif COLUMN``, repeatable."""
    add_settings(parser, ANALYSIS, {"dif": "COLUMN"})


def add_accept(parser: argparse._ActionsContainer, wholes: str = "anchors, key") -> None:
    """``--accept WHOLE``, repeatable."""
    parser.add_argument(
        "--accept",
        action="append",
        default=[],
        metavar="WHOLE",
        help=f"go on though this looks wrong as a whole ({wholes}); may be repeated",
    )


def add_blueprint(parser: argparse.ArgumentParser) -> None:
    """``--blueprint B``."""
    parser.add_argument("--blueprint", required=True, metavar="B", help="name (ciip-2024) or TOML file")


def add_policy(parser: argparse.ArgumentParser) -> None:
    """``--policy POLICY``."""
    add_settings(parser, PILOTS, {"policy": "POLICY"})


def add_n_forms(parser: argparse.ArgumentParser) -> None:
    """``--n-forms K``."""
    add_settings(parser, ASSEMBLY, {"n_forms": "K"})


def add_seed(parser: argparse.ArgumentParser) -> None:
    """``--seed S``: the same seed gives the same result."""
    add_settings(parser, ASSEMBLY, {"seed": "S"})


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


def add_item_times(parser: argparse.ArgumentParser) -> None:
    """``--item-times FILE``, for the time budget of forms."""
    parser.add_argument(
        "--item-times",
        metavar="FILE",
        help="item_times.csv of 'analyse': the expected time of a form is held against the testing time",
    )


def add_theta_cut(parser: argparse.ArgumentParser) -> None:
    """``--theta-cut T`` in the place of the blueprint's."""
    add_settings(parser, ASSEMBLY, {"theta_cut": "T"})


def add_person_misfit(parser: argparse._ActionsContainer) -> None:
    """``--exclude-person-misfit P``."""
    add_settings(parser, CALIBRATION, {"exclude_person_misfit": "P"})


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
    add_settings(who, ELIGIBILITY, WHO_COUNTS)
    add_former_name(who, "--exclude", "--exclude-attributes")
    scoring = parser.add_argument_group("scoring")
    add_settings(scoring, SCORING, dict.fromkeys(SCORING.names, ""))


def add_reading(parser: argparse.ArgumentParser) -> None:
    """How files are read."""
    add_settings(parser.add_argument_group("reading"), RESPONSES, READING)
