"""A feeder in an agent's place, one or two collectors, real stores: run, hurt, healed, and then held against the feeder's own oracle.

What must be true afterwards is written here once, in `Spine.verify`; how it is hurt is each test's own matter.
"""

import json
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from server.state import tables
from tests.lab.expected import difference, rows_of
from tests.lab.feed import HOSTS, Feed, Line
from tests.lab.programs import HERE, SITE, Agent, Collector, Stores
from tests.lab.readback import PATIENCE_S, Rows, held_in, influx_rows, ledger_says, newest_in, state_rows, until
from tests.servers.mosquitto import Mosquitto

PROBES = ("web", "dns", "egress")


class Feeder(Agent):
    """`feeder.py` as a process. `pace` is reports a second."""

    def __init__(self, broker: Mosquitto, feed: Feed, agent: str = "agent-01", *, pace: float = 20.0, version: str = "5") -> None:
        super().__init__(broker, agent, version=version)
        self.feed = feed
        self.oracle = self.folder / "oracle"
        self._feed_file = self.folder / "feed.json"
        self.command = [sys.executable, str(HERE / "feeder.py"), *map(str, (self.config, self._feed_file, self.oracle, pace))]
        self.configure({"lab": {"enabled": True}})
        self.refeed()

    def refeed(self) -> None:
        """Write the feed's file again: it has more lines now."""
        self.feed.write(self._feed_file)

    def is_ready(self) -> bool:
        """Return whether this very process has opened its spool."""
        assert self._process is not None
        return any(one.get("started") == self._process.pid for one in self.told())

    def told(self) -> list[dict[str, Any]]:
        """Return the oracle's records."""
        return [json.loads(line) for line in self.oracle.read_text().splitlines()] if self.oracle.exists() else []

    def kill(self) -> None:
        """End it at once. A line that it had spooled and not yet told the oracle is told in its place, as its next life would do."""
        super().kill()
        done, newest = len(self.spooled()), newest_in(self.spool)
        if newest is not None and done < len(self.feed.lines) and newest[2] == self.feed.lines[done].digest:
            with self.oracle.open("a") as oracle:
                oracle.write(json.dumps({"spooled": done, "stream": newest[0], "seq": newest[1]}) + "\n")

    def spooled(self) -> list[Line]:
        """Return the lines that were spooled; each exactly once, by the oracle's own account."""
        numbers = [one["spooled"] for one in self.told() if "spooled" in one]
        assert numbers == list(range(len(numbers))), "the oracle itself is wrong"
        return self.feed.lines[: len(numbers)]

    def receipted(self) -> set[str]:
        """Return the digests that left the spool on a receipt."""
        return {digest for one in self.told() for digest in one.get("receipted", ())}

    def enough(self) -> None:
        """Let it spool no more."""
        Path(f"{self.oracle}.enough").touch()

    def more(self) -> None:
        """Let it spool again."""
        Path(f"{self.oracle}.enough").unlink(missing_ok=True)

    def drained(self, seconds: float = PATIENCE_S) -> None:
        """Wait until everything in the spool has its receipt."""
        until(
            lambda: not held_in(self.spool).reports,
            lambda: f"{len(held_in(self.spool).reports)} reports unreceipted\n{self.log()[-1500:]}",
            seconds,
        )


