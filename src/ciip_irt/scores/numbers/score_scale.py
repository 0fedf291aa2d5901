"""From the standard on theta to the raw cut of a form, and from raw scores to reported ones."""

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from ciip_irt.arrays import BoolArray, FloatArray
from ciip_irt.errors import InputError, Problem
from ciip_irt.irt import expected_score, score_table, theta_at_expected_score
from ciip_irt.irt import test_information as form_information
from ciip_irt.irt.models import DICHOTOMOUS, ItemModel
from ciip_irt.records import result
from ciip_irt.scores.numbers.passing import TOLERANCE, lowest_passing, passes

__all__ = ["SCALES", "ConversionTable", "RawCut", "ScaleRule", "ScoreScale", "conversion_table", "raw_cut"]

Rounding = Literal["up", "nearest", "down"]


@dataclass(frozen=True, slots=True)
class RawCut:
    """The raw cut of one form.

    ``expected`` is the expected raw score of a candidate exactly at the standard, ``lowest_passing`` the
    whole score that is asked for.
    """

    theta_cut: float
    expected: float
    lowest_passing: int


def raw_cut(
    parameters: FloatArray,
    theta_cut: float,
    *,
    rounding: Rounding = "up",
    D: float = 1.0,
    model: ItemModel = DICHOTOMOUS,
) -> RawCut:
    """The raw cut of a form from the standard on theta: ``sum_j P_j(theta_cut)``.

    Forms of different difficulty get different raw cuts for the same standard.

    Parameters
    ----------
    parameters
        Shape (J, 3): the scored items of the form.
    rounding
        To the whole score that is asked for: "up" (the default) lets nobody pass whose score is below the
        expected one, "down" lets the doubt count for the candidate, "nearest" takes .5 upwards.

    Raises
    ------
    InputError
        Items without parameters, a standard that is no number, or an unknown rounding.

    >>> raw_cut(np.array([[1.0, -1.0, 0.0]] * 10), 0.0)
    RawCut(theta_cut=0.0, expected=7.3105..., lowest_passing=8)
    """
    parameters = _complete(parameters)
    if not math.isfinite(theta_cut):
        raise InputError(Problem(f"the standard is {theta_cut}", remedy="Give a theta, such as -0.5."))
    expected = float(expected_score(parameters, np.array([theta_cut]), D, model)[0])
    if rounding == "up":
        whole = lowest_passing(expected)
    elif rounding == "down":
        whole = math.floor(expected + TOLERANCE)
    elif rounding == "nearest":
        whole = math.floor(expected + 0.5 + TOLERANCE)
    else:
        raise InputError(Problem(f"unknown rounding {rounding!r}", remedy="Use up, nearest or down."))
    return RawCut(float(theta_cut), expected, whole)


@dataclass(frozen=True, slots=True)
class ScaleRule:
    """A linear score scale by two points that every form's scale goes through.

    Attributes
    ----------
    at_cut, at_maximum
        Reported score at the cut and at the highest score, before rounding.
    lowest, highest
        Reported scores do not leave this range.
    decimals
        Reported scores are rounded to so many, halves upwards.
    passing
        Reported score needed to pass.
    """

    at_cut: float
    at_maximum: float
    lowest: float
    highest: float
    decimals: int
    passing: float

    def fitted(self, cut: float, maximum: float) -> "ScoreScale":
        """The scale of one form: ``A = (at_maximum - at_cut) / (maximum - cut)``, ``B = at_cut - A cut``.

        Raises
        ------
        InputError
            A cut that is not below the maximum.

        >>> scale = SCALES["arrt"].fitted(cut=92, maximum=130)
        >>> round(scale.A, 6), scale.reported(np.array([0, 91, 92, 130]))
        (0.657632, array([14., 74., 75., 99.]))
        """
        if not cut < maximum:
            raise InputError(
                Problem(
                    f"the cut {cut:g} is not below the maximum {maximum:g}",
                    remedy="Check the standard, and that all scored items of the form are there.",
                )
            )
        A = (self.at_maximum - self.at_cut) / (maximum - cut)
        return ScoreScale(A, self.at_cut - A * cut, self)


@dataclass(frozen=True, slots=True)
class ScoreScale:
    """``scaled = A x + B`` for one form, with the rule it came from."""

    A: float
    B: float
    rule: ScaleRule

    def scaled(self, score: FloatArray) -> FloatArray:
        """Shape of ``score``: before rounding and limits."""
        return np.asarray(self.A * np.asarray(score, dtype=np.float64) + self.B)

    def reported(self, score: FloatArray) -> FloatArray:
        """Shape of ``score``: rounded, halves upwards, and kept in the range."""
        power = 10.0**self.rule.decimals
        rounded = np.floor(self.scaled(score) * power + 0.5 + TOLERANCE) / power
        return np.asarray(np.clip(rounded, self.rule.lowest, self.rule.highest))


