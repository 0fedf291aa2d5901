"""Fixtures shared by all tests."""

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real data and golden results of other programs; tests skip where it is absent."""
    folder = PROJECT / os.environ.get("CIIP_IRT_SHARED", "../shared")
    if not (folder / "reference").is_dir():
        pytest.skip(
            f"golden results and real data are absent ({folder}); set CIIP_IRT_SHARED to their folder"
        )
    return folder
