"""Targets and routes."""

import pytest
from pydantic import ValidationError

from wire.target import DIRECT, SYSTEM, Route, Target


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


@pytest.mark.parametrize(
    "plain",
    [
        {"kind": "proxy"},
        {"proxy": "proxy.example:3128"},
        {"kind": "proxy", "proxy": "http://proxy.example:3128"},
        {"kind": "proxy", "proxy": "user:secret@proxy.example:3128"},
        {"kind": "proxy", "proxy": "proxy.example"},
        {"kind": "source"},
        {"kind": "system", "source": "eth0"},
        {"kind": "source", "source": "x" * 65},
        {"kind": "vpn"},
    ],
)
def test_routes_that_are_none(plain: dict[str, str]) -> None:
    """A kind without what it needs, and a place that is a URL or holds a password, is refused."""
    with pytest.raises(ValidationError):
        Route.model_validate({"name": "office"} | plain)


def test_kinds_of_route() -> None:
    """A plan may name the machine's own way, a proxy, an interface and an address."""
    assert Route.model_validate_json(b'{"name": "system", "kind": "system"}') == SYSTEM
    for place in ("proxy.example:3128", "[2001:db8::1]:3128", "192.0.2.1:80"):
        assert Route(name="office", kind="proxy", proxy=place).proxy == place
    for source in ("eth0", "Wi-Fi", "192.0.2.7", "2001:db8::7"):
        assert Route(name="lan", kind="source", source=source).source == source
