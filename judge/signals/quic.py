"""Family `silence`, HTTP/3: does UDP 443 get through? A server that announces it over TCP (Alt-Svc) and is silent on UDP is cut off.

A handshake that fails while TCP fails too is only unreachable. Without the announcement nothing follows: a device that decrypts may have
taken it away, and a server need not speak HTTP/3.
"""

from judge.evidence import note, weighed
from judge.examined import Examined
from judge.finding import Evidence
from judge.knowledge.model import Knowledge
from judge.policy import Policy
from wire.facts import QuicFacts, WebFacts


def signal(examined: Examined, knowledge: Knowledge, policy: Policy) -> list[tuple[int, Evidence]]:  # noqa: ARG001 - one shape for all signals
    """Return evidence for each HTTP/3 observation."""
    found = []
    for index, seen in enumerate(examined.seen):
        if isinstance(seen.facts, QuicFacts) and seen.facts.stage != "dns":
            found.append((index, _evidence(index, seen.facts, examined, knowledge)))
    return found


def _evidence(index: int, facts: QuicFacts, examined: Examined, knowledge: Knowledge) -> Evidence:
    if facts.failure is None:
        return weighed(knowledge, "quic_answered", "silence", "HTTP/3 answers on UDP 443.")
    web = [other for _, _, other in examined.beside(index, WebFacts)]
    if web and all(other.failure is not None for other in web):
        return note("quic_failure", "reach", "HTTP/3: nothing by TCP either.")
    if not any(other.failure is None for other in web):
        return note("quic_silent", "silence", "HTTP/3 does not answer on UDP 443; whether TCP does was not looked at.")
    if not any("h3" in other.headers.get("alt-svc", "") for other in web):
        return note("quic_silent", "silence", "HTTP/3 does not answer on UDP 443, and over TCP it is not announced.")
    answered = [other for other in examined.seen if isinstance(other.facts, QuicFacts) and other.facts.failure is None]
    beside = f"; it answers at {answered[0].facts.target.host}" if answered else ", nor does any other"
    text = f"{facts.target.host} announces HTTP/3 over TCP and does not answer on UDP 443{beside}."
    return weighed(knowledge, "quic_blocked", "silence", text)
