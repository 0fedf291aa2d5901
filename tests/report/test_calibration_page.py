"""The page on the scale and the scores."""

import re
from pathlib import Path

import polars as pl

from ciip_irt.report import write_report
from ciip_irt.tables import write_outputs


def text_of(folder: Path) -> str:
    write_report(folder)
    html = (folder / "report/calibration.html").read_text(encoding="utf-8")
    return " ".join(re.sub(r"<[^>]+>", " ", html.split("<main", 1)[-1]).split())


def test_anchors_cuts_and_conversions_are_shown(folder: Path) -> None:
    moves = {
        "displacement": [1.54, 0.02, 0.61],
        "se": [0.18, 0.1, 0.4],
        "robust_z": [7.6, 0.1, 3.0],
        "decision": ["dropped", "kept", "kept"],
        "why": [
            "Dropped: harder by 1.54 logit than in the bank (robust z +7.6); estimated anew.",
            "",
            "Kept: harder by 0.61 logit than in the bank (robust z +3.0, 1.5 standard errors);"
            " too few answers to prove it.",
        ],
    }
    cut = {
        "form_id": "2024-A", "n_scored_items": 18, "theta_cut": -0.65, "expected_at_cut": 11.3, "raw_cut": 12,
        "reported_at_cut": 75.0, "slope": 4.165, "intercept": 24.52, "csem_raw": 1.9, "csem_theta": 0.5,
        "csem_reported": 7.9, "consistency": 0.871, "kappa": 0.6, "false_positive": 0.04,
        "false_negative": 0.05, "pass_rate": 0.8,
    }  # fmt: skip
    write_outputs(
        folder,
        {
            "anchors.csv": pl.DataFrame(
                {
                    "item_id": ["Q0001", "Q0002", "Q0003"],
                    "domain": ["A", "F", "A"],
                    "b": [-0.61, 0.1, 0.2],
                    "free_b": [0.93, 0.12, 0.81],
                    "n": [200, 200, 200],
                    **moves,
                }
            ),
            "decisions.csv": pl.DataFrame(
                [{**cut, "method": "lee", "accuracy": 0.914}, {**cut, "method": "rudner", "accuracy": 0.909}]
            ),
            "conversion.csv": pl.DataFrame(
                {
                    "form_id": ["2024-A"] * 2,
                    "raw": [11, 12],
                    "scaled": [70.3, 74.5],
                    "reported": [70.0, 75.0],
                    "passed": [False, True],
                    "n": [31, 40],
                }
            ),
            "score_tables.csv": pl.DataFrame(
                {
                    "form_id": ["2024-A"] * 4,
                    "raw": [11, 11, 12, 12],
                    "method": ["eap", "wle", "eap", "wle"],
                    "theta": [-0.5, -0.77, -0.4, -0.58],
                    "se": [0.4, 0.5, 0.4, 0.5],
                }
            ),
        },
    )
    text = text_of(folder)
    assert "2 scored items of the bank hold the scale; 1 anchor had drifted and was estimated anew." in text
    assert "Q0001" in text
    assert "Too few answers to prove it." in text
    assert "Q0002" not in text  # nothing to say about it
    assert "12 of 18" in text
    assert "91.4 % (90.9 %)" in text.replace("\u00a0", " ")
    assert "θ (WLE)" in text
    assert "12 75 pass −.58 .50 40" in text
    assert "11 70 fail −.77 .50 31" in text


def test_a_free_calibration_has_no_anchors(folder: Path) -> None:
    for name in ("anchors.csv", "decisions.csv", "conversion.csv", "score_tables.csv"):
        (folder / name).unlink()
    text = text_of(folder)
    assert "No anchors: the scale starts at the mean of these candidates." in text
    assert "Anchors to look at" not in text
    assert "The cut of each form" not in text
