"""``ciip-irt check`` as people and CI call it: files, patterns, loudness, formats, start-up."""

import json
import subprocess
import sys

import polars as pl
import pytest

from ciip_irt.cli import main

BLUEPRINT = """\
name = "six"
outline = "2"
effective = "2025"
length = 6
testing_time_minutes = 10

[domains.A]
name = "Procurement"
count = 3
[domains.B]
name = "Operations"
count = 3

[constraints]
max_overlap = 0.5
max_overlap_earlier = 0.0
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A bank of 24 items and two forms that conform, in the folder that the command runs in."""
    monkeypatch.chdir(tmp_path)
    items = pl.DataFrame(
        {"item_id": [f"I{i:02d}" for i in range(24)], "domain": ["A", "B"] * 12, "status": "scored",
         "key": "A", "options": "ABCD", "expected_time_s": 60}
    )  # fmt: skip
    items.write_csv("items.csv")
    (tmp_path / "six.toml").write_text(BLUEPRINT)
    (tmp_path / "forms").mkdir()
    write("forms/a.csv", "A", range(6))
    write("forms/b.csv", "B", range(6, 12))
    return tmp_path


def write(path, form_id, numbers):
    table(form_id, numbers).write_csv(path)


def table(form_id, numbers):
    numbers = list(numbers)
    return pl.DataFrame(
        {"form_id": form_id, "position": range(1, len(numbers) + 1),
         "item_id": [f"I{i:02d}" for i in numbers], "role": "scored",
         "domain": ["AB"[i % 2] for i in numbers]}
    )  # fmt: skip


def check(capsys, *arguments):
    code = main(["check", *arguments, "--items", "items.csv", "--blueprint", "six.toml"])
    out, err = capsys.readouterr()
    return code, out, err


def test_patterns_are_read_and_no_file_counts_twice(folder, capsys):
    expected = (0, "2 forms checked: nothing found; 2 forms conform.\n", "")
    assert check(capsys, "forms/*.csv") == expected
    assert check(capsys, "forms/a.csv", "forms/*.csv", str(folder / "forms" / "b.csv")) == expected
    assert check(capsys, "**/[ab].csv") == expected


def test_everything_wrong_with_the_files_is_said_at_once(folder, capsys):
    write("forms/c.csv", "A", range(6))
    (folder / "forms" / "d.csv").write_text("form_id,position\nX,1\n")
    (folder / "forms" / "e.xlsx").write_bytes(b"PK\x03\x04")
    code, out, err = check(capsys, "forms/*.csv", "nothing/*.csv", "forms/e.xlsx")
    assert (code, out) == (2, "")
    assert "nothing/*.csv: no file matches this pattern" in err
    assert "forms/c.csv: form A is in forms/a.csv already" in err
    assert "forms/d.csv:1: " in err
    assert "forms/e.xlsx: not an XLSX file, or a damaged one." in err


def test_quiet_and_verbose(capsys):
    assert check(capsys, "forms/*.csv", "--quiet") == (0, "", "")
    write("forms/c.csv", "C", range(5))
    code, out, _ = check(capsys, "forms/a.csv", "forms/c.csv", "--quiet")
    assert code == 1
    assert out.splitlines() == [
        "C: 5 scored items, blueprint needs 6 [length]",
        "C: B Operations: 2 items, blueprint needs 3 [domain_counts]",
        "C: 5 scored items in common with form A, blueprint allows 3 (50 % of 6) [overlap]",
    ]
    code, out, _ = check(capsys, "forms/a.csv", "--verbose")
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "A: 6 scored items, 0 pilot items"
    assert "  ok   length            the number of scored items is the blueprint's" in lines
    assert "  ok   time_budget       the expected time of all items fits the testing time" in lines
    assert (
        "  --   key_runs          no key comes more often running than the blueprint allows (not asked)"
        in lines
    )
    assert lines[-1] == "1 form checked: nothing found; 1 form conforms."
    _, out, _ = check(capsys, "forms/c.csv", "--verbose")
    assert "  no   length            the number of scored items is the blueprint's\n       5 scored" in out


def test_earlier_forms_are_given_as_files(folder, capsys):
    (folder / "archive").mkdir()
    write("archive/2024.csv", "old", [0, 13, 14, 15, 16, 17])
    code, out, _ = check(capsys, "forms/*.csv", "--earlier", "archive/*.csv")
    assert code == 1
    assert out.splitlines()[0] == (
        "A: 1 scored item in common with earlier form old, blueprint allows 0 [earlier_overlap]"
    )
    assert check(capsys, "forms/b.csv", "--earlier", "archive/2024.csv")[0] == 0


def test_a_form_that_names_another_outline(capsys):
    table("A", range(6)).with_columns(outline=pl.lit("1")).write_csv("forms/a.csv")
    code, out, _ = check(capsys, "forms/*.csv")
    assert code == 1
    assert out.startswith("A: the form is of outline 1, the blueprint of outline 2 [form_outline]\n")


def test_sarif_points_at_the_line_of_the_item(capsys):
    write("forms/c.csv", "C", [12, 13, 14, 15, 98, 17])
    code, out, _ = check(capsys, "forms/b.csv", "forms/c.csv", "--format", "sarif")
    assert code == 1
    log = json.loads(out)
    assert log["version"] == "2.1.0"
    [run] = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    [result] = run["results"]
    assert rules[result["ruleIndex"]] == result["ruleId"] == "unknown_item"
    assert result["level"] == "error"
    assert result["message"]["text"] == "C: I98 at position 5 is not in the bank"
    assert result["locations"] == [
        {"physicalLocation": {"artifactLocation": {"uri": "forms/c.csv"}, "region": {"startLine": 6}}}
    ]
    _, out, _ = check(capsys, "forms/b.csv", "forms/c.csv", "--format", "github")
    assert out == (
        "::error file=forms/c.csv,line=6,title=C unknown_item::C: I98 at position 5 is not in the bank\n"
    )


def test_lines_are_not_guessed_where_rows_were_emptied(folder, capsys):
    write("forms/c.csv", "C", [12, 13, 14, 15, 98, 17])
    header, first, *rest = (folder / "forms" / "c.csv").read_text().splitlines()
    (folder / "forms" / "c.csv").write_text("\n".join([header, first, ",,,,", *rest]) + "\n")
    _, out, _ = check(capsys, "forms/c.csv", "--format", "github")
    assert out.startswith("::error file=forms/c.csv,title=C unknown_item::")


def test_start_up_loads_neither_solver_nor_scipy_nor_plots(folder):
    """A target at the cut needs the curve, and the curve needs numpy alone."""
    (folder / "six.toml").write_text(
        BLUEPRINT + "\n[difficulty]\ntheta_cut = 0\n[difficulty.expected_score_at_cut]\ntolerance = 0.5\n"
    )
    bank = pl.read_csv("items.csv").with_columns(b=pl.lit(0.0))
    bank.write_csv("items.csv")
    code = (
        "import sys; from ciip_irt.cli import main;"
        " code = main(['check', 'forms/*.csv', '--items', 'items.csv', '--blueprint', 'six.toml']);"
        " heavy = {'highspy', 'matplotlib', 'jinja2', 'girth', 'scipy', 'openpyxl'} & set(sys.modules);"
        " sys.exit(code or ', '.join(sorted(heavy)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
