"""Every reader of a settings file or table, on text made wrong: it answers or says what is wrong.

A few examples in each run of the suite; ``CIIP_IRT_FUZZ=20000 pytest tests/settings/test_fuzz.py`` for more.
"""

import os
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ciip_irt import CiipError
from ciip_irt.bank import read_bank
from ciip_irt.blueprint import describe, load_blueprint
from ciip_irt.job.exam import load_exam
from ciip_irt.pilots import load_policy, read_decisions
from ciip_irt.responses import read_mapping
from ciip_irt.scores.tables import load_scale
from ciip_irt.tables import FORMS, ITEM_FLAGS, ITEM_PARAMETERS, read_table

OLD = Path(__file__).parents[1] / "old_files" / "0.1.0"
EXAMPLES = int(os.environ.get("CIIP_IRT_FUZZ", "40"))
READERS: dict[str, Callable[[Path], Any]] = {
    "settings/exam.toml": load_exam,
    "settings/blueprint.toml": lambda path: describe(load_blueprint(path)),
    "settings/policy.toml": load_policy,
    "settings/scale.toml": load_scale,
    "spreadsheet/mapping.toml": read_mapping,
    "items.csv": read_bank,
    "results/forms.csv": lambda path: read_table(path, FORMS),
    "results/flags.csv": lambda path: read_table(path, ITEM_FLAGS),
    "results/parameters.csv": lambda path: read_table(path, ITEM_PARAMETERS),
    "results/pilot_decisions.csv": read_decisions,
}
ROWS = 12  # lines of a table that an example keeps
TOKEN = re.compile(r'"[^"\n]*"|[-\w.]+')
WORDS = (
    *("1e999", "-1", "0", "nan", "inf", "-inf", "1e308", "1e-308", "9" * 5000, "true", '""', "[]", "{}", "*"),
    *(
        "^.*$",
        "index",
        "\x00",
        "\x1b]0;x\x07",
        "\ufeff",
        "2025-13-45",
        "9999-12-31",
        "A|B",
        ";",
        ",",
        "\t",
        "\r",
    ),
    *(
        "\n",
        "'",
        '"',
        "[[",
        "]]",
        "[" * 200,
        "#",
        "\\",
        "1,5",
        "0x10",
        "2147483648",
        "domains",
        "..",
        "a" * 3000,
    ),
)
KINDS = ("replace", "insert", "drop", "twice", "cut", "swap")
EDITS = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, 10_000), st.sampled_from(WORDS)), min_size=1, max_size=4
)


def changed(text: str, edits: list[tuple[str, int, str]]) -> str:
    for kind, place, word in edits:
        lines = text.split("\n")
        tokens = list(TOKEN.finditer(text))
        at = place % len(lines)
        match kind:
            case "replace" if tokens:
                token = tokens[place % len(tokens)]
                text = text[: token.start()] + word + text[token.end() :]
            case "insert":
                here = place % (len(text) + 1)
                text = text[:here] + word + text[here:]
            case "drop":
                text = "\n".join(lines[:at] + lines[at + 1 :])
            case "twice":
                text = "\n".join([*lines[: at + 1], *lines[at:]])
            case "cut":
                text = text[: place % (len(text) + 1)]
            case "swap":
                lines[at], lines[0] = lines[0], lines[at]
                text = "\n".join(lines)
    return text


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example("results/pilot_decisions.csv", [("replace", 0, "\r")], "utf-8")
@example("settings/blueprint.toml", [("cut", 0, "")], "utf-8")
@example("results/pilot_decisions.csv", [("cut", 0, ""), ("insert", 0, "\ufeff")], "utf-16")
@given(st.sampled_from(sorted(READERS)), EDITS, st.sampled_from(["utf-8"] * 4 + ["utf-16", "cp1252"]))
def test_a_reader_answers_or_says_what_is_wrong(
    tmp_path_factory: pytest.TempPathFactory, name: str, edits: list[tuple[str, int, str]], encoding: str
) -> None:
    text = (OLD / name).read_text("utf-8")
    if name.endswith(".csv"):
        text = "\n".join(text.split("\n")[:ROWS])
    path = tmp_path_factory.mktemp("fuzz") / Path(name).name
    path.write_bytes(changed(text, edits).encode(encoding, errors="replace"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        said = None
        try:
            READERS[name](path)
        except CiipError as error:
            said = str(error)
    if said is not None:
        assert said.strip()
        assert "\x1b" not in said
