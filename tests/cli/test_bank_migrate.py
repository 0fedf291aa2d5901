"""``ciip-irt bank migrate`` and ``assemble --earlier``, from the command line."""

import polars as pl

from ciip_irt.cli import main

TOML = """\
name = "{name}"
outline = "{outline}"
effective = "2025"
length = 4
[domains.A]
name = "{first}"
count = 2
[domains.B]
name = "Operations"
count = 2
[constraints]
max_overlap = 0.25
"""


def test_a_bank_moves_and_forms_are_built_from_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    pl.DataFrame(
        {"item_id": [f"I{i}" for i in range(16)], "domain": ["Buying", "Operations"] * 8, "status": "scored",
         "key": "A", "options": "ABCD"}
    ).write_csv("items.csv")  # fmt: skip
    (tmp_path / "old.toml").write_text(TOML.format(name="old", outline="1", first="Buying"))
    (tmp_path / "new.toml").write_text(TOML.format(name="new", outline="2", first="Procurement"))
    given = ["bank", "migrate", "--items", "items.csv", "--from", "old.toml", "--to", "new.toml"]
    given += ["--mapping", "map.csv", "--out", "moved"]
    (tmp_path / "map.csv").write_text("old,new\nBuying,Procurement\n")
    assert main(given) == 2
    assert "map.csv: domains of the bank have no row (1 row, e.g. 'B Operations')" in capsys.readouterr().err
    (tmp_path / "map.csv").write_text("old,new,item_id\nBuying,Procurement,\nB,B,I1\nB,A,I3\nB,B,I5\n")
    assert main(given) == 1
    assert "5 items of divided domains wait for a decision" in capsys.readouterr().out
    assert pl.read_csv("moved/items.csv")["outline"].value_counts(sort=True).rows() == [(2, 11), (1, 5)]
    (tmp_path / "map.csv").write_text("old,new\nBuying,Procurement\nB,B\n")
    assert main(given) == 0
    assert pl.read_csv("moved/migration.csv").select("old", "new", "items").rows() == [
        ("Buying", "Procurement", 8), ("Operations", "Operations", 8),
    ]  # fmt: skip

    built = ["assemble", "--items", "moved/items.csv", "--blueprint", "new.toml", "--forms", "1"]
    assert main([*built, "--out", "first"]) == 0
    assert main([*built, "--out", "second", "--earlier", "first/forms.csv"]) == 0
    first, second = (set(pl.read_csv(f"{name}/forms.csv")["item_id"]) for name in ("first", "second"))
    assert len(first & second) <= 1
    checked = ["check", "--items", "moved/items.csv", "--blueprint", "new.toml"]
    assert main([*checked, "second/forms.csv", "--earlier", "first/forms.csv"]) == 0
    (tmp_path / "old-bank.csv").write_text((tmp_path / "moved" / "items.csv").read_text().replace(",2", ",1"))
    capsys.readouterr()
    assert main(["check", "second/forms.csv", "--items", "old-bank.csv", "--blueprint", "new.toml"]) == 1
    assert "4 items classified by outline 1, the blueprint's is 2" in capsys.readouterr().out
