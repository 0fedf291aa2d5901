"""What an item-bank repository uses as it stands: pytest helper, pre-commit hook, GitHub Action, example."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
import yaml

from ciip_irt.blueprint.reading import load_blueprint
from ciip_irt.cli import main
from ciip_irt.errors import InputError
from ciip_irt.forms.testing import assert_form_conforms

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLE = PROJECT / "docs" / "examples" / "item-bank"
FAULTS = [
    "2025-autumn: B999 at position 1 is not in the bank [unknown_item]",
    "2025-autumn: A Procurement: 4 items, blueprint needs 3 [domain_counts]",
    "2025-autumn: C Image Management: 3 items, blueprint needs 4 to 5 [domain_counts]",
    "2025-autumn: key A: 0 scored items, blueprint needs 2 to 4 [key_balance]",
    "2025-autumn: key D: 5 scored items, blueprint needs 2 to 4 [key_balance]",
]


@pytest.fixture
def repository(tmp_path, monkeypatch):
    shutil.copytree(EXAMPLE, tmp_path / "bank-repository")
    monkeypatch.chdir(tmp_path / "bank-repository")
    return tmp_path / "bank-repository"


def read_yaml(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_the_helper_says_what_the_command_prints(repository, capsys):
    given = {"blueprint": "blueprint.toml", "items": repository / "bank" / "items.csv"}
    with pytest.raises(AssertionError) as caught:
        assert_form_conforms("drafts/2025-autumn.csv", **given)
    arguments = ["drafts/2025-autumn.csv", "--blueprint", "blueprint.toml", "--items", "bank/items.csv"]
    assert main(["check", *arguments]) == 1
    assert str(caught.value) + "\n" == capsys.readouterr().out
    assert str(caught.value).splitlines()[:-1] == FAULTS


def test_the_helper_takes_tables_and_files_and_more_than_one():
    items = pl.read_csv(EXAMPLE / "bank" / "items.csv", infer_schema=False)
    forms = pl.read_csv(EXAMPLE / "forms" / "2025-spring-a.csv", infer_schema=False)
    blueprint = load_blueprint(EXAMPLE / "blueprint.toml")
    assert_form_conforms(forms, blueprint=blueprint, items=items, earlier=EXAMPLE / "archive" / "*.csv")
    files = sorted((EXAMPLE / "forms").glob("*.csv"))
    assert_form_conforms(files, blueprint=blueprint, items=items)
    renamed = forms.with_columns(form_id=pl.lit("before"))
    with pytest.raises(AssertionError, match="12 scored items in common with earlier form before"):
        assert_form_conforms(forms, blueprint=blueprint, items=items, earlier=renamed)


def test_the_helper_counts_warnings_where_asked_to():
    given = {"blueprint": EXAMPLE / "blueprint.toml", "items": EXAMPLE / "bank" / "items.csv"}
    forms = pl.read_csv(EXAMPLE / "forms" / "2025-spring-a.csv")
    short = forms.filter(pl.col("role") == "scored").with_columns(position=pl.int_range(1, pl.len() + 1))
    assert_form_conforms(short, **given)
    with pytest.raises(AssertionError, match="warning: 0 pilot items, 2 of 2 pilot slots are empty"):
        assert_form_conforms(short, **given, warnings=True)


def test_the_helper_moves_the_cut_and_refuses_what_is_no_form(tmp_path):
    given = {"blueprint": "ciip-2024", "items": EXAMPLE / "bank" / "items.csv"}
    with pytest.raises(InputError, match="no file matches this pattern"):
        assert_form_conforms(tmp_path / "*.csv", **given)
    cut = (EXAMPLE / "blueprint.toml").read_text() + (
        "\n[difficulty.expected_score_at_cut]\nvalue = 4.6\ntolerance = 0.5\n"
    )
    (tmp_path / "cut.toml").write_text(cut)
    form = EXAMPLE / "forms" / "2025-spring-a.csv"
    assert_form_conforms(form, blueprint=tmp_path / "cut.toml", items=given["items"])
    with pytest.raises(AssertionError, match=r"expected score at the cut is .* too high"):
        assert_form_conforms(form, blueprint=tmp_path / "cut.toml", items=given["items"], theta_cut=1.0)


def test_the_example_tests_pass(repository):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_hook_runs_in_the_example(repository, capsys):
    [hook] = read_yaml(PROJECT / ".pre-commit-hooks.yaml")
    [use] = read_yaml(repository / ".pre-commit-config.yaml")["repos"][0]["hooks"]
    assert use["id"] == hook["id"]
    program, *command = hook["entry"].split()
    assert program == "ciip-irt"
    assert hook["language"] == "python"
    assert hook["pass_filenames"] is False
    assert main([*command, *use["args"]]) == 0
    assert capsys.readouterr().out == "2 forms checked: nothing found; 2 forms conform.\n"
    for changed in ("forms/x.csv", "bank/items.parquet", "blueprint.toml"):
        assert re.search(hook["files"], changed)
    assert not re.search(hook["files"], "README.md")
    shutil.copy(repository / "drafts" / "2025-autumn.csv", repository / "forms")
    assert main([*command, *use["args"]]) == 1


def test_the_manifest_is_one_that_pre_commit_takes():
    pytest.importorskip("pre_commit", reason="pre-commit comes with the lint extra")
    command = [sys.executable, "-m", "pre_commit", "validate-manifest", ".pre-commit-hooks.yaml"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def run_action(repository, **inputs):
    """The step that checks, with the inputs that GitHub would fill in, in the shell it would use."""
    action = read_yaml(PROJECT / "action.yml")
    step = next(step for step in action["runs"]["steps"] if step.get("name") == "Check forms")
    given = {name: value.get("default", "") for name, value in action["inputs"].items()} | inputs
    named = re.compile(r"\$\{\{ inputs\.([\w-]+) \}\}")
    values = {name: named.sub(lambda m: given[m[1]], text) for name, text in step["env"].items()}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=repository, env={**os.environ, **values, "PATH": path},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_the_action_annotates_and_writes_sarif(repository):
    given = {"blueprint": "blueprint.toml", "items": "bank/items.csv"}
    uses = read_yaml(repository / ".github" / "workflows" / "forms.yml")["jobs"]["check"]["steps"][1]["with"]
    done = run_action(repository, **uses)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert json.loads((repository / "forms.sarif").read_text())["runs"][0]["results"] == []
    done = run_action(repository, forms="forms/*.csv\ndrafts/*.csv", sarif="out.sarif", **given)
    assert done.returncode == 1
    first = done.stdout.splitlines()[0]
    assert first.startswith("::error file=drafts/2025-autumn.csv,line=2,title=2025-autumn unknown_item::")
    results = json.loads((repository / "out.sarif").read_text())["runs"][0]["results"]
    assert [result["message"]["text"] + f" [{result['ruleId']}]" for result in results][:5] == FAULTS
    done = run_action(repository, **{"forms": "drafts/*.csv", "theta-cut": "-1.5", **given})
    assert done.returncode == 1
    done = run_action(repository, forms="nothing/*.csv", sarif="out.sarif", **given)
    assert done.returncode == 2
    assert "no file matches this pattern" in done.stderr


def test_inputs_reach_the_shell_through_the_environment_only():
    action = read_yaml(PROJECT / "action.yml")
    text = (PROJECT / "action.yml").read_text()
    assert set(re.findall(r"inputs\.([\w-]+)", text)) == set(action["inputs"])
    assert all("${{" not in step.get("run", "") for step in action["runs"]["steps"])


def test_the_page_shows_the_files_of_the_example():
    page = (PROJECT / "docs" / "checking-forms.md").read_text()
    assert "\n".join(FAULTS) in page
    config = (EXAMPLE / ".pre-commit-config.yaml").read_text()
    assert config in page
    for line in page[page.index("bank/items.csv  ") : page.index("## By hand")].splitlines():
        if line and not line.startswith("```"):
            assert (EXAMPLE / line.split()[0]).exists()
