"""Recorded reports, ready to be sent by thousands of streams: bytes of `wire.codec`, of which only identity, site and times are changed.

A cycle is written once for each situation and site; each sending puts its times in and goes through the real encoder.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import benchmarks.own_tests  # noqa: F401 - before anything of `tests`
from benchmarks.replay_world.fleet import SECOND
from tests.fakes.kinds import facts_of
from tests.fakes.situation import CASES
from wire import codec, topics
from wire.codec import facts_bytes

PROBING = 6 * SECOND
"""From the start of a cycle until its report is made: longer than the last observation of any of the recordings."""
_STARTED, _CREATED = '"@started"', '"@created"'


@dataclass(frozen=True, slots=True)
class Kept:
    """One recorded report, ready to be sent under other names and times."""

    cycle: Mapping[str, Any]
    facts: Mapping[str, bytes]
    certificates: Mapping[str, bytes]


@dataclass(slots=True)
class Stream:
    """One agent's: where it stands in its stream, and what it sends, by the moment from which on it does."""

    name: str
    site: str
    number: int
    says: Sequence[tuple[int, str]]
    seq: int = 0
    previous: str | None = None
    known: set[str] = field(default_factory=set)

    def at(self, now_ns: int) -> str:
        """Return the situation it is in."""
        return next(case for begins, case in reversed(self.says) if begins <= now_ns)

    def report(self, started_ns: int, case: str, cadence_s: int) -> tuple[str, bytes]:
        """Return topic and payload of its next report. Bodies travel with an agent's first report of a situation only."""
        kept = recorded(case)
        before, between, after = _written(case, self.site, cadence_s)
        data = b"%s%d%s%d%s" % (before, started_ns, between, started_ns + PROBING, after)
        self.seq += 1
        digest, stream = codec.content_id(data), f"{self.number + 1:032x}"
        fresh = case not in self.known
        self.known.add(case)
        payload = codec.encode(
            self.name,
            stream,
            self.seq,
            cycle=data,
            digest=digest,
            previous=self.previous,
            facts=kept.facts if fresh else {},
            certificates=kept.certificates if fresh else {},
        )
        self.previous = digest
        return topics.report(self.name, stream, self.seq), payload


@cache
def recorded(case: str) -> Kept:
    """Return a recorded report as the codec takes it."""
    report = json.loads((CASES / case / "report.json").read_text())
    facts = {key: facts_bytes(facts_of(body)) for key, body in report["facts"].items()}
    certificates = {key: base64.b64decode(body) for key, body in report.get("certificates", {}).items()}
    return Kept(report["cycle"], facts, certificates)


@cache
def _written(case: str, site: str, cadence_s: int) -> tuple[bytes, bytes, bytes]:
    """Return a cycle's bytes in three parts: between them belong when it started and when its report was made."""
    cycle = recorded(case).cycle
    marked = {"started_ns": "@started", "created_ns": "@created", "cadence_s": cadence_s}
    text = json.dumps({**cycle, **marked, "context": {**cycle.get("context", {}), "site": site}}, separators=(",", ":"))
    before, rest = text.split(_STARTED)
    between, after = rest.split(_CREATED)
    return before.encode(), between.encode(), after.encode()
