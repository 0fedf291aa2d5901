"""The policy: limits, numbers of answers and losses by which pilot items are judged, each with its source.

A policy is a TOML file. Those that ship with the package are named without path or ending: ``default``,
``arrt-like``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from ciip_irt.records import result
from ciip_irt.settings import (
    Number,
    Section,
    Setting,
    Text,
    Whole,
    read_settings,
    shipped_names,
    shipped_or_own,
)
from ciip_irt.tables import show_html

__all__ = ["POLICY", "Policy", "load_policy", "parse_policy", "shipped_policies"]


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
        Probability that another option is right above which the key is named as the fault; ``None`` = the
        key is not asked for.
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
            (section, limit.name, getattr(self, limit.attribute or limit.name), self.sources.get(section, ""))
            for section, limits in SECTIONS.items()
            for limit in limits.settings
            if limit.name != SOURCE.name
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


SOURCE = Setting(
    "source", Text(), "where the limits of this section come from", required=True,
    remedy="Say where the limits of this section come from.",
)  # fmt: skip


def _limit(section: str, name: str, kind: Number | Whole, doc: str, *, required: bool = False) -> Setting:
    """A limit whose name says what it is of only with its section: ``low`` of ``p`` is ``p_low``."""
    return Setting(name, kind, doc, required=required, attribute=f"{section}_{name}")


PROBABILITY = Number(0, 1)  # impossible to certain, both ends included
LOSS = Number(above=0)  # only the ratio of the two counts, and nothing may be free
POLICY = Section(
    (
        Setting("name", Text(), "short name", required=True, remedy='Write name = "..." at the top.'),
        Setting("title", Text(blank=True), "long name"),
        Setting("p", Section((
            _limit("p", "low", PROBABILITY, "least proportion right", required=True),
            _limit("p", "high", PROBABILITY, "largest proportion right", required=True),
            SOURCE,
        )), "proportion right in the reference population", required=True),
        Setting("r", Section((
            _limit("r", "low", Number(above=-1, below=1), "least point-biserial with the scored total",
                   required=True),
            SOURCE,
        )), "discrimination", required=True),
        Setting("key", Section((
            _limit("key", "doubt", PROBABILITY,
                   "probability that another option is right above which the key is named as the fault"),
            SOURCE,
        )), "key validation"),
        Setting("b", Section((
            _limit("b", "low", Number(), "least difficulty on the bank scale"),
            _limit("b", "high", Number(), "largest difficulty on the bank scale"),
            SOURCE,
        )), "difficulty that the bank can use"),
        Setting("information", Section((
            Setting("theta_cut", Number(), "standard on the bank scale"),
            _limit("information", "low", Number(), "least item information there"),
            SOURCE,
        )), "item information at the standard"),
        Setting("dif", Section((
            _limit("dif", "doubt", PROBABILITY,
                   "probability of DIF of class C above which DIF is named as the fault"),
            _limit("dif", "minimum_n", Whole(1), "fewest answers in each group"),
            SOURCE,
        )), "differential item functioning"),
        Setting("fit", Section((
            _limit("fit", "rmsd", Number(above=0), "largest root mean square deviation from the curve"),
            _limit("fit", "minimum_n", Whole(1), "fewest answers"),
            SOURCE,
        )), "fit of the item's curve"),
        Setting("time", Section((
            _limit("time", "seconds", Number(above=0), "seconds that an answer may take on average"),
            SOURCE,
        )), "response time"),
        Setting("n", Section((
            Setting("minimum_n", Whole(1), "answers below which nothing is decided", required=True,
                    formerly="minimum"),
            Setting("maximum_n", Whole(1), "answers from which on waiting is no longer an option",
                    required=True, formerly="maximum"),
            SOURCE,
        )), "numbers of answers", required=True),
        Setting("decision", Section((
            Setting("promote", PROBABILITY, "promote from this probability that all criteria hold",
                    required=True),
            Setting("give_up", PROBABILITY, "give up from this probability down", required=True),
            Setting("loss_wrong_promotion", LOSS, "what a wrong promotion costs", required=True),
            Setting("loss_wrong_rejection", LOSS, "what a wrong rejection costs", required=True),
            SOURCE,
        )), "when to promote and when to give up", required=True),
    ),
    record=Policy,
)  # fmt: skip
"""What a policy file may say."""
SECTIONS: Mapping[str, Section] = {
    setting.name: setting.kind for setting in POLICY.settings if isinstance(setting.kind, Section)
}
PAIRS = (("p", "low", "high"), ("b", "low", "high"), ("n", "minimum_n", "maximum_n"),
         ("decision", "give_up", "promote"))  # fmt: skip


def shipped_policies() -> tuple[str, ...]:
    """Names of the policies that ship with the package.

    >>> shipped_policies()
    ('arrt-like', 'default')
    """
    return shipped_names("ciip_irt.pilots", "policies")


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
    policy = read_settings(text, where, POLICY)
    for section, low, high in PAIRS:
        limits = policy[section]
        if {low, high} <= limits.given and limits.sound(low, high) and not limits[low] < limits[high]:
            limits.wrong(low, f"must be below {high}")
    information = policy["information"]
    if "low" in information.given and "theta_cut" not in information.given:
        information.wrong("theta_cut", "is missing", "Give the cut score on the bank scale.")
    policy.finish()
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for section in SECTIONS:
        values |= policy[section].written()
        if source := values.pop(SOURCE.name, ""):
            sources[section] = source
    return Policy(name=policy["name"], title=policy["title"] or "", sources=sources, where=where, **values)
