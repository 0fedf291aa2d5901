"""The shipped sample is what the documented command makes, and stays small."""

import tomllib
from pathlib import Path

from polars.testing import assert_frame_equal

from ciip_irt.tables import read_frame, write_outputs

SAMPLES = Path(__file__).resolve().parents[2] / "data" / "samples"


def test_making_the_sample_again_gives_the_same_frames(tmp_path, programme):
    for path in write_outputs(tmp_path, programme.files()):
        shipped = SAMPLES / path.name
        if path.suffix == ".toml":
            assert shipped.read_text("utf-8") == path.read_text("utf-8")
        else:
            assert_frame_equal(read_frame(shipped), read_frame(path), check_exact=True)


def test_the_sample_is_small_and_its_exam_file_reads():
    assert sum(path.stat().st_size for path in SAMPLES.iterdir()) < 1_500_000
    exam = tomllib.loads((SAMPLES / "exam.toml").read_text("utf-8"))
    named = [*exam["responses"]["files"], exam["responses"]["candidates"], exam["items"]["file"]]
    assert all((SAMPLES / name).is_file() for name in named)
    assert exam["assembly"] == {"n_forms": 3, "seed": 2026, "theta_cut": -0.65}


def test_the_readme_tells_the_figures_of_the_sample(programme):
    told = (SAMPLES / "README.md").read_text("utf-8")
    figures = [
        f"{programme.candidates.height:,} deliveries",
        f"{programme.candidates.height - 600} further",
        f"{programme.export.height:,} rows",
        programme.dirt[0].split(",")[0],
    ]
    assert [figure for figure in figures if figure not in told] == []
