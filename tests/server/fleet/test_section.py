"""The section `[plans]`: off by itself; what cannot be signed or is no tenant is a sentence."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from server.fleet.section import PlansSection


def test_off_by_itself() -> None:
    """Without a key nothing is issued; a tenant is kept as its label."""
    assert PlansSection().key is None
    assert PlansSection(key=Path("k"), tenant="Contoso.onmicrosoft.com").tenant == "contoso"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"cadence_s": 60}, "a plan must be signed"),
        ({"key": "k", "cadence_s": 1}, "greater than or equal to 5"),
        ({"key": "k", "tenant": "a_b"}, "is no tenant's name"),
        ({"key": "k", "instance": "Germany"}, "Worldwide"),
    ],
)
def test_what_is_wrong(fields: dict[str, object], words: str) -> None:
    """Each is refused with what to write."""
    with pytest.raises(ValidationError, match=words):
        PlansSection.model_validate(fields)
