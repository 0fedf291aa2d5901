"""The report: complete, closed in itself, escaped, the same every time, and honest about what is absent."""

import re
import shutil
import subprocess
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import polars as pl
import pytest

from ciip_irt.errors import InputError
from ciip_irt.report import write_report
from ciip_irt.report.results import JSON_FILES, NEEDED, read_results
from ciip_irt.report.sections import SECTIONS
from ciip_irt.tables import write_outputs

HOSTILE = (
    "<script>alert(1)</script>",
    '=cmd()|"calc"',
    "a\"b'c & d",
    "../../escape",
    "javascript:alert(1)",
    "Q0001",
    "q0001",
    "con",
    "ü 漢字 %2e#?",
    "x" * 300,
    "{{ 7 * 7 }}",
)
VOID = {"meta", "br", "input", "link", "img", "hr"}


class Reader(HTMLParser):
    """Links, ids, text and whether the tags nest."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.ids: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            self.attributes.append((tag, name, value or ""))
            if name in ("href", "src"):
                self.links.append(value or "")
            if name == "id":
                self.ids.append(value or "")
        self.scripts += tag == "script"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open[-1] == tag, f"</{tag}> closes <{self.open[-1]}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read(path: Path) -> Reader:
    reader = Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    reader.close()
    assert not reader.open, f"{path}: {reader.open} left open"
    return reader


def pages_of(folder: Path) -> dict[str, Path]:
    root = folder / "report"
    return {path.relative_to(root).as_posix(): path for path in sorted(root.rglob("*.html"))}


def test_every_section_has_its_page(folder: Path) -> None:
    assert write_report(folder) == folder / "report" / "index.html"
    pages = pages_of(folder)
    assert {section.page for section in SECTIONS.values() if section.page} <= set(pages)
    assert sum(name.startswith("items/") for name in pages) == 24


def test_the_first_page_says_what_the_run_said(folder: Path) -> None:
    text = " ".join(read(write_report(folder)).text)
    assert "900 candidates sat one form." in text
    assert "Pilot items have fewer than 200 answers each" in text
    assert "41 % chose C and they scored higher (mean 128)" in text.replace("\u00a0", " ")
    assert ".894" in text
    assert "4.04" in text


def test_the_item_page_says_all_that_is_known(folder: Path) -> None:
    write_report(folder)
    text = " ".join(read(folder / "report" / "items" / "Q0001.html").text)
    statistics = pl.read_csv(folder / "item_statistics.csv").filter(
        (pl.col("item_id") == "Q0001") & (pl.col("form_id") == "all")
    )
    p, low, high = statistics.select("p", "p_low", "p_high").row(0)
    assert f"{p:.2f}"[1:] in text
    assert f"{low:.2f}"[1:] + " to " + f"{high:.2f}"[1:] in text
    assert "mean of those who chose the option, on the other scored items" in text
    for words in ("Check the key, and whether C is also right.", "held at the bank's value", "Options"):
        assert words in text
    html = (folder / "report" / "items" / "Q0001.html").read_text(encoding="utf-8")
    assert html.count('<svg class="chart"') == 2


@pytest.mark.parametrize("names", [(), HOSTILE], ids=["plain", "hostile"])
def test_every_link_resolves_inside_the_folder(
    tmp_path: Path, outputs: Callable[..., dict[str, Any]], names: tuple[str, ...]
) -> None:
    write_outputs(tmp_path, outputs(item_names=names))
    write_report(tmp_path)
    root = (tmp_path / "report").resolve()
    ids = {path: set(read(path).ids) for path in pages_of(tmp_path).values()}
    for path in ids:
        for link in read(path).links:
            parts = urlsplit(link)
            assert not parts.scheme, link
            assert not parts.netloc, link
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path.resolve()
            assert target.is_relative_to(root), link
            assert target.is_file(), f"{path.name}: {link}"


def test_nothing_is_loaded_from_anywhere(folder: Path) -> None:
    write_report(folder)
    for path in pages_of(folder).values():
        html = path.read_text(encoding="utf-8")
        assert not re.search(r"https?:|//[a-z]|@import|url\(|src=", html.split("<script>")[0]), path
        assert "default-src 'none'" in unescape(html)
        assert not [a for a in read(path).attributes if a[1].startswith("on") or a[1] == "style"], path


def test_hostile_content_is_text_and_nothing_else(
    tmp_path: Path, outputs: Callable[..., dict[str, Any]]
) -> None:
    results = outputs(item_names=HOSTILE)
    bad = '"><img src=x onerror=alert(1)><script>alert(2)</script>'
    for name in ("flags.csv", "pilot_decisions.csv", "findings.csv", "forms.csv", "fit.csv", "achieved.csv"):
        texts = [column for column, dtype in results[name].schema.items() if dtype == pl.String]
        keep = {"item_id", "severity", "decision", "role"}
        results[name] = results[name].with_columns(pl.lit(bad).alias(c) for c in texts if c not in keep)
    results["run.json"] = {"exam": bad, "sentences": [bad], "warnings": [bad], "provenance": {
        "data_hash": bad, "settings": {bad: bad}, "versions": {bad: bad}}}  # fmt: skip
    write_outputs(tmp_path, results)
    write_report(tmp_path)
    pages = pages_of(tmp_path)
    with_tables = {"items.html", "flags.html", "pilots.html", "fit.html"}
    for name, path in pages.items():
        reader = read(path)
        assert reader.scripts == (1 if name in with_tables else 0), name
        assert "img" not in {tag for tag, _, _ in reader.attributes}
        assert not any(attribute.startswith("on") for _, attribute, _ in reader.attributes)
    shown = " ".join(read(pages["items.html"]).text)
    for item in HOSTILE:
        assert item in shown
    assert "49" not in read(pages["items.html"]).text


def test_names_of_item_pages_are_safe_on_every_system(
    tmp_path: Path, outputs: Callable[..., dict[str, Any]]
) -> None:
    write_outputs(tmp_path, outputs(item_names=HOSTILE))
    write_report(tmp_path)
    names = [name.removeprefix("items/") for name in pages_of(tmp_path) if name.startswith("items/")]
    assert len(names) == 24
    assert len({name.casefold() for name in names}) == 24
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}\.html", name) for name in names)
    assert "con.html" not in names


def test_no_candidate_is_named(folder: Path) -> None:
    (folder / "responses.parquet").write_bytes(b"CAND-SECRET-77")
    write_report(folder)
    for path in pages_of(folder).values():
        assert "SECRET" not in path.read_text(encoding="utf-8"), path
    method = " ".join(read(folder / "report" / "method.html").text)
    assert "not a first attempt" in method
    assert "Columns that identify candidates" in method


def test_columns_that_identify_are_dropped_as_files_are_read(folder: Path) -> None:
    results = read_results(folder)
    for name, table in results.tables.items():
        assert not {"candidate_id", "delivery_id"} & set(table.columns), name
    assert "SECRET" not in repr([table.to_dicts() for table in results.tables.values()])


def test_the_same_results_give_the_same_bytes(folder: Path) -> None:
    write_report(folder)
    first = {name: path.read_bytes() for name, path in pages_of(folder).items()}
    write_report(folder)
    assert {name: path.read_bytes() for name, path in pages_of(folder).items()} == first


def test_pages_of_an_earlier_report_go_other_files_stay(folder: Path) -> None:
    write_report(folder)
    other = folder / "report" / "items" / "notes.html"
    other.write_text("<p>mine</p>", encoding="utf-8")
    write_report(folder, item_pages=False)
    assert [name for name in pages_of(folder) if name.startswith("items/")] == ["items/notes.html"]


def test_without_item_pages_nothing_links_to_them(folder: Path) -> None:
    write_report(folder, item_pages=False)
    for path in pages_of(folder).values():
        assert not [link for link in read(path).links if link.startswith("items/")]


@pytest.mark.parametrize("absent", [*NEEDED, *JSON_FILES])
def test_any_one_file_may_be_absent(
    tmp_path: Path, outputs: Callable[..., dict[str, Any]], absent: str
) -> None:
    results = outputs(n_items=6, n_pilots=2)
    write_outputs(tmp_path, {name: content for name, content in results.items() if name != absent})
    write_report(tmp_path)
    for path in pages_of(tmp_path).values():
        read(path)


@pytest.mark.parametrize("alone", [*NEEDED, *JSON_FILES])
def test_any_one_file_is_enough(tmp_path: Path, outputs: Callable[..., dict[str, Any]], alone: str) -> None:
    results = outputs(n_items=6, n_pilots=2)
    results["items_proposed.csv"] = results["items.csv"]
    if alone not in results:
        results[alone] = pl.DataFrame({"domain": ["F Image Management"], "missing": [3]})
    write_outputs(tmp_path, {alone: results[alone]})
    write_report(tmp_path)
    for path in pages_of(tmp_path).values():
        read(path)


def test_the_item_page_says_whether_the_key_is_right_and_what_a_change_would_do(
    tmp_path: Path, outputs: Callable[..., dict[str, Any]]
) -> None:
    results = outputs(n_items=6, n_pilots=2)
    item = results["key_validation.csv"]["item_id"][0]
    write_outputs(tmp_path, results)
    write_report(tmp_path)
    texts = [path.read_text(encoding="utf-8") for path in pages_of(tmp_path).values()]
    pages = [text for text in texts if "Is the key right?" in text]
    assert len(pages) == 1
    assert f"<h1>{item}</h1>" in pages[0]
    for words in ("Key is wrong, C is right", "Two are right, B and C", "Accept B or C", "derived anew"):
        assert words in pages[0]


def test_model_fit_says_which_items_and_pairs_are_beyond_chance(
    tmp_path: Path, outputs: Callable[..., dict[str, Any]]
) -> None:
    results = outputs(n_items=6, n_pilots=2)
    write_outputs(tmp_path, results)
    write_report(tmp_path)
    one, other = results["local_dependence.csv"].row(0)[:2]
    page = read(tmp_path / "report" / "fit.html")
    text = " ".join(" ".join(page.text).split())
    numbers = ("1.31", ".92 to 1.09", ".004", "< .001", "1 delivery of 2 (50 %)")
    for words in (*numbers, "Make them enemies", "The model fits closely"):
        assert words in text
    assert text.index("Items beyond chance") < text.index(other) < text.index("Pairs that go together")
    card = read(tmp_path / "report" / "items" / f"{one}.html")
    assert any(link.endswith(f"{other}.html") for link in card.links)
    assert "make them enemies" in " ".join(card.text)


def test_times_stand_on_the_forms_page(tmp_path: Path, outputs: Callable[..., dict[str, Any]]) -> None:
    write_outputs(tmp_path, outputs(n_items=6, n_pilots=2))
    write_report(tmp_path)
    text = " ".join(" ".join(read(tmp_path / "report" / "forms.html").text).split())
    for expected in ("99 to 164", "7 %", "170 40 slowest 5 %: 6", "pace from the first tenth", ".82"):
        assert expected in text
    assert "Expected minutes" in text


def test_domain_scores_stand_on_the_forms_page(
    tmp_path: Path, outputs: Callable[..., dict[str, Any]]
) -> None:
    write_outputs(tmp_path, outputs(n_items=6, n_pilots=2))
    write_report(tmp_path)
    text = " ".join(" ".join(read(tmp_path / "report" / "forms.html").text).split())
    for expected in ("F1: what a score in one domain is worth", ".79", ".53", ".43 to .62"):
        assert expected in text
    assert "Uncertain by 3.7 points either way. A hint only." in text


def test_the_item_page_tells_time_and_how_probable_a_difference_is(
    tmp_path: Path, outputs: Callable[..., dict[str, Any]]
) -> None:
    results = outputs(n_items=6, n_pilots=2)
    write_outputs(tmp_path, results)
    write_report(tmp_path)
    text = " ".join(read(tmp_path / "report" / "items" / f"{results['dif.csv']['item_id'][0]}.html").text)
    text = " ".join(text.split())
    assert "middle half 32 s to 1 min 3 s, 7 % rapid" in text
    assert "Truly C" in text
    assert "A 3 %" in text


def test_decisions_stand_on_the_forms_page(tmp_path: Path, outputs: Callable[..., dict[str, Any]]) -> None:
    write_outputs(tmp_path, outputs(n_items=6, n_pilots=2))
    write_report(tmp_path)
    page = read(tmp_path / "report" / "forms.html")
    text = " ".join(" ".join(page.text).split())
    for expected in ("Pass and fail", "CSEM at cut", ".917", ".941"):
        assert expected in text


def test_results_of_different_data_are_said_to_be_mixed(
    tmp_path: Path, outputs: Callable[..., dict[str, Any]]
) -> None:
    results = outputs(n_items=6, n_pilots=2)
    results["run.json"]["provenance"] = {"data_hash": "aaa"}
    results["calibration.json"]["provenance"] = {"data_hash": "aaa"}
    results["analysis.json"] = {"provenance": {"data_hash": "aaa"}}
    write_outputs(tmp_path, results)
    assert "mixes results" not in " ".join(read(write_report(tmp_path)).text)
    write_outputs(tmp_path, {"analysis.json": {"provenance": {"data_hash": "bbb"}}})
    text = " ".join(" ".join(read(write_report(tmp_path)).text).split())
    assert "mixes results of different data: analysis.json" in text


def test_what_is_absent_is_said(tmp_path: Path, outputs: Callable[..., dict[str, Any]]) -> None:
    write_outputs(tmp_path, {"item_statistics.csv": outputs()["item_statistics.csv"]})
    reader = read(write_report(tmp_path))
    text = " ".join(" ".join(reader.text).split())
    assert "Not in this report" in text
    for command in ("calibrate", "pilots review", "assemble"):
        assert f"ciip-irt {command}" in text
    assert "pilots.html" not in reader.links


def test_only_contract_columns_are_needed(tmp_path: Path) -> None:
    write_outputs(tmp_path, {
        "item_statistics.csv": pl.DataFrame({"item_id": ["Q1"], "form_id": ["all"]}),
        "option_statistics.csv": pl.DataFrame({"item_id": ["Q1"], "option": ["A"]}),
        "pilot_decisions.csv": pl.DataFrame({"item_id": ["Q1"], "decision": ["hold"]}),
        "flags.csv": pl.DataFrame({"item_id": ["Q1"], "flag": ["odd"]}),
        "form_summary.csv": pl.DataFrame({"form_id": ["A"]}),
        "forms.csv": pl.DataFrame({"form_id": ["A"], "item_id": ["Q1"]}),
        "parameters.csv": pl.DataFrame({"item_id": ["Q1"], "parameter": ["b"]}),
        "observed_proportions.csv": pl.DataFrame({"item_id": ["Q1"], "group": [1]}),
    })  # fmt: skip
    write_report(tmp_path)
    for path in pages_of(tmp_path).values():
        read(path)


def test_tables_without_rows_are_no_trouble(tmp_path: Path, outputs: Callable[..., dict[str, Any]]) -> None:
    results = outputs()
    empty = {name: frame.clear() for name, frame in results.items() if isinstance(frame, pl.DataFrame)}
    write_outputs(tmp_path, {**results, **empty})
    write_report(tmp_path)
    assert "No item was flagged." in " ".join(read(tmp_path / "report" / "flags.html").text)


@pytest.mark.parametrize("make", ["absent", "file", "empty"])
def test_a_folder_without_results_is_an_error_with_a_remedy(tmp_path: Path, make: str) -> None:
    folder = tmp_path / "out"
    if make == "file":
        folder.write_text("x", encoding="utf-8")
    if make == "empty":
        folder.mkdir()
    with pytest.raises(InputError) as caught:
        write_report(folder)
    (problem,) = caught.value.problems
    assert problem.where == str(folder)
    assert "ciip-irt run" in problem.remedy
    assert not (folder / "report").exists()


def test_all_damaged_files_are_named_at_once_and_nothing_is_written(folder: Path) -> None:
    (folder / "run.json").write_text("{", encoding="utf-8")
    (folder / "calibration.json").write_text("[1]", encoding="utf-8")
    (folder / "flags.csv").write_text("item,flag\nQ1,odd\n", encoding="utf-8")
    (folder / "curves.csv").write_text("form_id,theta,information\nF1,zero,1\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        write_report(folder)
    named = {Path(problem.where).name for problem in caught.value.problems}
    assert named == {"run.json", "calibration.json", "flags.csv", "curves.csv"}
    assert all(problem.remedy for problem in caught.value.problems)
    assert not (folder / "report").exists()


def test_sorting_and_filtering_have_what_they_need(folder: Path) -> None:
    write_report(folder)
    html = (folder / "report" / "items.html").read_text(encoding="utf-8")
    reader = read(folder / "report" / "items.html")
    names = {value for tag, name, value in reader.attributes if tag in ("select", "input") and name == "name"}
    assert names == {"text", "domain", "status", "flag"}
    assert reader.ids == ["items"]
    row = {name: value for tag, name, value in reader.attributes if tag == "tr" and name.startswith("data-")}
    assert set(row) == {"data-domain", "data-status", "data-flag"}
    assert "data-sortable" in html
    assert 'data-sort="number"' in html


def in_browser(page: Path, fragment: str = "") -> str:
    """The page as Chromium has it after running its script; skips where there is no Chromium."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium on this machine: the script of the tables was not run")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
               "--disable-background-networking", "--disable-component-update", "--disable-quic",
               f"--user-data-dir={page.parent / 'profile'}"]  # fmt: skip
    command = [browser, *options, "--dump-dom", f"{page.as_uri()}{fragment}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    except (subprocess.SubprocessError, OSError) as error:
        pytest.skip(f"Chromium does not start here ({error}): the script of the tables was not run")
    return done.stdout


def test_the_table_filters_by_its_address_under_its_policy(folder: Path) -> None:
    write_report(folder)
    dom = in_browser(folder / "report" / "items.html", "#status=pilot")
    assert dom.count("<tr data-domain") == 24
    assert len(re.findall(r"<tr [^>]*hidden", dom)) == 18
    assert "6 of 24 items" in dom


def test_the_table_sorts_by_number_unknown_last(folder: Path) -> None:
    statistics = pl.read_csv(folder / "item_statistics.csv").with_columns(
        pl.when(pl.col("item_id") != "Q0003").then("p").alias("p")
    )
    write_outputs(folder, {"item_statistics.csv": statistics})
    write_report(folder)
    page = folder / "report" / "items.html"
    # A copy without the policy, with a script that clicks on the header of p twice.
    html = re.sub(r"<meta http-equiv=[^>]*>", "", page.read_text(encoding="utf-8"))
    clicks = "const p = document.querySelectorAll('th button')[4]; p.click(); p.click();"
    copy = page.with_name("clicked.html")
    copy.write_text(html.replace("</body>", f"<script>{clicks}</script></body>"), encoding="utf-8")
    shown = re.findall(r'href="items/(Q\d+)\.html"', in_browser(copy))
    pooled = statistics.filter(pl.col("form_id") == "all")
    expected = pooled.sort("p", descending=True, nulls_last=True, maintain_order=True)
    assert shown == expected["item_id"].to_list()


def test_needs_say_what_is_thin_and_what_pilots_may_bring(
    tmp_path: Path, outputs: Callable[..., dict[str, Any]]
) -> None:
    results = outputs(n_items=6, n_pilots=2)
    write_outputs(tmp_path, {"bank_needs.csv": results["bank_needs.csv"]})
    write_report(tmp_path)
    text = " ".join(" ".join(read(tmp_path / "report" / "needs.html").text).split())
    for words in ("Scored items are lacking:", ", hard (1 of 3).", "Easy is below −1.00 logits", "2.4"):
        assert words in text


def test_the_forms_page_says_how_often_items_are_used(
    tmp_path: Path, outputs: Callable[..., dict[str, Any]]
) -> None:
    results = outputs(n_items=6, n_pilots=2)
    write_outputs(tmp_path, results)
    write_report(tmp_path)
    [text] = [
        path.read_text(encoding="utf-8")
        for name, path in pages_of(tmp_path).items()
        if "forms.html" in str(path)
    ]
    assert "How often items are used" in text
    assert '<td class="n">2</td><td class="n">100 %</td><td class="n">1</td>' in text


def test_groups_are_told_with_what_dif_adds_up_to(folder: Path) -> None:
    write_report(folder)
    page = pages_of(folder)["groups.html"].read_text(encoding="utf-8")
    assert "1 group: online on form 2024-A" in page
    assert "83.3 %" in page
    assert "−1.3 <small>−2.2 to −.4</small>" in page
    poor = pl.DataFrame({"form_id": ["A"], "grouping": ["region"], "group": ["<b>X</b>"]})
    poor.write_csv(folder / "group_summary.csv")
    write_report(folder)
    assert "<b>X</b>" not in pages_of(folder)["groups.html"].read_text(encoding="utf-8")
