"""The policy: limits, numbers of answers and losses by which pilot items are judged, each with its source.

A policy is a TOML file. Those that ship with the package are named without path or ending: ``default``,
``arrt-like``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl

from ciip_irt.errors import InputError, Problem, did_you_mean
from ciip_irt.records import result
from ciip_irt.tables import show_html
from ciip_irt.tables.shipped import parsed_toml, shipped_or_own

__all__ = ["Policy", "load_policy", "parse_policy", "shipped_policies"]


@result
@dataclass(frozen=True, slots=True)
class Policy:
    """When a pilot item deserves to be scored.

    Attributes
    ----------
    p_low, p_high
        Proportion right in the reference population.
    r_low
        Point-biserial with the scored total in the reference population.
    b_low, b_high
        Difficulty on the bank scale that the bank can use; ``None`` = not asked.
    theta_cut, information_low
        Cut score on the bank scale and the least item information there; ``None`` = not asked.
    key_doubt
        Largest probability that a distractor behaves as a right answer.
    dif_doubt, dif_minimum_n
        Probability of DIF of class C above which DIF is named as the fault, and the fewest answers in each
        group for a judgement; no doubt limit = not asked.
    fit_rmsd, fit_minimum_n
        Largest root mean square deviation of proportions right from the item's curve, and the fewest answers
        for a judgement; no limit = not asked.
    time_seconds
        Seconds that an answer may take on average; ``None`` = not asked.
    minimum_n, maximum_n
        Answers below which nothing is decided, and from which on waiting is no longer an option.
    promote, give_up
        Probability that all criteria hold: promote from here, give up from there down.
    loss_wrong_promotion, loss_wrong_rejection
        What the two mistakes cost, relative to each other; they decide at ``maximum_n``.
    sources
        Where each section's limits come from.
    """

    name: str
    p_low: float
    p_high: float
    r_low: float
    key_doubt: float | None = None
    b_low: float | None = None
    b_high: float | None = None
    theta_cut: float | None = None
    information_low: float | None = None
    dif_doubt: float | None = None
    dif_minimum_n: int = 30
    fit_rmsd: float | None = None
    fit_minimum_n: int = 100
    time_seconds: float | None = None
    minimum_n: int = 50
    maximum_n: int = 300
    promote: float = 0.85
    give_up: float = 0.05
    loss_wrong_promotion: float = 4.0
    loss_wrong_rejection: float = 1.0
    title: str = ""
    sources: Mapping[str, str] = field(default_factory=dict)
    where: str = "policy"

    @property
    def promote_at_maximum(self) -> float:
        """The probability from which promotion has the smaller expected loss.

        ``L_promotion / (L_promotion + L_rejection)``.
        """
        return self.loss_wrong_promotion / (self.loss_wrong_promotion + self.loss_wrong_rejection)

    def to_frame(self) -> pl.DataFrame:
        """One row per limit: ``section, limit, value, source``."""
        rows = [
            (section, key, getattr(self, name), self.sources.get(section, ""))
            for section, keys in SECTIONS.items()
            for key, name in keys.items()
        ]
        schema = {"section": pl.String, "limit": pl.String, "value": pl.Float64, "source": pl.String}
        return pl.DataFrame(rows, schema=schema, orient="row")

    def summary(self) -> str:
        return (
            f"Policy '{self.name}': p from {self.p_low:g} to {self.p_high:g} and R above {self.r_low:g}"
            f" in the reference population; promoted from a probability of {self.promote:g}, given up at"
            f" {self.give_up:g}; at least {self.minimum_n} answers, decided at {self.maximum_n}."
        )

    def _repr_html_(self) -> str:
        return show_html("Pilot policy", self.summary(), self.to_frame(), rows=20)


SECTIONS: Mapping[str, Mapping[str, str]] = {
    "p": {"low": "p_low", "high": "p_high"},
    "r": {"low": "r_low"},
    "key": {"doubt": "key_doubt"},
    "b": {"low": "b_low", "high": "b_high"},
    "information": {"theta_cut": "theta_cut", "low": "information_low"},
    "dif": {"doubt": "dif_doubt", "minimum_n": "dif_minimum_n"},
    "fit": {"rmsd": "fit_rmsd", "minimum_n": "fit_minimum_n"},
    "time": {"seconds": "time_seconds"},
    "n": {"minimum": "minimum_n", "maximum": "maximum_n"},
    "decision": {
        "promote": "promote",
        "give_up": "give_up",
        "loss_wrong_promotion": "loss_wrong_promotion",
        "loss_wrong_rejection": "loss_wrong_rejection",
    },
}
REQUIRED = ("p.low", "p.high", "r.low", "n.minimum", "n.maximum", "decision.promote", "decision.give_up",
            "decision.loss_wrong_promotion", "decision.loss_wrong_rejection")  # fmt: skip
PROBABILITIES = ("p.low", "p.high", "key.doubt", "dif.doubt", "decision.promote", "decision.give_up")
WHOLE = ("n.minimum", "n.maximum", "dif.minimum_n", "fit.minimum_n")
ABOVE_ZERO = ("fit.rmsd", "time.seconds", "decision.loss_wrong_promotion", "decision.loss_wrong_rejection")
PAIRS = (("p", "low", "high"), ("b", "low", "high"), ("n", "minimum", "maximum"),
         ("decision", "give_up", "promote"))  # fmt: skip


def shipped_policies() -> tuple[str, ...]:
    """Names of the policies that ship with the package.

    >>> shipped_policies()
    ('arrt-like', 'default')
    """
    folder = files("ciip_irt.pilots") / "policies"
    names = (entry.name for entry in folder.iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def load_policy(name_or_path: str | Path = "default") -> Policy:
    """The policy of that name, or in that file.

    Raises
    ------
    InputError
        No such policy; or everything that is wrong in the file, each with its line.

    >>> load_policy("arrt-like").r_low
    0.2
    """
    text, where = shipped_or_own(
        name_or_path, shipped_policies(), room="ciip_irt.pilots", folder="policies", kind="policy"
    )
    return parse_policy(text, where)


def parse_policy(text: str, where: str = "policy") -> Policy:
    """The policy that a TOML text describes; see ``load_policy``."""
    content = parsed_toml(text, where)
    problems: list[Problem] = []

    def wrong(place: str, what: str, remedy: str = "") -> None:
        row = _line_of(text, place)
        problems.append(Problem(f"{place}: {what}", where=where, row=row, remedy=remedy))

    _check_names(content, wrong)
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for section, keys in SECTIONS.items():
        table = content.get(section, {})
        if not isinstance(table, dict):
            wrong(section, "must be a section", f"Write [{section}] and its limits below it.")
            continue
        source = table.get("source", "")
        if not isinstance(source, str) or (table and not source.strip()):
            wrong(f"{section}.source", "is missing", "Say where the limits of this section come from.")
        elif source:
            sources[section] = source
        for key, name in keys.items():
            place = f"{section}.{key}"
            value = table.get(key)
            if value is None:
                if place in REQUIRED:
                    wrong(place, "is missing")
                continue
            if fault := _fault(place, value):
                wrong(place, fault)
            else:
                values[name] = value if place in WHOLE else float(value)
    for section, low, high in PAIRS:
        names = SECTIONS[section][low], SECTIONS[section][high]
        if all(name in values for name in names) and not values[names[0]] < values[names[1]]:
            wrong(f"{section}.{low}", f"must be below {section}.{high}")
    if "information_low" in values and "theta_cut" not in values:
        wrong("information.theta_cut", "is missing", "Give the cut score on the bank scale.")
    title, policy_name = content.get("title", ""), content.get("name")
    if not isinstance(policy_name, str) or not policy_name.strip():
        wrong("name", "is missing", 'Write name = "..." at the top.')
    if not isinstance(title, str):
        wrong("title", f"must be text, not {title!r}")
    if problems:
        raise InputError(problems)
    return Policy(name=str(policy_name), title=title, sources=sources, where=where, **values)


def _check_names(content: Mapping[str, Any], wrong: Any) -> None:
    top = ("name", "title", *SECTIONS)
    for key, value in content.items():
        if key not in top:
            wrong(key, "unknown key", did_you_mean(key, top, "Known here"))
        elif isinstance(value, dict) and key in SECTIONS:
            known = (*SECTIONS[key], "source")
            for inner in value:
                if inner not in known:
                    wrong(f"{key}.{inner}", "unknown key", did_you_mean(inner, known, "Known here"))


def _fault(place: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"must be a number, not {value!r}"
    if place in WHOLE:
        return (
            "" if isinstance(value, int) and value >= 1 else f"must be a whole number from 1, not {value!r}"
        )
    if place in PROBABILITIES and not 0 <= value <= 1:
        return f"must lie between 0 and 1, not {value!r}"
    if place == "r.low" and not -1 < value < 1:
        return f"must lie between -1 and 1, not {value!r}"
    if place in ABOVE_ZERO and not 0 < value < float("inf"):
        return f"must be above 0, not {value!r}"
    if not abs(value) < float("inf"):
        return f"must be a finite number, not {value!r}"
    return ""


def _line_of(text: str, place: str) -> int | None:
    """Line of ``section.key`` as usually written, or of its section."""
    section, _, key = place.rpartition(".")
    current, found = "", None
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[([^\[\]]+)\]", line):
            current = header[1].strip()
            if current in (section, place):
                found = number
        elif current == section and re.match(rf"\s*{re.escape(key)}\s*=", line):
            return number
    return found
