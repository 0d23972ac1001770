"""Holds judge/signals/quic.py: does UDP 443 get through?"""

from judge.signals.quic import signal
from tests.fakes.examined import OUTLOOK, TEAMS, Round
from wire.facts import QuicFacts, WebFacts
from wire.target import Target

ANNOUNCED = {"alt-svc": 'h3=":443"'}


def quic(target: Target, *, answers: bool = False) -> QuicFacts:
    """Return an HTTP/3 observation."""
    udp = target.model_copy(update={"protocol": "quic"})
    return QuicFacts(target=udp) if answers else QuicFacts(target=udp, failure="timeout", stage="connect")


def test_answered() -> None:
    """An answer is one, whatever TCP says."""
    assert Round().see(quic(OUTLOOK, answers=True)).names(signal) == [(0, "quic_answered")]


def test_announced_and_silent_is_blocked() -> None:
    """Announced over TCP and silent by UDP is blocked; the text says whether another host answers."""
    made = Round().see(WebFacts(target=OUTLOOK, headers=ANNOUNCED)).see(quic(OUTLOOK))
    assert made.names(signal) == [(1, "quic_blocked")]
    assert "nor does any other" in made.evidence(signal)[0][1].text
    made.see(quic(TEAMS, answers=True))
    assert "it answers at teams.microsoft.com" in made.evidence(signal)[0][1].text


def test_silence_alone_proves_nothing() -> None:
    """Without the announcement, without a look at TCP, or with TCP failing too, nothing is blocked."""
    assert Round().see(quic(OUTLOOK)).names(signal) == [(0, "quic_silent")]
    assert Round().see(WebFacts(target=OUTLOOK)).see(quic(OUTLOOK)).names(signal) == [(1, "quic_silent")]
    down = WebFacts(target=OUTLOOK, failure="timeout", stage="connect", headers=ANNOUNCED)
    assert Round().see(down).see(quic(OUTLOOK)).names(signal) == [(1, "quic_failure")]


def test_a_name_that_is_not_found_is_the_resolvers_matter() -> None:
    """A failed lookup is told by `reach`."""
    facts = QuicFacts(target=OUTLOOK, failure="dns_nxdomain", stage="dns")
    assert Round().see(facts).names(signal) == []
