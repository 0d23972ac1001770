"""Family `silence`, WebSocket: does the upgrade get through, and does the connection outlive an idle minute?

Inside TLS only who decrypts can refuse an upgrade in the server's place; under the server's own certificate a refusal is the server's, and
a connection cut at the upgrade, while plain requests are answered, is the path's.
"""

from judge.evidence import note, weighed
from judge.examined import Examined
from judge.finding import Evidence
from judge.knowledge.model import Knowledge
from judge.policy import Policy
from wire.facts import WebFacts, WebsocketFacts

_BEFORE = frozenset({"dns", "connect", "proxy", "tls"})


def signal(examined: Examined, knowledge: Knowledge, policy: Policy) -> list[tuple[int, Evidence]]:  # noqa: ARG001 - one shape for all signals
    """Return evidence for each WebSocket observation that came as far as the upgrade."""
    own = {one.index for one in examined.captured() if one.centre == "trusted"}
    found: list[tuple[int, Evidence]] = []
    for index, seen in enumerate(examined.seen):
        facts = seen.facts
        if isinstance(facts, WebsocketFacts) and facts.stage not in _BEFORE:
            found += [(index, one) for one in _evidence(index, facts, examined, knowledge, own=index in own)]
    return found


def _evidence(index: int, facts: WebsocketFacts, examined: Examined, knowledge: Knowledge, *, own: bool) -> list[Evidence]:
    if facts.upgraded:
        up = weighed(knowledge, "websocket_up", "silence", "The upgrade to WebSocket got through.")
        text = "The connection was lost within an idle minute."
        return [up, weighed(knowledge, "websocket_idle_lost", "silence", text)] if facts.idle == "lost" else [up]
    if facts.status is not None:
        if own:
            return [note("websocket_declined", "silence", f"The server itself answered the upgrade with status {facts.status}.")]
        text = f"The upgrade was answered with status {facts.status} by who decrypts, not by the server."
        return [weighed(knowledge, "websocket_blocked", "silence", text)]
    if any(other.failure is None for _, _, other in examined.beside(index, WebFacts)):
        text = "The connection is cut at the upgrade to WebSocket, while plain requests to the same host are answered."
        return [weighed(knowledge, "websocket_blocked", "silence", text)]
    return [
        note("websocket_cut", "silence", "The connection is cut at the upgrade; plain requests to the host were not seen to be answered.")
    ]
