"""Banks made for the tests."""

import pytest


@pytest.fixture(scope="session")
def bank(make_bank):
    return make_bank(500, 100)
