"""The house as a whole: what opens when, what is public, what is registered, what stays frozen."""

import ast
import dataclasses
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import ciip_irt
from ciip_irt import errors
from ciip_irt.cli import COMMANDS, main

PROJECT = Path(__file__).resolve().parents[1]
HEAVY = ("numpy", "scipy", "polars", "matplotlib", "highspy", "girth", "jinja2")


def loaded_after(code: str) -> set[str]:
    program = f"import sys\n{code}\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=PROJECT, check=False
    )
    return set(done.stderr.split())


def test_help_starts_without_the_heavy_packages() -> None:
    assert not loaded_after("from ciip_irt.cli import main; main(['--help'])").intersection(HEAVY)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_starts_without_the_heavy_packages(command: str) -> None:
    asked = [*command.split(), "--help"]
    code = f"from ciip_irt.cli import main\ntry:\n    main({asked!r})\nexcept SystemExit:\n    pass"
    assert not loaded_after(code).intersection(HEAVY)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*command.split(), "--help"])
    assert caught.value.code == 0
    said = capsys.readouterr().out
    assert f"ciip-irt {command}" in said
    assert len(said.splitlines()) > 5


def test_check_needs_neither_solver_nor_figures(tmp_path: Path) -> None:
    (tmp_path / "forms.csv").write_text("form_id,position,item_id,role,domain\nF,1,A001,scored,A\n")
    items = PROJECT / "data" / "samples" / "items.csv"
    arguments = ["check", str(tmp_path / "forms.csv"), "--blueprint", "ciip-2024", "--items", str(items)]
    loaded = loaded_after(f"from ciip_irt.cli import main\nassert main({arguments!r}) == 1")
    assert "ciip_irt.forms.checking.check" in loaded
    assert not loaded.intersection(
        {"highspy", "matplotlib", "girth", "jinja2", "scipy.optimize", "scipy.stats"}
    )


FACED = (
    "bank", "blueprint", "calibration", "classical", "forms", "irt", "item_analysis", "pilots", "plots",
    "report", "responses", "scores", "simulate", "tables",
)  # fmt: skip
"""Rooms whose names others take from a face: the room's ``__init__`` or that of a room inside it.

All but ``cli``, which nothing imports, and ``job``, whose steps the commands import one by one to start fast.
"""


def imports_past_a_face(source: Path, package: Path) -> list[str]:
    """``file:line: module`` wherever a room reaches into a file of another room of ``FACED``."""
    found = []
    for file in sorted(source.rglob("*.py")):
        own = file.relative_to(source).parts[0]
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("ciip_irt."):
                continue
            room, *inner = node.module.split(".")[1:]
            if room in FACED and room != own and not package.joinpath(room, *inner).is_dir():
                found.append(f"{file.relative_to(source)}:{node.lineno}: {node.module}")
    return found


MOST_FILES = 16  # a listing that can be taken in, the face included
REGISTRIES = ("cli", "forms/constraints")
"""One file a case: they grow with what the program can do, and their names say all there is to say."""


def test_no_folder_lists_more_than_can_be_taken_in() -> None:
    package = PROJECT / "src" / "ciip_irt"
    sizes = {
        path.parent.relative_to(package).as_posix(): len(list(path.parent.glob("*.py")))
        for path in package.rglob("__init__.py")
    }
    assert {room: n for room, n in sizes.items() if n > MOST_FILES and room not in REGISTRIES} == {}


def test_rooms_are_entered_by_their_faces() -> None:
    package = PROJECT / "src" / "ciip_irt"
    assert imports_past_a_face(package, package) == []


def test_no_name_of_a_lazy_face_is_a_file_beside_it() -> None:
    """Whichever is imported first would hide the other."""
    for stub in sorted((PROJECT / "src").rglob("__init__.pyi")):
        files = {path.stem for path in stub.parent.iterdir()}
        imports = [
            node for node in ast.walk(ast.parse(stub.read_text("utf-8"))) if isinstance(node, ast.ImportFrom)
        ]
        hidden = [name.name for node in imports if node.module for name in node.names if name.name in files]
        assert hidden == [], stub


def test_an_import_past_a_face_is_found(tmp_path: Path) -> None:
    (tmp_path / "job").mkdir()
    (tmp_path / "job" / "x.py").write_text("from ciip_irt.irt.curves import expected_score\n")
    (tmp_path / "irt").mkdir()
    (tmp_path / "irt" / "y.py").write_text("from ciip_irt.irt.curves import expected_score\n")
    assert imports_past_a_face(tmp_path, PROJECT / "src" / "ciip_irt") == [
        str(Path("job", "x.py")) + ":1: ciip_irt.irt.curves"
    ]


def test_everything_public_is_there_and_documented() -> None:
    assert sorted(ciip_irt.__all__) == ciip_irt.__all__
    assert set(dir(ciip_irt)) == set(ciip_irt.__all__)
    for name in ciip_irt.__all__:
        thing = getattr(ciip_irt, name)
        assert inspect.getdoc(thing), name
    with pytest.raises(AttributeError, match="calibrat"):
        _ = ciip_irt.calibrat  # type: ignore[attr-defined]


ERRORS = {name for name in errors.__all__ if inspect.isclass(getattr(errors, name))}
PUBLIC = {name: getattr(ciip_irt, name) for name in ciip_irt.__all__}
FUNCTIONS = [name for name in ciip_irt.__all__ if name[0].islower() and not inspect.ismodule(PUBLIC[name])]


