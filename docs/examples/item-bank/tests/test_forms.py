from pathlib import Path

import pytest

from ciip_irt.forms.testing import assert_form_conforms

BANK = Path(__file__).parent.parent


def test_the_forms_conform() -> None:
    assert_form_conforms(
        BANK / "forms" / "*.csv",
        blueprint=BANK / "blueprint.toml",
        items=BANK / "bank" / "items.csv",
        earlier=BANK / "archive" / "*.csv",
    )


def test_the_check_would_see_a_fault() -> None:
    with pytest.raises(AssertionError, match="A Procurement: 4 items, blueprint needs 3"):
        assert_form_conforms(
            BANK / "drafts" / "2025-autumn.csv",
            blueprint=BANK / "blueprint.toml",
            items=BANK / "bank" / "items.csv",
        )
