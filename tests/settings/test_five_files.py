"""The five kinds of file that a reader writes in TOML tell what is wrong with them in the same words."""

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ciip_irt.blueprint import load_blueprint
from ciip_irt.errors import InputError
from ciip_irt.job.exam import load_exam
from ciip_irt.pilots import load_policy
from ciip_irt.responses import read_mapping
from ciip_irt.scores import load_scale

SAMPLES = Path(__file__).resolve().parents[2] / "data/samples"


class Kind(NamedTuple):
    """A sound file of a kind: its reader, its text, a key to misspell, and a number."""

    load: Callable[[Path], Any]
    text: str
    key: str
    misspelt: str
    number: str


def shipped(room: str, name: str) -> str:
    return (files(room) / name).read_text("utf-8")


KINDS = {
    "blueprint": Kind(
        load_blueprint, shipped("ciip_irt.blueprint", "blueprints/ciip-2024.toml"), "pilot_slots",
        "pilot_slot", "length",
    ),
    "policy": Kind(load_policy, shipped("ciip_irt.pilots", "policies/default.toml"), "doubt", "dubt",
                   "maximum_n"),
    "mapping": Kind(
        read_mapping,
        'format = "vendor-wide"\ntime_unit = "seconds"\n[[questions]]\nnumbers = [1, 20]\nresponse = "q{n}"\n'
        'item_id = "I{n}"\n',
        "time_unit", "time_units", "numbers",
    ),
    "exam": Kind(load_exam, (SAMPLES / "exam.toml").read_text("utf-8"), "purify", "purifi",
                 "n_forms"),
    "scale": Kind(
        load_scale,
        "at_cut = 500\nat_maximum = 800\nlowest = 200\nhighest = 800\ndecimals = 0\npassing = 500\n",
        "passing", "pasing", "at_maximum",
    ),
}  # fmt: skip


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


def complaint(kind: Kind, tmp_path: Path, content: str | bytes) -> list[str]:
    path = tmp_path / "ours.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError) as caught:
        kind.load(path)
    return [str(problem).replace(str(path), "ours.toml") for problem in caught.value.problems]


def line(text: str, key: str) -> int:
    return next(row for row, line in enumerate(text.splitlines(), start=1) if line.startswith(f"{key} ="))


def test_the_files_are_sound(kind: Kind, tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    path.write_text(kind.text)
    if kind.load is load_exam:
        path = SAMPLES / "exam.toml"
    assert kind.load(path)


def test_a_misspelt_key_is_told_with_its_line_and_the_nearest_one(kind: Kind, tmp_path: Path) -> None:
    text = kind.text.replace(f"\n{kind.key} =", f"\n{kind.misspelt} =", 1)
    row = line(text, kind.misspelt)
    found = [said for said in complaint(kind, tmp_path, text) if kind.misspelt in said]
    assert len(found) == 1
    place = found[0].removeprefix(f"ours.toml:{row}: ")
    assert place != found[0]
    assert place.split("] ")[-1] == f"{kind.misspelt}: unknown key. Did you mean {kind.key!r}?"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ('"many"', "not 'many'"),
        ("true", "not True"),
        ("[1, [2, [3]]]", "not [1, [2, [3]]]"),
        ("{ a = 1 }", "not {'a': 1}"),
        ("nan", "not nan"),
        ("-inf", "not -inf"),
        ("1e999", "not inf"),
        ("9" * 400, "not a whole number of about 400 digits"),
        ("1" + "_000" * 2000, "a number has too many digits"),
        ("2024-03-01", "not 2024-03-01"),
    ],
)
def test_a_number_that_is_none_is_told_with_its_line(
    kind: Kind, tmp_path: Path, value: str, said: str
) -> None:
    row = line(kind.text, kind.number)
    text = kind.text.replace(kind.text.splitlines()[row - 1], f"{kind.number} = {value}")
    mine = [one for one in complaint(kind, tmp_path, text) if one.startswith(f"ours.toml:{row}: ")]
    assert len(mine) == 1
    assert said in mine[0]


def test_what_is_no_toml_is_told_with_its_line(kind: Kind, tmp_path: Path) -> None:
    row = kind.text.count("\n") + 1
    assert complaint(kind, tmp_path, kind.text + "key = = 1\n")[0].startswith(
        f"ours.toml:{row}: not valid TOML: "
    )
    assert complaint(kind, tmp_path, kind.text + 'key = "open')[0].startswith(
        f"ours.toml:{row}: not valid TOML: "
    )
    assert complaint(kind, tmp_path, kind.text + "key = " + "[" * 5000) == [
        f"ours.toml:{row}: brackets within brackets, too deep. No setting needs more than four levels."
    ]
    assert complaint(kind, tmp_path, kind.text.encode() + b'key = "\xff"\n') == [
        f"ours.toml:{row}: the file is not UTF-8 text. Save it as UTF-8."
    ]


def test_control_characters_are_no_text(kind: Kind, tmp_path: Path) -> None:
    said = complaint(kind, tmp_path, '"\\u001b[31mred" = 1\n' + kind.text)
    assert said[0].startswith(r"ours.toml:1: '\x1b[31mred': unknown key")
    assert "\x1b" not in "".join(said)


def test_everything_is_told_at_once_in_the_order_of_the_file(kind: Kind, tmp_path: Path) -> None:
    text = "zzz = 1\n" + kind.text.replace(f"\n{kind.key} =", f"\n{kind.misspelt} =", 1) + "\n[qqq]\n"
    if kind.load is load_scale:
        text = text.replace("[qqq]", "qqq = 2")
    rows = [
        int(said.split(":")[1]) for said in complaint(kind, tmp_path, text) if said.split(":")[1].isdigit()
    ]
    assert rows == sorted(rows)
    assert {1, line(text, kind.misspelt), text.count("\n")} <= set(rows)


@pytest.mark.parametrize("name", ["x" * 300 + ".toml", "a\0b.toml", "\udcff.toml", "."])
def test_names_that_no_file_has(kind: Kind, name: str) -> None:
    with pytest.raises(InputError, match="there is no such "):
        kind.load(Path(name))
