"""A results folder as the commands leave it, fabricated small."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from ciip_irt.tables import write_outputs

DOMAINS = ("A Procurement", "F Image Management", "G Information Technology")
CANDIDATE, DELIVERY = "CAND-SECRET-77", "DELIV-SECRET-88"


def fabricate(n_items: int = 24, n_pilots: int = 6, item_names: tuple[str, ...] = ()) -> dict[str, Any]:
    """Every result file of the contract; ``item_names`` replace the first ids."""
    rng = np.random.default_rng(11)
    ids = [*item_names, *(f"Q{k:04d}" for k in range(len(item_names), n_items))]
    status = ["pilot" if k >= n_items - n_pilots else "scored" for k in range(n_items)]
    domain = [DOMAINS[k % 3] for k in range(n_items)]
    b = rng.normal(-1.2, 1.0, n_items)
    key = rng.integers(0, 4, n_items)
    n = np.where(np.array(status) == "pilot", 160, 900)
    p = 1 / (1 + np.exp(b))
    r = rng.normal(0.24, 0.1, n_items)
    half_p, half_r = 1.96 * np.sqrt(p * (1 - p) / n), 1.96 / np.sqrt(n)
    items = pl.DataFrame({
        "item_id": ids, "domain": domain, "status": status, "key": ["ABCD"[k] for k in key],
        "options": ["ABCD"] * n_items, "b": b,
    })  # fmt: skip
    pooled = pl.DataFrame({
        "item_id": ids, "form_id": ["all"] * n_items, "domain": domain, "status": status, "n": n,
        "p": p, "p_low": p - half_p, "p_high": np.minimum(p + half_p, 1.0),
        "r": r, "r_low": r - half_r, "r_high": r + half_r, "r_biserial": r * 1.4,
        "omit_rate": [0.004] * n_items, "not_reached_rate": [0.0] * n_items,
        "median_time_s": rng.uniform(25, 80, n_items),
    })  # fmt: skip
    statistics = pl.concat([pooled, pooled.with_columns(pl.lit("2024-A").alias("form_id"))])
    options, fifths, observed, parameters = [], [], [], []
    for j, item in enumerate(ids):
        weights = rng.dirichlet(np.ones(3))
        wrong = [o for o in range(4) if o != key[j]]
        shares = {int(key[j]): p[j], **{o: (1 - p[j]) * w for o, w in zip(wrong, weights, strict=True)}}
        for option in range(4):
            is_key = bool(option == key[j])
            options.append({
                "item_id": item, "form_id": "all", "option": "ABCD"[option], "is_key": is_key,
                "n": int(shares[option] * n[j]), "share": shares[option],
                "mean_criterion": 99.0 + (6 if is_key else -5) + rng.normal(),
                "r": r[j] if is_key else -r[j] / 2,
            })  # fmt: skip
            for fifth in range(1, 6):
                lift = (fifth - 3) * 0.06 * (1 if is_key else -shares[option] / max(1 - p[j], 0.01))
                share = float(np.clip(shares[option] + lift, 0, 1))
                fifths.append({
                    "item_id": item, "fifth": fifth, "option": "ABCD"[option], "n": int(share * n[j] / 5),
                    "share": share, "low": max(share - 0.05, 0), "high": min(share + 0.05, 1),
                })  # fmt: skip
        for group, theta in enumerate(np.linspace(-1.8, 1.8, 10), start=1):
            expected = 1 / (1 + np.exp(-(theta - b[j])))
            seen = float(np.clip(expected + rng.normal(0, 0.04), 0, 1))
            observed.append({
                "item_id": item, "group": group, "theta": theta, "n": int(n[j] / 10), "observed": seen,
                "low": max(seen - 0.08, 0), "high": min(seen + 0.08, 1), "expected": expected,
            })  # fmt: skip
        parameters.append({
            "item_id": item, "model": "rasch", "parameter": "b", "estimate": b[j],
            "se": None if status[j] == "scored" else 0.21, "fixed": status[j] == "scored", "n": int(n[j]),
            "scale_id": "ciip-2024", "D": 1.0,
        })  # fmt: skip
    flags = pl.DataFrame([
        {"item_id": ids[1], "flag": "key_suspect", "severity": 1,
         "seen": "41 % chose C and they scored higher (mean 128)"
         " than the 33 % who chose the key B (mean 119).",
         "may_mean": "The key may be wrong.", "do": "Check the key, and whether C is also right."},
        {"item_id": ids[4], "flag": "low_r", "severity": 2,
         "seen": "R is .04; with 900 answers it lies between -.02 and .11.",
         "may_mean": "The item does not tell strong from weak candidates.", "do": "Read the stem again."},
        {"item_id": ids[4], "flag": "idle_option", "severity": 3, "seen": "Option D was chosen by 1 %.",
         "may_mean": "It fools nobody.", "do": "Replace it, or drop to three options."},
        {"item_id": ids[-1], "flag": "few_answers", "severity": 2,
         "seen": "86 answers only; R could lie anywhere between -.05 and .36.",
         "may_mean": "Nothing can be said yet.",
         "do": "Pilot it again; about 90 more answers should settle it."},
    ])  # fmt: skip
    pilots = [k for k in range(n_items) if status[k] == "pilot"]
    decisions = ("promote", "hold", "revise", "retire")
    pilot_rows = pl.DataFrame([
        {"item_id": ids[k], "domain": domain[k], "decision": decisions[k % 4],
         "probability": float(rng.uniform(0.02, 0.99)), "n": 160, "more_needed": 90 if k % 4 == 1 else None,
         "reasons": "R is .24 (.09 to .38): above .15 with probability .88.",
         "reviewer": None, "override": None, "comment": None}
        for k in pilots
    ], infer_schema_length=None)  # fmt: skip
    forms = pl.DataFrame([
        {"form_id": form, "position": k + 1, "item_id": ids[k], "role": status[k], "domain": domain[k]}
        for form in ("F1", "F2") for k in range(n_items)
    ])  # fmt: skip
    theta = np.linspace(-3, 3, 31)
    curves = pl.concat([
        pl.DataFrame({
            "form_id": [form] * 31, "theta": theta,
            "information": 20 * np.exp(-((theta + 1 + shift) ** 2) / 3),
            "expected_score": 130 / (1 + np.exp(-(theta + 1.1 + shift))),
        })
        for form, shift in (("F1", 0.0), ("F2", 0.04))
    ])  # fmt: skip
    totals = np.clip(rng.normal(100, 12, 400).round(), 40, 130)
    return {
        "run.json": {
            "exam": "CIIP 2024 (sample)",
            "sentences": ["900 candidates sat one form.",
                          "3 items are flagged, one of them to check today."],
            "warnings": ["Pilot items have fewer than 200 answers each: their R is uncertain by about .15."],
            "provenance": {
                "data_hash": "3fa9" * 16, "n_deliveries": 900, "n_responses": 153000,
                "exclusions": {"retaker": 61}, "settings": {"attempts": "first", "omitted": "wrong"},
                "versions": {"ciip-irt": "0.1.0", "python": "3.11.2"},
            },
        },
        "ingest.json": {"rows_read": 163370, "rows_kept": 153000, "excluded": {"retaker": 10370}},
        "exclusions.csv": pl.DataFrame({
            "delivery_id": [DELIVERY, f"{DELIVERY}-2"], "candidate_id": [CANDIDATE] * 2,
            "rule": ["retaker"] * 2, "reason": ["not a first attempt"] * 2, "rows": [170, 170],
        }),
        "items.csv": items,
        "item_statistics.csv": statistics,
        "option_statistics.csv": pl.DataFrame(options),
        "option_quantiles.csv": pl.DataFrame(fifths),
        "flags.csv": flags,
        "key_validation.csv": pl.DataFrame({
            "item_id": [ids[0]], "key": ["B"], "n": [900], "p_key_right": [0.68], "p_key_wrong": [0.09],
            "likely_key": ["C"], "p_two_right": [0.22], "second_option": ["C"], "p_guessed": [0.01],
            "seen": ["Key: B chosen by 33 % (mean score 119.0)."], "do": ["Have an expert check C."],
        }),
        "rescoring.csv": pl.DataFrame({
            "item_id": [ids[0]] * 2, "form_id": ["2024-A"] * 2, "outcome": ["keep", "accept_two"],
            "key": ["B", "B|C"], "n_candidates": [900] * 2, "n_scored_items": [130] * 2, "p": [0.33, 0.74],
            "mean": [99.31, 99.72], "sd": [12.4, 12.5], "reliability": [0.894, 0.896], "cut": [88.0, 88.0],
            "n_passed": [770, 781], "n_score_changed": [0, 369], "n_newly_pass": [0, 11],
            "n_newly_fail": [0, 0], "cut_from": ["standard"] * 2,
        }),
        "dif.csv": pl.DataFrame({
            "item_id": [ids[0]], "grouping": ["delivery_mode"], "reference": ["test centre"],
            "focal": ["online"], "n_reference": [600], "n_focal": [300], "d_dif": [-0.42], "se": [0.3],
            "ets_class": ["A"], "prob_c": [0.034],
        }),
        "form_times.csv": pl.DataFrame({
            "form_id": ["F1"], "n_timed": [100], "testing_time_min": [170.0], "expected_min": [131.0],
            "q05_min": [99.0], "median_min": [130.0], "q95_min": [164.0], "ran_out_rate": [0.02],
            "mean_not_reached": [0.3], "rapid_rate": [0.01], "rapid_rate_last_tenth": [0.066],
            "n_low_effort": [4], "n_rushed_end": [6],
        }),
        "item_times.csv": pl.DataFrame({
            "item_id": [item for item in ids for _ in range(2)], "form_id": ["F1", "all"] * len(ids),
            "expected_time_s": [60.0, 50.0] * len(ids), "q25_s": [31.0, 32.0] * len(ids),
            "q75_s": [62.0, 63.0] * len(ids), "rapid_rate": [0.0, 0.07] * len(ids),
        }),
        "domain_scores.csv": pl.DataFrame({
            "form_id": ["F1"], "domain": ["F"], "n_items": [23], "mean_p": [0.7917], "reliability": [0.5327],
            "reliability_low": [0.4328], "reliability_high": [0.6224],
            "says": ["23 items, reliability .53: uncertain by 3.7 points either way. A hint only."],
            "worth": ["Uncertain by 3.7 points either way. A hint only."],
        }),
        "pace.csv": pl.DataFrame({
            "form_id": ["F1", "F1"], "tenth": [1, 10], "median_time_s": [40.0, 31.0], "pace": [1.0, 0.819],
            "p": [0.74, 0.6], "rapid_rate": [0.0, 0.066], "not_reached_rate": [0.0, 0.016],
        }),
        "form_summary.csv": pl.DataFrame({
            "form_id": ["2024-A"], "n_candidates": [900], "n_scored_items": [n_items - n_pilots],
            "n_pilot_items": [n_pilots], "mean": [99.31], "sd": [12.4], "min": [51], "max": [128],
            "reliability": [0.894], "reliability_low": [0.884], "reliability_high": [0.904],
            "reliability_type": ["KR-20"], "sem": [4.04], "mean_p": [0.76], "mean_r": [0.24],
            "median_total_time_s": [7420.0], "cut": [88.0], "n_passed": [770], "pass_rate": [0.856],
        }),
        "group_summary.csv": pl.DataFrame({
            "form_id": ["2024-A"] * 2, "grouping": ["delivery_mode"] * 2, "group": ["centre", "online"],
            "reference": ["centre"] * 2, "n_candidates": [600, 300], "mean": [99.9, 98.1],
            "mean_low": [98.9, 96.7], "mean_high": [100.9, 99.5], "sd": [12.4, 12.3],
            "reliability": [0.894, 0.89], "reliability_low": [0.88, 0.87], "reliability_high": [0.91, 0.91],
            "sem": [4.04, 4.08], "cut": [88.0] * 2, "n_passed": [520, 250], "pass_rate": [0.867, 0.833],
            "pass_rate_low": [0.837, 0.787], "pass_rate_high": [0.892, 0.871], "dif_points": [None, -1.3],
            "dif_low": [None, -2.2], "dif_high": [None, -0.4], "dif_pass_rate": [None, -0.021],
        }),
        "accreditation.csv": pl.DataFrame({
            "form_id": ["2024-A"], "n_candidates": [900], "pass_rate": [0.856], "cut": [88.0],
            "decision_consistency": [0.917], "decision_accuracy": [0.941], "csem_at_cut": [5.01],
            "decision_method": ["lee"], "remarks": [""],
        }),
        "parameters.csv": pl.DataFrame(parameters, infer_schema_length=None),
        "population.csv": pl.DataFrame({"group": ["all"], "mean": [0.31], "sd": [0.84]}),
        "fit.csv": pl.DataFrame({
            "item_id": [ids[0]] * 2 + [ids[1]] * 6,
            "statistic": ["infit_mnsq", "outfit_mnsq", "infit", "infit_low", "infit_high", "infit_p",
                          "infit_p_adjusted", "rmsd"],
            "value": [1.02, 0.97, 1.31, 0.92, 1.09, 0.0001, 0.004, 0.11]}),
        "model_fit.csv": pl.DataFrame({
            "form_id": ["CIIP-2026-1"], "group": ["all"], "n": [900], "n_items": [16], "m2": [140.2],
            "df": [119], "p": [0.09], "rmsea": [0.014], "rmsea_low": [0.0], "rmsea_high": [0.023],
            "srmsr": [0.034], "remarks": ["The model fits closely as a whole."]}),
        "person_fit.csv": pl.DataFrame({
            "delivery_id": ["D1", "D2", "D3"], "p": [0.2, 0.001, None], "flagged": [False, True, False]}),
        "local_dependence.csv": pl.DataFrame({
            "item_1": [ids[0], ids[2]], "item_2": [ids[1], ids[3]], "n": [900, 900], "q3": [0.31, 0.05],
            "q3_adjusted": [0.33, 0.07], "reference": [0.14, 0.14], "p": [0.0004, 0.97],
            "suggestion": ["make them enemies", ""]}),
        "analysis.json": {"warnings": []},
        "pilot_review.json": {"warnings": []},
        "calibration.json": {"model": "rasch", "converged": True, "iterations": 31, "warnings": []},
        "observed_proportions.csv": pl.DataFrame(observed),
        "abilities.csv": pl.DataFrame({
            "delivery_id": [f"{DELIVERY}-{k}" for k in range(400)], "form_id": ["2024-A"] * 400,
            "total": totals, "theta": totals / 100, "se": [0.2] * 400,
        }),
        "pilot_decisions.csv": pilot_rows,
        "bank_needs.csv": pl.DataFrame({
            "domain": ["A"] * 4, "band": ["easy", "middle", "hard", "all"],
            "b_from": [None, -1.0, 0.5, None], "b_to": [-1.0, 0.5, None, None], "wanted": [4, 4, 3, 11],
            "have": [4, 5, 1, 10], "lacking": [0, 0, 2, 1], "pilots": [0, 1, 2, 6],
            "pilots_expected": [0.0, 0.9, 1.5, 2.4], "lacking_after": [0.0, 0.0, 0.5, 0.0],
        }),
        "pilot_evidence.csv": pl.DataFrame({
            "item_id": [ids[k] for k in pilots], "criterion": ["r"] * len(pilots),
            "value": [0.24] * len(pilots), "probability": [0.88] * len(pilots),
        }),
        "forms.csv": forms,
        "achieved.csv": pl.DataFrame({
            "form_id": ["F1", "F2"], "quantity": ["mean b"] * 2, "target": [-1.2] * 2,
            "achieved": [-1.19, -1.21],
        }),
        "exposure.csv": pl.DataFrame({
            "item_id": [ids[0], ids[1]], "role": ["scored"] * 2, "forms": [2, 1], "share": [1.0, 0.5],
        }),
        "assembly.json": {"status": "optimal", "gap": 0.0, "theta_cut": -0.5},
        "findings.csv": pl.DataFrame({
            "rule": ["domain_counts"], "severity": ["warning"], "form_id": ["F2"], "item_id": [None],
            "message": ["F Image Management: 22 items, blueprint needs 23"],
        }, schema_overrides={"item_id": pl.String}),
        "curves.csv": curves,
        "anchors.csv": pl.DataFrame({
            "item_id": [ids[1]], "domain": [domain[1]], "b": [-0.61], "free_b": [0.93], "n": [200],
            "displacement": [1.54], "se": [0.18], "robust_z": [7.6], "decision": ["dropped"],
            "why": ["Dropped: harder by 1.54 logit than in the bank (robust z +7.6); estimated anew."],
        }),
        "score_tables.csv": pl.DataFrame({
            "form_id": ["2024-A"], "raw": [88], "method": ["wle"], "theta": [-0.65], "se": [0.2],
        }),
        "conversion.csv": pl.DataFrame({
            "form_id": ["2024-A"], "raw": [88], "scaled": [74.5], "reported": [75.0], "passed": [True],
            "n": [31],
        }),
        "decisions.csv": pl.DataFrame({
            "form_id": ["2024-A"], "method": ["lee"], "theta_cut": [-0.65], "expected_at_cut": [87.4],
            "raw_cut": [88], "n_scored_items": [130], "reported_at_cut": [75.0], "accuracy": [0.941],
        }),
        "capacity.csv": pl.DataFrame({
            "what": ["domain", "difficulty"], "domain": ["A", "A"],
            "name": ["A Procurement", "A Procurement, b at most -1"], "b_low": [None, None],
            "b_high": [None, -1.0],
            "available": [18, 4], "per_form": [5.0, 1.6], "forms_alone": [3.6, 2.5], "runs_out": [2, 1],
        }),
        "capacity_overlap.csv": pl.DataFrame({
            "forms": [3, 4], "least_overlap": [0, 2], "share": [0.0, 0.015], "within_bound": [True, True],
        }),
        "writing_assignment.csv": pl.DataFrame({
            "forms": [4], "domain": ["A"], "name": ["A Procurement"], "asks_for": ["b at most -1"],
            "available": [4], "write": [2], "worth": [0.5], "message": ["A Procurement 2 with b at most -1"],
        }),
        "capacity.json": {"summary": ["The bank supports 3 forms that share no scored item."]},
    }  # fmt: skip


@pytest.fixture(scope="session")
def outputs() -> Callable[..., dict[str, Any]]:
    """The function that fabricates result files."""
    return fabricate


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with every result file."""
    write_outputs(tmp_path, fabricate())
    return tmp_path
