"""Fixtures shared by all tests."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ciip_irt.blueprint import Blueprint, load_blueprint
from ciip_irt.tables import RESULT_FILES, outputs

PROJECT = Path(__file__).resolve().parent.parent
GOLDEN = PROJECT / "tests" / "golden"
SHARED = PROJECT / os.environ.get("CIIP_IRT_SHARED", "../shared")
OF_OTHERS = {"SAT12", "VerbalAggression", "VerbalAggression_poly", "Science"}
"""Data sets of other people, by the name that tests are parametrised with; they are in ``SHARED`` only."""


NETWORK = ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto")


def _forbid_the_network(event: str, arguments: tuple[object, ...]) -> None:
    if event in NETWORK:
        raise RuntimeError(f"{event} {arguments}: nothing of ours ever uses the network")


def pytest_configure(config: pytest.Config) -> None:
    """No test may reach for the network, whatever it runs; an audit hook stays until the process ends."""
    del config
    sys.addaudithook(_forbid_the_network)


def needs_shared(item: pytest.Item) -> bool:
    """Whether a test reads other people's data: by the fixture ``shared``, or by the name of a data set."""
    given = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return "shared" in getattr(item, "fixturenames", ()) or any(
        isinstance(value, str) and value in OF_OTHERS for value in given
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without other people's data their tests are left out; ``test_shared_data.py`` says so, once."""
    if (SHARED / "reference").is_dir():
        return
    left_out = [item for item in items if needs_shared(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not needs_shared(item)]


@pytest.fixture(scope="session", autouse=True)
def _files_keep_their_contracts() -> Iterator[None]:
    """What the program writes, in any test, under a name of the contract must be as the contract says."""
    encoded = outputs._encoded

    def checked(name: str, content: object) -> bytes:
        ours = sys._getframe(3).f_globals["__name__"].startswith("ciip_irt.")  # not a test's own small file
        if ours and isinstance(content, pl.DataFrame) and name in RESULT_FILES:
            assert RESULT_FILES[name].table.differences(content) == [], name
        return encoded(name, content)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outputs, "_encoded", checked)
        yield


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with other people's data and what other programs say of them."""
    return SHARED


@pytest.fixture(scope="session")
def results_of() -> Callable[[str], Path]:
    """The folder of a data set with the results of other programs: ours where we have it."""
    return lambda data: GOLDEN / data if (GOLDEN / data).is_dir() else SHARED / "reference" / data


@pytest.fixture(scope="session")
def ciip() -> Blueprint:
    return load_blueprint("ciip-2024")


@pytest.fixture(scope="session")
def make_bank(ciip):
    """``make_bank(n_scored, n_pilots)``: 3PL items in the proportions of the CIIP blueprint, scored first."""

    def make(n_scored: int, n_pilots: int, *, seed: int = 1, enemy_pairs: int = 40) -> pl.DataFrame:
        rng = np.random.default_rng(seed)
        letters: list[str] = []
        for count in (n_scored, n_pilots):
            sizes = np.floor(np.array(ciip.counts) / 130 * count).astype(int)
            sizes[5] += count - sizes.sum()
            letters += [letter for letter, size in zip(ciip.letters, sizes, strict=True) for _ in range(size)]
        n = n_scored + n_pilots
        ids = [f"I{i:04d}" for i in range(n)]
        enemies: list[list[str]] = [[] for _ in ids]
        for _ in range(enemy_pairs):
            first, second = rng.choice(n, 2, replace=False)
            enemies[first].append(ids[second])
        return pl.DataFrame(
            {"item_id": ids, "domain": letters, "status": ["scored"] * n_scored + ["pilot"] * n_pilots,
             "key": rng.choice(list("ABCD"), n).tolist(), "options": "ABCD", "model": "3pl",
             "a": np.exp(rng.normal(0, 0.3, n)), "b": rng.normal(-0.6, 1, n), "c": rng.beta(4, 16, n),
             "D": 1.0, "scale_id": "ciip", "enemies": ["|".join(names) or None for names in enemies]},
            schema_overrides={"enemies": pl.String},
        )  # fmt: skip

    return make
