"""The keys of a scored log, checked: for each item the probability that its key is right.

See ``irt.keys`` for the model. Omitted, invalid and not reached answers chose nothing, nor did answers to a
pilot that were given too fast to have been read; an item on
which everyone is credited, or whose choices are not in the log, is not judged.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from ciip_irt.arrays import FloatArray
from ciip_irt.bank import marks_only
from ciip_irt.errors import InputError, Problem, plural
from ciip_irt.irt.keys import DEFAULT_RATES, FlawRates, KeyProbabilities, key_probabilities
from ciip_irt.item_analysis.choice_counts import Abilities, choice_counts, rasch_abilities
from ciip_irt.item_analysis.statistics_tables import key_mask
from ciip_irt.records import result
from ciip_irt.responses import Responses, ScoredResponses, keep_telling_answers, scored_responses
from ciip_irt.tables import KEY_VALIDATION, Table, show_html

__all__ = ["KeyCheck", "check_keys", "judge_keys"]

IN_WORDS = ("seen", "do")  # of the contract's columns, those that ``key_table`` adds
JUDGED = Table(KEY_VALIDATION.name, tuple(c for c in KEY_VALIDATION.columns if c.name not in IN_WORDS))
LOOK_FROM = 0.05  # probability of a faulty key from which a look costs less than the fault


@result
@dataclass(frozen=True, slots=True)
class KeyCheck:
    """Probabilities about the keys, item by item.

    Attributes
    ----------
    table
        In the order of ``scored.items``: ``item_id, status, key, n`` (answers that chose an option),
        ``p_key_right, p_key_wrong, p_two_right, p_guessed`` (they sum to 1; null where an item is not
        judged), ``likely_key`` (the option that is right if the key is wrong) and ``second_option`` (the one
        that is right besides the key, if two are).
    probabilities
        The same with every option; ``None`` where the log tells no abilities.
    mean_ability
        Shape (J, K): mean ability of those who chose each option, in standard deviations of the candidates.
    """

    table: pl.DataFrame
    probabilities: KeyProbabilities | None = field(repr=False)
    mean_ability: FloatArray = field(repr=False)

    def ranked(self) -> pl.DataFrame:
        """The table with the most doubtful key first; items that are not judged come last."""
        return self.table.sort("p_key_right", nulls_last=True, maintain_order=True)

    def to_frame(self) -> pl.DataFrame:
        return self.ranked()

    def summary(self) -> str:
        """A few plain sentences."""
        judged = self.table.drop_nulls("p_key_right")
        doubtful = self.ranked().filter(pl.col("p_key_wrong") + pl.col("p_two_right") >= LOOK_FROM)
        lines = [
            f"{plural(judged.height, 'key')} checked, {plural(doubtful.height, 'key')} to look at (another"
            f" option is right with a probability of {LOOK_FROM:g} or more).",
        ]
        for row in doubtful.head(3).iter_rows(named=True):
            other = row["p_key_wrong"] + row["p_two_right"]
            option = row["likely_key"] if row["p_key_wrong"] >= row["p_two_right"] else row["second_option"]
            lines.append(
                f"{row['item_id']} (key {row['key']}): {option} is right too, or alone: {other:.2f}."
            )
        if judged.height < self.table.height:
            lines.append(
                f"{plural(self.table.height - judged.height, 'item')} not judged: everyone is credited, or"
                " the log has no choices or no abilities."
            )
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return show_html("Keys", self.summary(), self.ranked())


def check_keys(
    scored: Responses,
    *,
    abilities: Abilities | None = None,
    rates: Mapping[str, FlawRates] = DEFAULT_RATES,
) -> KeyCheck:
    """Check every key of a scored log, or of ``response_matrix(X, key=...)``.

    Parameters
    ----------
    scored
        The scored log; forms and pilot blocks are taken together, each person's ability from the scored
        items of the own form.
    abilities
        Item parameters and population that tell the abilities; by default those of a Rasch model of the
        scored items, fitted here.
    rates
        Shares of flaws among ``"scored"`` and ``"pilot"`` items before any answer.

    Raises
    ------
    InputError
        The answers are marks, 0 and 1, which say nothing about options.

    Examples
    --------
    >>> from ciip_irt.bank import ItemBank
    >>> from ciip_irt.responses import score
    >>> rng = np.random.default_rng(5)
    >>> ability = rng.normal(size=(300, 1))
    >>> knows = rng.random((300, 12)) < 1 / (1 + np.exp(-1.5 * (ability + 0.5)))
    >>> letters = np.where(knows, "A", rng.choice(list("BCD"), size=knows.shape))
    >>> ids = [f"I{j:02d}" for j in range(12)]
    >>> bank = ItemBank.from_frame(pl.DataFrame({"item_id": ids, "domain": ["A"] * 12,
    ...     "status": ["scored"] * 12, "key": ["A"] * 11 + ["C"], "options": ["ABCD"] * 12}))
    >>> log = pl.DataFrame({"candidate_id": np.repeat([f"c{i}" for i in range(300)], 12),
    ...     "attempt": ["1"] * 3600, "form_id": ["F"] * 3600, "item_id": ids * 300,
    ...     "response": letters.ravel(), "status": ["answered"] * 3600})
    >>> check = check_keys(score(log.with_columns(delivery_id="candidate_id"), bank))
    >>> check.ranked().select("item_id", "likely_key", pl.col("p_key_wrong") > 0.9).row(0)
    ('I11', 'A', True)
    """
    scored = scored_responses(scored)
    if marks_only(scored.items).all():
        raise InputError(
            Problem(
                "keys are judged by the options chosen, and these answers are marks, 0 and 1",
                remedy="Give the options with their key: check_keys(response_matrix(X, key='ABCD...')).",
            )
        )
    return judge_keys(scored, abilities=abilities, rates=rates)


def judge_keys(
    scored: ScoredResponses,
    *,
    abilities: Abilities | None = None,
    rates: Mapping[str, FlawRates] = DEFAULT_RATES,
) -> KeyCheck:
    """As ``check_keys``; items known by marks alone are not judged."""
    credited, offered = key_mask(scored.items)
    is_pilot = ~scored.scored_somewhere
    kinds = tuple(np.where(is_pilot, "pilot", "scored").tolist())
    scored = keep_telling_answers(scored)
    known = abilities or rasch_abilities(scored)
    found: KeyProbabilities | None = None
    mean_ability = np.full(offered.shape, np.nan)
    if known is not None and offered.size:
        choices = choice_counts(scored, known, offered.shape[1])
        mean_ability = choices.mean_ability
        # marks say nothing about options: as where everyone is credited, there is no key to doubt
        credited |= offered & marks_only(scored.items).to_numpy()[:, None]
        found = key_probabilities(
            choices.counts, choices.abilities, choices.points, offered, credited, kinds, rates=rates
        )
    return KeyCheck(_table(scored.items, kinds, found), found, mean_ability)


def _table(items: pl.DataFrame, kinds: tuple[str, ...], found: KeyProbabilities | None) -> pl.DataFrame:
    columns: dict[str, object] = {
        "item_id": items["item_id"],
        "status": list(kinds),
        "key": items["key"],
    }
    if found is None:
        unknown = {name: [None] * items.height for name in JUDGED.names if name not in columns}
        return JUDGED.frame(columns | unknown | {"n": [0] * items.height})
    letters = items["options"].to_list()

    def likeliest(by_option: FloatArray) -> list[str | None]:
        return [
            letters[j][int(np.nanargmax(row))] if np.isfinite(row).any() and row.max() > 0 else None
            for j, row in enumerate(by_option)
        ]

    columns |= {
        "n": found.n,
        "p_key_right": found.right,
        "p_key_wrong": found.wrong.sum(axis=1),
        "likely_key": likeliest(found.wrong),
        "p_two_right": found.two_right.sum(axis=1),
        "second_option": likeliest(found.two_right),
        "p_guessed": found.guessed,
    }
    return JUDGED.frame(columns)
