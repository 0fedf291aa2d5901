"""``key_validation``: the probabilities about every key, the most doubtful first, each with its sentence."""

from collections.abc import Sequence
from math import isfinite

import polars as pl

from ciip_irt.item_analysis.evidence import AnalysedItem, AnalysedOption, KeyDoubt
from ciip_irt.item_analysis.key_check import KeyCheck
from ciip_irt.item_analysis.wording import listed, percent

__all__ = ["key_table"]

SURE, OPEN, HARDLY = 0.9, 0.05, 0.2


def key_table(keys: KeyCheck, evidence: Sequence[AnalysedItem]) -> pl.DataFrame:
    """The table of ``KeyCheck`` ranked, with what was ``seen`` and what to ``do``."""
    by_item = {item.item_id: item for item in evidence}
    words = [_words(by_item[item_id]) for item_id in keys.table["item_id"]]
    table = keys.table.with_columns(
        seen=pl.Series([seen for seen, _ in words], dtype=pl.String),
        do=pl.Series([do for _, do in words], dtype=pl.String),
    )
    return table.sort("p_key_right", nulls_last=True, maintain_order=True)


def _words(item: AnalysedItem) -> tuple[str, str]:
    doubt = item.key_doubt
    if doubt is None:
        if item.options and not item.distractors:
            return "Every option is credited.", "Nothing to check."
        return "Not judged: no choices, or no abilities to hold them against.", "Check the key by hand."
    key = " and ".join(_chosen(option) for option in item.keys)
    others = [option for option in item.distractors if option.n]
    if doubt.rival is not None and doubt.p_rival >= OPEN:
        seen = f"Key: {key}. {_chosen(doubt.rival)}."
    else:
        strongest = max(others, key=lambda option: option.share, default=None)
        seen = f"Key: {key}." + (f" Next: {_chosen(strongest)}." if strongest else " Nobody chose another.")
    return seen, _advice(item, doubt)


def _advice(item: AnalysedItem, doubt: KeyDoubt) -> str:
    letters = listed([option.option for option in item.keys], "or")
    if doubt.rival is not None and doubt.p_rival >= OPEN:
        if doubt.p_wrong >= 0.5:
            return f"Probably {doubt.rival.option} is right and not {letters}: correct the key and rescore."
        return f"Have an expert check whether {doubt.rival.option} is right, alone or besides {letters}."
    if doubt.p_guessed >= 0.5:
        return "Choices hardly depend on ability; a sound item may look so too. Have an expert read it."
    return (
        "Keep the key." if doubt.p_right >= SURE else "Keep the key for now; judge again with more answers."
    )


def _chosen(option: AnalysedOption) -> str:
    if not option.n or not isfinite(option.mean_criterion):
        return f"{option.option} chosen by nobody"
    return f"{option.option} chosen by {percent(option.share)} (mean score {option.mean_criterion:.1f})"
