"""Holds server/watcher/rollups/gathering.py: what of raw points counts."""

from server.history.port import Point, Value
from server.watcher.rollups.gathering import FIELDS, Gathering
from server.watcher.rollups.tally import Key


def point(measurement: str, agent: str = "a1", target: str = "outlook.office365.com:443", **fields: Value) -> Point:
    """Return a raw point of Exchange on the direct route."""
    tags = (("agent", agent), ("route", "direct"), ("site", "Porto"), ("target", target), ("workload", "Exchange"))
    return Point(measurement, tags, dict(fields), 1)


def test_web() -> None:
    """A probe that failed counts and did not reach; times of a suspect one do not count; a repeat counts for nothing."""
    gathering = Gathering()
    gathering.take([point("web", total_ms=10.0, dns_ms=1.0), point("web", failure="timeout", dns_ms=2.0)])
    gathering.take([point("web", "a2", total_ms=900.0, suspect=True), point("web", "a2", total_ms=1.0, repeat=True)])
    ((key, tally),) = gathering.done().items()
    assert key == Key("Exchange", "direct")
    assert (tally.count, tally.reached, tally.agents, tally.hours) == (3, 2, 2, 1)
    assert {name: sketch.count for name, sketch in tally.sketches.items()} == {"total_ms": 1, "dns_ms": 2}


def test_findings() -> None:
    """Conclusive findings about the answer are the whole of the inspected share; what a way costs is counted with any."""
    gathering = Gathering()
    gathering.take([point("finding", verdict="inspected", tax_ms=-1.5), point("finding", verdict="clean")])
    gathering.take([point("finding", verdict="unreachable")])
    gathering.take([point("finding", target="outlook.office365.com:443#h2", verdict="altered")])
    (tally,) = gathering.done().values()
    assert (tally.judged, tally.inspected, tally.count) == (2, 1, 0)
    assert tally.sketches["tax_ms"].count == 1


def test_media() -> None:
    """The round trip of a relay is a phase of its own and no web probe."""
    gathering = Gathering()
    gathering.take([point("media", rtt_ms=20.0)])
    (tally,) = gathering.done().values()
    assert (tally.count, tally.sketches["rtt_ms"].count) == (0, 1)
    assert set(FIELDS) == {"web", "media", "finding"}
