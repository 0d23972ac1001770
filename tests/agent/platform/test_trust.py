"""Holds what can be held on Linux of agent/platform/trust.py: it is not used here, and the missing verifier costs one word."""

import sys

import pytest

from agent.platform import macos, trust, windows
from tests.fakes.pki import Authority, name


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the platform's own verifier is used; not tested yet")
def test_not_used_on_linux() -> None:
    """On Linux OpenSSL checks both stores, and asking the platform's verifier answers `unchecked`, never an exception."""
    assert not trust.available()
    root = Authority(name(CN="Platform Root"), "platform root")
    assert trust.verify_by_platform([root.leaf("a.example")], "a.example") == "unchecked"
    assert trust.verify_by_platform([], "a.example") == "unchecked"


def test_codes_of_both_systems_are_apart() -> None:
    """No error code means two things, and each means a word of the vocabulary."""
    assert not windows.TRUST_CODES.keys() & macos.TRUST_CODES.keys()
    assert set((windows.TRUST_CODES | macos.TRUST_CODES).values()) == {"no_root", "incomplete", "expired", "name"}
