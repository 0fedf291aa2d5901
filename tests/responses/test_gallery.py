"""Files as programs and people write them: dropped into tests/examples/logs, each is a test.

``read/NAME`` must give what ``read/NAME.json`` says, ``refused/NAME`` must be refused with the words of
``refused/NAME.json``. All of ``read`` hold the same small exam, so that the same totals must come out of
every layout; ``says`` are words of how the file was read.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ciip_irt.errors import CiipError, InputError, Problem
from ciip_irt.responses import Choices, Ingested, ingest, mapping_text, read_mapping, score

LOGS = Path(__file__).parents[1] / "examples" / "logs"


def named(folder: str) -> list[str]:
    return sorted(path.name.removesuffix(".json") for path in (LOGS / folder).glob("*.json"))


def expected(folder: str, name: str) -> dict[str, Any]:
    return json.loads((LOGS / folder / f"{name}.json").read_text("utf-8"))


def totals(read: Ingested) -> dict[str, float]:
    assert read.bank is not None
    scored = score(read.responses, read.bank, candidates=read.candidates)
    return dict(zip(scored.deliveries["candidate_id"], scored.totals.tolist(), strict=True))


def without_zeros(found: dict[str, float]) -> dict[str, float]:
    return {re.sub(r"\s", "", name): total for name, total in found.items()}


@pytest.mark.parametrize("name", named("read"))
def test_read(name: str, tmp_path: Path) -> None:
    want = expected("read", name)
    read = ingest(LOGS / "read" / name)
    assert without_zeros(totals(read)) == want["totals"]
    assert read.bank is not None
    assert read.bank.items.height == want["items"]
    assert (read.bank.items["options"] == "01").all() == want.get("marks", False)
    if "median_time" in want:
        assert read.responses["time_s"].median() == want["median_time"]
    if "domains" in want:
        assert read.bank.items["domain"].n_unique() == want["domains"]
    if not read.readings:
        assert not want.get("says")
        return
    said = read.readings[0].summary()
    assert len(said.splitlines()) <= 12
    for words in want.get("says", ()):
        assert words in said
    for words in want.get("never", ()):
        assert words not in read.candidates.write_csv() + read.responses.write_csv()
    (tmp_path / "mapping.toml").write_text(mapping_text(read.readings[0]), encoding="utf-8")
    again = ingest(LOGS / "read" / name, mapping=read_mapping(tmp_path / "mapping.toml"))
    assert again.responses.equals(read.responses)
    assert again.candidates.equals(read.candidates)
    assert totals(again) == totals(read)


def with_key(read: Ingested) -> None:
    """As commands do that score: a log without any key is refused."""
    if read.bank is None:
        raise InputError(Problem("no key is found in the log", remedy="Give it with --key."))


@pytest.mark.parametrize("name", named("refused"))
def test_refused(name: str) -> None:
    with pytest.raises(CiipError) as caught:
        with_key(ingest(LOGS / "refused" / name))
    for words in expected("refused", name)["says"]:
        assert words in str(caught.value)


@pytest.mark.parametrize("name", [name for name in named("refused") if "hint" in expected("refused", name)])
def test_what_could_be_the_key_is_said(name: str) -> None:
    assert expected("refused", name)["hint"] in ingest(LOGS / "refused" / name).readings[0].hint


def test_the_gallery_is_large_enough() -> None:
    assert len(named("read")) + len(named("refused")) >= 40


def test_a_person_called_key_stays_when_the_key_row_is_said() -> None:
    read = ingest(LOGS / "refused" / "two_people_called_key.csv", choices=Choices(key_row=2))
    assert "Key" in read.candidates["candidate_id"].to_list()
    assert read.candidates.height == 14
