"""Every address of a name in its turn, IPv4 and IPv6, on real sockets: two servers, one name, one request for each turn."""

import contextlib
import ssl
from pathlib import Path

import pytest

from agent.network.open import open_network
from agent.network.settings import NetworkSettings
from agent.probes import web
from tests.fakes.network import FakeClock
from tests.fakes.places import HELLO, Authority, Resolver, answers, listening, resolving
from wire.facts import WebFacts
from wire.observation import WebObservation
from wire.target import DIRECT, Target

NAME = "outlook.office365.com"


@pytest.mark.skipif(not Path("/proc/net/if_inet6").exists(), reason="needs IPv6 on the loopback interface")
async def test_ipv4_and_ipv6_with_the_right_name() -> None:
    """Four turns reach both addresses twice, each asked for the target's own name (SNI), and each shows its own certificate."""
    asked: list[tuple[str, str | None]] = []

    def watched(place: str) -> ssl.SSLContext:
        context = Authority().server(NAME)
        context.sni_callback = lambda _tls, name, _context: asked.append((place, name))
        return context

    async with contextlib.AsyncExitStack() as stack:
        four = await stack.enter_async_context(listening(answers(HELLO), watched("127.0.0.1"), "127.0.0.1"))
        six = await stack.enter_async_context(listening(answers(HELLO), watched("::1"), "::1"))
        resolver = await stack.enter_async_context(resolving(Resolver({NAME: ("A 127.0.0.1", "AAAA ::1")})))
        connect = {"127.0.0.1:443": f"127.0.0.1:{four}", "[::1]:443": f"[::1]:{six}"}
        net = open_network(NetworkSettings((resolver,), connect, ipv6=True))
        target = Target(host=NAME, category="Optimize", workload="Exchange")
        seen = [await web.measure(target, DIRECT, net, FakeClock(turn)) for turn in range(4)]
    assert asked == [("127.0.0.1", NAME), ("::1", NAME)] * 2
    chains = set()
    for one, address in zip(seen, ["127.0.0.1", "::1"] * 2, strict=True):
        assert isinstance(one.observation, WebObservation)
        assert isinstance(one.facts, WebFacts)
        assert (one.observation.address, one.observation.status, one.facts.failure) == (address, 200, None)
        chains.add(tuple(one.facts.chain))
    assert len(chains) == 2
