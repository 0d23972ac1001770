"""Holds server/section.py: addresses and places are told from what looks like them."""

import pytest
from pydantic import ValidationError

from server.section import Placed, is_address


@pytest.mark.parametrize(
    ("text", "is_one"), [("http://host:8086", True), ("http://[::1]:1", True), ("host:8086", False), ("http://host:x", False)]
)
def test_is_address(text: str, is_one: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """An address has a scheme, a host, and a port that can be one."""
    assert is_address(text, "http") is is_one


@pytest.mark.parametrize(
    "wrong", [{"latitude": 91, "longitude": 0}, {"latitude": 0, "longitude": -181}, {"latitude": 0, "longitude": 0, "height": 1}]
)
def test_placed(wrong: dict[str, float]) -> None:
    """What is nowhere on Earth is refused, and so is a name nobody knows."""
    with pytest.raises(ValidationError):
        Placed.model_validate(wrong)
