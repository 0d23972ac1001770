"""Name lookups on own sockets: UDP, TCP when the answer was cut short; messages by dnspython. No cache, no search list, no hosts file.

Plain messages without EDNS, as Linux' own resolver sends them: what an old middlebox makes of EDNS is another question.
The socket is connected, so the kernel drops what does not come from the resolver asked; id and question are checked here.
"""

import asyncio
import secrets
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

from agent.network.address import is_address, joined
from agent.network.channel import Channel
from agent.network.clock import STEP_NS, SampleClock
from agent.network.failure import Failed, classify
from agent.network.net import Resolution
from wire.vocabulary import Failure

ROUNDS = 2
"""Each resolver is asked twice, as the C library does (RES_DFLRETRY): a lost datagram is not a failed lookup."""
MAX_RESOLVERS = 3
"""MAXNS of resolv.h."""
RCODES: dict[int, Failure] = {
    dns.rcode.NXDOMAIN: "dns_nxdomain",
    dns.rcode.SERVFAIL: "dns_servfail",
    dns.rcode.REFUSED: "dns_refused",
}
ASK_NEXT: frozenset[Failure] = frozenset(
    {"dns_servfail", "dns_refused", "timeout", "refused", "unreachable", "reset", "closed", "dns_malformed", "too_large"}
)
"""Answers of one resolver after which another may know better; that a name does not exist is final."""
MAX_MESSAGE = 4096
"""The largest message that is read: without EDNS a datagram has 512 bytes, Microsoft's longest answers over TCP about 1 kB. A message of
64 kB whose names all point to one long name takes a second to read (measured)."""
MAX_STRANGE = 32
"""Datagrams from the resolver's address that answer no question of ours, before it is not listened to any more."""
_TCP_LENGTH = struct.Struct("!H")


@dataclass(frozen=True, slots=True)
class Lookup:
    """What the lookup of one record type gave."""

    resolver: str = ""
    answers: tuple[str, ...] = ()
    cnames: tuple[str, ...] = ()
    dns_ms: float | None = None
    failure: Failure | None = None
    error: str | None = None
    suspect: bool = False


async def resolve(host: str, resolvers: Sequence[tuple[str, int]], clock: SampleClock, timeout_s: float, *, ipv6: bool) -> Resolution:
    """Look up A, and AAAA if `ipv6`, at the same time; what either gives is an answer, and A's failure speaks for both."""
    if is_address(host):
        return Resolution(clock.name, answers=(host,))
    if host == "localhost":  # never asked of a resolver (RFC 6761, 6.3)
        return Resolution(clock.name, answers=("127.0.0.1",))
    drift = clock.drift_ns()
    async with asyncio.TaskGroup() as group:
        types = ("A", "AAAA") if ipv6 else ("A",)
        tasks = [group.create_task(_lookup(host, kind, resolvers, clock, timeout_s), name=f"lookup {kind}") for kind in types]
    found = [task.result() for task in tasks]
    good = [one for one in found if one.failure is None]
    told = good[0] if good else found[0]
    return Resolution(
        clock.name,
        answers=tuple(address for one in good for address in one.answers),
        cnames=told.cnames,
        resolver=told.resolver,
        dns_ms=max((one.dns_ms or 0.0 for one in good), default=told.dns_ms),
        failure=told.failure,
        stage="dns" if told.failure else None,
        error=told.error,
        suspect=any(one.suspect for one in found) or abs(clock.drift_ns() - drift) > STEP_NS,
    )


async def _lookup(host: str, kind: str, resolvers: Sequence[tuple[str, int]], clock: SampleClock, timeout_s: float) -> Lookup:
    """Ask resolver after resolver until one knows; `dns_ms` counts from the first question, as a person waits."""
    try:
        query = dns.message.make_query(host, kind, id=secrets.randbelow(65_536))
        wire = query.to_wire()
    except (dns.exception.DNSException, UnicodeError):
        return Lookup(failure="dns_nxdomain", error="not a name DNS can carry")
    if not resolvers:
        return Lookup(failure="unreachable", error="no resolver is configured on this machine")
    asked = list(resolvers[:MAX_RESOLVERS]) * ROUNDS
    began = clock.now()
    for place in asked:
        resolver = place[0] if place[1] == 53 else joined(*place)
        try:
            answer, stamp, late = await ask(place, query, wire, clock, timeout_s / len(asked))
            told = _read(answer, resolver, round(max(0.0, (stamp - began) / 1e6), 2), late=late)
        except (OSError, Failed, dns.exception.DNSException) as error:
            failure, text = classify(error)
            told = Lookup(resolver, failure=failure, error=text)
        if told.failure not in ASK_NEXT:
            break
    return told


