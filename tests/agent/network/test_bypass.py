"""Rules for hosts that go past a proxy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.network.bypass import bypasses


@pytest.mark.parametrize(
    ("rule", "host", "past"),
    [
        ("*", "a.test", True),
        ("a.test", "a.test", True),
        ("a.test", "A.Test.", True),
        ("a.test", "www.a.test", False),
        ("*.a.test", "www.a.test", True),
        ("*.a.test", "a.test", False),
        ("*a.test", "xa.test", True),
        ("w?w.a.test", "www.a.test", True),
        ("<local>", "intranet", True),
        ("<local>", "a.test", False),
        ("<local>", "::5", False),
        ("10.*", "10.1.2.3", True),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("10.0.0.0/8", "a.test", False),
        ("10.0.0.1/8", "10.9.9.9", True),
        ("10.0.0.0/99", "10.1.2.3", False),
        ("2001:db8::/32", "2001:db8::5", True),
        ("2001:db8::5", "2001:db8:0::5", True),
        ("[2001:db8::5]", "2001:db8::5", True),
        ("[2001:db8::5]:443", "2001:db8::5", True),
        ("192.0.2.1", "192.0.2.1", True),
        ("a.test:443", "a.test", True),
        ("a.test:8443", "a.test", False),
        ("https://a.test", "a.test", True),
        ("http://a.test", "a.test", False),
        ("", "a.test", False),
        ("[a.test", "a.test", False),
        ("a.test/path", "a.test", False),
    ],
)
def test_rules(rule: str, host: str, *, past: bool) -> None:
    """Names, patterns, networks, ports and schemes, on `https` and port 443."""
    assert bypasses([rule], "https", host, 443) is past


@pytest.mark.parametrize("host", ["localhost", "x.localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_loopback_goes_past(host: str) -> None:
    """No rule is needed for this machine itself."""
    assert bypasses([], "http", host, 80)


@given(st.text(), st.text())
def test_any_rule(rule: str, host: str) -> None:
    """A rule that makes no sense is no match, never an exception."""
    assert bypasses([rule], "https", host, 443) in {True, False}
