"""Intake: every message is a report, poison, something to hold, or nobody's; nothing else, whatever the bytes."""

import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.collector.intake import FUTURE_NS, Hold, Item, Terms, take
from server.ingest.port import Arrival
from tests.fakes.reports import SECOND, START_NS, TARGETS, Agent
from wire import topics
from wire.codec import MAX_INFLATED_BYTES, MAX_WIRE_BYTES, content_id

NOW_NS = START_NS + 60 * SECOND
TOPIC = topics.report("agent-01", "0" * 31 + "1", 1)


def took(topic: str, payload: bytes, *, lab: bool = False, refused: str = "", now_ns: int = NOW_NS) -> Item | Hold | None:
    """Take one message in."""
    return take(Arrival(topic, payload, now_ns, refused=refused), Terms(lab), now_ns)


def poison(payload: bytes) -> str:
    """Return the reason a payload under a good topic is poison for; hold that its bytes and identity are kept."""
    item = took(TOPIC, payload)
    assert isinstance(item, Item)
    assert (item.report, item.agent, item.entry.seq, item.entry.state) == (None, "agent-01", 1, "quarantined")
    assert (item.arrival.payload, item.entry.digest) == (payload, content_id(payload))
    return item.reason


def test_a_good_report_is_taken_with_its_bodies() -> None:
    """Entry, report and the exact bytes of its facts and certificates."""
    agent = Agent()
    item = took(*agent.report(START_NS, agent.observations(TARGETS[:1], chain=[b"leaf"])))
    assert isinstance(item, Item)
    assert (item.entry.seq, item.entry.state, item.entry.digest, item.entry.previous) == (1, "stored", agent.previous, "")
    assert item.entry.created_ns == START_NS + SECOND
    assert (item.facts, item.certificates) == (agent.bodies, agent.certificates)


def test_a_topic_that_is_no_report_is_nobodys() -> None:
    """There is nobody to answer: nothing is kept."""
    _, payload = Agent().report(START_NS)
    for topic in ("", "mw/v1/agent/agent-01/status", TOPIC + "/1", TOPIC[:-1] + "0", topics.report("Agent", "0" * 32, 1)):
        assert took(topic, payload) is None


def report_as(change: dict[str, object] | None = None, **cycle: object) -> bytes:
    """Return a good report as JSON with some of its values changed."""
    plain = json.loads(Agent().report(START_NS, compress=False)[1])
    plain["cycle"] |= cycle
    return json.dumps(plain | (change or {})).encode()


GARBAGE = [
    (b"", "neither JSON nor zlib"),
    (b"hello", "neither JSON nor zlib"),
    (b"{rubbish", "not JSON"),
    (b"{" * 100_000, "not JSON"),
    (b'{"major":1}', "Field required"),
    (zlib.compress(b"{}")[:-3], "ends early"),
    (b"x\x9c\xff\xff", "damaged"),
    (zlib.compress(b"[]"), "not a JSON object"),
    (b" " * (MAX_WIRE_BYTES + 1), "more than the cap"),
    (zlib.compress(b" " * (MAX_INFLATED_BYTES + 1)), "inflates to more than the cap"),
    (report_as({"major": 0}), "major"),
    (report_as({"major": "two"}), "major"),
    (report_as({"agent": "agent-02"}), "its topic says otherwise"),
    (report_as({"seq": 2}), "its topic says otherwise"),
    (report_as({"stream": "f" * 32}), "its topic says otherwise"),
    (report_as({"agent": "agent 01"}), "agent"),
    (report_as(cadence_s=float("nan")), "NaN is not a number"),
    (report_as(health={"rss_mb": float("inf")}), "Infinity is not a number"),
    (report_as(started_ns=-1), "started_ns"),
    (report_as(started_ns=2**63), "started_ns"),
    (report_as(observations=[{"kind": "web"}]), "facts"),
    (report_as(observations=[{"kind": "smell"}] * 1001), "observations"),
    (report_as({"facts": {content_id(b"%d" % seq): {} for seq in range(1001)}}), "facts"),
    (report_as({"dropped": [[1, 1]] * 65}), "dropped"),
    (report_as({"certificates": {"A" * 22: "not base64!"}}), "not base64"),
    (report_as({"certificates": {"A" * 22: "AAAA"}}), "do not hash to its id"),
]


@pytest.mark.parametrize(("payload", "words"), GARBAGE, ids=[words for _, words in GARBAGE])
def test_each_kind_of_garbage_is_poison_with_its_reason(payload: bytes, words: str) -> None:
    """The reason names the place or the fault, in one short printable line."""
    reason = poison(payload)
    assert words in reason
    assert len(reason) <= 256
    assert reason.isprintable()


def test_a_reason_holds_nothing_a_terminal_or_database_chokes_on() -> None:
    """Control characters in a key of the payload do not reach the reason."""
    for key in ("\u0000", "\u001b[2J", "a\nb"):
        assert poison(report_as({"facts": {key: 1}})).isprintable()


def test_newer_lab_and_future_reports_are_held() -> None:
    """Nothing is wrong with them but the moment or the centre; the reason says what to do."""
    newer = took(TOPIC, report_as({"major": 2}))
    assert isinstance(newer, Hold)
    assert (newer.agent, newer.seq) == ("agent-01", 1)
    assert "upgrade the centre" in newer.reason
    for lab in (report_as(lab=True), report_as(roots={"os": "a" * 16}), report_as(roots={"public": "a" * 16})):
        held = took(TOPIC, lab)
        assert isinstance(held, Hold)
        assert "collector.accept_lab_agents" in held.reason
        assert isinstance(took(TOPIC, lab, lab=True), Item)


def test_the_future_begins_after_half_a_minute() -> None:
    """The newest observation decides, not the start of the cycle; a kind we do not know has no time of its own."""
    agent = Agent()
    newest_ns = START_NS + 70_000 * 1000
    message = agent.report(START_NS)
    assert isinstance(took(*message, now_ns=newest_ns - FUTURE_NS), Item)
    held = took(*message, now_ns=newest_ns - FUTURE_NS - 1)
    assert isinstance(held, Hold)
    assert "clock is ahead" in held.reason
    unknown = report_as(observations=[{"kind": "smell", "at_us": 10**15}])
    assert isinstance(took(TOPIC, unknown, now_ns=START_NS), Item)


def test_our_own_refusal_is_poison_unread() -> None:
    """A report the collector failed on goes to quarantine without another look into it."""
    item = took(*Agent().report(START_NS), refused="the collector failed on it: ValueError")
    assert isinstance(item, Item)
    assert (item.report, item.reason) == (None, "the collector failed on it: ValueError")


@given(st.binary(max_size=300))
def test_no_bytes_raise(payload: bytes) -> None:
    """Anything under a report's topic is an item or a hold; so it is zlibbed or in braces."""
    for one in (payload, zlib.compress(payload), b"{" + payload + b"}", report_as({"facts": {"A" * 22: payload.hex()}})):
        assert isinstance(took(TOPIC, one), Item | Hold)