@dataclass
class Spine:
    """The whole of it. `seed` is printed by pytest with a failure, because the test prints it."""

    broker: Mosquitto
    stores: Stores
    collectors: Sequence[Collector]
    feeder: Feeder
    others: list[Agent] = field(default_factory=list)

    def agent(self, name: str) -> Agent:
        """Return a real agent on the same broker, not yet running."""
        self.others.append(Agent(self.broker, name))
        return self.others[-1]

    def another(self, feed: Feed, agent: str = "agent-01") -> Feeder:
        """Return a second feeder: another machine, whoever it says it is. Its start is the test's."""
        feeder = Feeder(self.broker, feed, agent)
        self.others.append(feeder)
        return feeder

    def start(self) -> "Spine":
        """Start everything that is not running."""
        self.start_collectors()
        if not self.feeder.running:
            self.feeder.start()
        return self

    def start_collectors(self) -> None:
        """Start the collectors that are not running."""
        for collector in self.collectors:
            if not collector.running:
                collector.start()

    def remove(self) -> None:
        """End everything."""
        for program in (self.feeder, *self.others, *self.collectors):
            program.remove()

    def progress(self, chance: random.Random, longest_s: float = 0.5) -> None:
        """Wait until a receipt has come full circle once more, and then for a moment that only the seed knows."""
        before = len(self.feeder.receipted())
        until(lambda: len(self.feeder.receipted()) > before, lambda: f"no receipt since {before} reports\n{self.logs()}")
        time.sleep(chance.uniform(0, longest_s))

    def logs(self) -> str:
        """Return the ends of all logs."""
        return "\n".join(f"--- {one.name}\n{one.log()[-1500:]}" for one in (self.feeder, *self.others, *self.collectors))

    def finish(self) -> None:
        """Heal everything, let nothing new come, and wait until all is receipted and told."""
        self.feeder.enough()
        self.start()
        self.feeder.drained()
        self.settled()

    def settled(self) -> None:
        """Wait until the watcher has decided everything and told it."""
        until(lambda: not state_rows(self.stores.state_url, tables.inbox), lambda: f"inbox rows undecided\n{self.logs()}")
        until(lambda: not state_rows(self.stores.state_url, tables.outbox), lambda: f"events that InfluxDB has not got\n{self.logs()}")

    def verify(self, *, event: bool = True) -> None:
        """Hold the stores against the oracle: each report ever spooled is stored exactly once, and the device's event exists once."""
        lines = self.feeder.spooled()
        ledger = state_rows(self.stores.state_url, tables.ledger)
        times = Counter(row.digest for row in ledger if row.state == "stored")
        lost = [one for one in lines if not times[one.digest]]
        doubled = [one for one in lines if times[one.digest] > 1]
        unissued = set(times) - {one.digest for one in lines}
        told = f"{len(lines)} spooled: {len(lost)} lost, {len(doubled)} stored twice, {len(unissued)} never issued"
        assert (len(lost), len(doubled), len(unissued)) == (0, 0, 0), told
        assert [row.state for row in ledger] == ["stored"] * len(lines), Counter(row.state for row in ledger)
        assert self.feeder.receipted() <= set(times), "receipted, and not stored"
        assert ledger_says(self.stores.state_url, self.feeder.agent) == {
            "expected": len(lines),
            "stored": len(lines),
            "quarantined": 0,
            "dropped": 0,
            "missing": 0,
        }
        streams = state_rows(self.stores.state_url, tables.stream)
        assert [(row.agent, row.forks, row.upto, row.beyond) for row in streams] == [(self.feeder.agent, 0, len(lines), "[]")]
        self.verify_rows(lines, {row.digest: (row.stream, row.seq) for row in ledger})
        if event:
            self.verify_event()

    def verify_identity(self, *feeders: Feeder, destroyed: frozenset[str] = frozenset()) -> None:
        """Hold the stores against several oracles, where a report may rightly be stored under a second stream, but never be lost.

        `destroyed`: digests whose only copy a fault deleted. What was ever receipted is stored, with all its rows.
        """
        lines = {line.digest: line for feeder in feeders for line in feeder.spooled()}
        bodies = {key: body for feeder in feeders for key, body in feeder.feed.bodies.items()}
        ledger = [row for row in state_rows(self.stores.state_url, tables.ledger) if row.state == "stored"]
        owner = {row.id: row.agent for row in state_rows(self.stores.state_url, tables.stream)}
        stored = {row.digest for row in ledger}
        receipted = set().union(*(feeder.receipted() for feeder in feeders))
        assert not receipted - stored, f"{len(receipted - stored)} of {len(receipted)} receipted reports are not stored"
        lost = lines.keys() - stored - destroyed
        assert not lost, f"{len(lines)} spooled: {len(lost)} lost"
        assert stored <= lines.keys(), f"{len(stored - lines.keys())} reports stored that nobody spooled"
        expected: Rows = {}
        names: dict[object, set[tuple[str, int]]] = {}
        for row in ledger:
            one = rows_of(owner[row.stream], SITE, row.stream, row.seq, lines[row.digest].cycle, bodies)
            expected |= one
            for key in one:
                names.setdefault(key, set()).add((row.stream, row.seq))
        found = influx_rows(self.stores.history, *PROBES)
        for key, fields in found.items():
            if (fields["stream"], fields["seq"]) in names.get(key, ()):  # of several streams any may have written last
                expected[key] = expected[key] | {"stream": fields["stream"], "seq": fields["seq"]}
        different = difference(expected, found)
        assert not different, different

    def verify_rows(self, lines: Sequence[Line], identity: dict[str, tuple[str, int]]) -> None:
        """Hold every row of InfluxDB against what these lines must become, findings included."""
        expected: Rows = {}
        findings: dict[tuple[str, int], str] = {}
        for line in lines:
            stream, seq = identity[line.digest]
            expected |= rows_of(self.feeder.agent, SITE, stream, seq, line.cycle, self.feeder.feed.bodies)
            findings |= {(f"{host}:443", line.started_ns // 1000 * 1000): "inspected" if line.inspected else "clean" for host in HOSTS}
        different = difference(expected, influx_rows(self.stores.history, *PROBES))
        assert not different, different
        rows = influx_rows(self.stores.history, "finding").items()
        found = {(key[3], time_ns): row["verdict"] for (key, time_ns), row in rows if "#" not in str(key[3])}
        wrong = [key for key in findings if found.get(key, findings[key]) != findings[key]]
        told = f"{len(findings)} findings expected, {len(found)} found, {len(findings.keys() - found.keys())} lost, {len(wrong)} different"
        assert found == findings, f"{told}: {wrong[:5]}"

    def verify_event(self) -> None:
        """Hold that the device appeared once: in the state database, in InfluxDB, and nothing else was told."""
        events = state_rows(self.stores.state_url, tables.event)
        assert [(row.kind, row.scope) for row in events] == [("appeared", SITE)], [row.sentence for row in events]
        devices = state_rows(self.stores.state_url, tables.device)
        assert len(devices) == 1, devices
        standing = [(row.state, row.episode) for row in state_rows(self.stores.state_url, tables.presence)]
        assert standing == [("present", 1)]
        rows = influx_rows(self.stores.history, "event", bucket="mw_event", tags=("kind", "scope", "severity"))
        assert [row["sentence"] for row in rows.values()] == [row.sentence for row in events]
