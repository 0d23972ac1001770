"""Proxy variables of the environment."""

import pytest

from agent.platform.environment import environment_proxies, way_of
from agent.platform.port import ProxySettings


def test_none() -> None:
    """Without a proxy's variable the environment says nothing; `no_proxy` alone is nothing."""
    assert environment_proxies({"PATH": "/bin", "no_proxy": "*"}) is None
    assert environment_proxies({"https_proxy": " "}) is None


def test_lower_case_wins() -> None:
    """Lower case wins over upper case, and each scheme has its own; `all` stands for both."""
    told = environment_proxies({"https_proxy": "http://a.example:1", "HTTPS_PROXY": "http://b.example:2", "ALL_PROXY": "c.example:3"})
    assert told == ProxySettings("environment", proxies={"https": "PROXY a.example:1", "all": "PROXY c.example:3"})


def test_a_clients_header_is_not_believed() -> None:
    """Where a web client can set HTTP_PROXY by a header of its own, it counts in lower case only."""
    assert environment_proxies({"HTTP_PROXY": "http://a.example:1"}) is not None
    assert environment_proxies({"HTTP_PROXY": "http://a.example:1", "REQUEST_METHOD": "GET"}) is None


@pytest.mark.parametrize(
    ("url", "way"),
    [
        ("http://user:secret@proxy.example:3128/", "PROXY proxy.example:3128"),
        ("proxy.example:3128", "PROXY proxy.example:3128"),
        ("proxy.example", "PROXY proxy.example:80"),
        ("https://proxy.example", "HTTPS proxy.example:443"),
        ("socks5h://proxy.example", "SOCKS proxy.example:1080"),
        ("http://[2001:db8::1]:3128", "PROXY [2001:db8::1]:3128"),
        ("ftp://proxy.example", ""),
        ("http://proxy.example:port", ""),
        ("http://[::1", ""),
        ("http://", ""),
    ],
)
def test_proxy_urls(url: str, way: str) -> None:
    """A proxy's URL becomes a way without a password, with the port its scheme has; what is no URL is none."""
    assert way_of(url) == way


def test_bypass() -> None:
    """A name means itself and all below it; networks, patterns and `*` stay as they are."""
    told = environment_proxies({"all_proxy": "p:1", "no_proxy": "localhost, .contoso.com,10.0.0.0/8 *.example.org, *"})
    assert told is not None
    assert told.bypass == ("localhost", "*.localhost", "contoso.com", "*.contoso.com", "10.0.0.0/8", "*.example.org", "*")
