"""Names and addresses stay out of what is read, whichever file and layout has them, unless asked for."""

from pathlib import Path

import pytest

from ciip_irt.errors import InputError
from ciip_irt.responses import Choices, ColumnMapping, Ingested, ingest

ABOUT = {
    "Last name": "Zzvu", "Prénom": "Zzan", "Applicant Name": "Zzan Zzvu", "E-Mail-Adresse": "zz@example.org",
    "Contact": "zz2@example.org", "Date of Birth": "1970-01-31", "Mobile Phone": "+47 555", "Site": "Oslo",
}  # fmt: skip
HIDDEN = ("Zz", "zz@", "zz2@", "1970-01-31", "+47")


def csv(path: Path, *rows: list[str]) -> Path:
    path.write_text("\n".join(",".join(row) for row in rows) + "\n", encoding="utf-8")
    return path


def files(folder: Path) -> dict[str, tuple[Path, Path | None]]:
    names, cells = list(ABOUT), list(ABOUT.values())
    items, answers = ["Q1", "Q2", "Q3"], ["A", "B", "C"]
    people = ["c1", "c2", "c3"]
    long = [[who, q, a] for who in people for q, a in zip(items, answers, strict=True)]
    return {
        "wide": (
            csv(folder / "w.csv", ["id", *names, *items], *([p, *cells, *answers] for p in people)),
            None,
        ),
        "long": (
            csv(folder / "l.csv", ["student", "item", "response", *names], *([*r, *cells] for r in long)),
            None,
        ),
        "ours": (
            csv(
                folder / "o.csv",
                ["candidate_id", "item_id", "response", *names],
                *([*r, *cells] for r in long),
            ),
            None,
        ),
        "candidates": (
            csv(folder / "c.csv", ["candidate_id", "item_id", "response"], *long),
            csv(folder / "p.csv", ["candidate_id", *names], *([p, *cells] for p in people)),
        ),
    }


def everything(read: Ingested) -> str:
    tables = (read.candidates, read.responses, read.quarantine, read.exclusions)
    return "".join(table.write_csv() for table in tables) + read.summary() + str(read.counts)


@pytest.mark.parametrize("layout", ["wide", "long", "ours", "candidates"])
def test_names_stay_out(layout: str, tmp_path: Path) -> None:
    log, people = files(tmp_path)[layout]
    read = ingest(log, candidates=people)
    found = everything(read)
    assert not [word for word in HIDDEN if word in found]
    assert "Oslo" in found
    told = "\n".join((*read.notes, *(line for reading in read.readings for line in reading.said)))
    assert "left out, because they tell who a person is" in told


@pytest.mark.parametrize("layout", ["wide", "long", "ours", "candidates"])
def test_names_stay_where_they_are_asked_for(layout: str, tmp_path: Path) -> None:
    log, people = files(tmp_path)[layout]
    assert "Zzvu" in everything(ingest(log, candidates=people, choices=Choices(keep_names=True)))


def test_a_mapping_that_names_them_asks_for_them(tmp_path: Path) -> None:
    log = files(tmp_path)["ours"][0]
    plan = ColumnMapping.from_dict({"format": "long", "candidates": {"contact": "Contact"}})
    assert ingest(log, mapping=plan).candidates["contact"].unique().to_list() == ["zz2@example.org"]


def test_candidates_told_by_their_address_are_refused(tmp_path: Path) -> None:
    rows = [[f"zz{n}@example.org", "Q1", "A"] for n in range(3)]
    log = csv(tmp_path / "log.csv", ["candidate_id", "item_id", "response"], *rows)
    with pytest.raises(InputError, match=r"by their e-mail address.*--pseudonyms"):
        ingest(log)
    assert ingest(log, choices=Choices(keep_names=True)).candidates.height == 3
    assert "zz" not in everything(ingest(log, pseudonyms=tmp_path / "pseudonyms.key"))
