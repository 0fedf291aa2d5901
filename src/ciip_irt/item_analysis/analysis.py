"""The item analysis of a scored log: statistics, options, flags, DIF and forms in one result."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

import polars as pl

from ciip_irt.bank import ASSUMED_DOMAIN, marks_only
from ciip_irt.errors import InputError, Problem, plural
from ciip_irt.item_analysis.domain_scores import consistency
from ciip_irt.item_analysis.evidence import item_evidence
from ciip_irt.item_analysis.flags import FlagThresholds, flagged_in_words, raise_flags
from ciip_irt.item_analysis.form_summary import form_row, form_table
from ciip_irt.item_analysis.groups import (
    MINIMUM_GROUP,
    dif_between_groups,
    group_notes,
    group_table,
    widespread_notes,
)
from ciip_irt.item_analysis.history import changes_from_history
from ciip_irt.item_analysis.key_check import judge_keys
from ciip_irt.item_analysis.key_table import key_table
from ciip_irt.item_analysis.rescoring import cuts_by_form, rescoring_table
from ciip_irt.item_analysis.statistics_tables import item_table, option_table, quantile_table
from ciip_irt.item_analysis.tallies import Tally, pool, tally_form
from ciip_irt.item_analysis.timing import Timing, examine_timing
from ciip_irt.provenance import Provenance
from ciip_irt.records import result
from ciip_irt.responses import AdministeredBlock, CellStatus, Responses, ScoredResponses, scored_responses
from ciip_irt.screening import Concern, screen
from ciip_irt.tables import POOLED, show_html

__all__ = ["FEW_CANDIDATES", "ItemAnalysis", "analyse_items"]

NOTABLE_GAPS = 0.01  # of the scored cells: a row lost in transit here and there moves no total
FEW_CANDIDATES = 100  # the error of p is up to .05, that of R .1: as large as what sets items apart


@result
@dataclass(frozen=True, slots=True)
class ItemAnalysis:
    """Classical item analysis, as the tables that are written.

    Attributes
    ----------
    item_statistics
        One row per item and form, and one per item over all forms (``form_id`` "all").
    option_statistics
        One row per item and option over all forms. ``mean_criterion`` is the mean scored total of those who
        chose it, without the item itself where it is scored; over several forms, on the scale of the average
        form.
    option_statistics_by_form
        The same with ``form_id``, "all" included.
    option_quantiles
        Share choosing each option by fifth of the scored total, with 95 % bands.
    key_validation
        Per item the probability that its key is right, wrong, one of two right options, or that the item is
        guessed at; the most doubtful first, with a sentence.
    rescoring
        What each outcome of key validation would do to scores and decisions, for the scored items whose key
        is most doubtful and for those asked for.
    flags
        What was seen, what it may mean, what to do; most severe first.
    dif
        Mantel-Haenszel comparisons of groups of candidates.
    form_summary
        One row per form.
    group_summary
        One row per form and group of candidates: pass rate, mean, reliability, what DIF adds up to.
    domain_scores
        One row per form and domain: the domain score, its reliability, and what that is worth in words.
    timing
        How long items and forms take, rapid guessing, pace.
    concerns
        What looks wrong as a whole: the key of a form, item sets, deliveries, times, attempts.
    warnings
        What a reader should know before trusting the numbers, the concerns in words first.
    provenance
        Data hash, counts, settings, versions.
    """

    item_statistics: pl.DataFrame
    option_statistics: pl.DataFrame
    option_statistics_by_form: pl.DataFrame
    option_quantiles: pl.DataFrame
    key_validation: pl.DataFrame
    rescoring: pl.DataFrame
    flags: pl.DataFrame
    dif: pl.DataFrame
    form_summary: pl.DataFrame
    group_summary: pl.DataFrame
    domain_scores: pl.DataFrame
    timing: Timing
    concerns: tuple[Concern, ...]
    warnings: tuple[str, ...]
    provenance: Provenance

    def to_frame(self) -> pl.DataFrame:
        """The item statistics."""
        return self.item_statistics

    def pooled(self) -> pl.DataFrame:
        """The item statistics over all forms, one row per item."""
        return self.item_statistics.filter(pl.col("form_id") == POOLED)

    def summary(self) -> str:
        """A few plain sentences."""
        items = self.pooled()
        forms = self.form_summary
        sittings = plural(int(forms["n_candidates"].sum()), "delivery", "deliveries")
        pilots = plural(int((items["status"] == "pilot").sum()), "pilot")
        gone = sum(self.provenance.exclusions.values())
        said = f" {plural(gone, 'delivery is', 'deliveries are')} left out (exclusions.csv)." if gone else ""
        lines = [
            f"{plural(items.height, 'item')} ({pilots}) on {plural(forms.height, 'form')}, {sittings}."
            + said,
            f"{flagged_in_words(self.flags)}.",
        ]
        for row in forms.head(3).iter_rows(named=True):
            dependable = (
                f", {row['reliability_type']} {row['reliability']:.3f}, standard error of measurement"
                f" {row['sem']:.2f}"
                if row["reliability"] is not None
                else ""
            )
            spread = f" (SD {row['sd']:.2f})" if row["sd"] is not None else ""
            mean = f"mean {row['mean']:.2f} of {row['n_scored_items']}"
            lines.append(f"Form {row['form_id']}: {mean}{spread}{dependable}.")
        if forms.height > 3:
            lines.append(f"{plural(forms.height - 3, 'further form')} in form_summary.")
        return "\n".join([*lines, *self.warnings])

    def _repr_html_(self) -> str:
        return show_html("Item analysis", self.summary(), self.pooled())


def analyse_items(
    scored: Responses,
    *,
    dif: Sequence[str] | None = None,
    raw_cut: Mapping[str, float] | float | None = None,
    thresholds: FlagThresholds | None = None,
    minimum_group: int = MINIMUM_GROUP,
    confidence: float = 0.95,
    testing_time_minutes: float | None = None,
    theta_cut: float | None = None,
    what_if: Mapping[str, str | None] = MappingProxyType({}),
    attempt_limit: tuple[int, int] | None = None,
) -> ItemAnalysis:
    """Analyse every item that was administered.

    p has Wilson's interval; R is the corrected point-biserial: against the rest of the scored total for a
    scored item, against the scored total for a pilot, always within a form and then pooled (see ``tallies``).

    Parameters
    ----------
    scored
        The scored log; or a persons x items matrix of 0 and 1 (``response_matrix``; options with a key).
    dif
        Columns of the deliveries whose groups are compared item by item; by default those of
        ``delivery_mode``, ``first_time`` and ``region`` that are there with at least two groups.
    raw_cut
        Raw score needed to pass: of every form, or by form. Forms without one get no pass rate.
    thresholds
        Of the flags.
    minimum_group
        Fewest answers in each group for a DIF class.
    confidence
        Of all intervals.
    theta_cut
        The passing standard on the scale of ``scored.items``' parameters: the raw cut of every outcome of
        rescoring is then derived anew.
    what_if
        Scored items to rescore, whatever their flags: item -> the option that may be right too, or ``None``
        for the likeliest.
    attempt_limit
        Attempts that a candidate has, and within how many months: who sat more often is told.
    testing_time_minutes
        Minutes allowed for a form; without it nothing is said about what is left of them.

    Raises
    ------
    InputError
        No deliveries; a grouping or a form of ``raw_cut`` that the data lack; a confidence outside (0, 1).

    Examples
    --------
    >>> from ciip_irt.bank import ItemBank
    >>> from ciip_irt.responses import score
    >>> bank = ItemBank.from_frame(pl.DataFrame({"item_id": ["I1", "I2", "P1"], "domain": ["A"] * 3,
    ...     "status": ["scored", "scored", "pilot"], "key": ["A", "B", "C"], "options": ["ABC"] * 3}))
    >>> given = ["ABC", "ABC", "ACC", "CBA", "BCB"]
    >>> log = pl.DataFrame([(f"c{i}", f"d{i}", "1", "F", item, answer, "answered")
    ...     for i, answers in enumerate(given) for item, answer in zip(bank.item_ids, answers)], orient="row",
    ...     schema=["candidate_id", "delivery_id", "attempt", "form_id", "item_id", "response", "status"])
    >>> analysis = analyse_items(score(log, bank))
    >>> analysis.pooled().select("item_id", "status", "n", "p").rows()
    [('I1', 'scored', 5, 0.6), ('I2', 'scored', 5, 0.6), ('P1', 'pilot', 5, 0.6)]
    """
    scored, limits = scored_responses(scored), thresholds or FlagThresholds()
    cuts = cuts_by_form(scored, raw_cut)
    _check(scored, cuts, confidence)
    forms = _blocks_by_form(scored)
    tallies = _tallied(scored, forms)
    whole = pool(tallies, scored.blocks)

    inner = consistency(scored, tallies, forms, confidence)
    statistics = item_table([*tallies, whole], scored.items, confidence).join(
        inner.if_deleted, on=["form_id", "item_id"], how="left", maintain_order="left"
    )
    chosen = ~pl.col("item_id").is_in(scored.items["item_id"].filter(marks_only(scored.items)).implode())
    options = option_table([*tallies, whole], scored.items, confidence).filter(chosen)
    pooled_options = options.filter(pl.col("form_id") == POOLED)
    groups, notes = dif_between_groups(scored, dif, minimum_n=minimum_group)
    together = group_table(scored, groups, cuts, confidence)
    pooled = statistics.filter(pl.col("form_id") == POOLED)
    keys = judge_keys(scored)
    evidence = list(item_evidence(whole, pooled, pooled_options, groups, keys, changes_from_history(scored)))
    flags = raise_flags(evidence, limits)
    timing = examine_timing(scored, testing_time_minutes=testing_time_minutes)
    limit, months = attempt_limit or (None, None)
    concerns = screen(scored, attempts_limit=limit, attempts_months=months)
    told = (*map(str, concerns), *inner.notes, *_warnings(tallies, pooled, forms), *timing.notes, *notes)
    return ItemAnalysis(
        item_statistics=statistics,
        option_statistics=pooled_options.drop("form_id"),
        option_statistics_by_form=options,
        option_quantiles=quantile_table(whole, scored.items, confidence).filter(chosen),
        key_validation=key_table(keys, evidence),
        rescoring=rescoring_table(
            scored, _to_rescore(flags, keys.table, what_if), raw_cut=cuts, theta_cut=theta_cut
        ),
        flags=flags,
        dif=groups,
        form_summary=_form_summary(scored, tallies, forms, cuts, confidence),
        group_summary=together,
        domain_scores=inner.domains.filter(pl.col("domain") != ASSUMED_DOMAIN),
        timing=timing,
        concerns=concerns,
        warnings=(*told, *widespread_notes(groups), *group_notes(together)),
        provenance=scored.provenance.with_settings(
            item_analysis=_settings(limits, groups, minimum_group, confidence, cuts)
        ),
    )


def _form_summary(
    scored: ScoredResponses,
    tallies: Sequence[Tally],
    forms: Mapping[str, Sequence[AdministeredBlock]],
    cuts: Mapping[str, float],
    confidence: float,
) -> pl.DataFrame:
    return form_table(
        [
            form_row(scored, one, forms[one.form_id], cut=cuts.get(one.form_id), confidence=confidence)
            for one in tallies
        ]
    )


def _blocks_by_form(scored: ScoredResponses) -> dict[str, list[AdministeredBlock]]:
    forms: dict[str, list[AdministeredBlock]] = {form_id: [] for form_id in scored.form_ids}
    for block in scored.blocks:
        forms[block.form_id].append(block)
    return forms


def _unequal_totals(forms: Mapping[str, list[AdministeredBlock]]) -> list[str]:
    """Forms whose totals are over different numbers of items, as where cells of a matrix are empty."""
    notes = []
    for form_id, blocks in forms.items():
        gone = [(block.statuses == CellStatus.NOT_ADMINISTERED)[:, block.is_scored] for block in blocks]
        share = sum(int(one.sum()) for one in gone) / max(1, sum(one.size for one in gone))
        if share >= NOTABLE_GAPS:
            notes.append(
                f"Form {form_id}: {share:.0%} of the scored cells were not administered. Totals count what"
                " was met, so they are not comparable, and R and reliability lean on them; a calibration"
                " allows for it."
            )
    return notes


def _tallied(scored: ScoredResponses, forms: Mapping[str, list[AdministeredBlock]]) -> list[Tally]:
    n_options = max((len(options) for options in scored.items["options"]), default=0)
    return [tally_form(scored, form_id, blocks, n_options) for form_id, blocks in forms.items()]


def _settings(
    limits: FlagThresholds,
    dif: pl.DataFrame,
    minimum_group: int,
    confidence: float,
    cuts: Mapping[str, float],
) -> dict[str, Any]:
    """What the analysis was made with, as plain values."""
    return {
        "thresholds": asdict(limits),
        "groupings": dif["grouping"].unique().sort().to_list(),
        "minimum_group": minimum_group,
        "confidence": confidence,
        "cuts": dict(cuts),
    }


def _to_rescore(
    flags: pl.DataFrame, keys: pl.DataFrame, what_if: Mapping[str, str | None]
) -> list[tuple[str, str | None]]:
    """Items asked for, then those whose key must be looked at first; each with the likeliest other option."""
    rivals: dict[str, str | None] = {
        item_id: wrong if p_wrong >= p_two else second
        for item_id, p_wrong, wrong, p_two, second in keys.filter(status="scored")
        .drop_nulls("p_key_right")
        .select("item_id", "p_key_wrong", "likely_key", "p_two_right", "second_option")
        .iter_rows()
    }
    urgent = flags.filter((pl.col("flag") == "key_may_be_wrong") & (pl.col("severity") == 1))["item_id"]
    asked = [(item_id, other or rivals.get(item_id)) for item_id, other in what_if.items()]
    return asked + [
        (item_id, rivals[item_id]) for item_id in urgent if item_id in rivals and item_id not in what_if
    ]


def _check(scored: ScoredResponses, cuts: Mapping[str, float], confidence: float) -> None:
    problems = []
    if not scored.blocks:
        problems.append(
            Problem(
                "there are no deliveries to analyse",
                remedy="Look at the exclusions: perhaps all were left out.",
            )
        )
    unknown = [form_id for form_id in cuts if form_id not in scored.form_ids]
    if unknown:
        problems.append(
            Problem(
                "cut scores name forms that the log lacks",
                examples=unknown,
                remedy=f"The log has {', '.join(scored.form_ids[:5])}.",
            )
        )
    if not 0 < confidence < 1:
        problems.append(Problem(f"confidence is {confidence}", remedy="Give a share, such as 0.95."))
    if problems:
        raise InputError(problems)


def _warnings(
    tallies: Sequence[Tally], pooled: pl.DataFrame, forms: Mapping[str, list[AdministeredBlock]]
) -> list[str]:
    notes = _unequal_totals(forms)
    small = [tally for tally in tallies if tally.n_persons < FEW_CANDIDATES]
    if small:
        named = ", ".join(f"{tally.form_id} ({tally.n_persons})" for tally in small[:5])
        notes.append(
            f"Fewer than {FEW_CANDIDATES} deliveries on {plural(len(small), 'form')}: {named}."
            " Read the intervals, not the values; more deliveries or pooled forms would help."
        )
    unscored = [tally.form_id for tally in tallies if not tally.is_scored.any()]
    if unscored:
        notes.append(
            f"No scored items on {', '.join(unscored[:5])}: without a total there is no R."
            " Give the scored items the status 'scored' in the items file."
        )
    same = pooled.filter((pl.col("p") == 1.0) | (pl.col("p") == 0.0))
    if same.height:
        notes.append(
            f"{plural(same.height, 'item')} that everybody got right, or nobody"
            f" ({', '.join(same['item_id'].head(5))}): no R can be computed."
        )
    unanswered = pooled.filter(pl.col("n") == 0)
    if unanswered.height:
        notes.append(
            f"{plural(unanswered.height, 'item')} without any answer that counts"
            f" ({', '.join(unanswered['item_id'].head(5))})."
        )
    slow = pooled.filter(pl.col("not_reached_rate") > 0.05)
    if slow.height:
        notes.append(
            f"{plural(slow.height, 'item')} not reached by more than 5 %: the time may be too short, and"
            " where not reached counts as wrong these items look harder than they are."
        )
    return notes
