"""Where a probe connects to."""

import pytest

from agent.network.net import Resolution
from agent.probes.destination import destination, proxy_host
from tests.fakes.network import FakeNetwork
from wire.target import DIRECT, Route, Target

TARGET = Target(host="a.test", category="Control", workload="Control")


async def test_lookup_failed() -> None:
    """Without an address there is nowhere to go, and the lookup says why."""
    where = await destination(TARGET, DIRECT, FakeNetwork(), 0)
    assert (where.address, where.shown, where.resolution.failure) == (None, None, "dns_nxdomain")


async def test_turns_wrap() -> None:
    """A turn beyond the number of addresses starts over."""
    net = FakeNetwork({"a.test": Resolution("kernel", ("192.0.2.3", "192.0.2.1", "192.0.2.2"))})
    assert [(await destination(TARGET, DIRECT, net, turn)).shown for turn in (0, 2, 3)] == ["192.0.2.1", "192.0.2.3", "192.0.2.1"]


@pytest.mark.parametrize(
    ("proxy", "host"),
    [
        ("p.test:3128", "p.test"),
        ("[2001:db8::1]:3128", "2001:db8::1"),
    ],
)
def test_proxy_host(proxy: str | None, host: str) -> None:
    """The host of a route's proxy comes without port and brackets."""
    assert proxy_host(Route(name="x", kind="proxy", proxy=proxy)) == host
