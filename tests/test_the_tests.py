"""The tests' own syntax: what cannot fail is no test."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
FILES = sorted(path for path in TESTS.rglob("*.py") if "0.1.0" not in path.parts)

FREE_OF_OUTCOME = (ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.JoinedStr, ast.Lambda)
"""Expressions whose truth is known before anything ran; a list is one because it is not compared."""


def constant(node: ast.expr) -> bool:
    """Whether an expression is made of constants alone, as ``'1 anchor' in '41 anchors'`` is."""
    return not any(
        isinstance(part, ast.Name | ast.Attribute | ast.Call | ast.Subscript | ast.Await)
        for part in ast.walk(node)
    )


def always_true(test: ast.expr) -> str | None:
    """Why an asserted condition cannot be false, as far as syntax shows."""
    if isinstance(test, FREE_OF_OUTCOME) or constant(test):
        return "asserts a constant"
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        return "asserts one thing or another: decide which"
    if isinstance(test, ast.BoolOp):
        return next((why for part in test.values if (why := always_true(part))), None)
    if isinstance(test, ast.Compare):
        # what is called twice may be two things
        sides = [
            ast.dump(side) if not any(called(side)) else object() for side in (test.left, *test.comparators)
        ]
        if any(
            first == second and not isinstance(op, ast.Lt | ast.Gt | ast.NotEq | ast.IsNot | ast.NotIn)
            for first, second, op in zip(sides, sides[1:], test.ops, strict=False)
        ):
            return "compares a thing with itself"
        length = isinstance(test.left, ast.Call) and getattr(test.left.func, "id", "") == "len"
        bound = test.comparators[0]
        if (
            length
            and isinstance(test.ops[0], ast.GtE)
            and isinstance(bound, ast.Constant)
            and bound.value == 0
        ):
            return "no length is below 0"
        named = {ast.unparse(side) for side in (test.left, bound)} & {"True", "False"}
        if named and isinstance(test.ops[0], ast.In):
            return "asserts that a truth value is one"
    return None


def silent(handler: ast.ExceptHandler) -> bool:
    """Whether an exception is caught and nothing is done."""
    return all(
        isinstance(step, ast.Pass) or (isinstance(step, ast.Expr) and isinstance(step.value, ast.Constant))
        for step in handler.body
    )


def called(function: ast.AST) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


ASSERTING = ("pytest.raises", "pytest.warns", "pytest.fail", "np.testing.", "assert_")
"""Calls that fail where an expectation is not met, by the beginning of their name."""


def asserts(function: ast.AST, known: set[str]) -> bool:
    """Whether a function can fail by an expectation: its own, or that of a function ``known`` to have one."""
    return any(isinstance(node, ast.Assert) for node in ast.walk(function)) or any(
        name.startswith(ASSERTING) or name.split(".")[-1] in known for name in called(function)
    )


def asserting_functions(tree: ast.Module) -> set[str]:
    """Functions and fixtures of a file that have an expectation, also by way of another one."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    known: set[str] = set()
    while True:
        more = {f.name for f in functions if f.name not in known and asserts(f, known)}
        if not more:
            return known
        known |= more


def faults(source: str, known: set[str] = frozenset()) -> list[str]:  # type: ignore[assignment]
    """``line: what`` for everything in a file of tests that makes a test unable to fail."""
    tree = ast.parse(source)
    own = asserting_functions(tree) | known
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert) and (why := always_true(node.test)):
            found.append(f"{node.lineno}: {why}")
        if isinstance(node, ast.ExceptHandler) and silent(node):
            found.append(f"{node.lineno}: catches an exception and does nothing")
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and not asserts(node, own):
            fixtures = {argument.arg for argument in node.args.args}
            if not fixtures & own:
                found.append(f"{node.lineno}: {node.name} asserts nothing")
    return found


def shared_checks(path: Path) -> set[str]:
    """Asserting functions and fixtures of the ``conftest.py`` files that a test file sees."""
    folders = [folder for folder in path.parents if folder == TESTS or TESTS in folder.parents]
    files = [folder / "conftest.py" for folder in folders if (folder / "conftest.py").exists()]
    return set().union(*(asserting_functions(ast.parse(file.read_text("utf-8"))) for file in files))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TESTS)))
def test_no_test_is_unable_to_fail(path: Path) -> None:
    assert faults(path.read_text("utf-8"), shared_checks(path)) == []


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("assert a or b", "one thing or another"),
        ("assert c and (a or b)", "one thing or another"),
        ("assert '1 anchor' in '41 anchors'", "constant"),
        ("assert 'text'", "constant"),
        ("assert (a == 1, 'said')", "constant"),
        ("assert [x for x in y]\n    assert [a]", "constant"),
        ("assert x == x", "with itself"),
        ("assert x.size <= x.size", "with itself"),
        ("assert len(x) >= 0", "below 0"),
        ("assert x in (True, False)\n    assert True", "constant"),
        ("x = 1", "asserts nothing"),
        ("helper()", "asserts nothing"),
        ("try:\n        assert x\n    except ValueError:\n        pass", "does nothing"),
    ],
)
def test_what_cannot_fail_is_found(body: str, why: str) -> None:
    (found,) = faults(f"def helper():\n    return 1\n\ndef test_x(x):\n    {body}\n")
    assert why in found


@pytest.mark.parametrize(
    "body",
    [
        "assert a",
        "assert x != y",
        "assert 'said' in said",
        "assert x == [1]",
        "with pytest.raises(ValueError):\n        f()",
        "np.testing.assert_allclose(x, y)",
        "checked()",
        "assert not (a or b)",
        "assert made() == made()",
    ],
)
def test_what_can_fail_is_left_alone(body: str) -> None:
    source = f"def checked():\n    inner()\n\ndef inner():\n    assert x\n\ndef test_x(x):\n    {body}\n"
    assert faults(source) == []
