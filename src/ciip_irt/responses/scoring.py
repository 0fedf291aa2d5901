"""Scoring: the keys of the bank applied to the canonical log.

Omitted answers are wrong. Not reached and invalid answers are wrong too unless the rules say that they do
not count. Pilots are never in the total.
"""

from dataclasses import asdict, dataclass
from typing import Literal

import polars as pl

from ciip_irt.arrays import MISSING
from ciip_irt.bank import CREDIT_ALL, ItemBank, Items, as_bank, credited_options, current_wording
from ciip_irt.errors import InputError, Problem, plural
from ciip_irt.provenance import Provenance, data_hash
from ciip_irt.responses.matrix import CellStatus, ScoredResponses, blocks_from_cells
from ciip_irt.tables import CANDIDATES, EXCLUSIONS, RESPONSES, AnyFrame, polars_frame

__all__ = ["ScoringRules", "score"]

Treatment = Literal["wrong", "missing"]
STATUS_CODES = {
    status.name.lower(): int(status) for status in CellStatus if status != CellStatus.NOT_ADMINISTERED
}


@dataclass(frozen=True, slots=True)
class ScoringRules:
    """What an answer that was not given counts: ``wrong`` (0 points) or ``missing`` (does not count)."""

    omitted: Treatment = "wrong"
    not_reached: Treatment = "wrong"
    invalid: Treatment = "wrong"

    def __post_init__(self) -> None:
        wrong = [
            f"{name} = {value!r}" for name, value in asdict(self).items() if value not in ("wrong", "missing")
        ]
        if wrong:
            remedy = "Say 'wrong' (0 points) or 'missing' (does not count)."
            raise InputError(
                Problem("unknown scoring rule", where="[scoring]", examples=tuple(wrong), remedy=remedy)
            )


def score(
    responses: AnyFrame,
    bank: Items,
    *,
    candidates: AnyFrame | None = None,
    exclusions: pl.DataFrame | None = None,
    rules: ScoringRules = ScoringRules(),
) -> ScoredResponses:
    """Score a canonical log with the keys of the bank.

    Parameters
    ----------
    responses
        The ``responses`` contract; only the deliveries that are to be analysed.
    bank
        Items with their keys, as a bank or a table. The status decides the role (``scored`` counts in the
        total, ``pilot`` and ``draft`` do not) unless the log has a column ``role``. Answers to a pilot given
        before its ``revised_on`` were given to another wording and are left out, with a warning.
    candidates
        Attributes, one row per delivery (``candidates`` contract).
    exclusions
        Deliveries already left out, for the record (``exclusions`` contract).

    Raises
    ------
    TableError
        The log breaks its contract.
    InputError
        Items that the bank lacks; no delivery at all.

    Examples
    --------
    >>> bank = ItemBank.from_frame(pl.DataFrame({"item_id": ["I1", "I2", "P1"], "domain": ["A"] * 3,
    ...     "status": ["scored", "scored", "pilot"], "key": ["A", "B|D", "C"], "options": ["ABCD"] * 3}))
    >>> log = pl.DataFrame({"candidate_id": ["c1"] * 3 + ["c2"] * 3, "delivery_id": ["d1"] * 3 + ["d2"] * 3,
    ...     "attempt": ["1"] * 6, "form_id": ["F"] * 6, "item_id": ["I1", "I2", "P1"] * 2,
    ...     "response": ["A", "D", "C", "A", None, "C"],
    ...     "status": ["answered"] * 4 + ["omitted", "answered"]})
    >>> score(log, bank).totals
    array([2., 1.])
    """
    bank = as_bank(bank)
    if candidates is not None:
        candidates = polars_frame(candidates, "candidates")
    given = RESPONSES.validate(polars_frame(responses, "responses")).select(RESPONSES.names)
    _require_items(given, bank)
    responses, reworded = current_wording(given, bank)
    if responses.is_empty():
        raise InputError(Problem("no answer counts", where="responses", examples=reworded))
    deliveries = _deliveries(responses, candidates)
    items = bank.items.filter(
        pl.col("item_id").is_in(responses["item_id"].unique().implode())
    ).with_row_index("item")
    cells, warnings = _cells(responses, items, rules)
    cells = cells.join(deliveries.select("delivery_id", "person"), on="delivery_id")
    totals = cells.group_by("person").agg(
        total=(pl.col("is_scored") & (pl.col("score") == 1)).sum().cast(pl.Int64),
        n_scored=pl.col("is_scored").sum().cast(pl.Int64),
        n_pilot=(~pl.col("is_scored")).sum().cast(pl.Int64),
    )
    deliveries = deliveries.join(totals, on="person", how="left", maintain_order="left")
    left_out = EXCLUSIONS.empty() if exclusions is None else exclusions
    return ScoredResponses(
        deliveries=deliveries.drop("person"),
        items=items.drop("item"),
        blocks=blocks_from_cells(cells, items.height),
        exclusions=left_out,
        warnings=(*warnings, *reworded),
        provenance=Provenance(
            data_hash=data_hash(given),
            n_deliveries=deliveries.height,
            n_responses=responses.height,
            exclusions=dict(left_out["rule"].value_counts().sort("rule").iter_rows()),
            settings={"scoring": asdict(rules)},
        ),
    )


