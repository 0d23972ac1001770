"""One TCP connect whose packets live for a chosen number of hops, and one ping: how each ended and who said so. No privilege is needed.

A SYN that dies on its way is told by ICMP; on Linux the kernel queues that message, with its sender, for the socket (IP_RECVERR). Windows
and macOS fail the connect without saying who sent it: there a hop's distance is known and its address is not. Which hops are asked and
what it means is not decided here. Nothing is sent on a connection: it is reset once its handshake was seen, so that its port is free.
"""

import asyncio
import contextlib
import errno
import os
import socket
import struct
import sys
from dataclasses import dataclass
from typing import Final, Literal

from agent.network.channel import leave_from
from agent.network.clock import SampleClock
from agent.network.loop import LAG_NS, watch_of
from agent.network.way import DIRECT_WAY, Way

Ended = Literal["accepted", "refused", "expired", "rejected", "silent"]
"""`accepted`: the handshake completed. `refused`: RST or ICMP port unreachable. `expired`: ICMP says the packet's life ended on its way.
`rejected`: any other ICMP error, or this machine has no way. `silent`: nothing within the limit."""

# linux/in.h, linux/in6.h, linux/errqueue.h: Python 3.11 does not name them.
_IP_RECVERR, _IPV6_RECVERR = 11, 25
_EXTENDED_ERROR = struct.Struct("@IBBBBII")
_TIME_EXCEEDED = {socket.AF_INET: 11, socket.AF_INET6: 3}
"""ICMP types of RFC 792 and RFC 4443."""
_FROM_ICMP = (2, 3)
"""SO_EE_ORIGIN_ICMP and SO_EE_ORIGIN_ICMP6."""
_NO_LINGER = struct.pack("@ii", 1, 0)
# linux/tcp.h: the first bytes of struct tcp_info are small; byte 5 holds the options both ends agreed on.
_OPTIONS_AT, _TIMESTAMPS, _SACK, _SCALING = 5, 1, 2, 4
_REFUSED = frozenset({errno.ECONNREFUSED, errno.ECONNRESET})
_ECHO = {socket.AF_INET: (8, socket.IPPROTO_ICMP), socket.AF_INET6: (128, socket.IPPROTO_ICMPV6)}
"""Echo request's type and the protocol, by family."""

METHOD: Final = {"linux": "linux-ttl", "win32": "windows-ttl", "darwin": "macos-ttl"}.get(sys.platform, "other-ttl")
"""`linux-ttl`: hops by address. The others, by their documents and not run by us: distance only, every hop's address is unknown."""
_QUEUES: Final = sys.platform == "linux"


@dataclass(frozen=True, slots=True)
class Agreed:
    """What a completed handshake agreed on. `mss` is TCP_MAXSEG in bytes, options after it; None where this platform does not say."""

    mss: int | None = None
    sack: bool | None = None
    timestamps: bool | None = None
    scaling: bool | None = None


@dataclass(frozen=True, slots=True)
class Knock:
    """How one connect ended. `by` is who sent the ICMP, empty when nobody did or it is not told; `number` the error, 0 for none.

    `ms` runs from the SYN to what ended it; on Linux it is the kernel's for a completed handshake. `port` is the source port used.
    """

    ended: Ended
    ms: float | None = None
    by: str = ""
    number: int = 0
    port: int = 0
    late: bool = False
    agreed: Agreed = Agreed()


async def knock(
    place: tuple[str, int], clock: SampleClock, limit_s: float, hops: int | None = None, source_port: int = 0, way: Way = DIRECT_WAY
) -> Knock:
    """Connect to `place` with packets that live for `hops` hops (None: the system's own), from `source_port` if it is free."""
    family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        try:
            _prepare(sock, family, clock, hops)
            _bind(sock, way.local_for(place[0]), way.host, source_port)
            started = clock.now()
            sock.connect(place)
        except BlockingIOError:
            pass  # the handshake is under way
        except OSError as error:
            return Knock("refused" if error.errno in _REFUSED else "rejected", number=error.errno or 0)
        port = sock.getsockname()[1]
        try:
            async with asyncio.timeout(limit_s):
                stamp, late = await _ended(sock, clock, started)
        except TimeoutError:
            return Knock("silent", port=port, number=errno.ETIMEDOUT)
        return _told(sock, family, port, clock, started, stamp, late=late)


def _prepare(sock: socket.socket, family: socket.AddressFamily, clock: SampleClock, hops: int | None) -> None:
    sock.settimeout(0)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    clock.prepare(sock)
    six = family == socket.AF_INET6
    if _QUEUES:
        sock.setsockopt(socket.IPPROTO_IPV6 if six else socket.IPPROTO_IP, _IPV6_RECVERR if six else _IP_RECVERR, 1)
    if hops is not None:
        level, option = (socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS) if six else (socket.IPPROTO_IP, socket.IP_TTL)
        sock.setsockopt(level, option, hops)


def _bind(sock: socket.socket, local: str | None, interface: str, port: int) -> None:
    """Bind to a port, 0 included: what connect itself would choose may be shared, and so not free again. One that is taken is replaced."""
    for number in (port, 0):
        try:
            return sock.bind(("", number)) if local is None else leave_from(sock, local, interface, number)
        except OSError as error:
            if not number or error.errno != errno.EADDRINUSE:
                raise
    return None


