"""Targets and routes."""

import pytest
from pydantic import ValidationError

from wire.target import DIRECT, Route, Target


def test_name_has_the_port() -> None:
    """A target's name is host and port: category is decided by both."""
    assert Target(host="smtp.office365.com", port=587, category="Allow", workload="Exchange").name == "smtp.office365.com:587"


@pytest.mark.parametrize(
    "change", [{"host": ""}, {"host": "a" * 254}, {"port": 0}, {"port": 65_536}, {"category": "optimize"}, {"protocol": "ftp"}]
)
def test_bounds(change: dict[str, object]) -> None:
    """A target is a name, a port and words of the vocabulary."""
    with pytest.raises(ValidationError):
        Target.model_validate({"host": "outlook.office365.com", "category": "Optimize", "workload": "Exchange"} | change)


def test_direct_route() -> None:
    """The direct route uses no proxy."""
    assert Route(name="direct") == DIRECT
    assert DIRECT.proxy is None
