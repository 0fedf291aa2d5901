"""Forms: as administered, and as assembled against the blueprint."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from ciip_irt.errors import plural
from ciip_irt.plots import Chart, form_characteristic_chart, form_information_chart, score_distribution_chart
from ciip_irt.report.edition import Page, ReportContext, Section
from ciip_irt.report.results import Results
from ciip_irt.report.sections.choices import shown_columns
from ciip_irt.tables import POOLED

__all__ = ["FORMS_SECTION", "assembly_sentences", "summary_values"]

ACCREDITED = (
    "form_id", "n_candidates", "cut", "pass_rate", "decision_consistency", "decision_accuracy", "csem_at_cut",
    "decision_method", "remarks",
)  # fmt: skip
EXAMPLES = 5  # item ids in a cell
TARGET_COLUMNS = ("form_id", "quantity", "target", "achieved")


@dataclass(frozen=True, slots=True)
class DomainLine:
    """One domain: what the blueprint wants, what each form has, and whether that is what is wanted."""

    domain: str
    wanted: Any
    counts: tuple[int, ...]
    fits: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class ExposureLine:
    """So many scored items stand in so many forms, a share of the family."""

    forms: int
    share: float | None
    items: int
    examples: str


@dataclass(frozen=True, slots=True)
class DomainCounts:
    """Scored items by domain and form, with the totals, the number of pilots and the expected minutes."""

    forms: tuple[str, ...]
    lines: tuple[DomainLine, ...]
    totals: tuple[int, ...]
    pilots: tuple[int, ...]
    minutes: tuple[str, ...]
    wanted: bool
    wanted_total: Any


def summary_values(results: Results) -> dict[str, Any]:
    """What the form summary table needs."""
    frame = results.table("form_summary.csv")
    rows = list(frame.sort("form_id", maintain_order=True).iter_rows(named=True))
    return {
        "summary": rows,
        "timed": any(row["median_total_time_s"] is not None for row in rows),
        "has_cut": any(row["pass_rate"] is not None for row in rows),
    }


def assembly_sentences(results: Results) -> list[str]:
    """How many forms there are, how the search ended, whether they conform."""
    record = results.record("assembly.json")
    summary = record.get("summary")
    if isinstance(summary, list):
        said = [str(line) for line in summary]
    else:
        said = _form_sizes(results.table("forms.csv"))
        if record.get("status"):
            said.append(f"The search ended with status “{record['status']}”.")
    if results.has("findings.csv"):
        findings = results.table("findings.csv")
        errors = int((findings["severity"] != "warning").fill_null(True).sum())
        warnings = findings.height - errors
        if errors:
            said.append(f"The check found {plural(errors, 'error')}: the forms do not conform.")
        elif warnings:
            said.append(f"The forms conform to the blueprint, with {plural(warnings, 'warning')}.")
        else:
            said.append("The check found nothing: every form conforms to the blueprint.")
    return said


def _form_sizes(forms: pl.DataFrame) -> list[str]:
    if forms.is_empty():
        return []
    names = forms["form_id"].n_unique()
    roles = forms["role"].fill_null("scored")
    scored, pilots = int((roles == "scored").sum()), int((roles == "pilot").sum())
    each = f"{scored / names:,.0f} scored items" + (f" and {pilots / names:,.0f} pilots" if pilots else "")
    even = forms.group_by("form_id").len()["len"].n_unique() == 1
    return [f"{plural(names, 'form')}, {'each with' if even else 'on average'} {each}."]


def _build(edition: ReportContext) -> Sequence[Page]:
    results = edition.results
    achieved, shortages = results.table("achieved.csv"), results.table("shortages.csv")
    findings = results.table("findings.csv")
    accreditation = results.table("accreditation.csv")
    decided = accreditation.select(name for name in ACCREDITED if name in accreditation.columns).sort(
        "form_id"
    )
    return [
        edition.render(
            "forms.html",
            "forms.html",
            title="Forms",
            **summary_values(results),
            score_charts=_score_charts(results),
            times=list(results.table("form_times.csv").sort("form_id").iter_rows(named=True)),
            pace=_pace(results),
            domains=_domain_scores(edition),
            decisions=list(decided.iter_rows(named=True)) if "cut" in decided.columns else [],
            forms=_item_lists(edition),
            assembly=results.record("assembly.json"),
            sentences=assembly_sentences(results),
            findings=list(findings.iter_rows(named=True)) if results.has("findings.csv") else None,
            shortages=list(shortages.iter_rows(named=True)),
            shortage_columns=shown_columns(shortages),
            counts=_domain_counts(edition),
            allowed_minutes=edition.blueprint.get("testing_time_minutes"),
            achieved=list(achieved.iter_rows(named=True)),
            achieved_columns=shown_columns(achieved),
            targets=set(TARGET_COLUMNS) <= set(achieved.columns),
            exposure=_exposure(results),
            charts=_curves(edition),
        )
    ]


def _exposure(results: Results) -> list[ExposureLine]:
    """How many scored items stand in how many forms, the most used first."""
    exposure = results.table("exposure.csv")
    if "role" in exposure.columns:
        exposure = exposure.filter(pl.col("role") == "scored")
    lines = []
    for (forms,), items in exposure.sort("forms", "item_id", descending=[True, False]).group_by(
        ["forms"], maintain_order=True
    ):
        names = items["item_id"].to_list()
        shown = ", ".join(names[:EXAMPLES]) + (", ..." if len(names) > EXAMPLES else "")
        share = items["share"][0] if "share" in items.columns else None
        lines.append(ExposureLine(int(str(forms)), share, len(names), shown))
    return lines


def _pace(results: Results) -> list[tuple[str, list[dict[str, Any]]]]:
    """The tenths of every form."""
    pace = results.table("pace.csv").sort("form_id", "tenth")
    return [
        (str(form), list(rows.iter_rows(named=True)))
        for (form,), rows in pace.group_by(["form_id"], maintain_order=True)
    ]


def _domain_scores(edition: ReportContext) -> list[tuple[str, list[dict[str, Any]]]]:
    """The domain scores of every form; the sentence without the numbers that stand beside it."""
    scores = edition.results.table("domain_scores.csv").sort("form_id", maintain_order=True)
    if "mean_p" not in scores.columns:
        return []
    return [
        (
            str(form),
            [
                {
                    **row,
                    "domain": edition.domain_title(row["domain"]),
                    "says": row["worth"] or row["says"],
                }
                for row in rows.iter_rows(named=True)
            ],
        )
        for (form,), rows in scores.group_by(["form_id"], maintain_order=True)
    ]


def _score_charts(results: Results) -> list[tuple[str, Chart]]:
    scores = results.table("abilities.csv").drop_nulls()
    if not {"total", "form_id"} <= set(scores.columns) or scores.is_empty():
        return []
    cuts = {row["form_id"]: row["cut"] for row in results.table("form_summary.csv").iter_rows(named=True)}
    parts = {str(form): rows for (form,), rows in scores.group_by(["form_id"], maintain_order=True)}
    width = _bin_width(min(rows.height for rows in parts.values()))
    binned = scores.select((pl.col("total") / width).floor() * width)["total"]
    span = (float(str(binned.min())) - 0.5, float(str(binned.max())) + width - 0.5)
    charts = []
    for form in sorted(parts):
        middle = (pl.col("total") / width).floor() * width + (width - 1) / 2
        counts = parts[form].group_by(middle.alias("score")).len("n").sort("score")
        title = f"Scores on {form}"
        chart = score_distribution_chart(counts, cut=cuts.get(form), title=title, width=width, span=span)
        charts.append((title, chart))
    return charts


def _bin_width(candidates: int) -> int:
    """Scores per bar: with few candidates single scores show noise, not shape."""
    return next((width for limit, width in ((300, 5), (1000, 2)) if candidates < limit), 1)


def _curves(edition: ReportContext) -> list[Chart]:
    results = edition.results
    curves = results.table("curves.csv")
    if curves.is_empty():
        return []
    cut = edition.blueprint.get("theta_cut", results.record("assembly.json").get("theta_cut"))
    theta_cut = float(cut) if isinstance(cut, int | float) else None
    charts = []
    if curves["information"].drop_nulls().len():
        charts.append(form_information_chart(curves, theta_cut=theta_cut))
    if curves["expected_score"].drop_nulls().len():
        charts.append(form_characteristic_chart(curves, theta_cut=theta_cut))
    return charts


def _item_lists(edition: ReportContext) -> list[Mapping[str, Any]]:
    bank = {row["item_id"]: row for row in edition.results.bank().iter_rows(named=True)}
    lists: dict[str, list[Mapping[str, Any]]] = {}
    for row in edition.results.table("forms.csv").iter_rows(named=True):
        card = edition.cards.get(row["item_id"])
        statistics: Mapping[str, Any] = card.statistics if card else {}
        estimate = card.difficulty.get("estimate") if card else None
        b = bank.get(row["item_id"], {}).get("b") if estimate is None else estimate
        lists.setdefault(row["form_id"], []).append(
            {**row, "p": statistics.get("p"), "r": statistics.get("r"), "b": b}
        )
    return [
        {"form_id": form, "rows": sorted(rows, key=lambda row: row["position"] or 0)}
        for form, rows in lists.items()
    ]


def _domain_counts(edition: ReportContext) -> DomainCounts | None:
    forms = edition.results.table("forms.csv").with_columns(pl.col("role").fill_null("scored"))
    if forms.is_empty() or forms["domain"].null_count() == forms.height:
        return None
    names = tuple(forms["form_id"].unique(maintain_order=True).to_list())
    scored = forms.filter(pl.col("role") != "pilot")
    n: dict[tuple[str | None, str], int] = {
        (domain, form): count
        for domain, form, count in scored.group_by("domain", "form_id").len().iter_rows()
    }
    wanted = _wanted_counts(edition)
    domains = sorted({domain for domain, _ in n if domain} | set(wanted))
    lines = []
    for domain in domains:
        counts = tuple(n.get((domain, form), 0) for form in names)
        words, low, high = wanted.get(domain, (None, None, None))
        fits = tuple(low is None or high is None or low <= count <= high for count in counts)
        lines.append(DomainLine(edition.domain_title(domain), words, counts, fits))
    pilots = forms.filter(pl.col("role") == "pilot").group_by("form_id").len()
    n_pilots = dict(pilots.iter_rows())
    totals = tuple(sum(line.counts[k] for line in lines) for k in range(len(names)))
    whole = [line.wanted for line in lines if isinstance(line.wanted, int)]
    return DomainCounts(
        forms=names,
        lines=tuple(lines),
        totals=totals,
        pilots=tuple(n_pilots.get(form, 0) for form in names),
        minutes=_minutes(edition.results, names),
        wanted=bool(wanted),
        wanted_total=sum(whole) if len(whole) == len(lines) else None,
    )


def _minutes(results: Results, forms: Sequence[str]) -> tuple[str, ...]:
    """What each form is expected to take; items never timed are taken as average, and counted."""
    times = results.table("item_times.csv").filter(pl.col("form_id") == POOLED).drop_nulls("expected_time_s")
    if times.is_empty():
        return ()
    given = results.table("forms.csv").join(times.drop("form_id"), on="item_id", how="left")
    said = []
    for form in forms:
        seconds = given.filter(pl.col("form_id") == form)["expected_time_s"]
        total = seconds.len() * float(str(seconds.mean())) / 60 if seconds.count() else float("nan")
        unknown = f" ({seconds.null_count()} not timed)" if seconds.null_count() else ""
        said.append(f"{total:.0f}{unknown}" if seconds.count() else "–")
    return tuple(said)


def _wanted_counts(edition: ReportContext) -> dict[str, tuple[Any, int | None, int | None]]:
    """The blueprint's count of each domain in words, lowest and highest, where the run names it."""
    domains = edition.blueprint.get("domains")
    wanted: dict[str, tuple[Any, int | None, int | None]] = {}
    for domain in domains if isinstance(domains, list) else ():
        if isinstance(domain, Mapping) and domain.get("letter"):
            count = domain.get("count")
            low, high = domain.get("low", count), domain.get("high", count)
            words = count if low == high else f"{low} to {high}"
            wanted[str(domain["letter"])] = (words, low, high)
    return wanted


FORMS_SECTION = Section(
    name="forms",
    title="Forms",
    page="forms.html",
    needs=("form_summary.csv", "domain_scores.csv", "forms.csv", "assembly.json", "shortages.csv"),
    build=_build,
)
