"""One connect with a chosen life, on loopback; the kernel's error messages read back; the routers' part is tests/lab/test_routers.py."""

import asyncio
import errno
import socket
import struct
import sys
from collections.abc import AsyncIterator

import pytest

from agent.network.clock import LoopClock, SampleClock, sample_clock
from agent.network.hop import Agreed, echo_request, knock, ping, sender
from agent.network.way import Way


@pytest.fixture(params=["auto", "loop"])
def clock(request: pytest.FixtureRequest) -> SampleClock:
    """Return each clock in turn."""
    return sample_clock(request.param)


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """Listen on loopback."""
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_accepted(port: int, clock: SampleClock) -> None:
    """A handshake that completes has its time, and its source port is free for the next connect at once."""
    first = await knock(("127.0.0.1", port), clock, 5.0)
    assert (first.ended, first.number, first.by) == ("accepted", 0, "")
    assert first.ms is not None
    again = await knock(("127.0.0.1", port), clock, 5.0, hops=1, source_port=first.port)
    assert (again.ended, again.port) == ("accepted", first.port)


async def test_refused(port: int, clock: SampleClock) -> None:
    """Nobody listens: refused, with its time, and nothing was agreed on."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        free = sock.getsockname()[1]
    got = await knock(("127.0.0.1", free), clock, 5.0, hops=1)
    assert (got.ended, got.agreed, got.number) == ("refused", Agreed(), errno.ECONNREFUSED)


async def test_from_an_own_address(port: int, clock: SampleClock) -> None:
    """A way from an address of this machine is kept; one this machine has not is a value."""
    own = Way("source", "127.0.0.9", addresses=("127.0.0.9",))
    assert (await knock(("127.0.0.1", port), clock, 5.0, way=own)).ended == "accepted"
    for strange in (Way("source", "192.0.2.9", addresses=("192.0.2.9",)), Way("source", "eth9")):
        assert (await knock(("127.0.0.1", port), clock, 5.0, way=strange)).number == errno.EADDRNOTAVAIL


async def test_silent(clock: SampleClock) -> None:
    """A backlog that is full drops SYNs: silence within the limit is a value."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen(0)
        place = sock.getsockname()
        with socket.create_connection(place):
            got = await knock(place, clock, 0.02)
    assert (got.ended, got.ms) == ("silent", None)


async def test_no_way(clock: SampleClock) -> None:
    """What this machine cannot even send is a value with its error number; a source port that is taken is no obstacle."""
    got = await knock(("255.255.255.255", 443), clock, 1.0)
    assert (got.ended, got.by) == ("rejected", "")
    assert got.number in {errno.ENETUNREACH, errno.EACCES, errno.EHOSTUNREACH, errno.EPERM}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = taken.getsockname()
        assert (await knock(place, clock, 1.0, source_port=place[1])).ended == "accepted"


@pytest.mark.skipif(sys.platform != "linux", reason="TCP_INFO")
async def test_agreed(port: int) -> None:
    """The kernel tells segment size and options of a handshake on loopback."""
    got = await knock(("127.0.0.1", port), sample_clock("kernel"), 5.0)
    assert got.agreed.mss is not None
    assert got.agreed.mss > 1000
    assert None not in {got.agreed.sack, got.agreed.timestamps, got.agreed.scaling}


def message(origin: int, kind: int, address: str) -> bytes:
    """Return an extended error as the kernel writes it."""
    head = struct.pack("@IBBBBII", errno.EHOSTUNREACH, origin, kind, 0, 0, 0, 0)
    if ":" in address:
        return head + struct.pack("@HHI16sI", socket.AF_INET6, 0, 0, socket.inet_pton(socket.AF_INET6, address), 0)
    return head + struct.pack("@HH4s8x", socket.AF_INET, 0, socket.inet_aton(address))


def test_who_sent_it() -> None:
    """Both families are read; an error of our own host, and bytes cut short at any place, name nobody."""
    assert sender(message(2, 11, "203.0.113.9")) == ("203.0.113.9", 11)
    assert sender(message(3, 3, "2001:db8::9")) == ("2001:db8::9", 3)
    assert sender(message(1, 0, "127.0.0.1")) == ("", 0)
    for whole in (message(2, 11, "203.0.113.9"), message(3, 3, "2001:db8::9")):
        for length in range(24):
            assert sender(whole[:length])[0] == ""


def test_echo_request_has_its_checksum() -> None:
    """RFC 1071: the sum over the whole message is all ones."""
    total = sum(struct.unpack("!4H", echo_request(8, b"\x12\x34")))
    assert (total & 0xFFFF) + (total >> 16) == 0xFFFF


async def test_ping_is_a_time_or_nothing() -> None:
    """Where users may ping, loopback answers; where not, there is no time and no error."""
    answer = await ping("127.0.0.1", LoopClock(), 1.0)
    assert answer is None or 0 <= answer < 1000
    assert await ping("255.255.255.255", LoopClock(), 0.05) is None
