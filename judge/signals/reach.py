"""Family `reach`: what could not be reached, how far it came, and whether the control target shares the fate.

Weights are 0: a failure says nothing about inspection. When the control fails with everything else it is the client, LAN, WAN or provider.
"""

from judge.examined import Examined
from judge.finding import Evidence
from judge.knowledge.model import Knowledge
from judge.policy import Policy
from judge.seen import SeenFacts
from wire.facts import DnsFacts, MediaFacts, QuicFacts, WebFacts, WebsocketFacts
from wire.vocabulary import Failure, Stage

_SIGNAL_OF_STAGE: dict[Stage, str] = {
    "dns": "dns_failure",
    "connect": "connect_failure",
    "proxy": "proxy_failure",
    "tls": "tls_failure",
    "request": "http_failure",
    "first_byte": "http_failure",
    "body": "http_failure",
}
_WORDS: dict[Failure, str] = {
    "dns_nxdomain": "the resolver says the name does not exist",
    "dns_no_data": "the resolver knows the name, but no address",
    "dns_servfail": "the resolver failed (SERVFAIL)",
    "dns_refused": "the resolver refused to answer",
    "dns_malformed": "the resolver's answer was unreadable",
    "timeout": "no answer within the time limit",
    "refused": "the connection was refused",
    "reset": "the connection was reset",
    "closed": "the connection was closed early",
    "unreachable": "there is no route to it",
    "proxy_auth": "the proxy asks for a login (407)",
    "proxy_denied": "the proxy refused the connection",
    "proxy_unsupported": "this machine is told to use a SOCKS proxy, which the agent does not speak",
    "proxy_malformed": "the proxy's answer was not HTTP",
    "tls_alert": "the other side ended the TLS handshake with an alert",
    "tls_protocol": "the other side does not speak TLS as we do",
    "http_protocol": "the answer was not HTTP",
    "too_large": "the answer was larger than the limit",
    "unknown": "it failed in a way not classified",
}


def signal(examined: Examined, knowledge: Knowledge, policy: Policy) -> list[tuple[int, Evidence]]:  # noqa: ARG001 - one shape for all signals
    """Return what failed, and for each failure whether the control target of the same route answered."""
    found = []
    for index, seen in enumerate(examined.seen):
        facts = seen.facts
        if facts.failure is None or not _concerned(facts):
            continue
        if seen.suspect and facts.failure == "timeout":
            found.append((index, _note("late_agent", "The agent itself was late in this sample; its time limit proves nothing.")))
            continue
        stage: Stage = facts.stage or ("dns" if isinstance(facts, DnsFacts) else "connect")
        found.append((index, _note(_SIGNAL_OF_STAGE[stage], f"{_stage(stage)}: {_WORDS[facts.failure]}.")))
        fate = _control(examined, facts)
        if fate is not None:
            found.append((index, fate))
    return found


def _concerned(facts: SeenFacts) -> bool:
    """Return whether a failure is about reaching at all: a datagram's silence and a refused upgrade have signals of their own."""
    if isinstance(facts, WebsocketFacts):
        return facts.stage in {"dns", "connect", "proxy", "tls"}
    return isinstance(facts, WebFacts | DnsFacts) or (isinstance(facts, QuicFacts | MediaFacts) and facts.stage == "dns")


def _control(examined: Examined, facts: SeenFacts) -> Evidence | None:
    """Compare with the control target on the same route and by the same probe."""
    same = [one.facts for one in examined.seen if one.facts.kind == facts.kind and one.facts.route == facts.route]
    controls = [one for one in same if one.target.category == "Control"]
    if not controls or facts.target.category == "Control":
        return None
    if any(one.failure is None for one in controls):
        return _note("control_answered", f"{controls[0].target.host}, which is not Microsoft's, answered by the same route.")
    if all(one.failure is not None for one in same):
        return _note("all_failed", f"Everything failed by this route, {controls[0].target.host} too, which is not Microsoft's.")
    return _note("control_failed", f"{controls[0].target.host}, which is not Microsoft's, failed by the same route.")


def _stage(stage: Stage) -> str:
    return {"dns": "Name look-up", "connect": "TCP connection", "proxy": "Proxy", "tls": "TLS handshake"}.get(stage, "HTTP request")


def _note(name: str, text: str) -> Evidence:
    return Evidence(name, "reach", 0.0, "L", text)
