"""Assembly against brute force, by recomputation from the table, and where it cannot."""

from collections import Counter
from dataclasses import FrozenInstanceError, replace
from itertools import combinations

import numpy as np
import polars as pl
import pytest

from ciip_irt.blueprint.blueprint import Blueprint, Domain, Target
from ciip_irt.blueprint.requirements import ItemSets
from ciip_irt.errors import BlueprintError, ScaleError, TableError
from ciip_irt.forms.assemble import assemble
from ciip_irt.forms.checking.check import check_forms

THETA_CUT = -1.1


@pytest.fixture(scope="module")
def three(bank, ciip):
    return assemble(bank, ciip)


def joined(forms: pl.DataFrame, bank: pl.DataFrame) -> pl.DataFrame:
    return forms.join(bank.rename({"domain": "bank_domain"}), on="item_id", how="left")


def test_three_ciip_forms_conform_when_recomputed_from_the_table(three, bank, ciip):
    assert three.conforms
    assert three.status in ("optimal", "within tolerance")
    rows = joined(three.forms, bank)
    assert rows["bank_domain"].equals(rows["domain"])
    assert three.forms.columns[:5] == ["form_id", "position", "item_id", "role", "domain"]
    raw_cuts = []
    for part in rows.partition_by("form_id", maintain_order=True):
        scored, pilots = part.filter(pl.col("role") == "scored"), part.filter(pl.col("role") == "pilot")
        counts = Counter(scored["domain"])
        assert tuple(counts[letter] for letter in ciip.letters) == ciip.counts
        assert (scored["status"] == "scored").all()
        assert (pilots["status"] == "pilot").all()
        assert part["position"].to_list() == list(range(1, 171))
        assert part["item_id"].n_unique() == 170
        together = set(part["item_id"])
        assert not any(
            other in together for text in part["enemies"].drop_nulls() for other in text.split("|")
        )
        a, b, c = (scored[name].to_numpy() for name in "abc")
        raw_cuts.append(float((c + (1 - c) / (1 + np.exp(-a * (THETA_CUT - b)))).sum()))
        form = three.achieved.filter(pl.col("form_id") == part["form_id"][0])
        values = dict(form.select("quantity", "achieved").iter_rows())
        assert values["mean b"] == pytest.approx(b.mean(), abs=1e-12)
        assert values["expected score at the cut"] == pytest.approx(raw_cuts[-1], abs=1e-9)
    assert max(raw_cuts) - min(raw_cuts) <= 0.2
    assert three.achieved["met"].all()
    deviations = three.achieved["deviation"].abs() / three.achieved["tolerance"]
    assert three.worst == pytest.approx(deviations.max(), abs=1e-6)
    scored = three.forms.filter(pl.col("role") == "scored")
    assert scored["item_id"].n_unique() == 390, "a bank of this size needs no shared item"


def test_the_target_is_the_bank_average_in_the_blueprints_proportions(three, bank, ciip):
    scored = bank.filter(pl.col("status") == "scored")
    means = dict(scored.group_by("domain").agg(pl.col("b").mean()).iter_rows())
    expected = sum(d.count * means[d.letter] for d in ciip.domains) / 130
    assert three.achieved["target"][0] == pytest.approx(expected)


def test_pilots_are_used_evenly_and_spread_over_the_form(three):
    pilots = three.forms.filter(pl.col("role") == "pilot")
    uses = Counter(pilots["item_id"])
    assert sorted(set(uses.values())) == [1, 2], "120 slots, 100 pilots"
    assert len(uses) == 100
    for part in pilots.partition_by("form_id"):
        gaps = np.diff([0, *part["position"].sort().to_list(), 171])
        assert gaps.max() <= 10, "40 pilots in 170 positions stand about every fourth"


def test_the_same_seed_gives_the_same_forms_and_another_seed_others(bank, ciip, three):
    again = assemble(bank, ciip)
    assert again.forms.write_csv() == three.forms.write_csv()
    assert again.to_dict() == three.to_dict()
    other = assemble(bank, ciip, seed=7)
    assert other.conforms
    assert other.forms.write_csv() != three.forms.write_csv()


def test_a_small_bank_shares_items_within_the_bound(make_bank, ciip):
    bank = make_bank(290, 40)
    result = assemble(bank, ciip)
    assert result.conforms
    scored = result.forms.filter(pl.col("role") == "scored")
    sets = [set(part["item_id"]) for part in scored.partition_by("form_id")]
    shared = [len(first & second) for first, second in combinations(sets, 2)]
    assert 0 < max(shared) <= 39
    assert "Two forms share at most" in result.summary()


