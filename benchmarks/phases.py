"""How wrong the staged connection's phases are: 1, 5 and 20 in flight, starts 5 ms apart, both clocks, truth from a packet capture.

Then the same with the kernel's clock and 20 in flight across a link of 20 ms one way, without anything and behind a splitter at its near
end: the figures `far_...` and `split_...`, with medians, for behind it the connect takes what the near end takes and TLS the whole way.

Prints a table, then one JSON object on the last line. Needs root for capture and namespaces; no packet leaves the machine. The error of a
phase is the absolute difference to the wire, p95 the value at rank floor(0.95 (n - 1)).
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from agent.network.loop import WatchedLoop
from agent.network.net import ALPN_ANY, ALPN_HTTP1, Exchange, Fetched, Network
from agent.network.open import open_network
from agent.network.settings import NetworkSettings
from benchmarks.staged.ring import Ring
from benchmarks.staged.row import APART, CLIENT_DEVICE, SERVER, inside, row, splitter
from benchmarks.staged.truth import Truth, truths
from wire.target import DIRECT, Target

SPACING_S = 0.005
"""The scheduler's duty (agent/schedule.py)."""
PROBES = {1: 60, 5: 300, 20: 800}
EXCHANGE_MS = 65
"""What the server's three waits add up to; stretched where the spacing would otherwise not let so many be in flight."""
FAR_PROBES = 400
PHASES = ("connect", "tls", "first_byte", "body")
ClockName = Literal["kernel", "loop"]


async def run(net: Network, place: tuple[str, int], in_flight: int, count: int) -> dict[int, Fetched]:
    """Make `count` exchanges, every other HTTP/2, at most `in_flight` at once; return them by number."""
    places = asyncio.Semaphore(in_flight)
    seen: dict[int, Fetched] = {}

    async def one(number: int) -> None:
        target = Target(host=f"p{number}.bench.test", port=place[1], category="Control", workload="Control")
        seen[number] = await net.fetch(Exchange(target, DIRECT, place[0], alpn=ALPN_ANY if number % 2 else ALPN_HTTP1))
        places.release()

    async with asyncio.TaskGroup() as group:
        for number in range(count):
            await places.acquire()
            group.create_task(one(number), name=f"exchange {number}")
            await asyncio.sleep(SPACING_S)
    return seen


def measure(clock: ClockName, in_flight: int, count: int) -> tuple[dict[int, Fetched], dict[int, Truth]]:
    """Run one cell against a fresh server; return what was measured and what was true."""
    with subprocess.Popen(serving(in_flight), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        found = watched(clock, ("127.0.0.1", int(server.stdout.readline())), in_flight, count, "lo")
        server.stdin.close()  # type: ignore[union-attr]
    return found


def serving(in_flight: int, address: str = "127.0.0.1") -> list[str]:
    """Return the command of a front door whose waits are long enough for so many in flight."""
    stretch = max(1.0, in_flight * SPACING_S * 1100 / EXCHANGE_MS)
    return [sys.executable, str(Path(__file__).parent / "staged" / "server.py"), str(stretch), address]


def watched(
    clock: ClockName, place: tuple[str, int], in_flight: int, count: int, device: str
) -> tuple[dict[int, Fetched], dict[int, Truth]]:
    """Make the exchanges while the device is captured."""
    net = open_network(NetworkSettings(clock=clock))
    with asyncio.Runner(loop_factory=WatchedLoop) as runner:
        runner.run(run(net, place, 1, 5))  # imports and first contexts are not what is measured
        with Ring(place[1], device) as ring:
            seen = runner.run(run(net, place, in_flight, count))
            return seen, truths(ring.packets(), place[1])


def far() -> dict[str, Any]:
    """Return the figures across the link, and behind the splitter at its near end. Run within `APART`."""
    figures: dict[str, Any] = {}
    with (
        row(),
        subprocess.Popen(inside("server", *serving(20, SERVER)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server,
    ):
        assert server.stdin is not None
        assert server.stdout is not None
        port = server.stdout.readline().strip()
        cell = inside("client", sys.executable, "-P", __file__, "--cell", port)
        figures |= _cell(cell, "far")
        with splitter(int(port)):
            figures |= _cell(cell, "split")
        server.stdin.close()
    return figures


def _cell(command: Sequence[str], name: str) -> dict[str, Any]:
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return {f"{name}_{key}": value for key, value in json.loads(done.stdout).items()}


def cell(port: int) -> dict[str, Any]:
    """Measure one cell in the client's namespace."""
    seen, true = watched("kernel", (SERVER, port), 20, FAR_PROBES, CLIENT_DEVICE)
    good = [one for number, one in seen.items() if number in true and not one.failure]
    found: dict[str, Any] = {f"{phase}_error_p95_ms": p95(errors(seen, true, phase)) for phase in PHASES}
    found |= {f"{phase}_ms": round(statistics.median(getattr(one, f"{phase}_ms") for one in good), 2) for phase in PHASES}
    sure = {number: one for number, one in seen.items() if not one.suspect}
    found |= {f"{phase}_error_p95_ms_unsuspected": p95(errors(sure, true, phase)) for phase in PHASES}
    return found | {"samples": len(good), "suspect_share": round(sum(one.suspect for one in seen.values()) / len(seen), 3)}


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
    figures: dict[str, Any] = {}
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
    done = subprocess.run([*APART, sys.executable, "-P", __file__, "--far"], check=True, stdout=subprocess.PIPE, text=True)
    beyond = json.loads(done.stdout.splitlines()[-1])
    for name, title in (("far", "across 20 ms"), ("split", "behind a splitter")):
        print(f"{title:17}{beyond[f'{name}_samples']:>5}/{FAR_PROBES}{beyond[f'{name}_suspect_share']:>8.1%}", end="")
        print("".join(f"{beyond[f'{name}_{phase}_error_p95_ms']:>19.3f}" for phase in PHASES))
        print(f"{'  median, ms':34}" + "".join(f"{beyond[f'{name}_{phase}_ms']:>19.2f}" for phase in PHASES))
    print(json.dumps(figures | beyond))
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--far"]:
        print(json.dumps(far()))
    elif sys.argv[1:2] == ["--cell"]:
        print(json.dumps(cell(int(sys.argv[2]))))
    else:
        sys.exit(main())
