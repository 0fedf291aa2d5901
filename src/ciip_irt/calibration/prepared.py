"""What every step of a calibration starts from, and what an engine hands back: each prepared once."""

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from ciip_irt.arrays import BoolArray, FloatArray
from ciip_irt.bank import ItemBank, Scale
from ciip_irt.calibration.anchoring.anchors import HeldAnchors, anchors_of, no_anchors
from ciip_irt.calibration.design import require_connected, require_variance
from ciip_irt.calibration.groups.groups import GroupedBlocks, Groups, grouped_blocks, population_groups
from ciip_irt.calibration.groups.populations import Populations
from ciip_irt.calibration.result import EstimatesCovariance
from ciip_irt.calibration.scales import scale_of_calibration
from ciip_irt.records import result
from ciip_irt.responses import ScoredResponses, keep_telling_answers
from ciip_irt.screening import Concern
from ciip_irt.tables import ANCHOR_ITEMS

__all__ = ["Estimates", "Prepared", "prepare"]


@dataclass(frozen=True, slots=True)
class Prepared:
    """The answers as blocks, the populations they come from, the anchors, and the scale that will be."""

    scored: ScoredResponses
    scale: Scale
    groups: Groups
    data: GroupedBlocks
    anchors: HeldAnchors
    bank: ItemBank | None


def prepare(
    scored: ScoredResponses,
    model: str,
    bank: ItemBank | None,
    *,
    groups: str | None = None,
    D: float | None = None,
    scale_id: str | None = None,
) -> Prepared:
    """All that can be known before anything is estimated.

    A pilot's cells that say nothing about it (not reached, an option it does not offer, too fast to have been
    read) are left out, whatever the scoring rules make of them: in a review they are left out, too.

    Raises
    ------
    InputError, ScaleError, DesignError
        As ``calibrate`` says.
    """
    scored = keep_telling_answers(scored)
    scale = scale_of_calibration(scored, model, D, scale_id, bank)
    members = population_groups(scored, groups)
    data = grouped_blocks(scored, members)
    anchors = no_anchors(scored.items.height) if bank is None else anchors_of(scored, bank, data.blocks)
    require_connected(scored, data.blocks, anchors.held)
    require_variance(data.blocks, anchors.held)
    return Prepared(scored, scale, members, data, anchors, bank)


@result
@dataclass(frozen=True, slots=True)
class Estimates:
    """What an engine found, whichever it was.

    Attributes
    ----------
    parameters, errors, low, high
        Shape (J, 3): a, b, c, their standard errors and the ends of their intervals; NaN where unknown.
    held
        Shape (J,): items that held the scale to the end.
    populations
        The distributions of ability.
    converged, iterations, log_likelihood, gradient_norm, second_order
        How the iteration ended; ``None``, 0 and NaN where the engine does not say.
    warnings
        Plain sentences.
    settings
        What the record of the run says of the engine.
    anchors
        The ``anchors`` contract.
    concerns
        What looks wrong as a whole.
    covariance
        Of the estimates; ``None`` where the engine does not say.
    log_prior, n_parameters
        The priors' part, and how many numbers were estimated; 0 where the engine does not say.
    """

    parameters: FloatArray
    errors: FloatArray
    low: FloatArray
    high: FloatArray
    held: BoolArray
    populations: Populations
    warnings: tuple[str, ...]
    settings: dict[str, object]
    converged: bool | None = None
    iterations: int = 0
    log_likelihood: float = np.nan
    gradient_norm: float = np.nan
    second_order: str = "not examined"
    anchors: pl.DataFrame = field(default_factory=ANCHOR_ITEMS.empty)
    concerns: tuple[Concern, ...] = ()
    covariance: EstimatesCovariance | None = None
    log_prior: float = 0.0
    n_parameters: int = 0