async def ask(
    place: tuple[str, int], query: dns.message.Message, wire: bytes, clock: SampleClock, limit_s: float
) -> tuple[dns.message.Message, int, bool]:
    """Ask one resolver once; return its answer, when that came, and whether the stamp is doubtful."""
    strange = 0
    try:
        async with asyncio.timeout(limit_s):
            with Channel(*place, socket.SOCK_DGRAM, clock) as channel:
                await channel.connect()
                await channel.send(wire)
                while True:
                    got = await channel.receive()
                    answer = _ours(got.data, query)
                    if answer is not None:
                        break
                    strange += 1
                    if strange > MAX_STRANGE:
                        raise TimeoutError  # noqa: TRY301 - as if nobody had answered, which below is told as what it was
                if not answer.flags & dns.flags.TC:
                    return answer, got.stamp, channel.doubtful()
            return await _ask_tcp(place, query, wire, clock)
    except TimeoutError:
        if strange:
            raise Failed("dns_malformed", "only answers to other questions came") from None
        raise


async def _ask_tcp(
    place: tuple[str, int], query: dns.message.Message, wire: bytes, clock: SampleClock
) -> tuple[dns.message.Message, int, bool]:
    """Ask again over TCP (RFC 7766), after an answer that was cut short."""
    with Channel(*place, socket.SOCK_STREAM, clock) as channel:
        await channel.connect()
        await channel.send(_TCP_LENGTH.pack(len(wire)) + wire)
        data = b""
        while len(data) < 2 or len(data) < 2 + _TCP_LENGTH.unpack_from(data)[0]:
            got = await channel.receive_some()
            data += got.data
            if len(data) >= 2 and _TCP_LENGTH.unpack_from(data)[0] > MAX_MESSAGE:
                raise Failed("too_large", f"an answer of more than {MAX_MESSAGE} bytes")
        answer = _ours(data[2 : 2 + _TCP_LENGTH.unpack_from(data)[0]], query)
        if answer is None:
            raise Failed("dns_malformed", "an answer to another question")
        return answer, got.stamp, channel.doubtful()


def _ours(data: bytes, query: dns.message.Message) -> dns.message.Message | None:
    """Return the message if it answers our question, None if it is somebody else's. Raises DNSException for ours unreadable."""
    if data[:2] != query.id.to_bytes(2, "big"):
        return None
    if len(data) > MAX_MESSAGE:
        raise Failed("too_large", f"an answer of more than {MAX_MESSAGE} bytes")
    answer = dns.message.from_wire(data)
    return answer if query.is_response(answer) else None


def _read(answer: dns.message.Message, resolver: str, dns_ms: float, *, late: bool) -> Lookup:
    """Return what an answer says. Raises DNSException where its alias chain makes no sense."""
    code = answer.rcode()
    if code not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN} or not isinstance(answer, dns.message.QueryMessage):
        return Lookup(resolver, dns_ms=dns_ms, failure=RCODES.get(code, "unknown"), error=dns.rcode.to_text(code), suspect=late)
    chain = answer.resolve_chaining()
    addresses = tuple(item.to_text() for item in chain.answer) if chain.answer else ()
    aliases = tuple(item.target.to_text(omit_final_dot=True) for step in chain.cnames for item in step)
    failure = RCODES.get(code) or (None if addresses else "dns_no_data")
    error = dns.rcode.to_text(code) if failure == "dns_nxdomain" else None
    return Lookup(resolver, addresses, aliases, dns_ms, failure, error, late)


def ipv6_routed() -> bool:
    """Return whether the routing table knows a way to the IPv6 Internet. Connecting a UDP socket sends nothing."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.connect(("2001:db8::1", 53))  # documentation prefix (RFC 3849): the default route's answer
    except OSError:
        return False
    return True
