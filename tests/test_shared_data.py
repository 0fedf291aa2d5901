"""Other people's data lie outside of the project: here it is said, once, when they are absent."""

import pytest

from tests.conftest import OF_OTHERS, SHARED

REAL = ("kb36", "licensure170", "lsat67", "sat12", "timss07_rus")

if not (SHARED / "reference").is_dir():
    pytest.skip(
        f"there is no folder {SHARED}: comparisons on other people's data ({', '.join(sorted(OF_OTHERS))}, "
        f"assembly pools, {', '.join(REAL)}) are left out; CIIP_IRT_SHARED names their folder",
        allow_module_level=True,
    )


@pytest.mark.parametrize("name", [*(f"reference/{data}" for data in sorted(OF_OTHERS)), "reference/assembly"])
def test_every_set_with_results_of_other_programs_is_there(name: str) -> None:
    assert list((SHARED / name).glob("*.csv")) != []


@pytest.mark.parametrize("name", REAL)
def test_every_real_exam_is_there(name: str) -> None:
    assert list((SHARED / "realdata" / name).glob("*.csv*")) != []
