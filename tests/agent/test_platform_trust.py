"""Holds what can be held on Linux of agent/platform_trust.py: it is not used here, and the missing verifier costs one word."""

import sys

import pytest

from agent import platform_trust
from tests.fakes.pki import Authority, name


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the platform's own verifier is used; not tested yet")
def test_not_used_on_linux() -> None:
    """On Linux OpenSSL checks both stores, and asking the platform's verifier answers `unchecked`, never an exception."""
    assert not platform_trust.available()
    root = Authority(name(CN="Platform Root"), "platform root")
    assert platform_trust.verify_by_platform([root.leaf("a.example")], "a.example") == "unchecked"
    assert platform_trust.verify_by_platform([], "a.example") == "unchecked"
