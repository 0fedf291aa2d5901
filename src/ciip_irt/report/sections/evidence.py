"""The evidence row of a pilot item as lines that a person reads: value, interval, probability."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ciip_irt.report.formats import NUMBER, humane

__all__ = ["EvidenceLine", "evidence_lines"]

SHOWN_ELSEWHERE = ("item_id", "domain", "decision", "probability", "n", "p", "r")
WORDS = {
    "p_population": "p in the reference population",
    "r_population": "R in the reference population",
    "information_at_cut": "information at the cut",
    "suspect_option": "option most like a right answer",
    "suspect_share": "its share",
    "suspect_probability": "probability that another option is right",
    "dead_options": "options that fool nobody",
    "edge_weight": "weight at the edge of the curves tried (near 0 is good)",
}
CRITERION = "probability_"


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """One quantity; ``low`` and ``high`` where an interval is known."""

    words: str
    value: Any
    low: float | None = None
    high: float | None = None
    is_probability: bool = False


def evidence_lines(row: Mapping[str, Any]) -> list[EvidenceLine]:
    """The known quantities of an evidence row: criteria first, then estimates with their intervals.

    >>> row = {"item_id": "Q1", "b": "-1.02", "b_low": "-1.9", "b_high": "-.6", "probability_r": "0.998"}
    >>> [(line.words, line.value, line.is_probability) for line in evidence_lines(row)]
    [('criterion r holds', 0.998, True), ('b', -1.02, False)]
    """
    criteria, estimates = [], []
    for name, raw in row.items():
        ends = name.removesuffix("_low").removesuffix("_high")
        if raw in (None, "") or name in SHOWN_ELSEWHERE or (ends != name and ends in row):
            continue
        value = _value(raw)
        if name.startswith(CRITERION) and isinstance(value, float):
            words = f"criterion {name.removeprefix(CRITERION).replace('_', ' ')} holds"
            criteria.append(EvidenceLine(words, value, is_probability=True))
        else:
            low, high = _value(row.get(f"{name}_low")), _value(row.get(f"{name}_high"))
            known = isinstance(low, float) and isinstance(high, float)
            estimates.append(
                EvidenceLine(
                    WORDS.get(name, humane(name)),
                    value,
                    low if known else None,
                    high if known else None,
                    is_probability=name.endswith(("_share", "_probability")) and isinstance(value, float),
                )
            )
    return [*criteria, *estimates]


def _value(raw: Any) -> Any:
    if isinstance(raw, str) and NUMBER.fullmatch(raw):
        return float(raw)
    return float(raw) if isinstance(raw, int) and not isinstance(raw, bool) else raw