async def _ended(sock: socket.socket, clock: SampleClock, started: int) -> tuple[int, bool]:
    """Wait until the connect ended, well or not; return when the loop learned of it, and whether it may have learned late."""
    loop = asyncio.get_running_loop()
    watch = watch_of(loop)
    future: asyncio.Future[tuple[int, bool]] = loop.create_future()

    def on_ready() -> None:
        loop.remove_writer(sock.fileno())
        if not future.done():
            stamp = clock.now()
            busy = watch.busy_ns() if watch else stamp - started
            future.set_result((stamp, busy > LAG_NS))

    loop.add_writer(sock.fileno(), on_ready)
    try:
        return await future
    finally:
        loop.remove_writer(sock.fileno())


def _told(sock: socket.socket, family: int, port: int, clock: SampleClock, started: int, stamp: int, *, late: bool) -> Knock:
    number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if number == 0:
        done = clock.connected(sock, started)
        return Knock("accepted", _ms(started, done), port=port, late=late and clock.name == "loop", agreed=agreed(sock))
    by, kind = _sender(sock)
    ended: Ended = "rejected"
    if number in _REFUSED:
        ended = "refused"
    elif kind == _TIME_EXCEEDED[socket.AddressFamily(family)] or (not _QUEUES and number in {errno.EHOSTUNREACH, errno.ENETUNREACH}):
        ended = "expired"
    return Knock(ended, _ms(started, stamp), by, number, port, late)


def _sender(sock: socket.socket) -> tuple[str, int]:
    """Return who sent the ICMP error that ended the connect, and its type; nothing where none was queued."""
    if not _QUEUES:
        return "", 0
    try:
        _, ancillary, _, _ = sock.recvmsg(0, 512, socket.MSG_ERRQUEUE)
    except OSError:
        return "", 0
    for level, kind, value in ancillary:
        if (level, kind) in {(socket.IPPROTO_IP, _IP_RECVERR), (socket.IPPROTO_IPV6, _IPV6_RECVERR)}:
            return sender(value)
    return "", 0


def sender(value: bytes) -> tuple[str, int]:
    """Return address and ICMP type out of a `struct sock_extended_err` and the socket address behind it (ip(7), ipv6(7))."""
    if len(value) < _EXTENDED_ERROR.size + 8:
        return "", 0
    _, origin, kind, _, _, _, _ = _EXTENDED_ERROR.unpack_from(value)
    rest = value[_EXTENDED_ERROR.size :]
    family = int.from_bytes(rest[:2], sys.byteorder)
    if origin not in _FROM_ICMP:
        return "", 0
    if family == socket.AF_INET:
        return socket.inet_ntop(family, rest[4:8]), kind
    if family == socket.AF_INET6 and len(rest) >= 24:
        return socket.inet_ntop(family, rest[8:24]), kind
    return "", kind


def agreed(sock: socket.socket) -> Agreed:
    """Return what the handshake of a connected socket agreed on, as far as this platform tells."""
    mss = None
    if option := getattr(socket, "TCP_MAXSEG", None):
        with contextlib.suppress(OSError):
            mss = sock.getsockopt(socket.IPPROTO_TCP, option) or None
    if not _QUEUES:
        return Agreed(mss)
    bits = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _OPTIONS_AT + 1)[_OPTIONS_AT]
    return Agreed(mss, bool(bits & _SACK), bool(bits & _TIMESTAMPS), bool(bits & _SCALING))


async def ping(address: str, clock: SampleClock, limit_s: float) -> float | None:
    """Return the round trip of one ICMP echo in milliseconds; None without an answer, and where this machine lets no user ping.

    Linux: a datagram ICMP socket, allowed to the groups of net.ipv4.ping_group_range; the kernel writes checksum and id.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    kind, protocol = _ECHO[family]
    loop = asyncio.get_running_loop()
    try:
        with socket.socket(family, socket.SOCK_DGRAM, protocol) as sock:
            sock.settimeout(0)
            clock.prepare(sock)
            sock.connect((address, 0))
            started = clock.now()
            sock.send(echo_request(kind, os.urandom(2)))
            got: asyncio.Future[int] = loop.create_future()
            loop.add_reader(sock.fileno(), _read, sock, clock, got)
            try:
                async with asyncio.timeout(limit_s):
                    return _ms(started, await got)
            finally:
                loop.remove_reader(sock.fileno())
    except (OSError, TimeoutError):
        return None


def _read(sock: socket.socket, clock: SampleClock, got: "asyncio.Future[int]") -> None:
    if got.done():
        return
    try:
        got.set_result(clock.read(sock, 2048).stamp)
    except BlockingIOError:
        return
    except OSError as error:
        got.set_exception(error)


def echo_request(kind: int, sequence: bytes) -> bytes:
    """Return an ICMP echo request without payload, its checksum (RFC 1071) filled in for systems that leave it to us."""
    head = bytes((kind, 0, 0, 0, 0, 0)) + sequence
    total = sum(struct.unpack("!4H", head))
    total = (total & 0xFFFF) + (total >> 16)
    return head[:2] + struct.pack("!H", ~total & 0xFFFF) + head[4:]


def _ms(started: int, done: int) -> float:
    return max(0.0, round((done - started) / 1e6, 2))