def test_pilots_with_the_fewest_answers_go_first(make_bank, ciip):
    bank = make_bank(160, 100, enemy_pairs=0)
    answers = np.random.default_rng(3).permutation(260)
    result = assemble(bank.with_columns(n=answers), ciip, n_forms=1)
    pilots = set(result.forms.filter(pl.col("role") == "pilot")["item_id"])
    order = bank.with_columns(n=answers).filter(pl.col("status") == "pilot").sort("n")["item_id"]
    assert pilots == set(order[:40])


def test_too_few_pilots_fill_what_they_can_and_it_is_said(make_bank, ciip):
    result = assemble(make_bank(160, 25, enemy_pairs=0), ciip, n_forms=1)
    assert result.conforms
    assert (result.forms["role"] == "pilot").sum() == 25
    assert "Pilot slots stay empty (form-1 15 of 40): the bank has 25 pilot items." in result.summary()
    assert [f.severity for f in result.findings] == ["warning"]


def test_scored_items_make_room_for_pilots_that_are_their_enemies(make_bank, ciip):
    bank = make_bank(170, 40, enemy_pairs=0)
    ids = bank["item_id"].to_list()
    enemies = [None] * 170 + [ids[k] for k in range(0, 160, 4)]
    bank = bank.with_columns(enemies=pl.Series(enemies, dtype=pl.String))
    result = assemble(bank, ciip, n_forms=1)
    assert result.conforms
    free = bank.filter((pl.col("status") == "scored") & ~pl.col("item_id").is_in(enemies[170:]))
    left = Counter(free["domain"])
    unavoidable = sum(max(0, d.count - left[d.letter]) for d in ciip.domains)
    assert 0 < unavoidable < 10
    assert (result.forms["role"] == "pilot").sum() == 40 - unavoidable


def test_domain_blocks_stand_in_outline_order(make_bank, ciip):
    blocks = replace(ciip, item_order="domain blocks")
    result = assemble(make_bank(160, 50), blocks, n_forms=1)
    letters = result.forms["domain"].to_list()
    assert letters == sorted(letters)
    first_role = result.forms.filter(pl.col("domain") == "F")["role"].to_list()
    assert first_role not in (sorted(first_role), sorted(first_role, reverse=True)), "pilots are mixed in"


def test_interleaved_domains_are_spread_over_the_form(three):
    first = three.forms.filter(pl.col("form_id") == "form-1")
    for half in (first.head(85), first.tail(85)):
        counts = Counter(half.filter(pl.col("role") == "scored")["domain"])
        assert 10 <= counts["F"] <= 13
        assert 2 <= counts["A"] <= 3


# Small problems, enumerated completely -------------------------------------------------------------------


def small_problem(seed: int):
    rng = np.random.default_rng(seed)
    ids = [f"I{i}" for i in range(9)]
    letters = ["A"] * 5 + ["B"] * 4
    b = rng.normal(0, 1, 9).round(2)
    pairs = [tuple(rng.choice(9, 2, replace=False)) for _ in range(3)]
    enemies = [[] for _ in ids]
    for first, second in pairs:
        enemies[first].append(ids[second])
    items = pl.DataFrame(
        {"item_id": ids, "domain": letters, "status": "scored", "key": "A", "options": "ABCD", "b": b,
         "enemies": ["|".join(sorted(set(names))) or None for names in enemies]},
        schema_overrides={"enemies": pl.String},
    )  # fmt: skip
    tolerance = float(rng.choice([0.005, 0.05, 0.3]))
    blueprint = Blueprint(
        "small", "1", "2024", 4, (Domain("A", "Alpha", 2), Domain("B", "Beta", 2)),
        theta_cut=0.0, targets=(Target("mean_b", tolerance, 0.1), Target("expected_score_at_cut", 0.3)),
        max_overlap=float(rng.choice([0.25, 0.5])),
    )  # fmt: skip
    return items, blueprint, b, pairs


def enumerated_minimum(blueprint, b, pairs, bound):
    """The least worst deviation over all pairs of forms, or infinity."""
    p = 1 / (1 + np.exp(b))
    score_target = 2 * p[:5].mean() + 2 * p[5:].mean()
    forms = []
    for part_a in combinations(range(5), 2):
        for part_b in combinations(range(5, 9), 2):
            chosen = [*part_a, *part_b]
            if any(first in chosen and second in chosen for first, second in pairs):
                continue
            y = max(
                abs(b[chosen].mean() - 0.1) / blueprint.targets[0].tolerance,
                abs(p[chosen].sum() - score_target) / 0.3,
            )
            forms.append((y, set(chosen)))
    return min(
        (max(y1, y2) for (y1, f1), (y2, f2) in combinations(forms, 2) if len(f1 & f2) <= bound),
        default=np.inf,
    )


