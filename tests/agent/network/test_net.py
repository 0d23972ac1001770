"""The contract of the network, held by the fake and by the real one on both clocks."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Literal

import pytest

from agent.network.net import Fetched, Network, Reply, Resolution, Traced, Train, Trained, Upgraded
from agent.network.open import open_network
from agent.network.settings import NetworkSettings
from agent.platform.port import MachineSeen
from tests.contracts.network import TRUST, NetworkContract
from tests.fakes.datagrams import answering_datagrams
from tests.fakes.network import FakeNetwork
from tests.fakes.places import HELLO, Authority, Resolver, answers, listening, resolving
from wire.facts import ChainTrust
from wire.target import Target

GOOD = Target(host="good.test", category="Control", workload="Control")
ECHO = Target(host="good.test", port=7, protocol="turn", category="Control", workload="Control")
REFUSING = Target(host="good.test", port=1, category="Control", workload="Control")


class TestFakeNetwork(NetworkContract):
    """The scripted network is what probes' tests rely on."""

    @pytest.fixture
    def net(self) -> Network:
        """Return a script that says what the contract expects."""
        served = Fetched(
            "kernel",
            connect_ms=1.0,
            tls_ms=2.0,
            first_byte_ms=3.0,
            body_ms=0.5,
            total_ms=6.5,
            chain=(b"leaf",),
            http="HTTP/1.1",
            status=200,
            sent_headers=(("Host", "good.test"), ("User-Agent", "x"), ("Accept", "*/*")),
            headers=(("Server", "Odd"), ("X-oDd", "1")),
            body=b"hello",
            body_bytes=5,
        )
        found = Resolution("kernel", answers=("127.0.0.1",), resolver="192.0.2.53", dns_ms=1.0)
        upgraded = Upgraded("kernel", connect_ms=1.0, tls_ms=2.0, upgrade_ms=3.0, chain=(b"leaf",), status=200)
        trace = Traced("kernel", method="linux-ttl", ends_at=1, hops=("127.0.0.1",), connect_ms=0.1)
        net = FakeNetwork({"good.test": found}, {"good.test:443": served}, TRUST, answering=echoed, upgraded={"good.test:443": upgraded})
        net.traces = {"good.test:443": trace}
        return net

    @pytest.fixture
    def echo(self) -> Target:
        """Return a scripted place."""
        return ECHO

    @pytest.fixture
    def good(self) -> Target:
        """Return a scripted place."""
        return GOOD

    @pytest.fixture
    def refusing(self) -> Target:
        """Return an unscripted place."""
        return REFUSING


def echoed(train: Train) -> Trained:
    """Say back what is said at ECHO; nobody listens elsewhere."""
    if train.target != ECHO:
        return Trained("kernel", sent=1, replies=(None,) * len(train.questions), failure="refused", stage="first_byte", error="x")
    return Trained("kernel", sent=len(train.questions), replies=tuple(Reply(one, 0.1) for one in train.questions))


async def checker(chain: Sequence[bytes], host: str) -> ChainTrust:
    """Trust as the contract says, whatever the chain."""
    return TRUST


async def look() -> MachineSeen:
    """Say which system this is and no more."""
    return MachineSeen("linux")


class RealNetworkContract(NetworkContract):
    """The network through own sockets, on loopback."""

    clock: Literal["kernel", "loop"]

    @pytest.fixture
    async def places(self) -> AsyncIterator[tuple[int, str]]:
        """Serve the front door and the resolver."""
        async with contextlib.AsyncExitStack() as stack:
            port = await stack.enter_async_context(listening(answers(HELLO), Authority().server("good.test")))
            place = await stack.enter_async_context(resolving(Resolver({"good.test": ("A 127.0.0.1",)})))
            yield port, place

    @pytest.fixture
    def net(self, places: tuple[int, str]) -> Network:
        """Return the real network, told to ask the test's resolver."""
        return open_network(NetworkSettings(resolvers=(places[1],), clock=self.clock, ipv6=False), checker, look)

    @pytest.fixture
    def good(self, places: tuple[int, str]) -> Target:
        """Return the front door's place."""
        return GOOD.model_copy(update={"port": places[0]})

    @pytest.fixture
    async def echo(self) -> AsyncIterator[Target]:
        """Return the place of an echo on UDP."""
        async with answering_datagrams(lambda data: [data]) as port:
            yield ECHO.model_copy(update={"port": port})

    @pytest.fixture
    async def refusing(self) -> Target:
        """Return a port that was free a moment ago."""
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        return GOOD.model_copy(update={"port": port})


class TestKernelClock(RealNetworkContract):
    """The contract on the kernel's stamps."""

    clock = "kernel"


class TestLoopClock(RealNetworkContract):
    """The contract on the loop's clock."""

    clock = "loop"
