"""Parameters tables as arrays, with the covariance of their estimates: what links are made of."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from ciip_irt.arrays import BoolArray, FloatArray, IntArray
from ciip_irt.bank import Scale
from ciip_irt.calibration.result import ESTIMATED, Calibration, EstimatesCovariance
from ciip_irt.errors import InputError, Problem, ScaleError
from ciip_irt.records import result
from ciip_irt.tables import ITEM_PARAMETERS, AnyFrame, polars_frame

__all__ = ["NAMES", "ParameterArrays", "linked_table", "parameter_arrays", "require_same_kind"]

NAMES = ("a", "b", "c")
NEAR_ONE = 0.95  # of a correlation that is guessed: a matrix must stay one of a covariance
USUAL = (1.0, np.nan, 0.0)  # a, b, c where the model has none


@result
@dataclass(frozen=True, slots=True)
class ParameterArrays:
    """The items of one calibration.

    Attributes
    ----------
    scale
        Name, model and D.
    item_ids
        In the order of the table.
    values, errors, low, high
        Shape (J, 3): a, b, c; errors and ends of intervals NaN where there are none.
    fixed
        Shape (J,): held, so without an error of their own.
    n
        Shape (J,): answers.
    known
        The covariance of the estimates where the estimation gave it.
    """

    scale: Scale
    item_ids: tuple[str, ...]
    values: FloatArray
    errors: FloatArray
    low: FloatArray
    high: FloatArray
    fixed: BoolArray
    n: IntArray
    known: EstimatesCovariance | None = None

    @property
    def has_errors(self) -> BoolArray:
        """Shape (J,): items whose difficulty has a standard error, or needs none since it was held."""
        return self.fixed | np.isfinite(self.errors[:, 1])

    def covariance_with(self, rows: IntArray, weights: FloatArray) -> FloatArray:
        """Shape (J, 3, W): covariance of every a, b, c with W sums over items.

        A table holds standard errors only. What else belongs to the covariance follows from how the numbers
        come about. Within an item, slope and intercept are all but independent, so
        ``cov(a, b) = -b var(a) / a``. Between items: the scale is the one on which this sample of N has
        mean 0 and SD 1, and all b share the error ``1 / sqrt(N)`` of its mean, a and b that of its SD,
        ``1 / sqrt(2N)`` as a share. Standard errors of A and B come out within a tenth of those from the
        estimation's own matrix, which is taken where it is known.

        Parameters
        ----------
        rows
            Shape (C,): items that the sums are over, each once.
        weights
            Shape (W, C, 3): of their a, b, c.
        """
        if self.known is not None:
            return self.known.with_sums(rows, weights)
        errors = np.nan_to_num(np.where(self.fixed[:, None], 0.0, self.errors))
        a, b = self.values[:, 0], np.nan_to_num(self.values[:, 1])
        shared = self._shared(a, b)
        if self.fixed.any():  # the anchors hold the scale
            shared[:] = 0.0
        shared /= np.sqrt(max(int(self.n.max(initial=0)), 1))
        if self.scale.model == "1pl":  # one slope for all
            shared[:, 0] = 0.0
            shared[:, 0, 1] = errors[:, 0]
        size = np.sqrt((shared**2).sum(axis=2))  # no more than the item's own error
        shared *= np.minimum(1.0, np.divide(errors, size, out=np.zeros_like(size), where=size > 0))[
            :, :, None
        ]
        part = np.einsum("cki,wck->ciw", shared[rows], weights)
        result = np.einsum("jki,iw->jkw", shared, part.sum(axis=0))
        within = np.einsum("jk,km->jkm", errors**2, np.eye(3))
        both = NEAR_ONE * errors[:, 0] * errors[:, 1]
        within[:, 0, 1] = within[:, 1, 0] = np.clip(-b * errors[:, 0] ** 2 / a, -both, both)
        result[rows] += np.einsum("ckm,wcm->ckw", within[rows], weights)
        result[rows] -= np.einsum("cki,ciw->ckw", shared[rows], part)
        return np.asarray(result)

    @property
    def variances(self) -> FloatArray:
        """Shape (J, 3): squared standard errors; 0 where there are none."""
        return np.asarray(np.nan_to_num(np.where(self.fixed[:, None], 0.0, self.errors)) ** 2)

    def _shared(self, a: FloatArray, b: FloatArray) -> FloatArray:
        """Shape (J, 3, 2): how a, b, c move with the sample's mean and SD, in units of their errors."""
        result = np.zeros((len(a), 3, 2))
        result[:, 1, 0] = 1.0
        if self.scale.model != "rasch":  # its unit is fixed by the model
            result[:, 0, 1], result[:, 1, 1] = a / np.sqrt(2.0), -b / np.sqrt(2.0)
        return result


