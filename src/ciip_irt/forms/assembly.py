"""The result of an assembly: forms, how well they meet their targets, and what stood in the way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import polars as pl

from ciip_irt.errors import plural
from ciip_irt.forms.findings import ERROR, Finding
from ciip_irt.forms.pool.form_set import SCORED, Form
from ciip_irt.forms.promises import achieved_frame, error_sentence
from ciip_irt.records import result
from ciip_irt.tables import SHORTAGES, show_html

__all__ = [
    "INFEASIBLE",
    "NOTHING_FOUND",
    "NOT_BUILT",
    "OPTIMAL",
    "STOPPED",
    "WITHIN_TOLERANCE",
    "Assembly",
    "ended",
    "forms_frame",
    "not_built",
]  # fmt: skip

OPTIMAL = "optimal"
WITHIN_TOLERANCE = "within tolerance"
# Of a search that ended before it had met every target, or before it had a form: by the clock that was set,
# by Ctrl-C, or because its amount of work was done.
ENDINGS = {"seconds": "time limit", "interrupted": "interrupted"}
WORK_DONE = "work limit"
STOPPED, NOTHING_FOUND = "with a usable form", "without a form"
INFEASIBLE = "infeasible"
NOT_BUILT = "not built"

# That two forms share an item is told by their overlap.
PAIR = 2
# Forms that share more of their items than not are told.
MOST_OF_A_FORM = 0.5


@result
@dataclass(frozen=True, slots=True)
class Assembly:
    """Forms, checked again from their table, or the reasons why there are none.

    Attributes
    ----------
    status
        ``optimal`` (proven), ``within tolerance`` (every target met, not proven the best), ``infeasible``
        (proven), ``not built``; of a search that ended before it had met every target, ``time limit with a
        usable form`` (conforms but for a difficulty target) or ``time limit without a form``; ``work limit``
        stands there where no time limit was set, ``interrupted`` after Ctrl-C.
    forms
        ``form_id, position, item_id, role, domain``; no rows where there are no forms.
    achieved
        ``form_id, quantity, target, tolerance, achieved, deviation, met, se, se_scale, low, high``. Where the
        targets are out of reach, what the nearest forms have. A goal has neither target nor tolerance. ``se``
        is the standard error of the value that the items' own errors make, ``se_scale`` that of origin and
        unit of the scale, which all forms share; ``low`` to ``high`` holds 95 in 100 true values.
    worst
        The largest deviation from a target, in tolerances: 1 is the edge of what is allowed.
    bound
        No forms can have a smaller ``worst`` than this (where these share no item: none that share none);
        ``gap`` is the difference.
    least, least_bound, least_unit
        Where information is to be as high as possible: the least of it over forms and thetas, what no forms
        can better, and the unit of both.
    shortages
        ``what, domain, needed, available, short, message`` where the bank does not suffice.
    held_out
        Items of the bank kept out of the forms for open flags, with the names of these.
    remarks
        How uncertain the bank's parameters are, and what taking them as exact would promise.
    findings
        What the check, which knows nothing of the solver, found in the forms.
    """

    status: str
    blueprint: str
    n_forms: int
    seed: int
    forms: pl.DataFrame
    achieved: pl.DataFrame
    worst: float | None
    bound: float | None
    shortages: pl.DataFrame
    least: float | None = None
    least_bound: float | None = None
    least_unit: str = ""
    warnings: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    nodes: int = 0
    held_out: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    @property
    def gap(self) -> float | None:
        """How much better the largest deviation, in tolerances, or ``least`` could at best be."""
        if self.least is not None and self.least_bound is not None:
            return max(0.0, self.least_bound - self.least)
        return None if self.worst is None or self.bound is None else max(0.0, self.worst - self.bound)

    @property
    def conforms(self) -> bool:
        """Whether there are forms and the check finds no error in them: exit code 0."""
        return self.forms.height > 0 and not any(f.severity == ERROR for f in self.findings)

    @property
    def anchors(self) -> int:
        """Size of the anchor block that all forms have."""
        if "anchor" not in self.forms.columns:
            return 0
        return self.forms.filter(pl.col("anchor") == "yes")["item_id"].n_unique()

    def to_frame(self) -> pl.DataFrame:
        """The forms, one row per position."""
        return self.forms

    def exposure(self) -> pl.DataFrame:
        """``item_id, role, forms, share``: in how many forms an item stands, the most used first."""
        uses = self.forms.group_by("item_id", "role").agg(forms=pl.col("form_id").n_unique().cast(pl.Int64))
        return uses.with_columns(share=pl.col("forms") / max(1, self.n_forms)).sort(
            ["forms", "item_id"], descending=[True, False]
        )

    def to_dict(self) -> dict[str, Any]:
        """What ``assembly.json`` holds."""
        return {
            "status": self.status,
            "conforms": self.conforms,
            "blueprint": self.blueprint,
            "forms": self.n_forms,
            "anchors": self.anchors,
            "seed": self.seed,
            "worst_deviation_in_tolerances": self.worst,
            "bound": self.bound if self.least is None else self.least_bound,
            "least": self.least,
            "unit": self.least_unit or "tolerances",
            "gap": self.gap,
            "nodes": self.nodes,
            "summary": self.summary().splitlines(),
            "held_out": list(self.held_out),
            "warnings": list(self.warnings),
            "findings": [f"{f.form_id}: {f.message}" for f in self.findings],
            "shortages": self.shortages["message"].to_list(),
        }

    def summary(self) -> str:
        """The outcome in a few plain sentences, then the warnings."""
        return "\n".join([*self.outcome(), *self.warnings])

    def outcome(self) -> list[str]:
        """The outcome in a few plain sentences, without the warnings."""
        many = plural(self.n_forms, "form")
        if not self.forms.height:
            head = (
                f"No set of {many} to blueprint {self.blueprint}: {self.status}."
                if self.n_forms > 1
                else f"No form to blueprint {self.blueprint}: {self.status}."
            )
            return [head, *self.shortages["message"]]
        first = self.forms.filter(pl.col("form_id") == self.forms["form_id"][0])
        scored = int((first["role"] == SCORED).sum())
        lines = [
            f"{many} to blueprint {self.blueprint}: {self.status}."
            f" {scored} scored and {first.height - scored} pilot items each."
            if _same_sizes(self.forms)
            else f"{many} to blueprint {self.blueprint}: {self.status}. {scored} scored items each."
        ]
        for (quantity,), rows in self.achieved.group_by("quantity", maintain_order=True):
            values = rows["achieved"].drop_nulls()
            if len(values):
                low, high = min(values), max(values)
                spread = f"{low:.3f}" if self.n_forms == 1 else f"{low:.3f} to {high:.3f}"
                if rows["target"][0] is None:
                    apart = "" if rows["met"].fill_null(True).all() else " Further apart than allowed."
                    lines.append(f"{quantity}: {spread}.{apart}{error_sentence(rows)}")
                    continue
                target = f"{rows['target'][0]:.3f} +- {rows['tolerance'][0]:.3g}"
                lines.append(f"{quantity}: {spread} (target {target}).{_missed(rows)}{error_sentence(rows)}")
        if self.least is not None and self.least_bound:
            short = 100 * (1 - self.least / self.least_bound)
            lines.append(
                f"Least: {self.least:.3f} {self.least_unit}; no forms can have more than"
                f" {self.least_bound:.3f} (gap {max(0.0, short):.2g} %)."
            )
        lines += self.remarks
        if self.n_forms > 1:
            anchors = self.anchors
            common = _largest_overlap(self.forms) - anchors
            beside = " besides" if anchors else ""
            if anchors:
                lines.append(f"{plural(anchors, 'anchor stands', 'anchors stand')} in every form.")
            lines.append(
                f"Two forms share at most {plural(common, 'scored item')}{beside}."
                if common else f"No two forms share a scored item{beside}."
            )  # fmt: skip
            lines += [*_alike(self.forms), *self._most_used()]
        return lines

    def _most_used(self) -> list[str]:
        """How many scored items beside the anchors stand in most forms, where that is three or more."""
        uses = self.exposure().filter(pl.col("role") == SCORED)
        if self.anchors:
            block = self.forms.filter(pl.col("anchor") == "yes")
            uses = uses.join(block, on="item_id", how="anti")
        most = max(uses["forms"], default=0)
        if most <= PAIR:
            return []
        many = uses.filter(pl.col("forms") == most).height
        share = 100 * most / self.n_forms
        return [
            f"Most used: {plural(many, 'scored item')} in {most} of {self.n_forms} forms ({share:.0f} %)."
        ]

    def _repr_html_(self) -> str:
        frame = self.achieved if self.achieved.height else self.shortages
        return show_html(f"Assembly to {self.blueprint}", self.summary(), frame)


def _missed(rows: pl.DataFrame) -> str:
    missed = rows.filter(~pl.col("met").fill_null(True))["form_id"].to_list()
    return f" Missed by {', '.join(missed)}." if missed else ""


def _same_sizes(forms: pl.DataFrame) -> bool:
    return forms.group_by("form_id").len()["len"].n_unique() == 1


def _largest_overlap(forms: pl.DataFrame) -> int:
    scored = forms.filter(pl.col("role") == SCORED)
    sets = [set(part["item_id"]) for part in scored.partition_by("form_id", maintain_order=True)]
    return max((len(a & b) for a, b in combinations(sets, 2)), default=0)


def ended(status: str, stopped: str, *, limited: bool) -> str:
    """The status in full where the search ended early; ``limited``: whether a time limit was set.

    >>> ended(STOPPED, "seconds", limited=True), ended(NOTHING_FOUND, "work", limited=True)
    ('time limit with a usable form', 'work limit without a form')
    """
    if status not in (STOPPED, NOTHING_FOUND):
        return status
    by_clock = stopped == "seconds" and not limited
    return f"{WORK_DONE if by_clock else ENDINGS.get(stopped, WORK_DONE)} {status}"


def not_built(blueprint: str, n_forms: int, seed: int, why: str) -> Assembly:
    """The assembly that was not begun, and why.

    >>> print(not_built("two", 3, 1, "The key is in doubt.").summary())
    No set of 3 forms to blueprint two: not built.
    The key is in doubt.
    """
    return Assembly(
        status=NOT_BUILT,
        blueprint=blueprint,
        n_forms=n_forms,
        seed=seed,
        forms=forms_frame(()),
        achieved=achieved_frame((), ()),
        worst=None,
        bound=None,
        shortages=SHORTAGES.empty(),
        warnings=(why,),
    )


def _alike(forms: pl.DataFrame) -> list[str]:
    """Forms of the family that are the same form, or nearly: a second attempt would repeat them."""
    scored = forms.filter(pl.col("role") == SCORED)
    sets = {part["form_id"][0]: set(part["item_id"]) for part in scored.partition_by("form_id")}
    pairs = list(combinations(sets, 2))
    same = [(one, other) for one, other in pairs if sets[one] == sets[other]]
    if same:
        return [f"The same scored items stand in {plural(len(same), 'pair')} of forms: {_pairs(same)}."]
    most = [(a, b) for a, b in pairs if len(sets[a] & sets[b]) > MOST_OF_A_FORM * len(sets[a])]
    if most:
        many = f"{plural(len(most), 'pair')} of forms"
        return [f"More than half of the scored items are common to {many}: {_pairs(most)}."]
    return []


def _pairs(pairs: Sequence[tuple[str, str]]) -> str:
    """The first five, and whether there are more."""
    return ", ".join(f"{one} and {other}" for one, other in pairs[:5]) + (", ..." if len(pairs) > 5 else "")


def forms_frame(forms: Sequence[Form]) -> pl.DataFrame:
    """The forms as the ``forms`` table holds them."""
    return pl.DataFrame(
        [(f.form_id, e.position, e.item_id, e.role, e.letter) for f in forms for e in f.entries],
        schema={"form_id": pl.String, "position": pl.Int64, "item_id": pl.String, "role": pl.String,
                "domain": pl.String},
        orient="row",
    )  # fmt: skip
