"""``ciip-irt pilots plan``: which pilots go into which form, so that they reach their answers in time."""

import argparse
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from ciip_irt.cli.declared import add_former_name
from ciip_irt.cli.named_files import read_items
from ciip_irt.cli.options import add_blueprint, add_items, add_out, add_policy, add_text_format
from ciip_irt.errors import InputError, Problem

if TYPE_CHECKING:
    import polars as pl

    from ciip_irt.bank import ItemBank
    from ciip_irt.blueprint import Blueprint
    from ciip_irt.pilots import FormRoom

EPILOG = """\
writes pilot_plan.csv: one row per form and pilot (a pilot may stand in several forms), with the answers it
has, wants and can expect; a row without form_id is a pilot without a place, and says why.
Only candidates whose answers count (first attempts, as a rule) belong into --arrivals."""

PER_YEAR = 12  # months
FORMER_NAMES = {"--from": "--start", "--slots": "--pilot-slots", "--n": "--new-pilot-n"}


def configure(parser: argparse.ArgumentParser) -> None:
    add_items(parser)
    add_blueprint(parser)
    parser.add_argument(
        "--forms",
        nargs="+",
        required=True,
        metavar="FORMS",
        help="form files (enemies of their scored items stay out), or how many forms there will be",
    )
    parser.add_argument(
        "--arrivals",
        required=True,
        metavar="N",
        help="candidates that count: 80/month, 960/year; 80 = a month",
    )
    parser.add_argument("--until", required=True, metavar="DATE", help="the day by which: 2027-03-31")
    parser.add_argument(
        "--start", default=None, metavar="DATE", help="first day of the forms (default: today)"
    )
    parser.add_argument(
        "--shares",
        default=None,
        metavar="S,S,...",
        help="of the candidates by form, e.g. 50,30,20 (default: equal)",
    )
    parser.add_argument(
        "--pilot-slots", type=int, default=None, metavar="N", help="per form (default: the blueprint's)"
    )
    parser.add_argument(
        "--evidence",
        default=None,
        metavar="DIR",
        help="folder of the last pilot review: answers so far and further answers wanted",
    )
    parser.add_argument(
        "--new-pilot-n", type=int, default=100, metavar="N", help="answers a new pilot wants (default: 100)"
    )
    for former, now in FORMER_NAMES.items():
        add_former_name(parser, former, now)
    add_policy(parser)
    add_text_format(parser)
    add_out(parser)


def run(arguments: argparse.Namespace) -> int:
    from ciip_irt.blueprint import load_blueprint
    from ciip_irt.job.demand import demand_of
    from ciip_irt.pilots import load_policy, plan_pilots
    from ciip_irt.pilots.plan import months_between
    from ciip_irt.tables import write_outputs

    blueprint, policy = load_blueprint(arguments.blueprint), load_policy(arguments.policy)
    until = _day(arguments.until, "--until")
    start = _day(arguments.start, "--start") if arguments.start else date.today()
    bank = read_items(arguments)
    candidates = _arrivals(arguments.arrivals) * max(months_between(start, until), 0.0)
    forms = _rooms(arguments, blueprint, bank, candidates)
    plan = plan_pilots(
        bank.items,
        forms,
        demand_of(blueprint, len(forms)),
        policy,
        start=start,
        until=until,
        review=None if arguments.evidence is None else _review(Path(arguments.evidence)),
        new_pilot_n=arguments.new_pilot_n,
        statuses=blueprint.pilot_status,
    )
    write_outputs(arguments.out, {"pilot_plan.csv": plan.table})
    print(f"About {candidates:,.0f} candidates from {start.isoformat()} to {until.isoformat()}.")
    print(plan.summary())
    return 0


