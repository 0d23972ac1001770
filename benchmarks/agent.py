"""The agent's footprint, all probes on: the real `python -m agent run` against the demo's world and a stand-in centre on loopback.

The shipped plan's targets but those of port 80, a reflector, an address nobody owns. Time runs twelve times as fast: a cycle every 5 s, the
fastest a plan may have, and every probe's own cadence a twelfth, so that one cycle holds what a minute holds. Then the agent idles: with a
cycle a minute its CPU between cycles is taken. `cpu_percent` and `kbit_per_second` are those of a cycle a minute, put together from both.
Figures are taken after warm-up, when facts and certificates have been receipted and travel no more.
Usage: scripts/bench agent [cycles] [warm-up cycles]. Five minutes. The last line is one JSON object.
"""

import asyncio
import contextlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import benchmarks.own_tests  # noqa: E402, F401 - gmqtt brings a package `tests` of its own
from agent.planning import default_plan  # noqa: E402 - the root must be on the path first: this file is called agent, too
from demo.world.config import read  # noqa: E402 - as above
from demo.world.world import opened  # noqa: E402 - as above
from tests.fakes import agent_files  # noqa: E402 - as above
from tests.fakes.centre import Centre, running_centre  # noqa: E402 - as above
from tests.fakes.world import World  # noqa: E402 - as above
from wire.plan import Plan, ProbeSettings, Reflector  # noqa: E402 - as above

FASTER = 12
"""A cycle each 5 s stands for one each minute."""
MINUTE_S = 60.0
IDLE_S = 45.0
"""Of the minute between two cycles, long enough for a figure from a clock of 10 ms."""
NOWHERE = "192.0.2.1:443"
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


async def world_process(folder: Path) -> None:
    """Be the world, until standard input closes: one site next door."""
    place = {"egress_address": "203.0.113.10", "resolver_address": "203.0.113.11", "latitude": 50.1, "longitude": 8.7, "delay_ms": 0}
    site = {"name": "Frankfurt", "front_door": "FRA", **place}
    async with opened(read({"folder": str(folder), "sites": [site]}), datetime.now(UTC)) as world:
        told = world.announcement()
        (link,) = told["links"].values()
        roots = {"roots": told["public_roots"], "reflector": told["reflector"]}
        print(json.dumps({"connect": link["connect"], "resolver": link["resolvers"][0], **roots}), flush=True)
        await asyncio.to_thread(sys.stdin.read)


def plan(reflector: dict[str, object], faster: int) -> Plan:
    """Return the shipped plan, its own cadences so much faster, in a world that has no port 80."""
    shipped = default_plan()
    targets = [target for target in shipped.targets if target.protocol != "http"]
    probes = {
        kind: ProbeSettings(requests_per_hour=3600, every_s=one.every_s / faster, idle_s=one.idle_s / faster)
        for kind, one in shipped.probes.items()
    }
    update = {"targets": targets, "probes": probes, "reflector": Reflector.model_validate(reflector)}
    return shipped.model_copy(update={"cadence_s": MINUTE_S / faster, **update})


def cpu_ms(pid: int, *, children: bool = True) -> float:
    """Return the CPU time a process has used, its ended children (chain checks, QUIC) included, by the kernel's account."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(word) for word in words[11 : 15 if children else 13]) * 1000 / _TICKS


def rss_mb(pid: int) -> float:
    """Return a process's resident memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / 1e6


@contextlib.asynccontextmanager
async def agent(folder: Path, world: World, chosen: Plan) -> AsyncIterator[tuple[int, Centre]]:
    """Run an agent under a centre of its own; yield its process id and the centre."""
    async with running_centre() as centre:
        config = agent_files.write(folder, world, centre.port, chosen)
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "agent", "run", "--config", str(config), cwd=ROOT)
        try:
            yield process.pid, centre
        finally:
            process.terminate()
            await process.wait()


