"""The first page says what to do, in order of harm, in at most seven lines with a way to each."""

import re
from pathlib import Path
from typing import Any

import polars as pl

from ciip_irt.report import write_report
from ciip_irt.report.edition import edition_of
from ciip_irt.report.results import read_results
from ciip_irt.report.sections import SECTIONS
from ciip_irt.report.sections.flags import ranked_flags
from ciip_irt.report.sections.to_do import MOST_TASKS, Task, to_do
from ciip_irt.tables import write_outputs


def flags(*rows: tuple[str, str, int]) -> pl.DataFrame:
    names = ["item_id", "flag", "severity"]
    said = {"seen": "Seen.", "may_mean": "May be.", "do": "Do."}
    return pl.DataFrame(rows, schema=names, orient="row").with_columns(
        **{name: pl.lit(words) for name, words in said.items()}
    )


def forms(**held: str) -> pl.DataFrame:
    rows = [
        {"form_id": form, "position": k, "item_id": item, "role": "scored", "domain": "A"}
        for form, items in held.items() for k, item in enumerate(items.split(), start=1)
    ]  # fmt: skip
    return pl.DataFrame(rows)


def tasks(folder: Path, outputs: dict[str, Any], warnings: tuple[str, ...] = ()) -> list[Task]:
    write_outputs(folder, outputs)
    edition = edition_of(read_results(folder), list(SECTIONS.values()))
    return to_do(edition, ranked_flags(edition), warnings)


def test_keys_come_before_other_flags_and_signatures_before_remarks(tmp_path: Path) -> None:
    found = tasks(
        tmp_path,
        {
            "flags.csv": flags(
                ("Q9", "guessed_at", 2), ("Q1", "key_may_be_wrong", 1), ("Q1", "negative_r", 2),
                ("Q2", "two_options_right", 2), ("Q3", "weak_distractors", 5),
            ),
            "calibration.json": {"anchors_dropped": ["Q1"]},
            "pilot_decisions.csv": pl.DataFrame(
                {"item_id": ["P1", "P2"], "domain": ["A", "A"], "decision": ["promote", "hold"],
                 "probability": [0.9, 0.5], "n": [200, 60], "reasons": ["", ""]}
            ),
        },
        ("one", "two"),
    )  # fmt: skip
    assert [(task.tone, task.words, task.items, task.page) for task in found] == [
        ("first", "Check 1 key today, before scores are given out:", ("Q1",), "flags.html#severity=first"),
        (
            "next", "Settle the flags of 2 more items before their next use:", ("Q9", "Q2"),
            "flags.html#severity=next",
        ),
        ("next", "Review 1 anchor that no longer holds the scale:", ("Q1",), "calibration.html"),
        ("later", "Sign the decisions on pilots: 1 to promote.", (), "pilots.html"),
        ("later", "Read 2 remarks on how far these results carry.", (), "#details"),
    ]  # fmt: skip


def test_a_form_with_a_doubted_key_must_not_go_out(tmp_path: Path) -> None:
    found = tasks(
        tmp_path,
        {"flags.csv": flags(("Q1", "key_may_be_wrong", 1)), "forms.csv": forms(F1="Q1 Q2", F2="Q3 Q4")},
    )
    assert [(task.tone, task.words, task.items) for task in found[1:]] == [
        ("first", "Do not give out F1: the key of items in it may be wrong:", ("Q1",))
    ]


def test_a_form_with_findings_must_not_go_out(tmp_path: Path) -> None:
    findings = pl.DataFrame(
        {"rule": ["count"], "severity": ["error"], "form_id": ["F2"], "item_id": [None], "message": ["x"]},
        schema_overrides={"item_id": pl.String},
    )
    found = tasks(tmp_path, {"forms.csv": forms(F2="Q3"), "findings.csv": findings})
    assert [task.words for task in found] == ["Do not give out F2: the check finds errors."]


def test_what_looks_wrong_as_a_whole_stands_first(tmp_path: Path) -> None:
    concern = {"whole": "key", "words": "The key looks shifted."}
    found = tasks(
        tmp_path,
        {"analysis.json": {"concerns": [concern]}, "flags.csv": flags(("Q1", "key_may_be_wrong", 1))},
    )
    assert found[0].words == "Stop: the key as a whole looks wrong. Nothing rests on it until it is settled."


def test_never_more_lines_than_are_read(tmp_path: Path) -> None:
    concerns = [{"whole": whole} for whole in ("anchors", "key", "groups", "form", "time", "ids", "columns")]
    found = tasks(tmp_path, {"analysis.json": {"concerns": concerns}, "flags.csv": flags()}, ("one",))
    assert len(found) == MOST_TASKS
    assert found[-1].words == "Read 1 remark on how far these results carry."


def test_every_line_leads_to_a_page_that_is_there(tmp_path: Path) -> None:
    write_outputs(tmp_path, {"flags.csv": flags(("Q1", "key_may_be_wrong", 1))})
    page = write_report(tmp_path)
    listed = re.search(r'<section class="sheet to-do".*?</section>', page.read_text("utf-8"), re.DOTALL)
    assert listed is not None
    targets = re.findall(r'href="([^"#]+)', listed.group())
    assert targets
    assert [target for target in targets if not (page.parent / target).is_file()] == []
