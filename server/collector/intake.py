"""From bytes to something decidable, pure: a readable report, poison, or something its agent must hold. Nothing is lost here.

Identity comes from the topic, which the broker's access list guards; a payload that claims another is poison.
"""

from dataclasses import dataclass, field

from server.collector.ledger import Entry
from server.ingest.port import Arrival
from wire import topics
from wire.codec import Malformed, Newer, certificate_bodies, content_id, decode, facts_bodies
from wire.report import Report

FUTURE_NS = 30 * 10**9
"""A report from further ahead than this is held until its time comes: half of the minute after which an assignment becomes valid, so that
a point's site never changes after it was written (docs/decisions/002-facts-by-reference-and-the-ledger.md)."""


@dataclass(slots=True)
class Item:
    """One arrival that takes part in the ledger: `report` is None for poison, whose `reason` says why."""

    arrival: Arrival
    agent: str
    entry: Entry
    stream: str
    report: Report | None = None
    reason: str = ""
    facts: dict[str, bytes] = field(default_factory=dict)
    certificates: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hold:
    """A report its agent must keep and offer again."""

    agent: str
    stream: str
    seq: int
    reason: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What this centre accepts."""

    accept_lab_agents: bool = False


def take(arrival: Arrival, terms: Terms, now_ns: int) -> Item | Hold | None:
    """Read one arrival; None when its topic is no report's topic (there is nobody to answer)."""
    topic = topics.parse_report(arrival.topic)
    if topic is None:
        return None
    try:
        item = _read(arrival, topic)
    except Newer as newer:
        return Hold(topic.agent, topic.stream, topic.seq, str(newer))
    except Malformed as malformed:
        return _poison(arrival, topic, str(malformed))
    held = _must_wait(item.report, terms, now_ns) if item.report else ""
    return Hold(topic.agent, topic.stream, topic.seq, held) if held else item


def _read(arrival: Arrival, topic: topics.ReportTopic) -> Item:
    if arrival.refused:
        raise Malformed(arrival.refused)
    report = decode(arrival.payload)
    if (report.agent, report.stream, report.seq) != topic:
        raise Malformed(f"payload says {report.agent} {report.stream[:8]} {report.seq}, its topic says otherwise")
    facts = facts_bodies(arrival.payload) if report.facts else {}
    certificates = certificate_bodies(report) if report.certificates else {}
    entry = Entry(topic.seq, "stored", report.digest, report.previous or "", report.cycle.created_ns)
    return Item(arrival, topic.agent, entry, topic.stream, report, facts=facts, certificates=certificates)


def _poison(arrival: Arrival, topic: topics.ReportTopic, reason: str) -> Item:
    entry = Entry(topic.seq, "quarantined", content_id(arrival.payload), "", 0)
    return Item(arrival, topic.agent, entry, topic.stream, None, printable(reason))


def printable(text: str) -> str:
    """Return text that every log, terminal and database takes: reasons name places in the payload, and its author chose those."""
    return "".join(one if one.isprintable() else "?" for one in text)


def _must_wait(report: Report, terms: Terms, now_ns: int) -> str:
    cycle = report.cycle
    newest = max([0 if one.kind == "raw" else one.at_us for one in cycle.observations], default=0)
    ahead = cycle.started_ns + newest * 1000 - now_ns
    if ahead > FUTURE_NS:
        return f"measured {ahead / 1e9:.0f} s in the future: this agent's clock is ahead; set it right"
    if not terms.accept_lab_agents and (cycle.lab or cycle.roots.os or cycle.roots.public):
        return "a lab agent, or one with trust roots of its own: set collector.accept_lab_agents to take it"
    return ""
