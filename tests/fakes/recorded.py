"""Recorded reports, multiplied: a real agent's cycle under other names, times and numbers. Used by benchmarks and load tests."""

import json
import re
from typing import Any

from tests.fakes.reports import Agent
from wire import codec, topics


class Recorded:
    """Streams of many agents, each repeating the recorded cycle."""

    def __init__(self) -> None:
        agent = Agent()
        _, payload = agent.report(0, compress=False)
        plain: dict[str, Any] = json.loads(payload)
        self._cycle = plain["cycle"]
        self._facts = {key: codec.canonical(body) for key, body in plain.get("facts", {}).items()}
        self._certificates = codec.certificate_bodies(codec.decode(payload))
        self._streams: dict[int, tuple[int, str | None]] = {}

    def report(self, number: int, at_ns: int, *, vary: int = 0) -> tuple[str, bytes]:
        """Return (topic, payload) of the next report of agent `number`.

        `vary` not 0: the statuses spell that number, so no two judgements are alike.
        """
        cycle = self._cycle | {"started_ns": at_ns, "created_ns": at_ns + 5 * 10**9}
        if vary:
            cycle["observations"] = _spelled(cycle["observations"], vary)
        data = json.dumps(cycle, separators=(",", ":")).encode()
        # times differ in each report, as they do in life: bytes compress no better than real ones
        data = re.sub(
            rb'(_ms":)(\d+\.\d+)', lambda found: b"%s%.2f" % (found[1], float(found[2]) + (at_ns // 10**9 + number) % 97 / 100), data
        )
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
            facts=self._facts if first else {},
            certificates=self._certificates if first else {},
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
