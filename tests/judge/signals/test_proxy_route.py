"""Holds judge/signals/proxy_route.py: proxies spoken to by their address."""

from typing import Any

import pytest

from judge.signals.proxy_route import signal
from tests.fakes.examined import OUTLOOK, Round
from wire.facts import WebFacts


@pytest.mark.parametrize(
    ("facts", "words", "names"),
    [
        ({}, ("proxied",), ["explicit_proxy"]),
        ({"failure": "proxy_denied", "stage": "proxy"}, (), ["proxy_denied"]),
        ({"failure": "proxy_auth", "stage": "proxy"}, (), ["proxy_login"]),
        ({"failure": "timeout", "stage": "proxy"}, (), []),
        ({}, (), []),
    ],
)
def test_what_it_says(facts: dict[str, Any], words: tuple[str, ...], names: list[str]) -> None:
    """A proxy that carried the connection, one that refused, and one that wants a login are three things; its silence is a failure."""
    assert [name for _, name in Round().see(WebFacts(target=OUTLOOK, **facts), *words).names(signal)] == names
