"""Who counts, as the exam file says: rapid guessers and misfitting answers leave every table together."""

from pathlib import Path

import pytest

from ciip_irt.errors import InputError
from ciip_irt.job.exam import load_exam
from ciip_irt.job.run import run_job

SMALL = Path(__file__).resolve().parents[2] / "tests" / "old_files" / "0.1.0"
"""A small programme: 156 deliveries, six of them further attempts, six of rapid guessers."""


def exam_file(folder: Path, *changes: tuple[str, str]) -> Path:
    text = (SMALL / "exam.toml").read_text(encoding="utf-8")
    for name in ("ingested/responses.parquet", "ingested/candidates.csv", "items.csv", "blueprint.toml"):
        assert f'"{name}"' in text
        text = text.replace(f'"{name}"', f"'{SMALL / name}'")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "exam.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_table_counts_the_same_deliveries(tmp_path: Path) -> None:
    path = exam_file(
        tmp_path,
        ('attempts = "first"', 'attempts = "first"\nmaximum_rapid = 0.1'),
        ("purify = true", "exclude_person_misfit = 0.01\nfit_simulations = 0"),
        ("forms = 2", "forms = 1"),
    )
    job = run_job(load_exam(path))
    left = dict(job.scored.exclusions["rule"].value_counts().iter_rows())
    assert set(left) == {"attempt", "rapid_guessing", "person_misfit"}
    n = job.scored.deliveries.height
    assert n == 156 - sum(left.values())
    assert job.analysis.form_summary["n_candidates"].sum() == n
    assert job.calibration.abilities.height == n
    assert job.checks.person_fit.height == n
    gone = set(job.scored.exclusions.filter(rule="person_misfit")["delivery_id"])
    assert gone.isdisjoint(job.calibration.abilities["delivery_id"])
    hashes = {part.provenance.data_hash for part in (job.scored, job.analysis, job.calibration, job.review)}
    assert len(hashes) == 1
    assert f"{sum(left.values())} deliveries are left out" in job.sentences()[0]


def test_a_limit_that_is_none_is_refused(tmp_path: Path) -> None:
    path = exam_file(tmp_path, ("purify = true", "exclude_person_misfit = 0.9"))
    with pytest.raises(InputError, match=r"exclude_person_misfit: must be .* 0\.2, not 0\.9"):
        run_job(load_exam(path))
