"""Families `explicit` and `refusal`: was a proxy spoken to by its address, and did it say no?

The route really used is a fact (`via`): a machine's own settings, a PAC file or the plan named the proxy. A proxy that asks for a login is
a failure of its own: nobody forbids, the client does not answer.
"""

from judge.evidence import note, weighed
from judge.examined import Examined
from judge.finding import Evidence
from judge.knowledge.model import Knowledge
from judge.knowledge.signatures import proxy_names
from judge.policy import Policy
from judge.seen import Seen
from wire.facts import WebFacts, WebsocketFacts

_LOGIN = 407
"""A plain request needs no CONNECT: the proxy asks in its answer."""
_SOURCES = {
    "plan": "the plan names it",
    "environment": "the environment names it",
    "settings": "the system's settings name it",
    "pac": "a PAC file names it",
    "wpad": "a PAC file found by WPAD names it",
}


def signal(examined: Examined, knowledge: Knowledge, policy: Policy) -> list[tuple[int, Evidence]]:  # noqa: ARG001 - one shape for all signals
    """Return evidence for each connection that went by a proxy, or was refused by one."""
    found: list[tuple[int, Evidence]] = []
    for index, seen in enumerate(examined.seen):
        if isinstance(seen.facts, WebFacts | WebsocketFacts):
            found += [(index, one) for one in _evidence(seen, seen.facts, knowledge)]
    return found


def _evidence(seen: Seen, facts: WebFacts | WebsocketFacts, knowledge: Knowledge) -> list[Evidence]:
    found: list[Evidence] = []
    proxy = str(getattr(facts, "via", None) or "").partition("proxy ")[2]
    if facts.stage == "proxy" and facts.failure == "proxy_denied":
        text = f"The proxy {proxy or 'of this route'} refused to connect to {facts.target.host}."
        found.append(weighed(knowledge, "proxy_denied", "refusal", text, deterministic=True))
    if (facts.stage == "proxy" and facts.failure == "proxy_auth") or seen.status == _LOGIN:
        found.append(note("proxy_login", "reach", f"The proxy {proxy or 'of this route'} asks for a login (407) that the agent has not."))
    if proxy or "proxied" in seen.words:
        source = _SOURCES.get(str(getattr(facts, "via_source", None) or ""), "")
        text = f"The connection was made by the proxy {proxy or 'of this route'}{f'; {source}' if source else ''}."
        found.append(weighed(knowledge, "explicit_proxy", "explicit", text, deterministic=True))
        for mark in proxy_names(knowledge.proxy_names, "proxy", proxy):
            product = knowledge.product(mark.product)
            if product is not None:
                weight = knowledge.vendor_weight("proxy_name", mark.grade)
                words = f"The proxy's name is one of {product.product}'s; a setting is no proof."
                found.append(Evidence("proxy_name", "proxy_name", weight, mark.grade, words, product=product.id))
    return found
