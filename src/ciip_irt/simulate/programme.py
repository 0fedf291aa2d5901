"""A whole simulated programme: bank, candidates, log, and the truth behind them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import polars as pl
from scipy.special import expit

from ciip_irt.arrays import BoolArray
from ciip_irt.blueprint import load_blueprint
from ciip_irt.errors import InputError, Problem, plural
from ciip_irt.records import result
from ciip_irt.scores.numbers import passes
from ciip_irt.simulate.answers import Answers, answer
from ciip_irt.simulate.bank_table import bank_frame, truth_frame
from ciip_irt.simulate.design import design_problems, draw_design
from ciip_irt.simulate.exam_file import exam_toml
from ciip_irt.simulate.flaws import NO_FLAW, plant_flaws
from ciip_irt.simulate.log_table import add_dirt, candidates_frame, log_frame, persons_frame
from ciip_irt.simulate.sittings import MAX_ATTEMPTS, Sittings, first_sittings, next_sittings
from ciip_irt.simulate.true_items import draw_items
from ciip_irt.tables import show_html

__all__ = ["THETA_CUT", "SimulatedProgramme", "simulate_programme"]

BLUEPRINT = "ciip-2024"
THETA_CUT = -0.65  # seven in eight of the population pass; 86.8 % did at CIIP in 2009 to 2011
NAME = "CIIP 2025 (simulated)"


@result
@dataclass(frozen=True, slots=True)
class SimulatedProgramme:
    """What ``simulate_programme`` made.

    Attributes
    ----------
    responses, candidates, items
        The log (``responses`` contract), one row per delivery (``candidates``), the bank (``items``).
    export
        The log as a delivery system would export it: the same with a little dirt.
    truth
        One row per item: ``item_id, status, administered, right, a, b, c, b_rasch, flaw, size, detail,
        good``. ``b_rasch`` is the difficulty of the right option that a Rasch calibration aims at.
    truth_persons
        One row per delivery: ``theta``, ``speed``, ``behaviour``, ``random_from``, ``not_reached``.
    dirt
        What is wrong with the export, in words.
    theta_cut
        The standard on the bank scale.
    """

    responses: pl.DataFrame
    candidates: pl.DataFrame
    items: pl.DataFrame
    truth: pl.DataFrame
    truth_persons: pl.DataFrame
    export: pl.DataFrame
    dirt: tuple[str, ...]
    n_forms: int
    seed: int
    theta_cut: float

    def files(self, *, csv: bool = False) -> dict[str, pl.DataFrame | str]:
        """File name -> content, as ``tables.write_outputs`` takes it; the log is the export."""
        log = "responses.csv" if csv else "responses.parquet"
        exam = exam_toml(
            name=NAME, responses=log, n_forms=self.n_forms, seed=self.seed, theta_cut=self.theta_cut
        )
        return {
            log: self.export,
            "candidates.csv": self.candidates,
            "items.csv": self.items,
            "truth.csv": self.truth,
            "truth_persons.csv": self.truth_persons,
            "exam.toml": exam,
        }

    def to_frame(self) -> pl.DataFrame:
        """The log, one row per answer, without the dirt."""
        return self.responses

    def summary(self) -> str:
        people = self.candidates["candidate_id"].n_unique()
        again = self.candidates.filter(pl.col("attempt") != "1").height
        given = self.truth.filter("administered")
        pilots = given.filter(pl.col("status") == "pilot")
        flawed = given.filter(pl.col("flaw") != NO_FLAW)
        lines = [
            f"{plural(people, 'candidate')} in {plural(self.candidates.height, 'delivery', 'deliveries')}"
            f" ({again:,} repeats) on {plural(self.n_forms, 'form')}: {self.responses.height:,} rows.",
            f"A bank of {plural(self.items.height, 'item')}; {given.height - pilots.height:,} scored items"
            f" and {pilots.height:,} pilots were administered, {flawed.height:,} of them with a planted"
            f" flaw ({flawed.filter(pl.col('status') == 'pilot').height:,} pilots).",
        ]
        return "\n".join([*lines, *(f"In the exported log, {line}." for line in self.dirt)])

    def _repr_html_(self) -> str:
        planted = self.truth.filter("administered", pl.col("flaw") != NO_FLAW)
        shown = planted.select("item_id", "status", "right", "flaw", "size", "detail")
        return show_html("Simulated programme", self.summary(), shown)


def simulate_programme(
    *,
    n_candidates: int = 600,
    n_forms: int = 3,
    n_pilots: int = 160,
    n_bank_items: int | None = None,
    seed: int = 2026,
    dirt: bool = True,
) -> SimulatedProgramme:
    """A programme like CIIP over one year: easy, homogeneous, with flaws whose truth is known.

    Abilities are N(0.05, 0.6) in logits on the bank scale, scored items lie at about -1.2 (mean p about
    .73, KR-20 about .88 on 130 items), the standard at -0.65 is passed by about 85 %. Forms follow the
    blueprint ``ciip-2024`` and share 30 scored items; forty pilots rotate. Who fails may come back, at most
    twice, to another form. Planted flaws, behaviour and dirt are described in the modules ``flaws``,
    ``answers`` and ``log_table``.

    Parameters
    ----------
    n_candidates
        Persons; a sixth more deliveries follow from repeats.
    n_forms
        Forms administered.
    n_pilots
        Pilots administered, at least 40. A pilot gets about ``40 n_candidates / n_pilots`` first-time
        answers. A further 120 wait in the bank.
    n_bank_items
        Scored items in the bank; by default 480, or more where many forms ask for it.
    seed
        The same seed gives the same programme.
    dirt
        Whether the exported log has rows twice, options not offered and an unknown item.

    Raises
    ------
    InputError
        Numbers that make no programme, all of them at once.

    Examples
    --------
    >>> programme = simulate_programme(n_candidates=40, seed=1)
    >>> programme.truth.filter("administered")["flaw"].value_counts(sort=True)["flaw"][0]
    'none'
    >>> sorted(programme.files())
    ['candidates.csv', 'exam.toml', 'items.csv', 'responses.parquet', 'truth.csv', 'truth_persons.csv']
    """
    blueprint = load_blueprint(BLUEPRINT)
    problems = design_problems(blueprint, n_forms, n_pilots, n_bank_items)
    if n_candidates < 1:
        problems.append(Problem(f"{n_candidates} candidates", "simulate", remedy="Ask for at least one."))
    if seed < 0:
        problems.append(Problem(f"seed {seed}", "simulate", remedy="Give a whole number from 0."))
    if problems:
        raise InputError(problems)
    # A stream for each stage: a change in one leaves the others as they were.
    streams = [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(7)]
    for_design, for_items, for_flaws, for_bank, for_persons, for_answers, for_dirt = streams
    limit_s = 60.0 * (blueprint.testing_time_minutes or 170)
    design = draw_design(blueprint, n_forms, n_pilots, n_bank_items, for_design)
    true_items, flaws = plant_flaws(draw_items(design, for_items), design, for_flaws)
    items = bank_frame(design, true_items, flaws, for_bank)
    cuts = expit(THETA_CUT - items["b"].to_numpy()[design.forms]).sum(axis=1)

    rounds: list[tuple[Sittings, Answers]] = []
    sittings = first_sittings(n_candidates, design, for_persons)
    while len(sittings):
        answers = answer(sittings, design, true_items, limit_s, for_answers)
        rounds.append((sittings, answers))
        right = (answers.choice == flaws.key[answers.items]) & (answers.status == 0)
        totals = (right & np.isin(answers.items, design.forms)).sum(axis=1)
        failed = ~passes(totals, cuts[sittings.form])
        if sittings.attempt[0] == MAX_ATTEMPTS:
            break
        sittings = next_sittings(sittings.where(failed), design, for_persons)
    sittings, answers = _in_order_of_delivery(rounds)

    candidates = candidates_frame(sittings, design)
    log = log_frame(answers, design, candidates)
    export, said = add_dirt(log, for_dirt) if dirt else (log, ())
    return SimulatedProgramme(
        responses=log,
        candidates=candidates,
        items=items,
        truth=truth_frame(design, true_items, flaws),
        truth_persons=persons_frame(sittings, answers, candidates),
        export=export,
        dirt=said,
        n_forms=n_forms,
        seed=seed,
        theta_cut=THETA_CUT,
    )


def _in_order_of_delivery(rounds: list[tuple[Sittings, Answers]]) -> tuple[Sittings, Answers]:
    def joined(records: Sequence[Sittings] | Sequence[Answers]) -> dict[str, BoolArray]:
        names = [field.name for field in fields(records[0])]
        return {name: np.concatenate([getattr(record, name) for record in records]) for name in names}

    persons = joined([sittings for sittings, _ in rounds])
    cells = joined([answers for _, answers in rounds])
    order = np.lexsort((persons["candidate"], persons["day"]))
    return (
        Sittings(**{name: values[order] for name, values in persons.items()}),  # type: ignore[arg-type]
        Answers(**{name: values[order] for name, values in cells.items()}),  # type: ignore[arg-type]
    )
