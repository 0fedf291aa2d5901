"""The search ends, and finds forms wherever a mixed-integer program does."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from ciip_irt.blueprint import Blueprint, Domain, FormRequirements, SumRule
from ciip_irt.forms import assemble, check_forms
from ciip_irt.forms.constraints import rows_of
from ciip_irt.forms.model import Effort, build_program, solve
from ciip_irt.forms.pool import bank_pool

# Seconds of twenty items. Four forms of five use up the pool, and few splits keep the sum in bounds: the
# search exchanged the same two items for ever, because 1.7 s less here and 1.7 s more there left 4e-14.
SECONDS = (
    40.5, 37.2, 59.6, 54.7, 17.9, 22.9, 38.4, 35.6, 43.1, 43.2,
    76.4, 29.0, 36.1, 74.7, 49.1, 49.3, 34.7, 24.7, 42.5, 41.8,
)  # fmt: skip
ONE = Blueprint("one", "1", "2024", 5, (Domain("X", "Only", 5),), max_overlap=0.0)


def bank_of(values):
    return pl.DataFrame(
        {"item_id": [f"P{i:03d}" for i in range(len(values))], "domain": "X", "status": "scored", "key": "A",
         "options": "ABCD", "secs": list(values)}
    )  # fmt: skip


def within(low, high, **more):
    rule = SumRule("time", "secs", low, high)
    return replace(ONE, requirements=FormRequirements(sums=(rule,)), **more)


def exists(items, blueprint, n_forms):
    pool = bank_pool(items, blueprint, n_forms, None)[0]
    half = np.arange(pool.n_columns) < pool.n_columns // 2
    program = build_program(
        pool.n_columns, rows_of(pool), lower=np.zeros(pool.n_columns), upper=half.astype(float), integer=half,
    )  # fmt: skip
    answer = solve(program, Effort(nodes=100_000), 1)
    assert answer.stopped in ("optimal", "infeasible")
    return answer.values is not None


def test_a_pool_that_is_used_up_under_a_sum_of_decimals_ends():
    items, blueprint = bank_of(SECONDS), within(202.2075, 223.4925)
    result = assemble(items, blueprint, n_forms=4)
    assert result.conforms
    assert not check_forms(result.forms, blueprint, items)


@pytest.mark.parametrize("seed", range(20))
def test_forms_are_found_wherever_a_mixed_integer_program_finds_some(seed):
    """Decimals of any size, bounds so tight that some of the cases have no forms."""
    rng = np.random.default_rng([seed, 9])
    unit = float(rng.choice([1e-3, 1.0, 1e4]))
    n_forms = int(rng.integers(2, 4))
    values = np.round(rng.lognormal(3.7, 0.25, 5 * n_forms + int(rng.integers(0, 3))), 1) * unit
    middle, width = 5 * float(values.mean()), float(rng.choice([0.0005, 0.002, 0.01]))
    blueprint = within(middle * (1 - width), middle * (1 + width), max_overlap=float(rng.choice([0.0, 0.2])))
    items = bank_of(values)
    result = assemble(items, blueprint, n_forms=n_forms)
    assert result.conforms == exists(items, blueprint, n_forms)
