"""Domain scores and alpha without an item, against the alpha of the items taken by themselves."""

import polars as pl
import pytest

from ciip_irt.classical.internal_consistency import reliability
from ciip_irt.item_analysis import analyse_items


def test_each_domain_is_a_test_of_its_own(make, simulate):
    chosen = simulate(4, 300, 20)
    scored = make(chosen, key="A" * 20, n_pilots=2)
    domains = ["A"] * 12 + ["B"] * 5 + ["C"] + ["A", "B"]
    scored = scored.__class__(
        scored.deliveries, scored.items.with_columns(domain=pl.Series(domains)), scored.blocks,
        scored.exclusions, scored.warnings, scored.provenance,
    )  # fmt: skip
    analysis = analyse_items(scored)
    table = analysis.domain_scores
    assert table.select("domain", "n_items").rows() == [("A", 12), ("B", 5), ("C", 1)]
    right = (chosen == 0).astype("int8")
    for domain, columns in (("A", slice(0, 12)), ("B", slice(12, 17))):
        row = table.filter(domain=domain).row(0, named=True)
        alone = reliability(right[:, columns])
        assert row["reliability"] == pytest.approx(alone.alpha)
        assert row["mean"] == pytest.approx(right[:, columns].sum(axis=1).mean())
        assert f"{row['n_items']} items, reliability" in row["says"]
    assert table.filter(domain="C")["reliability"][0] is None
    without = analysis.item_statistics.filter(pl.col("form_id") == "F", pl.col("item_id") == "I003")
    kept = [j for j in range(18) if j != 3]
    assert without["alpha_if_deleted"][0] == pytest.approx(reliability(right[:, kept]).alpha)
    pilots = analysis.item_statistics.filter(pl.col("status") == "pilot")
    assert pilots["alpha_if_deleted"].null_count() == pilots.height


def test_words_fit_the_reliability(make, simulate):
    says = analyse_items(make(simulate(5, 400, 40), key="A" * 40)).domain_scores["says"]
    assert "reliability .91: good enough to tell candidates their strengths" in says[0]
    few = analyse_items(make(simulate(5, 400, 3), key="AAA")).domain_scores["says"]
    assert "Too low to say anything about one person; report it for groups only" in few[0]
