"""This machine's clock against a time server's, by one SNTP exchange (RFC 4330). Off unless the plan names a server.

The transmit timestamp we send is random: it only has to come back, and the time of this machine is nobody's matter. Our own times are the
wall clock's around the exchange, right within a millisecond, which is far below what is worth telling.
"""

import asyncio
import secrets
import socket
import struct
import time
from collections.abc import Mapping

from agent.network.address import mapped
from agent.network.channel import Channel
from agent.network.clock import SampleClock
from agent.network.failure import Failed

PORT = 123
LIMIT_S = 2.0
"""Time servers answer as fast as the way is; RFC 4330 asks clients not to insist."""
MOST_MS = 1e12
"""The cap of `wire.observation.HostObservation.ntp_offset_ms`: 31 years, as an unset clock has."""
_REQUEST = 0x23  # no leap warning, version 4, mode client
_SERVER = 4
_EPOCH_S = 2_208_988_800
"""From 1900-01-01, where NTP counts from, to 1970-01-01."""
_ERA_S = 1 << 32
_PACKET = struct.Struct("!BBbb11I")


async def clock_offset(host: str, address: str, connect: Mapping[str, str], clock: SampleClock) -> float:
    """Return by how many milliseconds this machine is ahead of the server. Raises OSError and Failed."""
    nonce = secrets.token_bytes(8)
    request = bytes([_REQUEST]) + bytes(39) + nonce
    with Channel(*mapped(connect, host, address, PORT), socket.SOCK_DGRAM, clock) as channel:
        await channel.connect()
        async with asyncio.timeout(LIMIT_S):
            sent_ns = time.time_ns()
            await channel.send(request)
            while True:
                data = (await channel.receive()).data
                back_ns = time.time_ns()
                if data[24:32] == nonce:
                    return offset_ms(data, sent_ns, back_ns)


def offset_ms(answer: bytes, sent_ns: int, back_ns: int) -> float:
    """Return what an answer says of our clock. Raises Failed for what is none, and for a server that has no time itself (stratum 0, 16)."""
    if len(answer) < _PACKET.size:
        raise Failed("unknown", "an answer too short for NTP")
    first, stratum, *_, received_s, received_f, sent_s, sent_f = _PACKET.unpack_from(answer)
    if first & 7 != _SERVER or not 0 < stratum < 16 or not sent_s:
        raise Failed("unknown", "the time server has no time itself")
    there = (_ns(received_s, received_f) + _ns(sent_s, sent_f)) / 2
    return max(-MOST_MS, min(MOST_MS, round(((sent_ns + back_ns) / 2 - there) / 1e6, 1)))


def _ns(seconds: int, fraction: int) -> int:
    """Return Unix nanoseconds; times before 1968 are of the era that begins in 2036 (RFC 4330, 3)."""
    era = 0 if seconds & 0x8000_0000 else _ERA_S
    return (seconds + era - _EPOCH_S) * 10**9 + (fraction * 10**9 >> 32)
