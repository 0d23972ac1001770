"""The agent's footprint: the real `python -m agent run` against a stand-in world and centre on loopback, each in a process of its own.

Twelve targets and a reflector: 25 observations a cycle. The cadence is the fastest a plan may have (5 s), so the CPU per cycle holds five
seconds of idling, not sixty. Figures are taken after warm-up, when facts and certificates have been receipted and travel no more.
Usage: scripts/bench agent [cycles] [warm-up cycles]. The last line is one JSON object.
"""

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import benchmarks.own_tests  # noqa: E402, F401 - gmqtt brings a package `tests` of its own
from agent.planning import default_plan  # noqa: E402 - the root must be on the path first: this file is called agent, too
from tests.fakes import agent_files  # noqa: E402 - as above
from tests.fakes.centre import Centre, running_centre  # noqa: E402 - as above
from tests.fakes.world import World, running_world  # noqa: E402 - as above

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


async def world_process(folder: Path) -> None:
    """Be the world, until standard input closes."""
    async with running_world(folder, [target.name for target in default_plan().targets]) as world:
        print(json.dumps({"connect": world.connect, "resolver": world.resolver, "roots": str(world.roots)}), flush=True)
        await asyncio.to_thread(sys.stdin.read)


def cpu_ms(pid: int) -> float:
    """Return the CPU time a process has used, its ended children (chain checks) included, by the kernel's account."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(word) for word in words[11:15]) * 1000 / _TICKS


def rss_mb(pid: int) -> float:
    """Return a process's resident memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / 1e6


async def measure(folder: Path, world: World, cycles: int, warm: int) -> dict[str, object]:
    """Run the agent for `warm` and then `cycles` cycles and return the figures."""
    async with running_centre() as centre:
        config = agent_files.write(folder, world, centre.port, agent_files.plan())
        agent = await asyncio.create_subprocess_exec(sys.executable, "-m", "agent", "run", "--config", str(config), cwd=ROOT)
        try:
            await reports(centre, warm)
            first_bytes = max(size for _, _, size in centre.payloads)
            before, began, rss = cpu_ms(agent.pid), time.monotonic(), []
            for number in range(cycles):
                await reports(centre, warm + number + 1)
                rss.append(rss_mb(agent.pid))
            used, seconds = cpu_ms(agent.pid) - before, time.monotonic() - began
        finally:
            agent.terminate()
            await agent.wait()
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
        "failed_observations": sum(getattr(one, "error", None) is not None for one in seen),
        "suspect_share": round(sum(getattr(one, "suspect", False) for one in seen) / len(seen), 3),
        "reports_sent_twice": len(centre.payloads) - len(centre.stored),
        "agent_says_rss_mb": steady[-1].cycle.health.rss_mb,
        "agent_says_cpu_ms": round(statistics.mean(report.cycle.health.cpu_ms for report in steady), 1),
    }


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
        try:
            figures = await measure(folder, World(told["connect"], told["resolver"], Path(told["roots"])), cycles, warm)
        finally:
            process.stdin.close()
            await process.wait()
    print(json.dumps(figures))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--world"]:
        asyncio.run(world_process(Path(sys.argv[2])))
    else:
        numbers = [int(word) for word in sys.argv[1:]] + [24, 6][len(sys.argv) - 1 :]
        asyncio.run(main(*numbers))