@pytest.mark.parametrize("seed", range(16))
def test_small_problems_agree_with_enumeration(seed):
    items, blueprint, b, pairs = small_problem(seed)
    result = assemble(items, blueprint, n_forms=2)
    disjoint = enumerated_minimum(blueprint, b, pairs, 0)
    best = enumerated_minimum(blueprint, b, pairs, blueprint.max_common_items)
    # Forms that share nothing are preferred where they meet the targets.
    expected = disjoint if disjoint <= 1 + 1e-9 else best
    if expected <= 1 + 1e-9:
        assert result.status == "optimal"
        assert result.conforms
        assert result.worst == pytest.approx(expected, abs=1e-6)
        assert result.gap == pytest.approx(0, abs=1e-6)
    else:
        assert result.status == "infeasible"
        assert not result.conforms
        assert result.forms.is_empty()
        assert result.shortages.height


def test_the_small_problems_have_both_outcomes():
    outcomes = set()
    for seed in range(16):
        _, blueprint, b, pairs = small_problem(seed)
        outcomes.add(enumerated_minimum(blueprint, b, pairs, blueprint.max_common_items) <= 1)
    assert outcomes == {True, False}


# Where it cannot -------------------------------------------------------------------------------------------


def test_a_domain_with_too_few_items_is_named_with_what_to_write(make_bank, ciip):
    bank = make_bank(160, 40)
    image = bank.filter((pl.col("domain") == "F") & (pl.col("status") == "scored"))["item_id"]
    dropped, uncalibrated = image[:10].to_list(), image[10:12].to_list()
    bank = bank.filter(~pl.col("item_id").is_in(dropped)).with_columns(
        b=pl.when(pl.col("item_id").is_in(uncalibrated)).then(None).otherwise("b")
    )
    result = assemble(bank, ciip, n_forms=1)
    assert result.status == "infeasible"
    assert not result.conforms
    left = len(image) - 12
    [message] = result.shortages["message"]
    assert message.startswith(
        f"F Image Management needs 23 scored items; the bank has {left} that qualify. Write {23 - left},"
        " or calibrate the 2 scored items without parameters, or promote from its"
    )
    assert result.shortages.row(0)[:5] == ("scored items", "F", 23, left, 23 - left)
    assert message in result.summary()


def test_too_few_different_items_for_all_forms(make_bank, ciip):
    result = assemble(make_bank(200, 40), ciip)
    message, *by_domain = result.shortages["message"]
    assert "3 forms of 130 scored items that share at most 39 pairwise need 273 different items" in message
    assert (
        "the bank offers 200. Write 73, or allow an overlap of 70 items (now 39), or build 1 form." in message
    )
    assert sum(result.shortages["short"][1:]) == 73
    assert all(line.endswith(".") for line in by_domain)


def test_enemies_that_leave_too_few_are_named():
    ids = [f"I{i}" for i in range(6)]
    items = pl.DataFrame(
        {"item_id": ids, "domain": ["A"] * 3 + ["B"] * 3, "status": "scored", "key": "A", "options": "ABCD",
         "enemies": ["I1|I2", "I2", None, None, None, None]},
        schema_overrides={"enemies": pl.String},
    )  # fmt: skip
    two = Blueprint("two", "1", "2024", 3, (Domain("A", "Alpha", 2), Domain("B", "Beta", 1)))
    result = assemble(items, two, n_forms=1)
    assert result.status == "infeasible"
    assert result.shortages["message"].to_list() == [
        "These cannot all hold: A Alpha, scored items: 2; enemies I0, I1, I2 apart."
        " Give up or loosen one of them.",
        "A Alpha needs 2 scored items; with enemies I0, I1, I2 apart, the bank has 1 free for a form.",
        "The nearest form breaks 'enemies I0, I1, I2 apart' by 1 item: 1 item too many."
        " Write items that can take their place, or loosen that row.",
        "A Alpha: write 1 scored item free of these rows; that makes a form possible.",
    ]


def test_targets_out_of_reach_are_proven_and_told(make_bank, ciip):
    far = replace(ciip, targets=(Target("mean_b", 0.02, 2.5),))
    result = assemble(make_bank(160, 40), far, n_forms=1)
    assert result.status == "infeasible"
    assert result.bound > 1
    [message] = result.shortages["message"]
    assert "mean b: the nearest forms reach" in message
    assert "Write harder items" in message
    assert not result.achieved["met"].any()


def test_a_missed_target_that_only_warns_leaves_the_forms_usable(make_bank, ciip):
    far = replace(
        ciip, targets=(Target("mean_b", 0.02, 2.5, "warning"), Target("expected_score_at_cut", 0.1))
    )
    result = assemble(make_bank(160, 40), far, n_forms=1)
    assert result.conforms
    assert {f.rule for f in result.findings if f.severity == "warning"} >= {"difficulty"}
    met = dict(result.achieved.select("quantity", "met").iter_rows())
    assert met == {"mean b": False, "expected score at the cut": True}


