"""Error rates and waiting of a policy at a programme's bank and population, by simulation.

Pilots whose truth is known are planted (``planted``), answered by simulated candidates, and reviewed by the
code that reviews real ones, in programmes of 200 pilots. Beside the policy stands the usual fixed rule on the
same answers: promote where the observed R is at least .20 and the observed p lies in .25-.97.

**good** is a sound item with R of at least .10 and p in .25-.97 in the population, whatever the policy asks:
one yardstick for all policies. **bad** is a flawed one: flat, wrongly keyed, with two right options, or a
trap for the able. **out of range** is a sound item that is too easy, too hard or too weak.

**Looking several times.** A probability that is right at each look stays right whenever one stops looking;
where prior or likelihood are off, stopping at the first high value selects their errors. The rows ``in
sequence`` show what the number on the sheet means under the looking plan: ``stated`` is the mean probability
at which items were promoted, ``share_of_promoted`` the share of good ones among them.

Each row's standard error is that of the simulation, from the scatter between groups of candidates:

    se^2 = G / (G - 1) sum_g (x_g - rate m_g)^2 / m^2,

x_g of m_g items in group g. It does not cover what the simulation assumes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from ciip_irt.bank import ItemBank
from ciip_irt.errors import InputError, Problem, plural
from ciip_irt.pilots.decision import verdict
from ciip_irt.pilots.evidence import estimate_population, gather_evidence
from ciip_irt.pilots.policy import Policy, load_policy
from ciip_irt.pilots.simulate.true_programme import (
    GOOD_P,
    GOOD_R,
    SimulatedPilots,
    TrueProgramme,
    simulate_pilots,
)
from ciip_irt.records import result
from ciip_irt.tables import show_html
from ciip_irt.threads import one_blas_thread

__all__ = ["FIXED_R", "OperatingCharacteristics", "programme_of_bank", "review_simulated", "simulate_policy"]

FIXED_R = 0.20  # the limit that most programmes state
PROGRAMME = 200  # pilots reviewed together
KINDS = {
    "good": pl.col("good"),
    "out of range": (pl.col("kind") == "sound") & ~pl.col("good"),
    "flat": pl.col("kind") == "flat",
    "wrong key": pl.col("kind") == "wrong_key",
    "two right": pl.col("kind") == "two_right",
    "trap": pl.col("kind") == "trap",
    "bad": pl.col("kind") != "sound",
}
OUTCOMES = {
    "promoted": pl.col("decision") == "promote",
    "held": pl.col("decision") == "hold",
    "lost": pl.col("decision").is_in(["revise", "retire"]),
}


@result
@dataclass(frozen=True, slots=True)
class OperatingCharacteristics:
    """What a policy does to pilots whose truth is known.

    Attributes
    ----------
    rates
        ``rule`` (policy, fixed rule, in sequence), ``n`` answers, ``kind`` of item, ``measure``, ``value``,
        ``se``, ``items`` it is a share of. Measures: promoted, held, lost (revised or retired),
        share_of_promoted, stated (mean probability at which items were promoted, to be held against the
        share of good ones among them), answers (the mean number at the decision, in sequence only),
        more_needed (median of the further answers told for the items held).
    decisions
        One row per pilot and n: truth, stated probability, decision, observed p and R.
    policy
        The limits in force.
    settings
        Bank, population, numbers, seed.
    """

    rates: pl.DataFrame
    decisions: pl.DataFrame
    policy: Policy
    settings: Mapping[str, float]

    def to_frame(self) -> pl.DataFrame:
        return self.rates

    def value(self, rule: str, n: int, kind: str, measure: str) -> float:
        """One rate; NaN where there is none."""
        found = self.rates.filter(rule=rule, n=n, kind=kind, measure=measure)
        return float(found["value"][0]) if found.height else float("nan")

    def summary(self) -> str:
        pilots = plural(int(self.settings["pilots"]), "simulated pilot")
        lines = [
            f"{pilots}, {100 * self.settings['flawed']:.0f} % of them flawed (flat, wrong"
            " key, two right options, trap)."
        ]
        for n in sorted(self.decisions["n"].unique()):
            policy, fixed = (self._sentence(rule, n) for rule in ("policy", "fixed rule"))
            lines.append(f"With {n} answers policy '{self.policy.name}' {policy}; R >= .20 {fixed}.")
        last = self.rates.filter(rule="in sequence")
        if last.height:
            n = int(last["n"][0])
            answers = self.value("in sequence", n, "good", "answers")
            lines.append(
                f"Reviewed at each of these numbers and no longer once decided, it"
                f" {self._sentence('in sequence', n)};"
                f" a good item waits for {answers:.0f} answers on average. Promoted at"
                f" {self.value('in sequence', n, 'good', 'stated'):.3f} stated,"
                f" {self.value('in sequence', n, 'good', 'share_of_promoted'):.3f} of them are good."
            )
        return "\n".join(lines)

    def _sentence(self, rule: str, n: int) -> str:
        def percent(kind: str, measure: str) -> str:
            value = self.value(rule, n, kind, measure)
            return "none" if np.isnan(value) else f"{100 * value:.1f} %"

        held = f", holds {percent('good', 'held')}" if rule != "fixed rule" else ""
        return (
            f"promotes {percent('good', 'promoted')} of the good items{held} and loses"
            f" {percent('good', 'lost')}; of the promoted, {percent('bad', 'share_of_promoted')} are bad"
        )

    def _repr_html_(self) -> str:
        return show_html("Operating characteristics", self.summary(), self.rates)


def programme_of_bank(
    bank: ItemBank, *, mean: float = 0.0, sd: float = 1.0, form_length: int = 130
) -> TrueProgramme:
    """The programme that a bank and its population describe.

    Parameters
    ----------
    mean, sd
        The candidates on the bank's scale.
    form_length
        Scored items that a candidate meets; all of them where the bank has no more.

    Raises
    ------
    InputError
        Fewer than ten calibrated scored items; a population without spread.
    """
    scored = bank.items.filter(pl.col("status") == "scored")["item_id"].to_list()
    parameters = bank.parameters(scored)
    parameters = parameters[np.isfinite(parameters).all(axis=1)]
    problems = []
    if len(parameters) < 10:
        problems.append(
            Problem(
                f"only {plural(len(parameters), 'scored item')} with a difficulty b, and ten are the least",
                where=bank.where,
                remedy="Calibrate first: ciip-irt calibrate; the bank keeps a, b and c.",
            )
        )
    if not (np.isfinite(mean) and np.isfinite(sd) and sd > 0):
        problems.append(Problem(f"the population has mean {mean} and standard deviation {sd}"))
    if form_length < 10:
        problems.append(Problem(f"a form of {form_length} scored items is too short; ten are the least"))
    if problems:
        raise InputError(problems)
    D = bank.scale.D if bank.scale is not None else 1.0
    guessing = float(parameters[:, 2].mean())
    return TrueProgramme(parameters, mean, sd, D, form_length=form_length, guessing=guessing)


def simulate_policy(
    programme: TrueProgramme,
    policy: Policy | None = None,
    *,
    answers: Sequence[int] = (50, 100, 200),
    n_pilots: int = 1000,
    seed: int = 2026,
) -> OperatingCharacteristics:
    """Plant pilots, have them answered, review them, and count.

    Parameters
    ----------
    programme
        See ``programme_of_bank``.
    policy
        Limits; the default policy when absent.
    answers
        Numbers of answers at which the pilots are reviewed; the first answers are the same at each.
    n_pilots
        Pilots to simulate, in programmes of 200.

    Raises
    ------
    InputError
        Numbers out of range.

    Examples
    --------
    >>> programme = TrueProgramme(np.column_stack([np.ones(60), np.linspace(-3, 0, 60), np.zeros(60)]))
    >>> found = simulate_policy(programme, answers=[60], n_pilots=40, seed=1)
    >>> found.value("policy", 60, "good", "lost") <= 0.1
    True
    """
    policy = load_policy() if policy is None else policy
    _check(answers, n_pilots)
    looks = sorted(set(answers))
    frames = []
    for start in range(0, n_pilots, PROGRAMME):
        rng = np.random.default_rng([seed, start])
        simulated = simulate_pilots(programme, looks[-1], min(PROGRAMME, n_pilots - start), rng)
        for n in looks:
            found = review_simulated(simulated, programme, n, policy)
            frames.append(found.with_columns(programme=pl.lit(start // PROGRAMME, pl.Int64)))
    decisions = pl.concat(frames)
    fixed = (
        pl.when((pl.col("r_observed") >= FIXED_R) & pl.col("p_observed").is_between(*GOOD_P))
        .then(pl.lit("promote"))
        .otherwise(pl.lit("retire"))
    )
    rates = [_rates(decisions, "policy"), _rates(decisions.with_columns(decision=fixed), "fixed rule")]
    if len(looks) > 1:
        rates.append(_rates(_in_sequence(decisions), "in sequence"))
    settings = {
        "pilots": n_pilots, "flawed": programme.flawed, "seed": seed, "scored_items": len(programme.scored),
        "form_length": programme.form_length, "mean": programme.mean, "sd": programme.sd,
        "good_r": GOOD_R, "good_p_low": GOOD_P[0], "good_p_high": GOOD_P[1],
    }  # fmt: skip
    return OperatingCharacteristics(pl.concat(rates), decisions, policy, settings)


def review_simulated(
    simulated: SimulatedPilots, programme: TrueProgramme, n: int, policy: Policy
) -> pl.DataFrame:
    """The pilots as reviewed after n answers each: truth, probability, decision, observed p and R.

    The population is estimated from the candidates, as in a real review.
    """
    scored = simulated.answers(n)
    mean, sd = estimate_population(scored, simulated.parameters, programme.D)
    with one_blas_thread():
        evidence = gather_evidence(
            scored,
            simulated.parameters,
            mean=mean,
            sd=sd,
            D=programme.D,
            policy=policy,
            pilots=simulated.pilots,
        )
    rows = []
    for item in evidence:
        found = verdict(item, policy)
        rows.append(
            {
                "item_id": item.item_id, "n": n, "probability": found.probability,
                "decision": found.decision, "more_needed": found.more_needed,
                "p_observed": item.observed.p, "r_observed": item.observed.r,
            }
        )  # fmt: skip
    schema = {"item_id": pl.String, "n": pl.Int64, "probability": pl.Float64, "decision": pl.String,
              "more_needed": pl.Int64, "p_observed": pl.Float64, "r_observed": pl.Float64}  # fmt: skip
    return simulated.truth.join(
        pl.DataFrame(rows, schema=schema), on="item_id", how="left", maintain_order="left"
    )


def _in_sequence(decisions: pl.DataFrame) -> pl.DataFrame:
    """What becomes of an item that is reviewed at each n and leaves at the first decision."""
    last = decisions["n"].max()
    decided = (pl.col("decision") != "hold") | (pl.col("n") == last)
    return (
        decisions.filter(decided)
        .sort("programme", "item_id", "n")
        .unique(["programme", "item_id"], keep="first", maintain_order=True)
        .with_columns(answers=pl.col("n"), n=pl.lit(last, pl.Int64))
    )


def _rates(decisions: pl.DataFrame, rule: str) -> pl.DataFrame:
    rows = []
    for (n,), part in decisions.sort("n").group_by("n", maintain_order=True):
        promoted = part.filter(OUTCOMES["promoted"])
        rows.append((n, "good", "stated", *_mean(promoted["probability"])))
        for kind, is_kind in KINDS.items():
            of_kind = part.filter(is_kind)
            for measure, holds in OUTCOMES.items():
                rows.append((n, kind, measure, *_rate(of_kind, holds)))
            rows.append((n, kind, "share_of_promoted", *_rate(promoted, is_kind)))
            if "answers" in part.columns:
                rows.append((n, kind, "answers", *_mean(of_kind["answers"])))
            elif rule == "policy":
                told = of_kind.filter(pl.col("more_needed").is_not_null())["more_needed"]
                rows.append((n, kind, "more_needed", _median(told), None, told.len()))
    schema = {"n": pl.Int64, "kind": pl.String, "measure": pl.String, "value": pl.Float64,
              "se": pl.Float64, "items": pl.Int64}  # fmt: skip
    frame = pl.DataFrame(rows, schema=schema, orient="row").filter(pl.col("items") > 0)
    return frame.select(pl.lit(rule).alias("rule"), pl.all())


def _rate(frame: pl.DataFrame, holds: pl.Expr) -> tuple[float | None, float | None, int]:
    """Share of items, its standard error from the scatter between groups, and of how many."""
    groups = frame.group_by("programme", "group").agg(x=holds.sum().cast(pl.Float64), m=pl.len())
    if not groups.height:
        return None, None, 0
    x, m = groups["x"].to_numpy(), groups["m"].to_numpy().astype(np.float64)
    rate = float(x.sum() / m.sum())
    if groups.height < 2:
        return rate, None, int(m.sum())
    scatter = groups.height / (groups.height - 1) * np.sum((x - rate * m) ** 2)
    return rate, float(np.sqrt(scatter)) / float(m.sum()), int(m.sum())


def _mean(values: pl.Series) -> tuple[float | None, float | None, int]:
    x = values.to_numpy().astype(np.float64)
    if x.size < 2:
        return (float(x[0]) if x.size else None), None, x.size
    return float(x.mean()), float(x.std(ddof=1) / np.sqrt(x.size)), x.size


def _median(values: pl.Series) -> float | None:
    return float(np.median(values.to_numpy())) if values.len() else None


def _check(answers: Sequence[int], pilots: int) -> None:
    problems = []
    wrong = [str(n) for n in answers if not 10 <= n <= 5000]
    if wrong or not answers:
        problems.append(Problem("numbers of answers must lie between 10 and 5000", examples=tuple(wrong[:5])))
    if not 20 <= pilots <= 100_000:
        problems.append(Problem(f"between 20 and 100,000 pilots can be simulated, not {pilots}"))
    if problems:
        raise InputError(problems)
