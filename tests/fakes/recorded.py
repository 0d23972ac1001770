"""Recorded reports, multiplied: a real agent's cycle under other names, times and numbers. Used by benchmarks and load tests."""

import asyncio
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.planning import default_plan
from tests.fakes import agent_files
from tests.fakes.centre import Centre, running_centre
from tests.fakes.world import running_world
from wire import codec, topics


@dataclass(frozen=True, slots=True)
class Recording:
    """What one real agent sent: a cycle without bodies, and the bodies; `roots` is its laboratory's root in PEM. Picklable."""

    cycle: dict[str, Any]
    facts: dict[str, bytes]
    certificates: dict[str, bytes]
    roots: bytes


class _Keeping(Centre):
    """A stand-in centre that keeps payloads as they came."""

    raw: list[bytes]

    def on_message(self, client: Any, topic: str, payload: bytes, *rest: object) -> int:
        if topics.parse_report(topic):
            self.raw.append(bytes(payload))
        return super().on_message(client, topic, payload, *rest)


async def record(folder: Path, cycles: int = 2) -> Recording:
    """Run a real agent in the stand-in world for a few cycles and return its last one, with every body it sent."""
    centre = _Keeping()
    centre.raw = []
    hosts = [target.name for target in default_plan().targets if target.protocol == "https"]
    async with running_world(folder, hosts) as world, running_centre(centre=centre):
        config = agent_files.write(folder, world, centre.port, agent_files.plan())
        agent = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "agent", "run", "--config", str(config), stderr=asyncio.subprocess.DEVNULL
        )
        try:
            await centre.until(lambda: len(centre.stored) >= cycles)
        finally:
            agent.terminate()
            await agent.wait()
        facts: dict[str, bytes] = {}
        certificates: dict[str, bytes] = {}
        for payload in centre.raw:
            facts |= codec.facts_bodies(payload)
            certificates |= codec.certificate_bodies(codec.decode(payload))
        cycle = json.loads(codec.inflate(centre.raw[-1]))["cycle"]
        return Recording(cycle, facts, certificates, world.roots.read_bytes())


class Recorded:
    """Streams of many agents, each repeating the recorded cycle."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._streams: dict[int, tuple[int, str | None]] = {}

    def report(self, number: int, at_ns: int, *, vary: int = 0) -> tuple[str, bytes]:
        """Return (topic, payload) of the next report of agent `number`.

        `vary` not 0: the statuses spell that number, so no two judgements are alike.
        """
        cycle = self._recording.cycle | {"started_ns": at_ns, "created_ns": at_ns + 5 * 10**9}
        if vary:
            cycle["observations"] = _spelled(cycle["observations"], vary)
        data = json.dumps(cycle, separators=(",", ":")).encode()
        # times differ in each report, as they do in life: bytes compress no better than real ones
        shift = (at_ns // 10**9 + number) % 97 / 100
        data = re.sub(rb'(_ms":)(\d+\.\d+)', lambda found: b"%s%.2f" % (found[1], float(found[2]) + shift), data)
        seq, previous = self._streams.get(number, (0, None))
        digest = codec.content_id(data)
        agent, stream = f"agent-{number:05d}", f"{number + 1:032x}"
        first = seq == 0
        payload = codec.encode(
            agent,
            stream,
            seq + 1,
            cycle=data,
            digest=digest,
            previous=previous,
            facts=self._recording.facts if first else {},
            certificates=self._recording.certificates if first else {},
        )
        self._streams[number] = (seq + 1, digest)
        return topics.report(agent, stream, seq + 1), payload


def _spelled(observations: list[dict[str, Any]], number: int) -> list[dict[str, Any]]:
    """Return the observations with statuses that spell `number` in base 4."""
    statuses, out = (200, 301, 302, 401), []
    for one in observations:
        if one["kind"] == "web":
            number, digit = divmod(number, 4)
            out.append(one | {"status": statuses[digit]})
        else:
            out.append(one)
    return out
