"""How many TLS probes a second one agent's loop can make, and whether making 50,000 of them costs memory that stays.

A probe is `web.measure`: connect, TLS, request, response, facts and observation, against front doors of a process of its own on loopback.
First rates rise until the loop's lag passes 100 ms at p99 or the rate is not kept; then 50,000 probes are made, 20 in flight.
Lag: how late a timer of 10 ms rings. Usage: scripts/bench probes [probes]. About three minutes. The last line is one JSON object.
"""

import asyncio
import contextlib
import gc
import json
import os
import ssl
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from agent.cycle import RoundClock  # noqa: E402 - the root must be on the path first
from agent.network.loop import WatchedLoop  # noqa: E402 - as above
from agent.network.net import Network  # noqa: E402 - as above
from agent.network.open import open_network  # noqa: E402 - as above
from agent.network.settings import NetworkSettings  # noqa: E402 - as above
from agent.probes import web  # noqa: E402 - as above
from wire.target import DIRECT, Target  # noqa: E402 - as above

IN_FLIGHT = 20
"""The scheduler's cap (agent/schedule.py)."""
LAG_MS = 100.0
"""Where a laptop's user would feel the agent, and where its samples are marked suspect many times over."""
STEP_S = 6.0
RATES = (100, 200, 250, 300, 325, 350, 375, 400, 450, 500, 550, 600, 700, 800, 900, 1000)
KEPT = 0.98
"""A rate counts as kept when so much of it was done in its time."""
TICK_S = 0.010
PROBES = 50_000
SETTLED = 10_000
"""Probes after which memory is to be flat: caches of codecs, contexts and interned words are filled (facts from prototypes: 5,000)."""
_PAGE = os.sysconf("SC_PAGE_SIZE")
_BODY = b"x" * 2000
_ANSWER = b"HTTP/1.1 200 OK\r\nServer: bench\r\nContent-Length: %d\r\n\r\n" % len(_BODY) + _BODY


class Door(asyncio.Protocol):
    """Answers every request with the same page."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer at the end of a request's head."""
        if data.endswith(b"\r\n\r\n"):
            self._transport.write(_ANSWER)