def test_every_error_can_be_caught_by_its_name_at_the_top() -> None:
    assert set(ciip_irt.__all__) >= ERRORS


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_docstring_names_errors_that_are_there(name: str) -> None:
    named = set(re.findall(r"\b[A-Z]\w+(?:Error|Answer)\b", inspect.getdoc(PUBLIC[name]) or ""))
    assert named <= ERRORS


RAISES_NOTHING: set[str] = set()
"""Functions that have no input to refuse."""


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_public_function_has_an_example_and_names_its_errors(name: str) -> None:
    documented = inspect.getdoc(PUBLIC[name]) or ""
    assert ">>> " in documented
    assert ("Raises\n------" in documented) != (name in RAISES_NOTHING)


@pytest.mark.parametrize("name", [n for n in ciip_irt.__all__ if n[0].isupper() and n not in ERRORS])
def test_public_records_are_frozen_and_slotted(name: str) -> None:
    record = getattr(ciip_irt, name)
    assert dataclasses.is_dataclass(record), name
    assert record.__dataclass_params__.frozen, name
    assert "__slots__" in vars(record), name


RESULTS = (
    "Assembly",
    "Calibration",
    "Ingested",
    "ItemAnalysis",
    "ItemBank",
    "JobResult",
    "PilotReview",
    "ScoredResponses",
)


@pytest.mark.parametrize("name", RESULTS)
def test_results_show_themselves(name: str) -> None:
    for method in ("to_frame", "summary", "_repr_html_"):
        assert callable(getattr(getattr(ciip_irt, name), method)), method


def test_no_room_calls_itself_after_nothing() -> None:
    forbidden = {"utils", "util", "helpers", "core", "base", "manager", "engine", "context", "misc", "common"}
    names = {path.stem for path in (PROJECT / "src").rglob("*.py")} | {
        p.name for p in (PROJECT / "src").rglob("*") if p.is_dir()
    }
    assert not names.intersection(forbidden)


LONGEST_FUNCTION = 60  # lines besides the docstring: a screen, and as much as a reader holds in mind
LONGER: dict[str, str] = {}
"""Functions that may be longer, each with the reason."""


def functions_above(source: Path, lines: int) -> list[str]:
    """``file:function`` of every function with more lines than that, its docstring apart."""
    found = []
    for file in sorted(source.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            assert node.end_lineno is not None
            documented = node.body[0].end_lineno if ast.get_docstring(node) is not None else None
            spent = 0 if documented is None else documented - node.body[0].lineno + 1
            if node.end_lineno - node.lineno + 1 - spent > lines:
                found.append(f"{file.relative_to(source).as_posix()}:{node.name}")
    return found


def test_functions_fit_on_a_screen() -> None:
    assert functions_above(PROJECT / "src" / "ciip_irt", LONGEST_FUNCTION) == sorted(LONGER)


def test_a_long_function_is_found_and_its_docstring_not_counted(tmp_path: Path) -> None:
    body = "    pass\n" * 59
    (tmp_path / "x.py").write_text(
        f'def fits():\n    """Says\n\n    much.\n    """\n{body}def is_long():\n    pass\n{body}'
    )
    assert functions_above(tmp_path, 60) == ["x.py:is_long"]


def is_number(value: ast.expr | None) -> bool:
    """Whether an expression is made of numbers alone, calls and containers included."""
    match value:
        case ast.Constant():
            return isinstance(value.value, int | float) and not isinstance(value.value, bool)
        case ast.UnaryOp():
            return is_number(value.operand)
        case ast.BinOp():
            return is_number(value.left) and is_number(value.right)
        case ast.Tuple() | ast.List():
            return bool(value.elts) and all(map(is_number, value.elts))
        case ast.Dict():
            return bool(value.values) and all(map(is_number, value.values))
        case ast.Call():
            return bool(value.args) and all(map(is_number, value.args))
    return False


def numbers_without_a_reason(source: Path) -> list[str]:
    """``file:line: NAME`` of module constants with no comment there or above, and no docstring below."""
    found = []
    for file in sorted(source.rglob("*.py")):
        text = file.read_text("utf-8")
        lines, body = text.splitlines(), ast.parse(text).body
        for node, after in zip(body, [*body[1:], None], strict=True):
            if not isinstance(node, ast.Assign | ast.AnnAssign) or not is_number(node.value):
                continue
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            if not isinstance(target, ast.Name) or not target.id.isupper():
                continue
            documented = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
            assert node.end_lineno is not None
            said = any("#" in line for line in lines[node.lineno - 1 : node.end_lineno])
            if not (documented or said or lines[node.lineno - 2].startswith("#")):
                found.append(f"{file.relative_to(source).as_posix()}:{node.lineno}: {target.id}")
    return found


def test_a_number_has_its_reason_beside_it() -> None:
    assert numbers_without_a_reason(PROJECT / "src" / "ciip_irt") == []


def test_a_number_without_a_reason_is_found(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text(
        "import numpy as np\n\nA = 3\nB = 4  # as many as there are\n# of a whole\nC = 0.5\n"
        'D = (1, 2)\n"""Both."""\nE: dict[str, float] = {"x": -1e-3}\nF = np.linspace(0.0, 1.0, 5)\n'
        'G = "text"\nH = True\n'
    )
    assert numbers_without_a_reason(tmp_path) == ["x.py:3: A", "x.py:9: E", "x.py:10: F"]
