"""Family `silence`, Teams media: does the relay answer on UDP 3478 to 3481?

The relay may ignore requests that are no call's, so silence alone says nothing. It counts where the relay answers by TCP and another
service answers by UDP: then UDP works, the relay is there, and only this way is shut. One kind of source port answered and the other not is
a firewall's rule.
"""

from judge.evidence import note, weighed
from judge.examined import Examined
from judge.finding import Evidence
from judge.knowledge.model import Knowledge
from judge.policy import Policy
from wire.facts import MediaFacts, QuicFacts, WebFacts


def signal(examined: Examined, knowledge: Knowledge, policy: Policy) -> list[tuple[int, Evidence]]:  # noqa: ARG001 - one shape for all signals
    """Return evidence for each media observation."""
    found = []
    for index, seen in enumerate(examined.seen):
        if isinstance(seen.facts, MediaFacts) and seen.facts.stage != "dns":
            found.append((index, _evidence(index, seen.facts, examined, knowledge)))
    return found


def _evidence(index: int, facts: MediaFacts, examined: Examined, knowledge: Knowledge) -> Evidence:
    port = facts.target.port
    if facts.ephemeral and facts.audio:
        return weighed(knowledge, "media_answered", "silence", f"The relay answers on UDP {port}, from any source port.")
    if facts.ephemeral or facts.audio not in {"", "untried"}:
        kinds = ("an ordinary source port", "one of 50000 to 50019")
        heard, unheard = kinds if facts.ephemeral else kinds[::-1]
        text = f"The relay answers on UDP {port} from {heard} and not from {unheard}, which Teams uses for audio."
        return weighed(knowledge, "media_ports_filtered", "silence", text)
    by_tcp = any(other.failure is None for _, _, other in examined.beside(index, WebFacts))
    by_udp = _udp_works(index, examined)
    if by_tcp and by_udp:
        text = f"The relay answers by TCP, {by_udp} by UDP, and UDP {port} of the relay stays silent."
        return weighed(knowledge, "media_blocked", "silence", text)
    return note("media_silent", "silence", f"The relay does not answer on UDP {port}; silence alone proves nothing.")


def _udp_works(index: int, examined: Examined) -> str:
    """Return another service that answered by UDP on the same route, or nothing."""
    route = examined.seen[index].facts.route
    for other, seen in enumerate(examined.seen):
        facts = seen.facts
        answered = (isinstance(facts, MediaFacts) and bool(facts.ephemeral)) or (isinstance(facts, QuicFacts) and facts.failure is None)
        if other != index and answered and facts.route == route:
            return f"{facts.target.host}:{facts.target.port}"
    return ""
