"""Who counts: first attempts with answers by default; everyone left out is listed with the reason."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import polars as pl

from ciip_irt.bank import near_match
from ciip_irt.classical import rapid_thresholds
from ciip_irt.errors import InputError, Problem, did_you_mean, plural
from ciip_irt.records import result
from ciip_irt.responses.candidates import delivery_table
from ciip_irt.responses.instants import instants, mixed_offsets
from ciip_irt.tables import CANDIDATES, EXCLUSIONS, AnyFrame, polars_frame, show_html

__all__ = ["EligibilityRules", "Eligible", "select_eligible"]

MOST_VALUES = 6
"""Values of an attribute that are shown where a filter meets none."""
FIRST = "1"
UNKNOWN_ATTEMPT = "0"
Case = tuple[str, pl.Expr, pl.Expr]


@dataclass(frozen=True, slots=True)
class EligibilityRules:
    """Which deliveries count.

    Parameters
    ----------
    attempts
        ``"first"``: label ``1``, or, for a delivery without a label, the earliest of its candidate;
        ``"all"``; or the labels themselves, as in ``("1", "2")``. Labels are compared as they stand in the
        log. ``0`` is no attempt number: it says that the attempt is unknown, and unknown is not first.
    exclude_attributes
        Values of candidate attributes that exclude, as in ``{"flagged": ("1",)}``.
    minimum_answered
        Smallest share of the administered items that must be answered, 0 to 1.
    exclude_deliveries
        Deliveries left out by name (voided sittings).
    require_answer
        Leave out deliveries without a single answer, valid or invalid.
    maximum_rapid
        Largest share of the timed answers that may be rapid guesses (``classical.response_times``), 0 to 1;
        ``None``: not looked at. .10 asks for a response-time effort of .90.
    """

    attempts: Literal["first", "all"] | tuple[str, ...] = "first"
    exclude_attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    minimum_answered: float = 0.0
    exclude_deliveries: tuple[str, ...] = ()
    require_answer: bool = True
    maximum_rapid: float | None = None

    def __post_init__(self) -> None:
        problems = []
        attempts: Any = self.attempts
        labels_given = isinstance(attempts, tuple | list) and all(
            isinstance(label, str) for label in attempts
        )
        if not (attempts in ("first", "all") or (labels_given and attempts)):
            remedy = "Say 'first', 'all', or the labels as texts, as in ('1', '4+')."
            problems.append(Problem(f"attempts = {attempts!r}", where="[eligibility]", remedy=remedy))
        shares: dict[str, tuple[Any, str]] = {
            "minimum_answered": (self.minimum_answered, "0.5 = half of the items"),
            "maximum_rapid": (0.0 if self.maximum_rapid is None else self.maximum_rapid, "0.1 = a tenth"),
        }
        for name, (share, example) in shares.items():
            if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
                remedy = f"Give a share from 0 to 1; {example}."
                problems.append(Problem(f"{name} = {share!r}", where="[eligibility]", remedy=remedy))
        for name, values in self.exclude_attributes.items():
            if isinstance(values, str) or not all(isinstance(value, str) for value in values):
                remedy = f'Give the values that exclude as a list of texts: {name} = ["1"].'
                what = f"exclude_attributes: {name} = {values!r}"
                problems.append(Problem(what, where="[eligibility]", remedy=remedy))
        if problems:
            raise InputError(problems)


@result
@dataclass(frozen=True, slots=True)
class Eligible:
    """The deliveries that count, and the others with the rule and the reason.

    Attributes
    ----------
    responses, candidates
        Rows and deliveries that count (``responses`` and ``candidates`` contracts).
    exclusions
        One row per delivery left out (``exclusions`` contract); the first rule that applies is named.
    n_before
        Deliveries before.
    rules
        The rules in force, as plain values.
    notes
        What a reader should know.
    """

    responses: pl.DataFrame
    candidates: pl.DataFrame
    exclusions: pl.DataFrame
    n_before: int
    rules: Mapping[str, Any]
    notes: tuple[str, ...]
    cautions: tuple[str, ...] = ()

    def to_frame(self) -> pl.DataFrame:
        """The exclusions, one row per delivery left out."""
        return self.exclusions

    def summary(self) -> str:
        kept = plural(self.candidates.height, "delivery", "deliveries")
        lines = [f"{kept} of {self.n_before:,} count."]
        for reason, count in _by_reason(self.exclusions):
            lines.append(f"{count:,} left out: {reason}")
        return "\n".join([*lines, *(f"CAUTION: {caution}" for caution in self.cautions), *self.notes])

    def _repr_html_(self) -> str:
        return show_html("Eligible deliveries", self.summary(), self.exclusions)


def select_eligible(
    responses: AnyFrame,
    candidates: AnyFrame | None = None,
    rules: EligibilityRules = EligibilityRules(),
) -> Eligible:
    """The deliveries that count by ``rules``.

    Parameters
    ----------
    responses
        The ``responses`` contract.
    candidates
        One row per delivery; needed for ``exclude_attributes``. Form, attempt and time stamp are taken from
        ``responses`` where they are absent here.

    Raises
    ------
    InputError
        An attribute that the candidates do not have; a delivery to exclude that the log does not have;
        ``maximum_rapid`` for a log without times;
        no delivery left, with the counts by rule and what to switch.

    Notes
    -----
    The rules apply in this order, and the first that applies is the one named: ``named`` (excluded by
    name), ``no_answer``, ``attribute``, ``attempt``, ``too_few_answers``, ``rapid_guessing``. Which
    delivery is a candidate's first is decided among all of the candidate's deliveries, before any is left
    out. Without a label and without a time stamp the order of the log decides.

    Examples
    --------
    >>> log = pl.DataFrame({"candidate_id": ["c1", "c1", "c2"], "delivery_id": ["d1", "d2", "d3"],
    ...     "attempt": ["1", "2", "0"], "form_id": ["F"] * 3, "item_id": ["I1"] * 3, "response": ["A"] * 3,
    ...     "status": ["answered"] * 3, "delivered_at": [None, None, None]})
    >>> select_eligible(log).exclusions.select("delivery_id", "rule", "reason").rows()
    [('d2', 'attempt', "Attempt '2'; only first attempts count."),
     ('d3', 'attempt', "Attempt '0' is unknown, so it is not taken as a first attempt.")]
    """
    responses = polars_frame(responses, "responses")
    candidates = None if candidates is None else polars_frame(candidates, "candidates")
    deliveries = _deliveries(responses, candidates)
    has_times = "time_s" in responses.columns and responses["time_s"].count() > 0
    _require_known(deliveries, rules, has_times)
    facts = _judged(_facts(deliveries, responses, rules), _cases(rules))
    counts = facts["rule"].is_null()
    exclusions = EXCLUSIONS.validate(facts.filter(~counts).select(EXCLUSIONS.names))
    if not counts.any():
        raise InputError(_nobody_left(exclusions))
    kept = deliveries.filter(counts)
    left_out = exclusions["delivery_id"].implode()
    return Eligible(
        responses=responses.filter(~pl.col("delivery_id").is_in(left_out)),
        candidates=kept,
        exclusions=exclusions,
        n_before=deliveries.height,
        rules=_plain(rules),
        notes=_notes(kept, rules),
        cautions=_unmatched(deliveries, rules),
    )


def _cases(rules: EligibilityRules) -> list[Case]:
    """Each rule in force: its name, where it applies, and the reason it gives."""
    shown = pl.coalesce("attempt", pl.lit("none"))
    named = pl.col("delivery_id").is_in(list(rules.exclude_deliveries))
    cases: list[Case] = [("named", named, pl.lit("Left out by name."))]
    if rules.require_answer:
        reason = pl.lit("The delivery has not a single answer.")
        cases.append(("no_answer", (pl.col("answered") == 0) & (pl.col("invalid") == 0), reason))
    for name, values in rules.exclude_attributes.items():
        found = pl.col(f"attribute {name}")
        words = pl.concat_str(pl.lit(f"Candidate attribute {name} = '"), found, pl.lit("'."))
        cases.append(("attribute", found.is_in(list(values)), words))
    if rules.attempts == "first":
        reason = (
            pl.when(pl.col("attempt") == UNKNOWN_ATTEMPT)
            .then(pl.lit("Attempt '0' is unknown, so it is not taken as a first attempt."))
            .when(pl.col("attempt").is_null())
            .then(pl.lit("No attempt label, and the candidate has an earlier delivery."))
            .otherwise(pl.format("Attempt '{}'; only first attempts count.", shown))
        )
        cases.append(("attempt", ~pl.col("first"), reason))
    elif rules.attempts != "all":
        wanted = list(rules.attempts)
        reason = pl.format(
            "Attempt '{}'; only attempts " + ", ".join(wanted).replace("{", "") + " count.", shown
        )
        cases.append(("attempt", ~pl.col("attempt").is_in(wanted).fill_null(False), reason))
    if rules.minimum_answered > 0:
        reason = pl.format(
            "{} of {} items answered, fewer than " + f"{rules.minimum_answered:.0%}.", "answered", "rows"
        )
        cases.append(
            ("too_few_answers", pl.col("answered") < rules.minimum_answered * pl.col("rows"), reason)
        )
    if rules.maximum_rapid is not None:
        reason = pl.lit(
            f"More than {rules.maximum_rapid:.0%} of the answers were given faster than anyone can read."
        )
        cases.append(("rapid_guessing", pl.col("rapid") > rules.maximum_rapid * pl.col("timed"), reason))
    return cases


def _deliveries(responses: pl.DataFrame, candidates: pl.DataFrame | None) -> pl.DataFrame:
    for name in ("attempt", "delivered_at"):
        if name not in responses.columns:
            responses = responses.with_columns(pl.lit(None, dtype=pl.String).alias(name))
    attributes = (
        responses.select("delivery_id").unique() if candidates is None else CANDIDATES.validate(candidates)
    )
    table = delivery_table(responses, attributes)
    for name in ("attempt", "delivered_at"):
        if candidates is not None and name in candidates.columns:
            given = table.select("delivery_id").join(
                attributes.select("delivery_id", name), on="delivery_id", how="left", maintain_order="left"
            )
            table = table.with_columns(pl.coalesce(pl.col(name), given[name]).cast(pl.String))
    return table


def _facts(deliveries: pl.DataFrame, responses: pl.DataFrame, rules: EligibilityRules) -> pl.DataFrame:
    """What the rules look at, one row per delivery, apart from the attributes so that no names collide."""
    status = pl.col("status")
    answers = responses.group_by("delivery_id").agg(
        rows=pl.len().cast(pl.Int64),
        answered=(status == "answered").sum().cast(pl.Int64),
        invalid=(status == "invalid").sum().cast(pl.Int64),
    )
    if rules.maximum_rapid is not None:
        rapid = _rapid_answers(responses)
        answers = answers.join(rapid, on="delivery_id", how="left")
    # label 1; or no label, none of the candidate's deliveries labelled 1, and the earliest of them
    label = pl.col("attempt").str.strip_chars()
    # Only columns of our own beside the index: a file may have an attribute of that name.
    order = deliveries.select("candidate_id").with_columns(instants(deliveries["delivered_at"]))
    order = order.with_row_index("index")
    order = order.sort("instant", "index", nulls_last=True)
    earliest = pl.col("index").is_in(order.unique("candidate_id", keep="first")["index"].implode())
    has_labelled = (label == FIRST).any().over("candidate_id")
    first = (label == FIRST) | (label.is_null() & earliest & ~has_labelled)
    attributes = [
        pl.col(name).cast(pl.String).alias(f"attribute {name}") for name in rules.exclude_attributes
    ]
    facts = deliveries.select("delivery_id", "candidate_id", "attempt", *attributes).with_row_index("index")
    facts = facts.with_columns(first=first.fill_null(False)).drop("index")
    return facts.join(answers, on="delivery_id", how="left", maintain_order="left")


def _rapid_answers(responses: pl.DataFrame) -> pl.DataFrame:
    """``timed`` answers and ``rapid`` guesses among them by delivery; thresholds from all of the log."""
    seconds = pl.col("time_s")
    known = responses.filter((seconds > 0) & (pl.col("status") != "not_reached"))
    means = known.group_by("item_id").agg(mean_s=seconds.mean())
    limits = means.select("item_id", limit=pl.Series(rapid_thresholds(means["mean_s"].to_numpy())))
    return (
        known.filter(pl.col("status") == "answered")
        .join(limits, on="item_id")
        .group_by("delivery_id")
        .agg(timed=pl.len().cast(pl.Int64), rapid=(seconds < pl.col("limit")).sum().cast(pl.Int64))
    )


def _require_known(deliveries: pl.DataFrame, rules: EligibilityRules, has_times: bool) -> None:
    problems = []
    attributes = deliveries.columns
    for name in rules.exclude_attributes:
        if name not in attributes:
            hint = did_you_mean(name, attributes, "There are")
            problems.append(Problem(f"no candidate attribute {name!r}", where="[eligibility]", remedy=hint))
    known = set(deliveries["delivery_id"])
    absent = [name for name in rules.exclude_deliveries if name not in known]
    if absent:
        near = near_match(absent, map(str, known))
        remedy = f"{near} Correct the names, or take them off the list.".strip()
        what = "deliveries to be excluded are not in the log"
        problems.append(Problem(what, where="[eligibility]", examples=tuple(absent[:5]), remedy=remedy))
    if rules.maximum_rapid is not None and not has_times:
        remedy = "Leave maximum_rapid out, or give a log with time_s."
        what = "maximum_rapid is asked for, but the log records no times"
        problems.append(Problem(what, where="[eligibility]", remedy=remedy))
    if problems:
        raise InputError(problems)


def _judged(facts: pl.DataFrame, cases: list[Case]) -> pl.DataFrame:
    rule = reason = pl.lit(None, dtype=pl.String)
    for name, broken, words in reversed(cases):
        applies = broken.fill_null(False)
        rule = pl.when(applies).then(pl.lit(name)).otherwise(rule)
        reason = pl.when(applies).then(words).otherwise(reason)
    return facts.with_columns(rule=rule, reason=reason)


def _by_reason(exclusions: pl.DataFrame) -> list[tuple[str, int]]:
    grouped = exclusions.group_by("rule", "reason", maintain_order=True).len().sort("len", descending=True)
    few = [(f"{reason}", int(count)) for _, reason, count in grouped.head(8).iter_rows()]
    more = int(grouped["len"][8:].sum())
    return [*few, ("other reasons; see the exclusions table.", more)] if more else few


def _nobody_left(exclusions: pl.DataFrame) -> list[Problem]:
    switch = {
        "named": "exclude_deliveries = []",
        "no_answer": "require_answer = false",
        "attribute": "exclude_attributes = {}",
        "attempt": 'attempts = "all"',
        "too_few_answers": "minimum_answered = 0",
        "rapid_guessing": "maximum_rapid = 1",
    }
    total = plural(exclusions.height, "delivery", "deliveries")
    problems = [Problem(f"no delivery is left: all of {total} are excluded", where="[eligibility]")]
    for rule, count in exclusions["rule"].value_counts(sort=True).iter_rows():
        reasons = exclusions.filter(pl.col("rule") == rule)["reason"].unique(maintain_order=True).head(5)
        problems.append(
            Problem(
                f"rule {rule!r} leaves out {plural(count, 'delivery', 'deliveries')}",
                where="[eligibility]",
                examples=tuple(reasons),
                remedy=f"Say {switch[rule]} to keep them.",
            )
        )
    return problems


def _unmatched(deliveries: pl.DataFrame, rules: EligibilityRules) -> tuple[str, ...]:
    """Filters that no delivery met, with the values there are: a filter that does nothing is a mistake."""
    notes = []
    for name, values in rules.exclude_attributes.items():
        found = deliveries[name].cast(pl.String)
        absent = [value for value in values if not (found == value).any()]
        if absent:
            counted = found.drop_nulls().value_counts(sort=True).head(MOST_VALUES)
            there = ", ".join(f"{value!r} ({n:,})" for value, n in counted.iter_rows())
            wanted = " or ".join(repr(value) for value in absent)
            near = near_match(absent, map(str, counted[name]))
            said = f"Nobody has {name} = {wanted}, so that leaves nobody out. Its values are {there}. {near}"
            notes.append(said.rstrip())
    return tuple(notes)


def _notes(kept: pl.DataFrame, rules: EligibilityRules) -> tuple[str, ...]:
    notes = []
    if rules.attempts == "first":
        again = kept.filter(pl.col("candidate_id").is_duplicated())
        if again.height:
            people = plural(again["candidate_id"].n_unique(), "candidate")
            notes.append(
                f"{people} have several deliveries labelled as the first attempt; all of them count."
            )
        unlabelled = kept["attempt"].null_count()
        if unlabelled and unlabelled < kept.height:
            notes.append(
                f"{unlabelled:,} deliveries have no attempt label; the earliest of a candidate counts."
            )
    bare, with_offset = mixed_offsets(kept["delivered_at"])
    if bare and with_offset:
        notes.append(
            f"{with_offset:,} time stamps say their offset from UTC, {bare:,} do not: those are taken as UTC."
        )
    return tuple(notes)


def _plain(rules: EligibilityRules) -> dict[str, Any]:
    values = asdict(rules)
    return {
        **values,
        "attempts": rules.attempts if isinstance(rules.attempts, str) else list(rules.attempts),
        "exclude_attributes": {name: list(found) for name, found in rules.exclude_attributes.items()},
        "exclude_deliveries": list(rules.exclude_deliveries),
    }
