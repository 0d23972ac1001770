"""Who may ask: our own host's names, our own page, and programs."""

import pytest
from aiohttp.test_utils import make_mocked_request

from server.console.guarding import HEADERS, is_local, is_our_host, is_same_origin

EVERYWHERE = "0.0.0.0"  # noqa: S104 - a setting that is compared, nothing listens


@pytest.mark.parametrize(
    ("header", "listens", "ours"),
    [
        ("127.0.0.1:8300", "127.0.0.1", True),
        ("localhost:8300", "127.0.0.1", True),
        ("[::1]:8300", "::1", True),
        ("localhost", EVERYWHERE, True),
        ("10.1.2.3:8300", EVERYWHERE, True),
        ("console.corp.example:8300", "console.corp.example", True),
        ("evil.example", "127.0.0.1", False),
        ("evil.example:8300", EVERYWHERE, False),
        ("127.0.0.1.evil.example", "127.0.0.1", False),
        ("10.1.2.3", "127.0.0.1", False),
        ("", "127.0.0.1", False),
        ("[", "127.0.0.1", False),
    ],
)
def test_host(header: str, listens: str, *, ours: bool) -> None:
    """A name that leads here by someone else's DNS is not ours."""
    assert is_our_host(header, listens) is ours


@pytest.mark.parametrize(
    ("headers", "same"),
    [
        ({}, True),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1:8300"}, True),
        ({"Origin": "http://127.0.0.1:8300"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Origin": "http://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "http://127.0.0.1:9999"}, False),
    ],
)
def test_origin(headers: dict[str, str], *, same: bool) -> None:
    """Another page, another port and a page that hides where it is from may change nothing; a program may."""
    assert is_same_origin(make_mocked_request("POST", "/demo/insert", headers={"Host": "127.0.0.1:8300", **headers})) is same


def test_policy_lets_nothing_inline() -> None:
    """The content policy begins with nothing and names no source but our own."""
    policy = HEADERS["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert "http" not in policy


def test_local() -> None:
    """Loopback is this machine only, any other address is not."""
    assert [is_local(host) for host in ("127.0.0.1", "[::1]", "localhost", EVERYWHERE, "10.0.0.1")] == [True, True, True, False, False]
