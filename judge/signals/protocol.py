"""Family `protocol`: HTTP/2 lost or TLS made older on the way (aspects `h2` and `tls`).

Both are agreed on inside the handshake, so only who ends TLS can take them away: under the server's own certificate nothing is ever lost.
What the server itself can do is known from another route in the same report, or from the endpoint list: who is listed for HTTP/3 (UDP 443)
speaks TLS 1.3, which QUIC is made of (RFC 9001), and HTTP/2.
"""

from judge.evidence import weighed
from judge.examined import Captured, Examined
from judge.finding import Evidence
from judge.knowledge.model import Knowledge
from judge.policy import Policy
from wire.facts import WebFacts

_HTTP3_PORT = 443
_NEWEST = "TLSv1.3"


def signal(examined: Examined, knowledge: Knowledge, policy: Policy) -> list[tuple[int, Evidence]]:  # noqa: ARG001 - one shape for all signals
    """Return for each chain over TCP what became of HTTP/2 and TLS 1.3."""
    found: list[tuple[int, Evidence]] = []
    for one in examined.captured():
        if isinstance(one.facts, WebFacts) and one.facts.failure is None and one.centre != "unchecked":
            found += [(one.index, evidence) for evidence in _evidence(one, one.facts, examined, knowledge)]
    return found


def _evidence(one: Captured, facts: WebFacts, examined: Examined, knowledge: Knowledge) -> list[Evidence]:
    found = []
    h2, newest = facts.alpn == "h2", facts.tls == _NEWEST
    if h2 or one.centre == "trusted":
        found.append(weighed(knowledge, "h2_kept", "protocol", "HTTP/2 is agreed on, or refused by the server itself."))
    if newest or one.centre == "trusted":
        found.append(weighed(knowledge, "tls_kept", "protocol", "The newest TLS is agreed on, or refused by the server itself."))
    if one.centre == "trusted" or (h2 and newest):
        return found
    others, listed = _other_routes(one, examined), _speaks_http3(one, knowledge)
    if not h2 and (listed or any(other.alpn == "h2" for other in others)):
        text = f"HTTP/2 was offered and not taken ({facts.alpn or 'no protocol agreed on'}); the server itself speaks it."
        found.append(weighed(knowledge, "h2_lost", "protocol", text, deterministic=True))
    if facts.tls is not None and not newest and (listed or any(other.tls == _NEWEST for other in others)):
        text = f"TLS 1.3 was offered and {facts.tls} taken; the server itself speaks TLS 1.3."
        found.append(weighed(knowledge, "tls_downgraded", "protocol", text, deterministic=True))
    return found


def _other_routes(one: Captured, examined: Examined) -> list[WebFacts]:
    """Return what the server itself agreed on by other routes: observations of the same target under its own certificate."""
    return [
        other.facts
        for other in examined.captured()
        if isinstance(other.facts, WebFacts)
        and other.centre == "trusted"
        and (other.facts.target.name, other.facts.route != one.facts.route) == (one.facts.target.name, True)
    ]


def _speaks_http3(one: Captured, knowledge: Knowledge) -> bool:
    listed = knowledge.set_of(one.facts.target)
    return listed is not None and listed.has_port(_HTTP3_PORT, udp=True)