def _require_items(responses: pl.DataFrame, bank: ItemBank) -> None:
    unknown = responses.filter(~pl.col("item_id").is_in(bank.items["item_id"].implode()))
    if unknown.height:
        raise InputError(
            Problem(
                f"items in the log are not in the bank ({bank.where})",
                where="responses",
                count=unknown.height,
                examples=tuple(unknown["item_id"].unique(maintain_order=True).head(5)),
                remedy="Add them to the items file, or 'ciip-irt ingest --items' sets their rows apart.",
            )
        )


def _deliveries(responses: pl.DataFrame, candidates: pl.DataFrame | None) -> pl.DataFrame:
    forms = responses.group_by("delivery_id", maintain_order=True).agg(
        pl.col("candidate_id").first(),
        pl.col("form_id").first(),
        pl.col("attempt").first(),
        pl.col("delivered_at").first(),
        n_forms=pl.col("form_id").n_unique(),
    )
    several = forms.filter(pl.col("n_forms") > 1)
    if several.height:
        raise InputError(
            Problem(
                "deliveries have rows of more than one form",
                where="responses",
                examples=tuple(several["delivery_id"].head(5)),
                remedy="Give every sitting its own delivery_id.",
            )
        )
    deliveries = forms.drop("n_forms").with_row_index("person")
    if candidates is None:
        return deliveries
    attributes = CANDIDATES.validate(candidates)
    known = [name for name in attributes.columns if name in deliveries.columns and name != "delivery_id"]
    return deliveries.join(attributes.drop(known), on="delivery_id", how="left", maintain_order="left")


def _cells(
    responses: pl.DataFrame, items: pl.DataFrame, rules: ScoringRules
) -> tuple[pl.DataFrame, list[str]]:
    options = pl.DataFrame(
        [
            (item_id, letter, code, letter in credited_options(key, offered))
            for item_id, key, offered in items.select("item_id", "key", "options").iter_rows()
            for code, letter in enumerate(offered)
        ],
        schema={"item_id": pl.String, "response": pl.String, "choice": pl.Int8, "credited": pl.Boolean},
        orient="row",
    )
    role = pl.coalesce(
        "role", pl.when(pl.col("item_status") == "scored").then(pl.lit("scored")).otherwise(pl.lit("pilot"))
    )
    joined = responses.join(
        items.select("item", "item_id", pl.col("status").alias("item_status"), "key"),
        on="item_id",
        maintain_order="left",
    ).join(options, on=["item_id", "response"], how="left", maintain_order="left")
    not_offered = (pl.col("status") == "answered") & pl.col("choice").is_null()
    status = pl.when(not_offered).then(pl.lit("invalid")).otherwise("status")
    does_not_count = pl.any_horizontal(
        (pl.col("status") == name) & (treatment == "missing") for name, treatment in asdict(rules).items()
    )
    cells = joined.with_columns(status=status, refused=not_offered).with_columns(
        score=pl.when(pl.col("key") == CREDIT_ALL).then(1)
        .when(does_not_count).then(MISSING)
        .when((pl.col("status") == "answered") & pl.col("credited").fill_null(False)).then(1)
        .otherwise(0).cast(pl.Int8),
        is_scored=role == "scored",
    )  # fmt: skip
    warnings = []
    if refused := int(cells["refused"].sum()):
        warnings.append(
            f"{refused:,} answers name an option that the item does not offer; they count as invalid."
        )
    retired = cells.filter((pl.col("item_status") == "retired") & pl.col("role").is_null())[
        "item_id"
    ].n_unique()
    if retired:
        be = "is" if retired == 1 else "are"
        warnings.append(
            f"{plural(retired, 'administered item')} {be} retired in the bank and not in the total."
            " What counted at the time has 'scored' in a column 'role' of the log."
        )
    return cells.select(
        "delivery_id",
        "item",
        "form_id",
        "is_scored",
        "score",
        choice=pl.when(pl.col("status") == "answered").then("choice").fill_null(-1).cast(pl.Int8),
        status=pl.col("status").replace_strict(STATUS_CODES, return_dtype=pl.UInt8),
        time_s=pl.col("time_s"),
        position=pl.col("position").cast(pl.Int16, strict=False).fill_null(0),
    ), warnings
