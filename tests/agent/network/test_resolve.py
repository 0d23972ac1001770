"""Lookups against a resolver on loopback: every answer and every way one fails."""

import contextlib
import random
from collections.abc import Callable

import dns.exception
import dns.flags
import dns.message
import pytest

from agent.network import resolve as room
from agent.network.clock import sample_clock
from agent.network.net import Resolution
from agent.network.resolve import resolve
from tests.fakes.places import Resolver, resolving

TABLE = {
    "good.test": ("CNAME edge.test.", "CNAME AMS-efz.test.", "A 192.0.2.2", "A 192.0.2.1", "AAAA 2001:db8::1"),
    "broken.test": ("!SERVFAIL",),
    "forbidden.test": ("!REFUSED",),
    "odd.test": ("!NOTIMP",),
    "empty.test": (),
    "alias.test": ("CNAME nowhere.test.",),
    "gone.test": ("CNAME nowhere.test.", "!NXDOMAIN"),
}


async def look_up(
    host: str, *, twist: Callable[[bytes], bytes | None] = bytes, ipv6: bool = False, timeout_s: float = 2.0
) -> tuple[Resolution, Resolver]:
    """Ask a resolver of the test's own."""
    resolver = Resolver(TABLE, twist)
    async with resolving(resolver) as place:
        address, _, port = place.rpartition(":")
        found = await resolve(host, [(address, int(port))], sample_clock("auto"), timeout_s, ipv6=ipv6)
    return found, resolver


async def test_answers_and_aliases_in_order() -> None:
    """Addresses and the CNAME chain come in the order and case received, with resolver and time."""
    found, _ = await look_up("good.test")
    assert (found.failure, found.answers) == (None, ("192.0.2.2", "192.0.2.1"))
    assert found.cnames == ("edge.test", "AMS-efz.test")
    assert found.resolver.startswith("127.0.0.1:")
    assert found.dns_ms is not None


async def test_both_families() -> None:
    """Where there is IPv6 both record types are asked, IPv4 answers first."""
    found, resolver = await look_up("good.test", ipv6=True)
    assert found.answers == ("192.0.2.2", "192.0.2.1", "2001:db8::1")
    assert resolver.asked == ["good.test", "good.test"]


@pytest.mark.parametrize(
    ("host", "failure"),
    [
        ("absent.test", "dns_nxdomain"),
        ("gone.test", "dns_nxdomain"),
        ("broken.test", "dns_servfail"),
        ("forbidden.test", "dns_refused"),
        ("odd.test", "unknown"),
        ("empty.test", "dns_no_data"),
        ("alias.test", "dns_no_data"),
        ("x" * 64 + ".test", "dns_nxdomain"),
    ],
)
async def test_failures(host: str, failure: str) -> None:
    """Each refusal has its word, of stage dns, without answers."""
    found, _ = await look_up(host)
    assert (found.failure, found.stage, found.answers) == (failure, "dns", ())


async def test_nxdomain_keeps_aliases() -> None:
    """An alias that leads to a name that does not exist is kept: it says where the chain broke."""
    found, _ = await look_up("gone.test")
    assert found.cnames == ("nowhere.test",)


def _truncated(data: bytes) -> bytes:
    answer = dns.message.from_wire(data)
    answer.flags |= dns.flags.TC
    answer.answer.clear()
    return answer.to_wire()


async def test_truncated_answer_is_asked_again_over_tcp() -> None:
    """The whole answer comes over TCP, from the same resolver."""
    found, resolver = await look_up("good.test", twist=_truncated)
    assert (found.failure, len(found.answers)) == (None, 2)
    assert len(resolver.asked) == 2


@pytest.mark.parametrize(
    ("twist", "failure"),
    [
        (lambda _: None, "timeout"),
        (lambda data: bytes([data[0] ^ 1]) + data[1:], "dns_malformed"),
        (lambda data: data[:20], "dns_malformed"),
        (lambda data: data[:2], "dns_malformed"),
        (lambda data: data.replace(b"\x04good", b"\x04evil"), "dns_malformed"),
        (lambda data: data[:2] + bytes([data[2] & 0x7F]) + data[3:], "dns_malformed"),
    ],
    ids=["silent", "wrong id", "cut", "id only", "another question", "a question"],
)
async def test_twisted(twist: Callable[[bytes], bytes | None], failure: str) -> None:
    """Silence is a timeout; what answers another question, or cannot be read, is malformed and never an answer."""
    found, resolver = await look_up("good.test", twist=twist, timeout_s=0.06)
    assert (found.failure, found.answers, found.dns_ms) == (failure, (), None)
    assert len(resolver.asked) == room.ROUNDS


def test_garbage() -> None:
    """Good answers with chance bytes raise nothing but what is classified as malformed."""
    chance = random.Random(20261123)
    query = dns.message.make_query("good.test", "A")
    good = Resolver(TABLE).reply(query.to_wire())
    for _ in range(500):
        twisted = bytearray(good)
        for _ in range(chance.randrange(1, 5)):
            twisted[chance.randrange(2, len(twisted))] = chance.randrange(256)
        with contextlib.suppress(dns.exception.DNSException):
            answer = room._ours(bytes(twisted), query)
            if answer is not None:
                room._read(answer, "192.0.2.53", 1.0, late=False)


async def test_lost_datagram() -> None:
    """A second question makes good for a lost first answer."""
    kept: list[bytes] = []

    def lose_first(data: bytes) -> bytes | None:
        kept.append(data)
        return data if len(kept) > 1 else None

    found, _ = await look_up("good.test", twist=lose_first, timeout_s=0.4)
    assert (found.failure, len(found.answers)) == (None, 2)


async def test_next_resolver() -> None:
    """Where one resolver has nobody listening, or fails, the next is asked and named."""
    async with resolving(Resolver({"good.test": ("!SERVFAIL",)})) as failing, resolving(Resolver(TABLE)) as good:
        places = [(place.rpartition(":")[0], int(place.rpartition(":")[2])) for place in ("127.0.0.1:1", failing, good)]
        found = await resolve("good.test", places, sample_clock("auto"), 2.0, ipv6=False)
    assert (found.failure, found.resolver) == (None, good)


async def test_nobody_listens() -> None:
    """A resolver's closed port is `refused`, no resolver at all `unreachable`."""
    for resolvers, failure in (([("127.0.0.1", 1)], "refused"), ([], "unreachable")):
        found = await resolve("good.test", resolvers, sample_clock("auto"), 0.2, ipv6=False)
        assert (found.failure, found.stage) == (failure, "dns")


async def test_no_question_for_addresses_and_localhost() -> None:
    """Addresses and localhost are never asked of a resolver."""
    for host, answer in (("192.0.2.9", "192.0.2.9"), ("2001:db8::9", "2001:db8::9"), ("localhost", "127.0.0.1")):
        found, resolver = await look_up(host)
        assert (found.answers, found.dns_ms, resolver.asked) == ((answer,), None, [])