async def busy(folder: Path, world: World, chosen: Plan, cycles: int, warm: int) -> dict[str, Any]:
    """Run the agent for `warm` and then `cycles` cycles and return the figures of a cycle."""
    async with agent(folder, world, chosen) as (pid, centre):
        await reports(centre, warm)
        first_bytes = max(size for _, _, size in centre.payloads)
        before, began, rss = cpu_ms(pid), time.monotonic(), []
        for number in range(cycles):
            await reports(centre, warm + number + 1)
            rss.append(rss_mb(pid))
        used, seconds = cpu_ms(pid) - before, time.monotonic() - began
    steady = list(centre.stored.values())[warm : warm + cycles]
    sizes = [size for _, _, size in centre.payloads[-cycles:]]
    seen = [one for report in steady for one in report.cycle.observations]
    return {
        "rss_mb": round(max(rss), 1),
        "cpu_ms_per_cycle": round(used / cycles, 1),
        "bytes_per_report": round(statistics.mean(sizes)),
        "first_report_bytes": first_bytes,
        "cycles": cycles,
        "seconds": round(seconds, 1),
        "observations_per_report": round(len(seen) / len(steady), 1),
        "observations": dict(Counter(one.kind for one in seen)),
        "failed_observations": dict(Counter(one.kind for one in seen if getattr(one, "error", None) is not None)),
        "suspect_share": round(sum(getattr(one, "suspect", False) for one in seen) / len(seen), 3),
        "reports_sent_twice": len(centre.payloads) - len(centre.stored),
        "agent_says_rss_mb": steady[-1].cycle.health.rss_mb,
        "agent_says_cpu_ms": round(statistics.mean(report.cycle.health.cpu_ms for report in steady), 1),
    }


async def idle_ms_per_s(folder: Path, world: World, chosen: Plan) -> float:
    """Return the CPU an agent uses between two cycles; the first cycle's children, which end then, are no part of it."""
    async with agent(folder, world, chosen) as (pid, centre):
        await reports(centre, 1)
        await asyncio.sleep(5.0)  # receipts, and what a first cycle leaves to do
        before, began = cpu_ms(pid, children=False), time.monotonic()
        await asyncio.sleep(IDLE_S)
        return (cpu_ms(pid, children=False) - before) / (time.monotonic() - began)


def _made(folder: Path, name: str) -> Path:
    (folder / name).mkdir()
    return folder / name


async def measure(folder: Path, world: World, reflector: dict[str, object], cycles: int, warm: int) -> dict[str, Any]:
    """Return the figures of a cycle, and those of a cycle a minute."""
    idle = await idle_ms_per_s(_made(folder, "idle"), world, plan(reflector, 1))
    figures = await busy(_made(folder, "busy"), world, plan(reflector, FASTER), cycles, warm)
    minute_ms = figures["cpu_ms_per_cycle"] + idle * (MINUTE_S - MINUTE_S / FASTER)
    told = {"idle_cpu_ms_per_s": round(idle, 2), "cpu_percent": round(minute_ms / (MINUTE_S * 10), 3)}
    return {"rss_mb": figures["rss_mb"], **told, "kbit_per_second": round(figures["bytes_per_report"] * 8 / MINUTE_S / 1000, 3)} | figures


async def reports(centre: Centre, count: int) -> None:
    """Wait until so many reports are stored."""
    while len(centre.stored) < count:
        have = len(centre.stored)
        await centre.until(lambda: len(centre.stored) > have)  # noqa: B023 - awaited before the next round


async def main(cycles: int, warm: int) -> None:
    """Start the world, measure, print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = (sys.executable, __file__, "--world", name)
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
        assert process.stdout is not None
        assert process.stdin is not None
        told = json.loads(await process.stdout.readline())
        world = World(told["connect"] | {NOWHERE: "127.0.0.1:9"}, told["resolver"], Path(told["roots"]))
        try:
            figures = await measure(folder, world, told["reflector"], cycles, warm)
        finally:
            process.stdin.close()
            await process.wait()
    print(json.dumps(figures))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--world"]:
        asyncio.run(world_process(Path(sys.argv[2])))
    else:
        numbers = [int(word) for word in sys.argv[1:]] + [36, 6][len(sys.argv) - 1 :]
        asyncio.run(main(*numbers))