def test_without_targets_no_parameters_are_needed(make_bank, ciip):
    bank = make_bank(140, 0, enemy_pairs=0).drop("a", "b", "c", "D", "model", "scale_id")
    result = assemble(bank, replace(ciip, targets=(), pilot_slots=0), n_forms=1)
    assert result.conforms
    assert result.status == "optimal"
    assert result.worst is None


def test_unusable_input_is_refused(make_bank, ciip):
    bank = make_bank(160, 40)
    with pytest.raises(BlueprintError, match="no domain 'Imaging'"):
        assemble(bank.with_columns(domain=pl.lit("Imaging")), ciip)
    with pytest.raises(BlueprintError, match="expected_score_at_cut, but no theta_cut"):
        assemble(bank, replace(ciip, theta_cut=None))
    with pytest.raises(BlueprintError, match="cannot build 0 forms"):
        assemble(bank, ciip, n_forms=0)
    mixed = bank.with_columns(D=pl.when(pl.col("item_id") == "I0003").then(1.7).otherwise(1.0))
    with pytest.raises(ScaleError, match="several scaling constants D"):
        assemble(mixed, ciip)
    with pytest.raises(TableError, match="key"):
        assemble(bank.drop("key"), ciip)


def test_domains_by_name_and_theta_cut_as_argument(make_bank, ciip):
    names = {d.letter: d.name for d in ciip.domains}
    bank = make_bank(160, 40).with_columns(pl.col("domain").replace(names))
    result = assemble(bank, replace(ciip, theta_cut=None), n_forms=1, theta_cut=0.0)
    assert result.conforms
    assert set(result.forms["domain"]) == set(ciip.letters)


def test_strangers_among_enemies_and_items_without_parameters_are_told(make_bank, ciip):
    bank = make_bank(200, 40, enemy_pairs=0).with_columns(
        enemies=pl.when(pl.col("item_id") == "I0000").then(pl.lit("GONE")).otherwise(None),
        b=pl.when(pl.col("item_id") == "I0001").then(None).otherwise("b"),
    )
    result = assemble(bank, ciip, n_forms=1)
    assert result.conforms
    assert any("not in the bank (GONE)" in warning for warning in result.warnings)
    assert any("1 scored item without parameters could not be used (I0001)" in w for w in result.warnings)
    assert "I0001" not in set(result.forms["item_id"])


def test_progress_is_reported_in_lines_and_the_result_is_a_value(make_bank, ciip):
    lines: list[str] = []
    result = assemble(make_bank(160, 50, enemy_pairs=9), ciip, n_forms=1, progress=lines.append)
    assert lines[0] == "1 form from 210 items: searching."
    assert any("tolerances" in line for line in lines[1:])
    with pytest.raises(FrozenInstanceError):
        result.status = "optimal"
    assert "Assembly to ciip-2024" in result._repr_html_()
    assert result.to_frame() is result.forms
    assert result.summary().startswith("1 form to blueprint ciip-2024: within tolerance. 130 scored and 40")


def test_the_forms_pass_the_public_check(three, bank, ciip):
    assert check_forms(three.forms, ciip, bank) == []


def test_ctrl_c_keeps_the_best_found(make_bank, ciip):
    lines: list[str] = []

    def impatient(line: str) -> None:
        lines.append(line)
        if line.startswith("best"):
            raise KeyboardInterrupt

    result = assemble(make_bank(400, 0), replace(ciip, pilot_slots=0), n_forms=2, progress=impatient)
    assert lines[-1].startswith("best")
    assert result.forms["form_id"].n_unique() == 2
    assert not {f.rule for f in result.findings} - {"difficulty"}


def test_a_time_limit_stops_the_search(make_bank, ciip):
    result = assemble(make_bank(400, 0), replace(ciip, pilot_slots=0), n_forms=2, time_limit=0.0)
    assert result.forms["form_id"].n_unique() == 2
    assert result.status in ("within tolerance", "time limit with a usable form")


def test_item_sets_in_many_forms_are_built_one_after_the_other(make_bank, ciip):
    bank = make_bank(700, 0)
    sets: list[str | None] = [None] * 700
    for start in range(0, 690, 12):
        for item in range(start, start + 2):
            if bank["domain"][item] == bank["domain"][start]:
                sets[item] = f"S{start}"
    bank = bank.with_columns(set_id=pl.Series(sets, dtype=pl.String))
    whole = replace(ciip, pilot_slots=0, requirements=replace(ciip.requirements, item_sets=ItemSets(True)))
    lines: list[str] = []
    result = assemble(bank, whole, n_forms=3, progress=lines.append)
    assert result.conforms
    assert any("one after the other" in line for line in lines)
    assert check_forms(result.forms, whole, bank) == []
