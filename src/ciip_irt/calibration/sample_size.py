"""Are there enough answers? Which items are short, and how many would do, in the words of the command."""

from collections.abc import Sequence

from ciip_irt.errors import plural
from ciip_irt.irt import Priors
from ciip_irt.irt.estimation import TARGETS, MmlFit, SampleAdvice, sample_advice

__all__ = ["ENOUGH", "sample_size_warnings"]

# answers to an item: Linacre (1994) for rasch; usual for 2pl and 3pl by maximum likelihood; 1pl between
ENOUGH = {"rasch": 100, "1pl": 200, "2pl": 500, "3pl": 1000}
SHOWN = 3  # items in a sentence, the most uncertain first
HOPELESS = 20_000  # answers: no certification exam has so many in years, so no number is promised
SIMPLER = {
    "rasch": "",
    "1pl": ", or rasch, which needs fewest",
    "2pl": ", or rasch, which needs about 100",
    "3pl": ", or 2pl (about 500) or rasch (about 100)",
}


def sample_size_warnings(
    fit: MmlFit, priors: Priors, item_ids: Sequence[str], *, with_bank: bool
) -> list[str]:
    """Which of the estimated items have too few answers, and how many would do.

    ``with_bank`` says whether a bank holds the scale, so that its priors can be had.
    """
    few = int((fit.free.any(axis=1) & (fit.n < ENOUGH[fit.model])).sum())
    advice = sample_advice(fit, priors)
    if not few and not advice.items.size:
        return []
    said = []
    if few:
        said.append(
            f"{plural(few, 'item')} had fewer than {ENOUGH[fit.model]:,} answers, the number usually wanted"
            f" for {fit.model}; read their standard errors before their values."
        )
    if advice.items.size:
        named = ", ".join(
            f"{item_ids[item]} (b {fit.parameters[item, 1]:+.2f}, {n:,} answers; {_in_words(wanted)})"
            for item, n, wanted in zip(
                advice.items[:SHOWN], advice.n[:SHOWN], advice.needed[:SHOWN], strict=True
            )
        )
        more = ", ..." if advice.items.size > SHOWN else ""
        said.append(
            f"{advice.items.size:,} of {plural(advice.estimated, 'estimated item')}"
            f" {'is' if advice.items.size == 1 else 'are'} less certain than wanted (standard error of b"
            f" above {TARGETS['b']:g}{_of_others(fit.model)}): {named}{more}{_for_most(advice)}."
        )
    options = "calibrate --priors bank" if with_bank else "calibrate --priors bank, with anchors"
    priors_help = "" if priors.b is not None else f"; so do priors ({options})"
    said.append(f"More answers help{priors_help}{SIMPLER[fit.model]}.")
    return [" ".join(said)]


def _of_others(model: str) -> str:
    parts = []
    if model in ("2pl", "3pl"):
        parts.append(f"of a above {TARGETS['a']:.0%} of it")
    if model == "3pl":
        parts.append(f"of c above {TARGETS['c']:g}")
    return "".join(f", {part}" for part in parts)


def _for_most(advice: SampleAdvice) -> str:
    """The number that serves nine in ten, where there is one and it is not one item's."""
    if advice.items.size == 1 or advice.would_do > HOPELESS:
        return ""
    return f"; {advice.would_do:,} answers each would do for nine in ten of them"


def _in_words(wanted: float) -> str:
    """Upwards to tens: it is an estimate of an estimate."""
    if wanted > HOPELESS:
        return "answers alone will not do"
    return f"{-(-int(wanted) // 10) * 10:,} would do"
