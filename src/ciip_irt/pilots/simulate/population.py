"""Who the candidates of a programme are, as a calibration or a log tells it.

A simulation with other candidates than one's own answers another question: at N(0, 1) a bank may look as if
it told nearly all pilots apart after 50 answers, where its own, more alike candidates leave a third open.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ciip_irt.bank import ItemBank, Scale
from ciip_irt.errors import InputError, Problem, ScaleError
from ciip_irt.pilots.evidence import estimate_population
from ciip_irt.records import result
from ciip_irt.responses import ScoredResponses
from ciip_irt.tables import POPULATION, read_csv

__all__ = ["Population", "population_of_calibration", "population_of_log"]

ASSUMED = "an assumption: neither calibration nor log was given, and your candidates may differ much"


@result
@dataclass(frozen=True, slots=True)
class Population:
    """Mean and standard deviation of the candidates on the bank's scale, and ``source``: where from."""

    mean: float
    sd: float
    source: str = ASSUMED

    def changed(self, mean: float | None, sd: float | None) -> "Population":
        """With what was said by hand in its place."""
        if mean is None and sd is None:
            return self
        by_hand = " and ".join(n for n, v in (("the mean", mean), ("the SD", sd)) if v is not None)
        kept = "" if mean is not None and sd is not None else f"; the other is {self.source}"
        return Population(
            self.mean if mean is None else mean, self.sd if sd is None else sd, f"{by_hand} as given{kept}"
        )

    def summary(self) -> str:
        """The sentence that says what was used.

        >>> Population(-0.035, 0.594, "from population.csv").summary()
        'Candidates: mean -0.035, SD 0.594 on the scale of the bank (from population.csv).'
        """
        return f"Candidates: mean {self.mean:.3f}, SD {self.sd:.3f} on the scale of the bank ({self.source})."


def population_of_calibration(folder: Path | str, scale: Scale | None) -> Population:
    """The population in a folder that ``calibrate`` or ``run`` wrote; several groups are taken together.

    Raises
    ------
    InputError
        There is no ``population.csv``, or it breaks its contract.
    ScaleError
        The calibration is on another scale than the bank.
    """
    path = Path(folder) / "population.csv"
    if not path.is_file():
        remedy = "Name the folder that 'calibrate' or 'run' wrote."
        raise InputError(Problem("there is no population.csv here", where=str(folder), remedy=remedy))
    _require_scale(Path(folder), scale)
    table = POPULATION.validate(read_csv(path), str(path))
    n, mean, sd = (table[name].cast(float).to_numpy() for name in ("n", "mean", "sd"))
    share = n / n.sum() if n.sum() > 0 else np.full(n.size, 1.0 / n.size)
    centre = float(share @ mean)
    spread = float(np.sqrt(share @ (sd**2 + (mean - centre) ** 2)))
    groups = "" if n.size == 1 else f", {n.size} groups together"
    return Population(centre, spread, f"from {path}{groups}")


def population_of_log(scored: ScoredResponses, bank: ItemBank) -> Population:
    """The candidates of a log on the scale of the bank's scored items.

    Raises
    ------
    InputError
        The bank has no parameters.
    """
    if bank.scale is None:
        remedy = "Calibrate first: ciip-irt calibrate; the bank keeps a, b and c."
        raise InputError(Problem("no item of the bank is calibrated", where=bank.where, remedy=remedy))
    mean, sd = estimate_population(scored, bank.parameters(scored.item_ids), bank.scale.D)
    return Population(mean, sd, f"estimated from {scored.deliveries.height:,} deliveries of the log")


def _require_scale(folder: Path, scale: Scale | None) -> None:
    """The calibration's parameters must be on the bank's scale."""
    path = folder / "parameters.csv"
    if scale is None or not path.is_file():
        return
    found = read_csv(path).select("scale_id", "model").unique().rows()
    other = [name for name, _ in found if name != scale.scale_id]
    if other:
        raise ScaleError(
            Problem(
                f"the calibration is on scale {other[0]!r}, the bank on {scale.scale_id!r}",
                where=str(folder),
                remedy="Link the calibration to the bank's scale first: ciip-irt link.",
            )
        )