async def serve() -> None:
    """Be the front doors, until standard input closes: EC P-256, two certificates, HTTP/1.1."""
    import trustme  # noqa: PLC0415 - 20 MB that are not the probes'

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    context.num_tickets = 0  # a front door's tickets are not what is measured, and cost this process as much as a handshake
    trustme.CA().create_child_ca().issue_cert("bench.test").configure_cert(context)
    server = await asyncio.get_running_loop().create_server(Door, "127.0.0.1", 0, ssl=context, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


@contextlib.asynccontextmanager
async def doors() -> AsyncIterator[int]:
    """Run the front doors in a process of their own; yield their port."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, __file__, "--serve", stdin=pipe, stdout=pipe)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield int(await process.stdout.readline())
    finally:
        process.stdin.close()
        await process.wait()


class Bench:
    """Probes of one network against one port, counted; failures and suspects too."""

    def __init__(self, net: Network, port: int) -> None:
        self._net = net
        self._target = Target(host="127.0.0.1", port=port, category="Control", workload="Control")
        self._clock = RoundClock(0, time.monotonic_ns())
        self.done = self.failed = self.suspect = 0

    async def probe(self) -> None:
        """Make one probe."""
        seen = await web.measure(self._target, DIRECT, self._net, self._clock)
        self.done += 1
        self.failed += seen.facts.failure is not None
        self.suspect += seen.observation.kind == "web" and seen.observation.suspect

    async def at(self, rate: float, seconds: float) -> tuple[float, float]:
        """Start probes evenly for so long; return how many a second were done, and the lag at p99 in milliseconds."""
        before, began, lags = self.done, time.monotonic(), list[float]()
        async with asyncio.TaskGroup() as group:
            ticking = group.create_task(_ticking(lags), name="lag")
            async with asyncio.TaskGroup() as probes:
                for number in range(int(rate * seconds)):
                    wait = began + number / rate - time.monotonic()
                    await asyncio.sleep(max(0.0, wait))
                    probes.create_task(self.probe(), name="probe")
            ticking.cancel()
        return (self.done - before) / (time.monotonic() - began), _p99(lags)

    async def many(self, count: int) -> None:
        """Make so many probes, `IN_FLIGHT` at once."""
        left = iter(range(count))

        async def worker() -> None:
            for _ in left:
                await self.probe()

        async with asyncio.TaskGroup() as group:
            for number in range(IN_FLIGHT):
                group.create_task(worker(), name=f"worker {number}")


async def _ticking(lags: list[float]) -> None:
    """Note how late each tick is."""
    while True:
        due = time.monotonic() + TICK_S
        await asyncio.sleep(TICK_S)
        lags.append((time.monotonic() - due) * 1000)


def _p99(values: list[float]) -> float:
    return sorted(values)[int(0.99 * (len(values) - 1))] if values else float("inf")


def rss_mb() -> float:
    """Return this process's resident memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE / 1e6


def busy_s() -> tuple[float, float]:
    """Return the CPU seconds this process and its ended children have used, and those the whole machine has."""
    own = os.times()
    words = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return own.user + own.system, (sum(words) - words[3] - words[4]) / os.sysconf("SC_CLK_TCK")


async def rates(bench: Bench) -> tuple[float, float]:
    """Raise the rate until it is not kept; return the highest that was, and its lag."""
    best, lag_there = 0.0, 0.0
    print(f"{'wanted/s':>10}{'done/s':>10}{'lag p99 ms':>12}")
    for rate in RATES:
        done, lag = await bench.at(rate, STEP_S)
        print(f"{rate:>10}{done:>10.1f}{lag:>12.1f}", flush=True)
        if lag > LAG_MS or done < KEPT * rate:
            break
        best, lag_there = done, lag
    return best, lag_there


async def memory(bench: Bench, count: int) -> dict[int, float]:
    """Make `count` probes in ten parts; return resident memory after each, by the number made."""
    found: dict[int, float] = {}
    for part in range(1, 11):
        await bench.many(count // 10)
        gc.collect()
        found[part * count // 10] = round(rss_mb(), 2)
        print(f"{part * count // 10:>10} probes {found[part * count // 10]:>8.2f} MB", flush=True)
    return found


async def run(count: int) -> dict[str, object]:
    """Measure both."""
    async with doors() as port:
        bench = Bench(open_network(NetworkSettings(ipv6=False)), port)
        await bench.many(200)  # imports and first contexts are not what is measured
        best, lag = await rates(bench)
        began, before, (own, machine) = time.monotonic(), bench.done, busy_s()
        sizes = await memory(bench, count)
        seconds, made, (own_after, machine_after) = time.monotonic() - began, bench.done - before, busy_s()
    settled = [size for made, size in sizes.items() if made >= min(SETTLED, count // 2)]
    return {
        "tls_probes_per_second": round(best, 1),
        "lag_p99_ms": round(lag, 1),
        "closed_loop_probes_per_second": round(made / seconds, 1),
        "cpu_ms_per_probe": round((own_after - own) * 1000 / made, 2),
        "machine_cpu_ms_per_probe": round((machine_after - machine) * 1000 / made, 2),
        "probes": count,
        "rss_mb": sizes,
        "rss_growth_mb_after_10000": round(settled[-1] - settled[0], 2),
        "failed": bench.failed,
        "suspect_share": round(bench.suspect / bench.done, 3),
    }


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        asyncio.run(serve())
    else:
        with asyncio.Runner(loop_factory=WatchedLoop) as runner:
            print(json.dumps(runner.run(run(int(sys.argv[1]) if sys.argv[1:] else PROBES))))
