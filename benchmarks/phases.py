"""How wrong the staged connection's phases are: 1, 5 and 20 in flight, starts 5 ms apart, both clocks, truth from a packet capture.

Prints a table, then one JSON object on the last line. Needs root for the capture; touches loopback only. The error of a phase is
the absolute difference to the wire, p95 the value at rank floor(0.95 (n - 1)).
"""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Literal

from agent.network.loop import WatchedLoop
from agent.network.net import ALPN_ANY, ALPN_HTTP1, Exchange, Fetched, Network
from agent.network.open import open_network
from agent.network.settings import NetworkSettings
from benchmarks.staged.ring import Ring
from benchmarks.staged.truth import Truth, truths
from wire.target import DIRECT, Target

SPACING_S = 0.005
"""The scheduler's duty (agent/schedule.py)."""
PROBES = {1: 60, 5: 300, 20: 800}
EXCHANGE_MS = 65
"""What the server's three waits add up to; stretched where the spacing would otherwise not let so many be in flight."""
PHASES = ("connect", "tls", "first_byte", "body")
ClockName = Literal["kernel", "loop"]


async def run(net: Network, port: int, in_flight: int, count: int) -> dict[int, Fetched]:
    """Make `count` exchanges, every other HTTP/2, at most `in_flight` at once; return them by number."""
    places = asyncio.Semaphore(in_flight)
    seen: dict[int, Fetched] = {}

    async def one(number: int) -> None:
        target = Target(host=f"p{number}.bench.test", port=port, category="Control", workload="Control")
        seen[number] = await net.fetch(Exchange(target, DIRECT, "127.0.0.1", alpn=ALPN_ANY if number % 2 else ALPN_HTTP1))
        places.release()

    async with asyncio.TaskGroup() as group:
        for number in range(count):
            await places.acquire()
            group.create_task(one(number), name=f"exchange {number}")
            await asyncio.sleep(SPACING_S)
    return seen


def measure(clock: ClockName, in_flight: int, count: int) -> tuple[dict[int, Fetched], dict[int, Truth]]:
    """Run one cell against a fresh server; return what was measured and what was true."""
    command = [
        sys.executable,
        str(Path(__file__).parent / "staged" / "server.py"),
        str(max(1.0, in_flight * SPACING_S * 1100 / EXCHANGE_MS)),
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        net = open_network(NetworkSettings(clock=clock))
        with asyncio.Runner(loop_factory=WatchedLoop) as runner:
            runner.run(run(net, port, 1, 5))  # imports and first contexts are not what is measured
            with Ring(port) as ring:
                seen = runner.run(run(net, port, in_flight, count))
                true = truths(ring.packets(), port)
        server.stdin.close()  # type: ignore[union-attr]
    return seen, true


def p95(values: list[float]) -> float:
    """Return the value at rank floor(0.95 (n - 1))."""
    return round(sorted(values)[int(0.95 * (len(values) - 1))], 4)


def errors(seen: dict[int, Fetched], true: dict[int, Truth], phase: str) -> list[float]:
    """Return the absolute errors of one phase, in milliseconds."""
    name = f"{phase}_ms"
    return [abs(getattr(one, name) - getattr(true[number], name)) for number, one in seen.items() if number in true and not one.failure]


def unflagged(seen: dict[int, Fetched], true: dict[int, Truth]) -> float:
    """Return the share of samples that are wrong by more than 1 ms in some phase and not marked suspect."""
    wrong = zip(*(errors(seen, true, phase) for phase in PHASES), strict=True)
    marked = [one.suspect for number, one in seen.items() if number in true and not one.failure]
    count = sum(max(each) > 1.0 and not suspect for each, suspect in zip(wrong, marked, strict=True))
    return float(round(count / len(marked), 4))


def main() -> int:
    """Run every cell; print the table and the figures."""
    if os.geteuid() != 0:
        print("phases: the packet capture needs root (CAP_NET_RAW); run: sudo scripts/bench phases", file=sys.stderr)
        return 2
    figures: dict[str, float | int] = {}
    print(f"{'clock':7}{'in flight':>10}{'samples':>9}{'suspect':>9}" + "".join(f"{phase + ' p95 ms':>19}" for phase in PHASES))
    for clock, prefix in (("kernel", ""), ("loop", "portable_")):
        for in_flight, count in PROBES.items():
            seen, true = measure(clock, in_flight, count)  # type: ignore[arg-type]
            suffix = "" if in_flight == 20 else f"_at_{in_flight}"
            row = {f"{prefix}{phase}_error_p95_ms{suffix}": p95(errors(seen, true, phase)) for phase in PHASES}
            usable = len(errors(seen, true, "connect"))
            suspect = sum(one.suspect for one in seen.values()) / len(seen)
            figures |= row | {f"{prefix}samples{suffix}": usable, f"{prefix}suspect_share{suffix}": round(suspect, 3)}
            figures[f"{prefix}unflagged_over_1_ms_share{suffix}"] = unflagged(seen, true)
            print(f"{clock:7}{in_flight:>10}{usable:>5}/{count}{suspect:>8.1%}" + "".join(f"{value:>19.3f}" for value in row.values()))
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
