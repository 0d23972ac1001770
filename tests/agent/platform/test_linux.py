"""Linux' files and tables, as text; and the loopback interface of the machine the tests run on."""

import sys

import pytest

from agent.platform.linux import Linux, ipv6_addresses, search_domains
from agent.platform.machine import ThisMachine
from tests.fakes.machine import FakeMachine

INET6 = """00000000000000000000000000000001 01 80 10 80       lo
20010db8000000000000000000000020 02 40 00 80     eth0
fe800000000000005054 02 40 20 80     eth0
"""


async def test_proxies_are_the_environments() -> None:
    """The environment is all there is, and silent without variables."""
    assert (await Linux(FakeMachine(environment={"https_proxy": "p.example:1"})).proxies())[0].proxies == {"https": "PROXY p.example:1"}
    assert [(one.scope, one.speak) for one in await Linux(FakeMachine()).proxies()] == [("environment", False)]


async def test_search_list() -> None:
    """The last search or domain line counts."""
    files = {"/etc/resolv.conf": "domain old.example\nnameserver 192.0.2.1\nsearch Lyon.Contoso.com. contoso.com\n"}
    assert await Linux(FakeMachine(files)).search_domains() == ("lyon.contoso.com", "contoso.com")
    assert search_domains("search\n") == ()


def test_ipv6_addresses() -> None:
    """Only global addresses of the interface itself count."""
    assert ipv6_addresses(INET6, "eth0") == ("2001:db8::20",)
    assert ipv6_addresses(INET6, "lo") == ()


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux' kernel")
async def test_addresses_of_this_machine() -> None:
    """The loopback interface has the loopback address; a name that no interface can have is none."""
    linux = Linux(ThisMachine())
    assert "127.0.0.1" in await linux.addresses("lo")
    for name in ("", "none0", "a-name-of-more-than-fifteen-characters", "l\0o"):
        assert await linux.addresses(name) == ()
