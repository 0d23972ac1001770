"""How an observation and its facts are put together."""

from agent.probes import PROBES
from agent.probes.measured import by_id, facts_id, present
from wire.codec import content_id, facts_bytes
from wire.facts import DnsFacts
from wire.target import Target
from wire.vocabulary import KINDS

TARGET = Target(host="a.test", category="Control", workload="Control")


def test_the_written_tuple() -> None:
    """Each observation kind has its one probe, under its own name."""
    assert sorted(probe.NAME for probe in PROBES) == sorted(KINDS)


def test_ids() -> None:
    """Facts and certificates are named by the content ids of the wire."""
    facts = DnsFacts(target=TARGET, resolver="192.0.2.53")
    assert facts_id(facts) == content_id(facts_bytes(facts))
    assert by_id([b"a", b"b", b"a"]) == {content_id(b"a"): b"a", content_id(b"b"): b"b"}


def test_absent_stays_out() -> None:
    """None is left out, nought is not."""
    assert present(a=None, b=0, c="") == {"b": 0, "c": ""}
