"""What every `agent.network.net.Network` holds, the fake one and the real ones. A subclass gives the fixtures; no socket lives here."""

import pytest

from agent.network.net import ALPN_HTTP1, Exchange, Fetched, Network, Train
from wire.facts import ChainTrust
from wire.target import DIRECT, SYSTEM, Route, Target

TRUST = ChainTrust(os="trusted", public="no_root", engine="contract")


def phases(seen: Fetched) -> float:
    """Return the sum of an exchange's phases and of its rest, in milliseconds."""
    parts = (seen.connect_ms, seen.proxy_ms, seen.tls_ms, seen.first_byte_ms, seen.body_ms, seen.unaccounted_ms)
    return sum(part or 0.0 for part in parts)


class NetworkContract:
    """`net` knows `good.test`, served at `good`; nobody listens at `refusing`; every chain's trust is `TRUST`."""

    @pytest.fixture
    def net(self) -> Network:
        """Return the network under test."""
        raise NotImplementedError

    @pytest.fixture
    def good(self) -> Target:
        """Return `good.test` at a port that answers 200, `Server: Odd`, `X-oDd: 1`, `hello`."""
        raise NotImplementedError

    @pytest.fixture
    def refusing(self) -> Target:
        """Return `good.test` at a port where nobody listens."""
        raise NotImplementedError

    @pytest.fixture
    def echo(self) -> Target:
        """Return `good.test` at a UDP port that says back what it hears."""
        raise NotImplementedError

    async def test_known_name(self, net: Network) -> None:
        """A name that exists gives addresses, a resolver and a time, and no failure."""
        found = await net.resolve("good.test")
        assert found.answers == ("127.0.0.1",)
        assert found.resolver
        assert found.dns_ms is not None
        assert found.dns_ms >= 0
        assert (found.failure, found.stage, found.error) == (None, None, None)

    async def test_unknown_name(self, net: Network) -> None:
        """A name that does not exist is a value with failure and stage."""
        found = await net.resolve("absent.test")
        assert (found.answers, found.failure, found.stage) == ((), "dns_nxdomain", "dns")

    async def test_address(self, net: Network) -> None:
        """An address is its own answer, and no time was spent on it."""
        found = await net.resolve("127.0.0.1")
        assert (found.answers, found.dns_ms, found.failure) == (("127.0.0.1",), None, None)

    async def test_ways(self, net: Network, good: Target) -> None:
        """A direct route is one way that nobody chose; a proxied one is the plan's; the system's own is somebody's choice."""
        direct = await net.ways(good, DIRECT)
        assert ([way.name for way in direct.ways], direct.origin) == (["direct"], "")
        office = await net.ways(good, Route(name="office", kind="proxy", proxy="proxy.test:3128"))
        assert ([way.name for way in office.ways], office.origin) == (["proxy proxy.test:3128"], "plan")
        lan = await net.ways(good, Route(name="lan", kind="source", source="127.0.0.1"))
        assert ([way.local_for("127.0.0.1") for way in lan.ways], lan.origin) == (["127.0.0.1"], "plan")
        assert (await net.ways(good, SYSTEM)).origin

    async def test_exchange(self, net: Network, good: Target) -> None:
        """An exchange keeps status, headers in order and case, body and chain, and its phases add up within 1 ms."""
        seen = await net.fetch(Exchange(good, DIRECT, "127.0.0.1", alpn=ALPN_HTTP1))
        assert (seen.failure, seen.stage, seen.error) == (None, None, None)
        assert (seen.status, seen.http, seen.body, seen.body_bytes) == (200, "HTTP/1.1", b"hello", 5)
        assert [name for name, _ in seen.headers][:2] == ["Server", "X-oDd"]
        assert [name for name, _ in seen.sent_headers] == ["Host", "User-Agent", "Accept"]
        assert seen.chain
        assert seen.proxy_ms is None
        assert None not in {seen.connect_ms, seen.tls_ms, seen.first_byte_ms, seen.body_ms}
        assert seen.total_ms is not None
        assert abs(seen.total_ms - phases(seen)) <= 1.0

    async def test_refused(self, net: Network, refusing: Target) -> None:
        """A refused connection is a value; no later stage has a time."""
        seen = await net.fetch(Exchange(refusing, DIRECT, "127.0.0.1"))
        assert (seen.failure, seen.stage) == ("refused", "connect")
        assert (seen.connect_ms, seen.tls_ms, seen.first_byte_ms, seen.status, seen.chain) == (None, None, None, None, ())
        assert seen.total_ms is not None

    async def test_machine(self, net: Network) -> None:
        """A machine is looked at by whoever the network was opened with; here that is a look that says which system it is."""
        assert (await net.machine()).system == "linux"

    async def test_trace(self, net: Network, good: Target) -> None:
        """A place on this machine ends one hop away; its address is the hop."""
        seen = await net.trace(good, "127.0.0.1")
        assert (seen.failure, seen.stage, seen.error) == (None, None, None)
        assert (seen.ends_at, seen.hops, seen.unroutable) == (1, ("127.0.0.1",), "")
        assert seen.connect_ms is not None
        assert seen.method

    async def test_refused_trace(self, net: Network, refusing: Target) -> None:
        """A refusal is a value and tells how far away it came from; nothing was agreed on."""
        seen = await net.trace(refusing, "127.0.0.1")
        assert (seen.failure, seen.stage, seen.ends_at) == ("refused", "connect", 1)
        assert (seen.connect_ms, seen.mss) == (None, None)

    async def test_check_chain(self, net: Network) -> None:
        """A chain is handed to the checker; without one there is nothing to say."""
        assert await net.check_chain([b"leaf"], "good.test") == TRUST
        assert await net.check_chain([], "good.test") is None

    async def test_train(self, net: Network, echo: Target, refusing: Target) -> None:
        """Each datagram has its answer with a time, in their order; where nobody listens it is a value."""
        questions = (b"one", b"two", b"six")
        seen = await net.train(Train(echo, "127.0.0.1", questions, slice(0, 3), 0.0, 5.0))
        assert [reply and reply.data for reply in seen.replies] == list(questions)
        assert all(reply is not None and reply.ms >= 0 for reply in seen.replies)
        assert (seen.sent, seen.failure, seen.stage, seen.error) == (3, None, None, None)
        none = await net.train(Train(refusing, "127.0.0.1", questions, slice(0, 3), 0.01, 5.0))
        assert (none.failure, none.stage) == ("refused", "first_byte")
        assert none.replies == (None,) * 3

    async def test_shake_refused(self, net: Network, refusing: Target) -> None:
        """QUIC where nobody listens is a value; no later stage has a time."""
        seen = await net.shake(Exchange(refusing, DIRECT, "127.0.0.1"))
        assert (seen.failure, seen.stage) == ("refused", "connect")
        assert (seen.handshake_ms, seen.first_byte_ms, seen.status, seen.chain) == (None, None, None, ())

    async def test_upgrade_refused(self, net: Network, good: Target, refusing: Target) -> None:
        """A server that answers otherwise is a status and no failure; one that is not there is a failure."""
        seen = await net.upgrade(Exchange(good, DIRECT, "127.0.0.1"))
        assert (seen.failure, seen.status, seen.upgraded, seen.idle, seen.idle_s) == (None, 200, False, "", None)
        assert seen.chain
        assert None not in {seen.connect_ms, seen.tls_ms, seen.upgrade_ms}
        seen = await net.upgrade(Exchange(refusing, DIRECT, "127.0.0.1"))
        assert (seen.failure, seen.stage, seen.status, seen.upgraded) == ("refused", "connect", None, False)
