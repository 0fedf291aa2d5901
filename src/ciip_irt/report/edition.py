"""What every page of one report shares: the results, the item cards, the way to render a template."""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ciip_irt.plots import Chart, bar_svg, chart_svg, interval_svg, mark_svg, tone_css
from ciip_irt.report.formats import FILTERS
from ciip_irt.report.item_cards import ItemCard, item_cards, severity_tone
from ciip_irt.report.results import Results

__all__ = ["ITEM_PAGES", "MARKER", "Page", "ReportContext", "Section", "edition_of"]

ITEM_PAGES = "item_pages"
"""The section without which no item has a page of its own."""
MARKER = "<!-- page of a ciip-irt report -->"
P_SCALE, R_SCALE = (0.0, 1.0), (-0.3, 0.7)


@dataclass(frozen=True, slots=True)
class Page:
    """One file of the report: its path below ``report/`` and its text."""

    path: str
    html: str


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report.

    ``page`` is its entry in the navigation ("" = not there); ``needs`` the result files of which at least one
    must be there; ``build`` makes its pages.
    """

    name: str
    title: str
    page: str
    needs: tuple[str, ...]
    build: Callable[["ReportContext"], Sequence[Page]]

    def possible(self, results: Results) -> bool:
        """Whether there is anything to show."""
        return not self.needs or any(results.has(name) for name in self.needs)


@dataclass(frozen=True, slots=True)
class ReportContext:
    """One report in the making. Sections render through it and change nothing."""

    results: Results
    cards: Mapping[str, ItemCard]
    sections: tuple[Section, ...]
    item_pages: bool
    environment: Environment
    titles: Mapping[str, str]

    @property
    def exam(self) -> str:
        return str(self.results.record("run.json").get("exam") or "Examination")

    @property
    def blueprint(self) -> Mapping[str, Any]:
        """What ``run.json`` says about the blueprint: name, cut, domains."""
        found = self.results.record("run.json").get("blueprint")
        return found if isinstance(found, Mapping) else {}

    def domain_title(self, domain: str) -> str:
        """``F Image Management`` for ``F`` where the run names its domains."""
        return self.titles.get(domain, domain)

    def item_path(self, item_id: str) -> str:
        """The item's page below ``report/``; empty where it has none."""
        card = self.cards.get(item_id)
        return f"items/{card.file}" if card is not None and self.item_pages else ""

    def render(self, template: str, path: str, *, title: str, script: bool = False, **values: Any) -> Page:
        """A page from a template; ``path`` decides how it reaches the others."""
        root = "../" * path.count("/")

        def item_link(item_id: str) -> str:
            target = self.item_path(item_id)
            return f"{root}{target}" if target else ""

        html = self.environment.get_template(template).render(
            edition=self,
            results=self.results,
            root=root,
            here=path,
            title=title,
            script=script,
            item_link=item_link,
            **values,
        )
        return Page(path, html)


def edition_of(results: Results, sections: Sequence[Section], *, item_pages: bool = True) -> ReportContext:
    """The edition that shows ``results`` in those of ``sections`` for which there is something to show."""
    possible = tuple(section for section in sections if section.possible(results))
    return ReportContext(
        results=results,
        cards=item_cards(results),
        sections=possible,
        item_pages=item_pages and any(section.name == ITEM_PAGES for section in possible),
        environment=_environment(),
        titles=_titles(results),
    )


def _titles(results: Results) -> dict[str, str]:
    """Letter -> letter and name of the blueprint's domains."""
    blueprint = results.record("run.json").get("blueprint")
    domains = blueprint.get("domains") if isinstance(blueprint, Mapping) else None
    return {
        str(domain["letter"]): f"{domain['letter']} {domain.get('name', '')}".strip()
        for domain in (domains if isinstance(domains, list) else ())
        if isinstance(domain, Mapping) and domain.get("letter")
    }


@cache  # the same for every report; to compile the templates takes longer than a page
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("ciip_irt.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    source = environment.loader
    assert source is not None
    style = source.get_source(environment, "style.css")[0] + tone_css()
    script = source.get_source(environment, "tables.js")[0]
    # The hashes let a page run our style and script and nothing else, whatever its tables hold.
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    environment.filters.update(FILTERS)
    environment.filters["severity_tone"] = severity_tone
    environment.globals.update(
        marker=Markup(MARKER),
        policy=policy,
        style=Markup(style),
        table_script=Markup(script),
        version=version("ciip-irt"),
        p_track=lambda row: _track(row, "p", P_SCALE),
        r_track=lambda row: _track(row, "r", R_SCALE, zero=True),
        share_bar=lambda share, tone="key": Markup(bar_svg(share, tone)),
        figure=lambda chart: Markup(chart_svg(chart)),
        legend=_legend,
    )
    return environment


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}'"


def _track(row: Mapping[str, Any], name: str, scale: tuple[float, float], *, zero: bool = False) -> Markup:
    return Markup(
        interval_svg(row.get(name), row.get(f"{name}_low"), row.get(f"{name}_high"), scale=scale, zero=zero)
    )


def _legend(chart: Chart) -> list[tuple[Markup, str]]:
    return [(Markup(mark_svg(points)), words) for points, words in chart.legend]
