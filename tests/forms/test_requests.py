"""What can be asked of an assembly at all."""

import pytest

from ciip_irt.errors import BlueprintError
from ciip_irt.forms.assemble import _check_request


@pytest.mark.parametrize(("forms", "limit"), [(1, None), (1, 0.0), (3, 2.5)])
def test_requests_that_can_be(forms: int, limit: float | None) -> None:
    refused = []
    try:
        _check_request(forms, limit)
    except BlueprintError as error:
        refused.append(str(error))
    assert refused == []


@pytest.mark.parametrize(
    ("forms", "limit", "says"),
    [
        (0, None, "cannot build 0 forms"),
        (-1, None, "cannot build -1 forms"),
        (1, -0.5, "a time limit of -0.5"),
        (1, float("nan"), "a time limit of nan"),
    ],
)
def test_requests_that_cannot_be(forms: int, limit: float | None, says: str) -> None:
    with pytest.raises(BlueprintError, match=says):
        _check_request(forms, limit)