SCALES: Final[dict[str, ScaleRule]] = {
    # A = (99.49 - 74.50) / (C - D), B = 74.50 - A D, with C the raw maximum and D the raw cut
    "arrt": ScaleRule(at_cut=74.50, at_maximum=99.49, lowest=1.0, highest=99.0, decimals=0, passing=75.0),
}


@result
@dataclass(frozen=True, slots=True)
class ConversionTable:
    """Every raw score of a complete form with its ability, reported score and decision.

    Attributes
    ----------
    cut
        Of the form.
    scale
        Of the form.
    raw, theta, se, reported, passed
        Shape (S + 1,): raw scores 0 to the maximum.
    """

    cut: RawCut
    scale: ScoreScale
    raw: FloatArray
    theta: FloatArray
    se: FloatArray
    reported: FloatArray
    passed: BoolArray

    def summary(self) -> str:
        """A few plain sentences."""
        cut = self.cut
        return (
            f"A candidate at the standard (theta {cut.theta_cut:g}) is expected to get {cut.expected:.2f} of"
            f" {self.raw[-1]:g}; {cut.lowest_passing} are needed to pass, reported as"
            f" {self.reported[min(max(cut.lowest_passing, 0), self.raw.size - 1)]:g}."
        )


def conversion_table(
    parameters: FloatArray,
    theta_cut: float,
    *,
    rule: ScaleRule = SCALES["arrt"],
    rounding: Rounding = "up",
    method: Literal["ml", "eap"] = "ml",
    extreme: float = 0.3,
    mean: float = 0.0,
    sd: float = 1.0,
    D: float = 1.0,
    model: ItemModel = DICHOTOMOUS,
) -> ConversionTable:
    """Raw score to theta to reported score, for a complete form.

    Reported scores are linear in the raw score through the whole raw cut and the maximum, so that exactly the
    raw scores at the cut or above are reported as a pass.

    Parameters
    ----------
    parameters
        Shape (J, 3): the scored items of the form.
    theta_cut
        The standard.
    rule
        The scale of the programme.
    rounding
        Of the raw cut, see ``raw_cut``.
    method, mean, sd
        Ability of a raw score, see ``ability.score_table``; ``mean`` and ``sd`` describe the population for
        "eap". ML has no finite value for nothing right and everything right.
    extreme
        By how much those two scores are taken as less extreme, as Winsteps does (.3): theta is the one at
        which ``extreme`` or ``maximum - extreme`` is expected. 0 leaves them infinite. Under 3PL low scores
        that guessing alone would reach stay at -inf.

    Raises
    ------
    InputError
        Items without parameters; ``extreme`` outside [0, 1); a standard at which everything is right.

    >>> table = conversion_table(np.array([[1.0, -1.0, 0.0]] * 10), 0.0)
    >>> table.reported
    array([ 1.,  1.,  1., 12., 25., 37., 50., 62., 75., 87., 99.])
    >>> table.theta[[0, 5, 10]].round(2)
    array([-4.48, -1.  ,  2.48])
    """
    parameters = _complete(parameters)
    if not 0 <= extreme < 1:
        raise InputError(Problem(f"extreme is {extreme}", remedy="Give part of a point, such as 0.3."))
    maximum = len(parameters) * (model.n_categories - 1)
    cut = raw_cut(parameters, theta_cut, rounding=rounding, D=D, model=model)
    scale = rule.fitted(cut.lowest_passing, maximum)
    theta, se = score_table(parameters, method=method, mean=mean, sd=sd, D=D, model=model)
    if method == "ml" and extreme > 0:
        theta[[0, -1]] = theta_at_expected_score(parameters, np.array([extreme, maximum - extreme]), D, model)
        ends = np.array([0, maximum])[np.isfinite(theta[[0, -1]])]
        se[ends] = 1.0 / np.sqrt(form_information(parameters, theta[ends], D, model))
    raw = np.arange(maximum + 1.0)
    return ConversionTable(cut, scale, raw, theta, se, scale.reported(raw), passes(raw, cut.lowest_passing))


def _complete(parameters: FloatArray) -> FloatArray:
    parameters = np.asarray(parameters, dtype=np.float64)
    lost = np.flatnonzero(~np.isfinite(parameters).all(axis=1))
    if not len(parameters) or lost.size:
        raise InputError(
            Problem(
                f"{lost.size or 'all'} of the form's scored items have no parameters",
                examples=[f"item {j}" for j in lost],
                remedy="Calibrate every scored item of the form first.",
            )
        )
    return parameters
