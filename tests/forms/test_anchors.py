"""The anchor block: chosen like the whole, in every form, at the same positions; and what the check sees."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from ciip_irt.blueprint.requirements import AnchorBlock, FormRequirements, ItemSets, KeyBalance
from ciip_irt.errors import BlueprintError
from ciip_irt.forms.assemble import assemble
from ciip_irt.forms.checking.check import check_forms
from ciip_irt.forms.item_order import ordered_entries, ordered_family
from ciip_irt.forms.pool.anchor_items import anchors_in, domain_shares

BALANCE = KeyBalance(0.15, 0.35, longest_run=3)


def with_anchors(blueprint, block, **more):
    return replace(blueprint, requirements=FormRequirements(anchors=block, key_balance=BALANCE), **more)


@pytest.fixture(scope="module")
def wanted(ciip):
    return with_anchors(ciip, AnchorBlock(26), max_overlap=0.0)


@pytest.fixture(scope="module")
def built(bank, wanted):
    return assemble(bank, wanted, n_forms=3, seed=4)


def anchors_of(forms):
    return forms.filter(pl.col("anchor") == "yes")


def test_the_block_is_a_small_copy_of_a_form(built, bank, ciip):
    assert built.conforms, built.summary()
    assert "26 anchors stand in every form.\nNo two forms share a scored item besides." in built.summary()
    assert built.to_dict()["anchors"] == 26
    assert not [f for f in built.findings if f.rule.startswith("anchor")]
    block = anchors_of(built.forms).filter(form_id="form-1")
    assert block.height == 26
    assert set(block["role"]) == {"scored"}
    counts = dict(block.group_by("domain").len().iter_rows())
    for letter, (low, high) in domain_shares(ciip, 26).items():
        assert low <= counts.get(letter, 0) <= high
    b = dict(bank.select("item_id", "b").iter_rows())
    for form in built.forms.filter(role="scored").partition_by("form_id"):
        whole = np.array([b[item_id] for item_id in form["item_id"]])
        few = np.array([b[item_id] for item_id in block["item_id"]])
        assert abs(few.mean() - whole.mean()) <= 0.1
        assert 0.65 <= few.std() / whole.std() <= 1.35


def test_it_is_all_that_disjoint_forms_share_and_stands_at_the_same_positions(built):
    scored = built.forms.filter(role="scored").partition_by("form_id")
    block = set(anchors_of(built.forms)["item_id"])
    for first in scored:
        for second in scored:
            if first is not second:
                assert set(first["item_id"]) & set(second["item_id"]) == block
    places = anchors_of(built.forms).group_by("item_id").agg(pl.col("position").n_unique(), pl.len())
    assert set(places["position"]) == {1}
    assert set(places["len"]) == {3}


@pytest.mark.parametrize("order", ["interleaved", "domain blocks"])
def test_within_the_overlap_the_block_counts(bank, ciip, order):
    wants = with_anchors(ciip, AnchorBlock(20, counted="within"), max_overlap=0.2, item_order=order)
    result = assemble(bank, wants, n_forms=3, seed=1)
    assert result.conforms, result.summary()
    assert check_forms(result.forms, wants, bank) == []
    sets = [set(f["item_id"]) for f in result.forms.filter(role="scored").partition_by("form_id")]
    assert max(len(a & b) for a in sets for b in sets if a is not b) <= 26
    if order == "domain blocks":
        for form in result.forms.partition_by("form_id"):
            assert form.sort("position")["domain"].to_list() == sorted(form["domain"].to_list())


def test_a_later_family_takes_its_anchors_from_an_earlier_form(built, bank, ciip):
    old = built.forms.filter(form_id="form-1").with_columns(form_id=pl.lit("2024-a"))
    again = with_anchors(ciip, AnchorBlock(15, reference="2024-a"), max_overlap=0.0)
    later = assemble(bank, again, n_forms=2, earlier=old)
    assert later.conforms, later.summary()
    block = set(anchors_of(later.forms)["item_id"])
    assert len(block) == 15
    where = dict(old.select("item_id", "position").iter_rows())
    assert block <= set(where)
    assert all(where[i] == p for i, p in anchors_of(later.forms).select("item_id", "position").iter_rows())
    for form in later.forms.filter(role="scored").partition_by("form_id"):
        assert set(form["item_id"]) & set(old.filter(role="scored")["item_id"]) == block
    with pytest.raises(BlueprintError, match=r"'2024-a' is not among the earlier forms\. Give the file of"):
        assemble(bank, again, n_forms=2)


def found(forms, blueprint, bank, **more):
    return [
        (f.severity, f.form_id, f.message)
        for f in check_forms(forms, blueprint, bank, **more)
        if f.rule in ("anchors", "anchor_positions", "overlap")
    ]


def test_the_check_sees_what_is_wrong_with_a_block(built, bank, wanted):
    assert found(built.forms, wanted, bank) == []
    bare = built.forms.drop("anchor")
    assert found(bare, wanted, bank) == [], "what all forms have in common is the block"
    bigger = with_anchors(wanted, AnchorBlock(30), max_overlap=0.0)
    assert found(bare, bigger, bank) == [
        ("error", "form-1", "all forms have 26 scored items in common, the anchor block needs 30")
    ]
    assert ("error", "form-1", "the anchor block has 26 items, blueprint needs 30") in found(
        built.forms, bigger, bank
    )
    one = sorted(set(anchors_of(built.forms)["item_id"]))[0]
    gone = built.forms.filter((pl.col("form_id") != "form-2") | (pl.col("item_id") != one))
    assert ("error", "form-2", f"1 of 26 anchors missing ({one})") in found(gone, wanted, bank)
    [(severity, form_id, message)] = found(bare.filter(form_id="form-3"), wanted, bank)
    assert (severity, form_id) == ("warning", "form-3")
    assert message.startswith("a single form does not show which items are its anchors")


def test_moved_anchors_and_shared_items_beside_them_are_seen(built, bank, wanted):
    moved = built.forms.with_columns(
        position=pl.when(pl.col("form_id") == "form-2").then(171 - pl.col("position")).otherwise("position")
    )
    [(severity, form_id, message)] = found(moved, wanted, bank)
    assert (severity, form_id) == ("error", "form-2")
    assert message.startswith("26 anchors stand at another position than in form form-1 (I")
    anywhere = with_anchors(wanted, AnchorBlock(26, same_positions=False), max_overlap=0.0)
    assert found(moved, anywhere, bank) == []
    others = {
        form_id: form.filter((pl.col("role") == "scored") & pl.col("anchor").is_null())["item_id"][0]
        for (form_id,), form in built.forms.group_by("form_id")
    }
    shared = built.forms.with_columns(item_id=pl.col("item_id").replace({others["form-1"]: others["form-2"]}))
    for forms in (shared, shared.drop("anchor")):
        assert found(forms, wanted, bank) == [
            ("error", "form-2",
             "1 scored item in common with form form-1 besides the anchors, blueprint allows 0 (0 % of 130)")
        ]  # fmt: skip


def test_a_block_unlike_the_whole_is_told(bank, ciip):
    """Listed by hand: the 26 hardest items of two domains."""
    usable = bank.filter(pl.col("status") == "scored")
    hard = usable.filter(pl.col("domain").is_in(["F", "H"])).sort("b", descending=True)["item_id"][:12]
    wants = with_anchors(ciip, AnchorBlock(12, tuple(hard)), max_overlap=0.3, enemies_apart=False)
    result = assemble(bank, wants, n_forms=2)
    told = [f.message for f in result.findings if f.rule == "anchors"]
    assert any(message.startswith("anchor block: F Image Management: ") for message in told)
    assert any("the anchors' mean b is" in message for message in told)
    assert {f.severity for f in result.findings if f.rule == "anchors"} == {"warning"}
    assert set(hard) <= set(result.forms.filter(form_id="form-2")["item_id"])


def test_too_few_items_for_a_block_are_said(bank, ciip):
    wants = with_anchors(ciip, AnchorBlock(26, reference="old"), max_overlap=0.0)
    old = pl.DataFrame(
        {
            "form_id": "old",
            "position": [1, 2],
            "item_id": bank["item_id"][:2],
            "role": "scored",
            "domain": "A",
        }
    )
    with pytest.raises(BlueprintError, match="asks for 26 anchors; form old has 2 that qualify"):
        assemble(bank, wants, n_forms=2, earlier=old)


def runs(form, keys):
    letters = "".join(keys.get(entry.item_id, "-") for entry in form)
    return max(len(list(part)) for part in _parts(letters))


def _parts(text):
    part = ""
    for letter in text:
        if part and part[-1] != letter:
            yield part
            part = ""
        part += letter
    yield part


@pytest.mark.parametrize("order", ["interleaved", "domain blocks"])
@pytest.mark.parametrize("share", [0.3, 0.45])
def test_no_long_runs_even_where_one_key_is_frequent(ciip, order, share):
    """Drawing orders at random finds none without a long run at .45; exchanges do."""
    from ciip_irt.forms.pool.item_attributes import ItemAttributes

    rng = np.random.default_rng(7)
    wants = replace(
        ciip, item_order=order, requirements=FormRequirements(key_balance=KeyBalance(0, 1, longest_run=3))
    )
    letters = [d.letter for d in ciip.domains for _ in range(d.count)]
    scored = [(f"S{i:03d}", letter) for i, letter in enumerate(letters)]
    pilots = [(f"P{i:03d}", letters[3 * i]) for i in range(40)]
    keys = {
        i: str(k)
        for (i, _), k in zip(
            scored + pilots, rng.choice(list("ABCD"), 170, p=[share, *[(1 - share) / 3] * 3]), strict=True
        )
    }
    attributes = ItemAttributes(text={"key": keys})
    form = ordered_entries(scored, pilots, wants, np.random.default_rng(1), attributes)
    assert runs(form, keys) <= 3
    assert [entry.position for entry in form] == list(range(1, 171))
    assert {entry.item_id for entry in form} == {i for i, _ in scored + pilots}


def test_item_sets_stay_together_around_anchors(ciip):
    from ciip_irt.forms.pool.item_attributes import ItemAttributes

    letters = [d.letter for d in ciip.domains for _ in range(d.count)]
    forms = [[(f"{k}{i:03d}" if i % 5 else f"X{i:03d}", a) for i, a in enumerate(letters)] for k in "ST"]
    anchors = tuple(f"X{i:03d}" for i in range(0, 130, 5))
    sets = {f"{k}{i:03d}": f"{k}{i // 10}" for k in "ST" for i in range(130) if i % 10 in (1, 2, 3)}
    wants = replace(
        ciip, requirements=FormRequirements(anchors=AnchorBlock(26, anchors), item_sets=ItemSets(True))
    )
    first, second = ordered_family(
        ["a", "b"], forms, [[], []], wants, 3, ItemAttributes(text={"set_id": sets})
    )
    places = [{e.item_id: e.position for e in form.entries} for form in (first, second)]
    assert all(places[0][i] == places[1][i] for i in anchors)
    for form in (first, second):
        where = {}
        for entry in form.entries:
            if entry.item_id in sets:
                where.setdefault(sets[entry.item_id], []).append(entry.position)
        assert where
        assert all(max(p) - min(p) == 2 for p in where.values())


def test_the_order_asked_for_is_checked(built, bank, wanted):
    """Built interleaved, so no domain blocks; sorted by domain, so not interleaved."""
    blocks = replace(wanted, item_order="domain blocks")
    told = [f for f in check_forms(built.forms, blocks, bank) if f.rule == "item_order"]
    assert [f.form_id for f in told] == ["form-1", "form-2", "form-3"]
    assert told[0].severity == "warning"
    assert told[0].message.startswith("blueprint wants domain blocks; items of A, B, C")
    in_blocks = built.forms.sort("form_id", "domain").with_columns(
        position=pl.int_range(1, pl.len() + 1).over("form_id")
    )
    assert [f.message for f in check_forms(in_blocks, wanted, bank) if f.rule == "item_order"] == [
        "blueprint wants domains interleaved; most of them stand in one block"
    ] * 3
    assert not [f for f in check_forms(in_blocks, blocks, bank) if f.rule == "item_order"]


def test_a_second_attempt_never_meets_the_same_form(bank, ciip):
    """Without a bound on overlap, forms differ where a candidate may sit more than once."""
    free = replace(ciip, max_overlap=None, pilot_slots=0)
    form = assemble(bank, free, n_forms=1).forms
    twice = pl.concat([form, form.with_columns(form_id=pl.lit("again"))])
    assert [(f.form_id, f.message) for f in check_forms(twice, free, bank) if f.rule == "overlap"] == [
        ("again", "the same scored items as form form-1: a candidate's second attempt would repeat it")
    ]
    once = replace(free, attempts=replace(ciip.attempts, limit=1))
    assert not [f for f in check_forms(twice, once, bank) if f.rule == "overlap"]
    two = assemble(bank, free, n_forms=2)
    assert two.conforms, two.summary()


def test_what_two_forms_or_a_form_and_an_earlier_one_have_in_common_is_their_block(ciip):
    table = pl.DataFrame({"item_id": ["I1", "I2", "I3", "I4"]})
    block = with_anchors(ciip, AnchorBlock(2, reference="old"))
    first, second = ["I1", "I2", "I3"], ["I2", "I3", "I4"]
    assert anchors_in(block, table, [first, second], {}).items == {"I2", "I3"}
    assert anchors_in(block, table, [first], {"old": ["I1"], "older": ["I3"]}).items == {"I1"}
    assert anchors_in(block, table, [first], {"older": ["I3"]}).items == set()
    assert anchors_in(ciip, table, [first, second], {}).items == set()
