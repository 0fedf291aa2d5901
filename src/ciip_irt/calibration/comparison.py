"""Calibrations of the same answers held against each other: likelihoods, criteria, likelihood ratios."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np
import polars as pl
from scipy.special import chdtrc

from ciip_irt.calibration.result import Calibration
from ciip_irt.errors import InputError, Problem
from ciip_irt.provenance import Provenance
from ciip_irt.records import result
from ciip_irt.tables import show_html

__all__ = ["Comparison", "compare"]

WIDTH = {"rasch": 0, "1pl": 0, "2pl": 1, "3pl": 2}  # nested from left to right; rasch and 1pl are one model
SLACK = 0.1  # log-likelihood: 3pl keeps c at 1e-4 or above, which may cost as much beside c = 0
ROUNDING = 1e-6  # of twice a difference of log-likelihoods
TESTS = {
    "smaller": pl.String,
    "larger": pl.String,
    "statistic": pl.Float64,
    "df": pl.Int64,
    "p_low": pl.Float64,
    "p_high": pl.Float64,
    "reference": pl.String,
    "why_not": pl.String,
}


@result
@dataclass(frozen=True, slots=True)
class Comparison:
    """How well several calibrations describe the same answers.

    Attributes
    ----------
    table
        A row for each calibration: ``calibration, log_likelihood`` (marginal, at the estimates),
        ``log_prior`` (the priors' part, not in it), ``n_parameters, aic, bic, priors, converged``.
    tests
        A row for each pair: ``smaller, larger, statistic`` (twice the difference of the log-likelihoods),
        ``df, p_low, p_high`` (equal, unless the smaller model lies on the boundary of the larger),
        ``reference`` (the distribution) or ``why_not``.
    provenance
        Of the answers.
    """

    table: pl.DataFrame
    tests: pl.DataFrame
    provenance: Provenance

    def to_frame(self) -> pl.DataFrame:
        return self.table

    def summary(self) -> str:
        lines = []
        for name in ("aic", "bic"):
            least = self.table.sort(name, maintain_order=True).row(0, named=True)
            lines.append(f"{name.upper()} is least for {least['calibration']} ({least[name]:,.1f}).")
        if (self.table["priors"] != "none").any():
            lines.append(
                "With priors the estimates are not those of greatest likelihood: their AIC and BIC are upper"
                " limits of what they are without."
            )
        for row in self.tests.iter_rows(named=True):
            pair = f"{row['smaller']} in {row['larger']}"
            if row["why_not"]:
                lines.append(f"{pair}: no likelihood ratio: {row['why_not']}")
                continue
            p = f"{row['p_low']:.3g}"
            if row["p_high"] != row["p_low"]:
                p = f"between {p} and {row['p_high']:.3g}"
            lines.append(f"{pair}: {row['statistic']:.2f}, p {p} ({row['reference']}).")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return show_html("Comparison", self.summary(), self.table)


def compare(*calibrations: Calibration) -> Comparison:
    """Hold calibrations of the same answers against each other.

    ``AIC = 2 k - 2 log L``, ``BIC = k log N - 2 log L`` with L the marginal likelihood at the estimates, the
    priors' part left out. Of nested models the likelihood ratio ``2 (log L_1 - log L_0)`` is chi-square with
    the difference of k as its degrees of freedom. 2pl lies on the boundary of 3pl (every c is 0): there the
    ratio is a mixture of chi-squares whose weights depend on the information about the c; p lies between
    those of the mixtures with the least and the greatest tail, ``1/2 (chi2_d + chi2_d+1)`` and
    ``1/2 (chi2_d+J-1 + chi2_d+J)``, J items with a c and d further degrees of freedom.

    Parameters
    ----------
    calibrations
        Two or more, by marginal maximum likelihood, of the same answers to the same items.

    Raises
    ------
    InputError
        Fewer than two; other answers or items; an engine without a marginal likelihood.

    Source: Perlman (1969), Annals of Mathematical Statistics 40:549-567, on the limits of p;
    Self & Liang (1987), JASA 82:605-610, on likelihood ratios on a boundary.

    >>> from ciip_irt.calibration import calibrate
    >>> rng = np.random.default_rng(1)
    >>> X = (rng.random((400, 8)) < 1 / (1 + np.exp(-rng.normal(size=(400, 1))))).astype(int)
    >>> found = compare(calibrate(X, "rasch"), calibrate(X, "2pl"))
    >>> found.tests.select("smaller", "larger", "df").rows()
    [('rasch', '2pl', 7)]
    """
    _require_comparable(calibrations)
    names = _names(calibrations)
    rows = [
        {
            "calibration": name,
            "log_likelihood": one.log_likelihood,
            "log_prior": one.log_prior,
            "n_parameters": one.n_parameters,
            "aic": 2.0 * one.n_parameters - 2.0 * one.log_likelihood,
            "bic": log(one.provenance.n_deliveries) * one.n_parameters - 2.0 * one.log_likelihood,
            "priors": str(one.provenance.settings["priors"]),
            "converged": one.converged,
        }
        for name, one in zip(names, calibrations, strict=True)
    ]
    order = sorted(range(len(calibrations)), key=lambda k: calibrations[k].n_parameters)
    tests = [
        {"smaller": names[k], "larger": names[m], **_ratio(calibrations[k], calibrations[m])}
        for at, k in enumerate(order)
        for m in order[at + 1 :]
    ]
    return Comparison(pl.DataFrame(rows), pl.DataFrame(tests, schema=TESTS), calibrations[0].provenance)


def _require_comparable(calibrations: Sequence[Calibration]) -> None:
    strange = [type(one).__name__ for one in calibrations if not isinstance(one, Calibration)]
    if strange or len(calibrations) < 2:
        remedy = "Give two or more: compare(calibrate(X, '2pl'), calibrate(X, '3pl'))."
        raise InputError(
            Problem("calibrations are compared with each other", examples=strange, remedy=remedy)
        )
    engines = [str(one.provenance.settings.get("engine")) for one in calibrations]
    if set(engines) != {"mml"}:
        others = sorted(set(engines) - {"mml"})
        remedy = "Calibrate with the engine mml."
        raise InputError(Problem("engines without a marginal likelihood", examples=others, remedy=remedy))
    first = calibrations[0]
    same = all(
        one.provenance.data_hash == first.provenance.data_hash
        and one.provenance.n_deliveries == first.provenance.n_deliveries
        and one.item_ids == first.item_ids
        and np.array_equal(one.n, first.n)
        for one in calibrations
    )
    if not same:
        sizes = [f"{one.provenance.n_deliveries} persons x {len(one.item_ids)} items" for one in calibrations]
        raise InputError(
            Problem(
                "likelihoods of different answers cannot be compared",
                examples=sizes,
                remedy="Calibrate all models with the same responses.",
            )
        )


def _names(calibrations: Sequence[Calibration]) -> list[str]:
    models = [one.scale.model for one in calibrations]
    return [
        model if models.count(model) == 1 else f"{model} ({models[: k + 1].count(model)})"
        for k, model in enumerate(models)
    ]


def _ratio(smaller: Calibration, larger: Calibration) -> dict[str, object]:
    """The likelihood ratio of a pair, or why there is none."""
    why = _why_not(smaller, larger)
    if why:
        return {"why_not": why}
    statistic = max(0.0, 2.0 * (larger.log_likelihood - smaller.log_likelihood))
    df = larger.n_parameters - smaller.n_parameters
    bounded = 0
    if larger.scale.model == "3pl" and smaller.scale.model != "3pl":
        bounded = int((~larger.fixed & np.isfinite(larger.parameters_array[:, 2])).sum())
    if not bounded:
        p = float(chdtrc(df, statistic))
        return {
            "statistic": statistic,
            "df": df,
            "p_low": p,
            "p_high": p,
            "reference": f"chi-square, df {df}",
        }
    rest = df - bounded
    low, high = (0.5 * (_tail(k, statistic) + _tail(k + 1, statistic)) for k in (rest, df - 1))
    return {
        "statistic": statistic,
        "df": df,
        "p_low": low,
        "p_high": high,
        "reference": f"{smaller.scale.model} is where every c of 3pl is 0, on its boundary: a mixture of"
        f" chi-squares, df {rest} to {df}",
    }


def _tail(df: int, statistic: float) -> float:
    """P(chi-square >= statistic); with 0 degrees of freedom it is 0 for sure."""
    if df == 0:
        return 1.0 if statistic <= ROUNDING else 0.0
    return float(chdtrc(df, statistic))


def _why_not(smaller: Calibration, larger: Calibration) -> str:
    settings = [one.provenance.settings for one in (smaller, larger)]
    if any(one["priors"] != "none" for one in settings):
        return (
            "with priors the larger model is not at its greatest likelihood. Compare AIC and BIC, or"
            " calibrate with priors='none'."
        )
    if smaller.n_parameters == larger.n_parameters:
        return "they estimate as many parameters, so neither is a special case of the other."
    if not np.array_equal(smaller.fixed, larger.fixed):
        return "they hold different items at the bank's values."
    if settings[0]["population"] != settings[1]["population"]:
        return "a normal population is no special case of a histogram. Compare AIC and BIC."
    groups = [str(one["groups"]) for one in settings]
    if groups[0] != groups[1] and groups[0] != "none":
        return f"populations by {groups[0]} are no special case of those by {groups[1]}."
    if WIDTH[smaller.scale.model] > WIDTH[larger.scale.model]:
        return f"{smaller.scale.model} is no special case of {larger.scale.model}."
    if not (smaller.converged and larger.converged):
        return "not both converged. Raise max_iterations."
    if larger.log_likelihood < smaller.log_likelihood - SLACK:
        return "the larger model is below the smaller one, so it did not reach its maximum."
    return ""