def parameter_arrays(given: Calibration | AnyFrame, what: str) -> ParameterArrays:
    """Of a calibration, or of a ``parameters`` table; ``what`` names it in messages.

    Raises
    ------
    InputError, ScaleError
        No ``parameters`` table; several scales in one.
    """
    if not isinstance(given, Calibration) and not hasattr(given, "columns"):
        remedy = "Calibrate first: link_calibrations(calibrate(X_new), calibrate(X_old))."
        what_else = f"no parameters of items but {type(given).__name__}"
        raise InputError(Problem(what_else, where=what, remedy=remedy))
    long = (
        given.parameters
        if isinstance(given, Calibration)
        else ITEM_PARAMETERS.validate(polars_frame(given, what), what)
    )
    scales = long.select("scale_id", "model", "D").unique(maintain_order=True)
    if scales.height != 1:
        raise ScaleError(
            Problem(
                "parameters on several scales, of several models or with several D",
                where=what,
                examples=tuple(" ".join(map(str, row)) for row in scales.head(5).iter_rows()),
                remedy="Give the parameters of one calibration.",
            )
        )
    items = long.unique("item_id", keep="first", maintain_order=True)
    place = {item: row for row, item in enumerate(items["item_id"])}
    rows = np.array([place[item] for item in long["item_id"]], dtype=np.int64)
    columns = np.array([NAMES.index(name) for name in long["parameter"]], dtype=np.int64)

    def wide(column: str, absent: tuple[float, ...]) -> FloatArray:
        result = np.tile(np.array(absent), (items.height, 1))
        if column in long.columns:
            result[rows, columns] = long[column].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        return result

    none = (float("nan"),) * 3
    return ParameterArrays(
        Scale(*scales.row(0)),
        tuple(items["item_id"]),
        wide("estimate", USUAL),
        wide("se", none),
        wide("low", none),
        wide("high", none),
        items["fixed"].to_numpy(),
        items["n"].to_numpy(),
        given.estimates_covariance if isinstance(given, Calibration) else None,
    )


def require_same_kind(new: Scale, old: Scale) -> None:
    """Raises ``ScaleError`` where models or D differ."""
    problems = []
    if new.model != old.model:
        problems.append(
            Problem(
                f"the new calibration is {new.model}, the old one {old.model}",
                remedy="Calibrate both with the same model.",
            )
        )
    if new.D != old.D:
        problems.append(
            Problem(
                f"the new calibration has D = {new.D:g}, the old one D = {old.D:g}",
                remedy="Calibrate the new one with the old one's D.",
            )
        )
    if problems:
        raise ScaleError(problems)


def linked_table(
    given: ParameterArrays, scale: Scale, constants: tuple[float, float], errors: FloatArray | None
) -> pl.DataFrame:
    """The ``parameters`` table on the scale of ``theta = A theta_new + B``.

    ``errors`` (J, 3) are those with the link's own in them; without, A and B are taken as known. Intervals
    are moved with their estimates and widened in proportion.
    """
    A, B = constants

    def moved(values: FloatArray) -> FloatArray:
        return np.column_stack((values[:, 0] / A, A * values[:, 1] + B, values[:, 2]))

    estimates = moved(given.values)
    own = given.errors * np.array([1.0 / A, A, 1.0])
    reported = own if errors is None else np.where(np.isfinite(own) | given.fixed[:, None], errors, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        wider = np.where(own > 0, np.nan_to_num(reported) / own, 1.0)
    low, high = (estimates + (moved(end) - estimates) * wider for end in (given.low, given.high))
    names = ESTIMATED[scale.model]
    columns = [NAMES.index(name) for name in names]
    count, width = len(given.item_ids), len(names)
    return ITEM_PARAMETERS.frame(
        {
            "item_id": [item for item in given.item_ids for _ in names],
            "model": [scale.model] * (count * width),
            "parameter": list(names) * count,
            "estimate": estimates[:, columns].ravel(),
            "se": reported[:, columns].ravel(),
            "low": low[:, columns].ravel(),
            "high": high[:, columns].ravel(),
            "fixed": given.fixed.repeat(width),
            "n": given.n.repeat(width),
            "scale_id": [scale.scale_id] * (count * width),
            "D": [scale.D] * (count * width),
        }
    )
