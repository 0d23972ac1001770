"""A file read for throughput, with connects beside it for buffer bloat: what a full link does to somebody else's round trip.

Off unless the plan names a file of the customer's own. In HTTP/1.1: an HTTP/2 stream's window would measure itself.
"""

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import replace
from statistics import median

from agent.network.address import mapped
from agent.network.channel import Channel
from agent.network.clock import SampleClock
from agent.network.connect import NETWORK_ERRORS, Staged, milliseconds
from agent.network.net import ALPN_HTTP1, Exchange, Fetched
from agent.network.proxy import Logins
from agent.network.settings import Timeouts

BODY_S = 45.0
"""15 MB in this time are 2.7 Mbit/s, below which the number does not matter any more; the cycle's own limit is 75 s."""
EVERY_S = 0.2
MAX_CONNECTS = 50
"""One fresh connect in EVERY_S while the file runs, at most so many."""


async def download(
    request: Exchange, clock: SampleClock, timeouts: Timeouts, connect: Mapping[str, str], logins: Logins, enough: int
) -> Fetched:
    """Read at most `enough` bytes; a file that is not done in BODY_S is no failure but a slow one.

    `throughput_mbps` is of the body alone, in 10^6 bits a second; `bloat_ms` the median connect while it ran less the one before.
    """
    limits = replace(request.timeouts or timeouts, body_s=BODY_S)
    staged = Staged(replace(request, alpn=ALPN_HTTP1, timeouts=limits, kept_bytes=0, enough=enough), clock, timeouts, connect, logins)
    async with asyncio.TaskGroup() as group:
        beside = group.create_task(_connects(request, staged, clock, connect, limits.connect_s), name="download connects")
        seen = await staged.run()
        beside.cancel()
    slow = seen.failure == "timeout" and seen.stage == "body"
    body_ms = BODY_S * 1000 if slow else seen.body_ms
    if slow:
        seen = replace(seen, failure=None, stage=None, error=None, body_ms=body_ms)
    busy, idle = staged.beside, seen.connect_ms
    return replace(
        seen,
        throughput_mbps=round((seen.body_bytes or 0) * 8 / body_ms / 1000, 2) if body_ms and not seen.failure else None,
        bloat_ms=round(max(0.0, median(busy) - idle), 2) if busy and idle is not None and not seen.failure else None,
    )


async def _connects(request: Exchange, staged: Staged, clock: SampleClock, connect: Mapping[str, str], limit_s: float) -> None:
    """Connect to the same place again and again while the body comes; what it takes is added to `staged.beside`."""
    way, target = request.by, request.target
    host, port = (way.host, way.port) if way.proxied else (target.host, target.port)
    place = mapped(connect, host, request.address, port)
    for _ in range(MAX_CONNECTS):
        await asyncio.sleep(EVERY_S)
        if staged.stage != "body":
            continue
        try:
            async with asyncio.timeout(limit_s):
                with Channel(*place, socket.SOCK_STREAM, clock) as channel:
                    staged.beside.append(milliseconds(*await channel.connect()))
        except NETWORK_ERRORS:
            continue
