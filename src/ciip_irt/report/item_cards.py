"""All that the result files say about one item, put together once for every page that shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from ciip_irt.report.page_names import page_names
from ciip_irt.report.results import Results
from ciip_irt.tables import POOLED

__all__ = ["ItemCard", "item_cards", "severity_tone"]

Row = Mapping[str, Any]
SOURCES = (
    "item_statistics.csv",
    "option_statistics.csv",
    "parameters.csv",
    "pilot_decisions.csv",
    "flags.csv",
    "observed_proportions.csv",
)


@dataclass(frozen=True, slots=True)
class ItemCard:
    """One item. ``statistics`` and ``times`` are pooled; lists are empty where unknown."""

    item_id: str
    file: str
    information: Row
    statistics: Row
    times: Row
    by_form: tuple[Row, ...]
    options: tuple[Row, ...]
    parameters: tuple[Row, ...]
    fit: tuple[Row, ...]
    dif: tuple[Row, ...]
    flags: tuple[Row, ...]
    key_check: Row
    rescoring: tuple[Row, ...]
    forms: tuple[Row, ...]
    decision: Row
    evidence: tuple[Row, ...]

    @property
    def domain(self) -> str:
        """Letter or name, as the tables have it."""
        for source in (self.information, self.statistics, self.decision, *self.forms[:1]):
            if source.get("domain"):
                return str(source["domain"])
        return ""

    @property
    def status(self) -> str:
        """Role in the analysis; the bank's word where the item was not analysed."""
        return str(self.statistics.get("status") or self.information.get("status") or "")

    @property
    def key(self) -> str:
        """As in the bank, or put together from the option table."""
        if self.information.get("key"):
            return str(self.information["key"])
        credited = [str(row["option"]) for row in self.options if row.get("is_key")]
        return "|".join(credited)

    @property
    def key_words(self) -> str:
        """``B``, ``B or D``, ``everyone credited``."""
        return "everyone credited" if self.key == "*" else self.key.replace("|", " or ")

    @property
    def severity(self) -> int | None:
        """Of the gravest flag."""
        return min((row["severity"] for row in self.flags if row.get("severity")), default=None)

    @property
    def difficulty(self) -> Row:
        """The row of parameter b."""
        return next((row for row in self.parameters if row["parameter"] == "b"), {})


def severity_tone(severity: int | None) -> str:
    """Severity as a word: 1 is ``first``, 2 ``next``, 3 ``later``, beyond that ``minor``."""
    return {1: "first", 2: "next", 3: "later"}.get(severity or 0, "minor")


def item_cards(results: Results) -> dict[str, ItemCard]:
    """A card for every item with results, in the order of the item statistics."""
    ids: dict[str, None] = {}
    for name in SOURCES:
        ids.update(dict.fromkeys(results.table(name)["item_id"].to_list()))
    names = page_names(ids)
    information = {row["item_id"]: row for row in results.bank().iter_rows(named=True)}
    pooled, by_form = _statistics(results.table("item_statistics.csv"))
    grouped = {
        name: results.rows_of(name)
        for name in (
            "parameters.csv",
            "fit.csv",
            "dif.csv",
            "flags.csv",
            "key_validation.csv",
            "rescoring.csv",
            "forms.csv",
            "pilot_decisions.csv",
            "pilot_evidence.csv",
        )
    }
    options = _grouped(_pooled_only(results.table("option_statistics.csv")))
    times, _ = _statistics(results.table("item_times.csv"))

    def of(name: str, item: str) -> tuple[Row, ...]:
        return tuple(grouped[name].get(item, ()))

    return {
        item: ItemCard(
            item_id=item,
            file=names[item],
            information=information.get(item, {}),
            statistics=pooled.get(item, {}),
            times=times.get(item, {}),
            by_form=tuple(by_form.get(item, ())),
            options=tuple(options.get(item, ())),
            parameters=of("parameters.csv", item),
            fit=of("fit.csv", item),
            dif=of("dif.csv", item),
            flags=tuple(sorted(of("flags.csv", item), key=lambda row: row["severity"] or 99)),
            key_check=next(iter(of("key_validation.csv", item)), {}),
            rescoring=of("rescoring.csv", item),
            forms=of("forms.csv", item),
            decision=next(iter(of("pilot_decisions.csv", item)), {}),
            evidence=of("pilot_evidence.csv", item),
        )
        for item in ids
    }


def _statistics(frame: pl.DataFrame) -> tuple[dict[str, Row], dict[str, list[Row]]]:
    pooled: dict[str, Row] = {}
    by_form: dict[str, list[Row]] = {}
    for row in frame.iter_rows(named=True):
        if row["form_id"] == POOLED:
            pooled[row["item_id"]] = row
        else:
            by_form.setdefault(row["item_id"], []).append(row)
    for item, rows in by_form.items():
        rows.sort(key=lambda row: str(row["form_id"]))
        pooled.setdefault(item, rows[0])
    return pooled, by_form


def _pooled_only(options: pl.DataFrame) -> pl.DataFrame:
    """The pooled rows where there are any; a table without forms is pooled already."""
    if (options["form_id"] == POOLED).any():
        return options.filter(pl.col("form_id") == POOLED)
    return options


def _grouped(frame: pl.DataFrame) -> dict[str, list[Row]]:
    grouped: dict[str, list[Row]] = {}
    for row in frame.iter_rows(named=True):
        grouped.setdefault(row["item_id"], []).append(row)
    return grouped
