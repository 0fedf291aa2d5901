"""Whatever a message tells a person to write into a TOML file is TOML."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "ciip_irt"
LINE = re.compile(
    r"(?<![\w.(])([a-z_]+(?:\.[a-z_]+)?) = "
    r"(\"[^\"]*\"|\[(?:[^\[\]]|\[[^\]]*\])*\]|\{[^}]*\}|true|false|-?\d[\d.]*)"
)


def text_of(node: ast.AST) -> str | None:
    """The text of a literal; what is filled in at run time is a word."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(v.value) if isinstance(v, ast.Constant) else "filled" for v in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts = text_of(node.left), text_of(node.right)
        return None if None in parts else "".join(map(str, parts))
    return None


def docstrings(tree: ast.AST) -> set[int]:
    """Every text that stands alone as a statement."""
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def texts() -> Iterator[tuple[str, str]]:
    """Every text of the program that is no docstring and no part of a larger one."""
    for file in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(file.read_text("utf-8"))
        seen = docstrings(tree)
        for node in ast.walk(tree):
            if id(node) in seen:
                continue
            text = text_of(node)
            if text is not None:
                seen |= {id(part) for part in ast.walk(node)}
                yield f"{file.relative_to(SOURCE).as_posix()}:{getattr(node, 'lineno', 0)}", text


LINES = [(where, found[0].rstrip(".;:,)")) for where, text in texts() for found in LINE.finditer(text)]


def test_there_are_remedies_to_look_at() -> None:
    assert len(LINES) > 30


@pytest.mark.parametrize(("where", "line"), LINES, ids=[f"{where} {line}"[:70] for where, line in LINES])
def test_a_line_of_a_remedy_is_toml(where: str, line: str) -> None:  # noqa: ARG001 - in the test's name
    # a word that is filled in is a key, a text or a number
    assert any(map(is_toml, (line.replace("filled", word) for word in ("filled", '"filled"', "0")))), line


def is_toml(line: str) -> bool:
    try:
        tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return False
    return True
