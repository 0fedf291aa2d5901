"""Promises of forms against the truth: every form from a bank of its own, calibrated on N simulated persons.

Persons are drawn from N(0, 1), log a from N(0, .3) and b from N(-.6, 1); all persons answer all items, and a
calibration (marginal maximum likelihood) gives the bank its parameters with standard errors. A form is built
to the CIIP blueprint: ``default``, which asks for a mean b and an expected score at the cut, or ``maximise``,
which asks for as much information as can be had around the cut. Then the true parameters say what the form
really has.
"""

from dataclasses import replace

import numpy as np
import polars as pl

from ciip_irt.arrays import FloatArray
from ciip_irt.blueprint import Blueprint, Target, load_blueprint
from ciip_irt.forms import assemble
from ciip_irt.irt import ResponseBlock, expected_item_score, item_information
from ciip_irt.irt.estimation import fit_mml

__all__ = ["calibrated_bank", "held", "promises"]

ITEMS, THETA_CUT = 300, -1.1
# So that a calibration takes a second and a form another.
SHORTER = 3


def calibrated_bank(
    rng: np.random.Generator, persons: int, model: str, items: int = ITEMS
) -> tuple[pl.DataFrame, FloatArray]:
    """A bank as a calibration leaves it, and the true a, b, c of its items."""
    a = np.ones(items) if model == "rasch" else np.exp(rng.normal(0, 0.3, items))
    truth = np.column_stack([a, rng.normal(-0.6, 1, items), np.zeros(items)])
    theta = rng.normal(size=persons)
    answers = (rng.random((persons, items)) < expected_item_score(truth, theta)).astype(np.int8)
    fit = fit_mml([ResponseBlock(np.arange(items), answers)], model, items)
    # Whoever runs an exam would not take in an item that everybody or nobody has right, or with no slope.
    sound = (fit.parameters[:, 0] > 0.05) & (answers.mean(axis=0) % 1 > 0)
    letters = np.array(load_blueprint("ciip-2024").letters)[np.arange(items) % 10]
    bank = pl.DataFrame(
        {"item_id": [f"I{i:04d}" for i in range(items)], "domain": letters.tolist(), "status": "scored",
         "key": "A", "options": "ABCD", "model": model, "a": fit.parameters[:, 0], "b": fit.parameters[:, 1],
         "c": 0.0, "D": 1.0, "se_a": fit.standard_errors[:, 0], "se_b": fit.standard_errors[:, 1],
         "scale_id": "bank"}
    ).with_columns(pl.col("se_a", "se_b").fill_nan(None))  # fmt: skip
    return bank.filter(sound), truth[sound]


def blueprint_of(kind: str, *, shrink: bool = True) -> Blueprint:
    """A third of the CIIP blueprint, with what it asks of the difficulty."""
    ciip = load_blueprint("ciip-2024")
    domains = tuple(replace(d, count=d.count // SHORTER, low=-1, high=-1) for d in ciip.domains)
    information = Target("information", 1.0, thetas=(THETA_CUT,), goal="maximise")
    asked = (
        (Target("mean_b", 0.02), Target("expected_score_at_cut", 0.1),
         Target("information", 1.0, thetas=(THETA_CUT,), tolerance_percent=2.0))
        if kind == "default"
        else (Target("expected_score_at_cut", 50.0, severity="warning"), information)
    )  # fmt: skip
    return replace(
        ciip, domains=domains, length=sum(d.count for d in domains), pilot_slots=0, targets=asked,
        theta_cut=THETA_CUT, shrink=shrink, testing_time_minutes=None, attempts=None,
    )  # fmt: skip


def held(
    rng: np.random.Generator, persons: int, model: str, kind: str, *, shrink: bool = True, items: int = ITEMS
) -> pl.DataFrame:
    """One form: ``quantity, promised, low, high, true``."""
    bank, truth = calibrated_bank(rng, persons, model, items)
    result = assemble(bank, blueprint_of(kind, shrink=shrink), n_forms=1)
    row = {item_id: number for number, item_id in enumerate(bank["item_id"])}
    parameters = truth[[row[item_id] for item_id in result.forms["item_id"]]]
    cut = np.array([THETA_CUT])
    real = {
        "expected score at the cut": float(expected_item_score(parameters, cut).sum()),
        f"information at theta {THETA_CUT:g}": float(item_information(parameters, cut).sum()),
        "mean b": float(parameters[:, 1].mean()),
    }
    true = pl.DataFrame({"quantity": list(real), "true": list(real.values())})
    return result.achieved.select("quantity", "achieved", "low", "high").join(true, on="quantity")


def promises(forms: int, seed: int) -> None:
    """Print how promises hold, cell by cell."""
    print(f"  {forms} forms in every line, each from a bank of its own ({ITEMS} items)")
    print("  model  persons blueprint quantity                      off   as exact  in the interval")
    for model in ("rasch", "2pl"):
        for persons in (150, 500, 2000):
            for kind in ("default", "maximise"):
                cells = {}
                for shrink in (True, False):
                    some = forms if shrink else min(forms, 20)
                    cells[shrink] = pl.concat(
                        held(np.random.default_rng([seed, persons, number]), persons, model, kind,
                             shrink=shrink)
                        for number in range(some)
                    )  # fmt: skip
                _tell(model, persons, kind, cells)


def _tell(model: str, persons: int, kind: str, cells: dict[bool, pl.DataFrame]) -> None:
    for (quantity,), rows in cells[True].group_by("quantity", maintain_order=True):
        exact = cells[False].filter(pl.col("quantity") == quantity)
        inside = rows.filter(pl.col("true").is_between(pl.col("low"), pl.col("high"))).height
        print(
            f"  {model:<6} {persons:>7} {kind:<9} {quantity:<26} {_off(rows)} {_off(exact)}"
            f"   {inside} of {rows.height}",
            flush=True,
        )


def _off(rows: pl.DataFrame) -> str:
    """How far promises are above the truth on average: of information in per cent."""
    off = rows["achieved"] - rows["true"]
    if str(rows["quantity"][0]).startswith("information"):
        return f"{100 * float((off / rows['true']).mean() or 0.0):>+8.1f} %"
    return f"{float(off.mean() or 0.0):>+8.2f}  "