def _rooms(
    arguments: argparse.Namespace, blueprint: "Blueprint", bank: "ItemBank", candidates: float
) -> "list[FormRoom]":
    """The forms with their slots and the candidates each can expect."""
    from ciip_irt.bank import enemies_of
    from ciip_irt.forms import read_form_files
    from ciip_irt.pilots import FormRoom

    slots = blueprint.pilot_slots if arguments.pilot_slots is None else arguments.pilot_slots
    first = arguments.forms[0]
    if len(arguments.forms) == 1 and first.isdigit():
        count = int(first)
        names = [f"form-{number:0{len(first)}d}" for number in range(1, count + 1)]
        inside: dict[str, frozenset[str]] = {}
    else:
        delimiter, encoding = arguments.delimiter or ",", arguments.encoding or "utf-8"
        table = read_form_files(arguments.forms, delimiter=delimiter, encoding=encoding).forms
        names = table["form_id"].unique(maintain_order=True).to_list()
        scored = table.filter(role="scored").group_by("form_id").agg("item_id")
        inside = {name: frozenset(items) for name, items in scored.iter_rows()}
    shares = _shares(arguments.shares, len(names))
    enemies = enemies_of(bank.items) if blueprint.enemies_apart else {}
    rooms = []
    for name, share in zip(names, shares, strict=True):
        here = inside.get(name, frozenset())
        shut_out = here | {other for item in here for other in enemies.get(item, ())}
        rooms.append(FormRoom(name, slots, candidates * share, shut_out))
    return rooms


def _review(folder: Path) -> "pl.DataFrame":
    """What the last review found: one row per pilot."""
    import polars as pl

    from ciip_irt.pilots.sheet import EVIDENCE_FILE
    from ciip_irt.tables import PILOT_DECISIONS, foreign_errors, read_csv

    for name in (EVIDENCE_FILE, "pilot_decisions.csv"):
        if not (folder / name).is_file():
            remedy = "Name the folder that 'pilots review' or 'run' wrote."
            raise InputError(Problem(f"there is no {name} here", where=str(folder), remedy=remedy))
    with foreign_errors(folder / EVIDENCE_FILE, "the evidence of a pilot review", "Review again."):
        evidence = read_csv(folder / EVIDENCE_FILE).select("item_id", pl.col("b").cast(pl.Float64))
    sheet = PILOT_DECISIONS.validate(
        read_csv(folder / "pilot_decisions.csv"), str(folder / "pilot_decisions.csv")
    )
    found = sheet.select("item_id", "decision", "probability", "n", "more_needed")
    return found.join(evidence, on="item_id", how="left", maintain_order="left")


def _arrivals(text: str) -> float:
    """Candidates a month.

    >>> _arrivals("80/month"), _arrivals("960/year"), _arrivals("75.5")
    (80.0, 80.0, 75.5)
    """
    number, _, unit = text.replace(",", "").partition("/")
    per = {"": 1.0, "month": 1.0, "year": 1.0 / PER_YEAR}.get(unit.strip().lower())
    try:
        value = float(number) * (per or 0.0)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        remedy = "For example 80/month or 960/year."
        raise InputError(Problem(f"--arrivals {text!r} is no number of candidates", remedy=remedy))
    return value


def _shares(text: str | None, count: int) -> Sequence[float]:
    """Parts of a whole.

    >>> _shares("50,30,20", 3), _shares(None, 2)
    ([0.5, 0.3, 0.2], [0.5, 0.5])
    """
    if text is None:
        return [1 / count] * count if count else []
    try:
        parts = [float(part) for part in text.split(",")]
    except ValueError:
        parts = []
    if len(parts) != count or min(parts, default=-1) < 0 or not sum(parts) > 0:
        remedy = f"Give one number for each of the {count} forms, e.g. 50,30,20."
        raise InputError(Problem(f"--shares {text!r} does not fit the forms", remedy=remedy))
    return [part / sum(parts) for part in parts]


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(
            Problem(f"{option} {text!r} is not a day", remedy="Write it as 2027-03-31.")
        ) from None
