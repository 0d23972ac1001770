"""What a report's evidence is gathered by: target, route and aspect. Pure; no weights, no words.

The answer itself (`path`) is what web, dns, quic, websocket, media and host observations are about. What the slow path probe sees is `tcp`:
kept apart, or a round without that probe would seem to say that the splitter is gone. How our own reflector saw the request is `request`.
A lost HTTP/2, an older TLS and clamped segments are aspects beside an answer that may be perfectly in order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from judge.examined import Examined
from judge.finding import Aspect, Evidence, name_of
from judge.seen import Seen
from wire.facts import DnsFacts, EgressFacts, HostFacts, MediaFacts, PathFacts, QuicFacts, WebFacts, WebsocketFacts
from wire.target import Target

ASIDE: Final[Mapping[str, Aspect]] = {
    "h2_lost": "h2",
    "h2_kept": "h2",
    "tls_downgraded": "tls",
    "tls_kept": "tls",
    "mss_clamped": "mss",
    "mss_full": "mss",
}
"""Signals about an aspect of their own; one that weighs against says that the aspect is in order."""
_OF_KIND: Final[Mapping[str, Aspect]] = {"path": "tcp", "egress": "request"}
_FAILED = frozenset({"quic_failure", "proxy_login"})
"""Signals that say by themselves that it was not reached."""
_BEFORE_THE_UPGRADE = frozenset({"dns", "connect", "proxy", "tls"})


@dataclass(slots=True)
class Group:
    """The observations (with their indexes) and the evidence of one target, route and aspect. `fine`: aspects found in order."""

    aspect: Aspect
    members: list[tuple[int, Seen]] = field(default_factory=list)
    evidence: dict[Evidence, None] = field(default_factory=dict)
    fine: dict[Aspect, None] = field(default_factory=dict)

    @property
    def target(self) -> Target:
        """Return what it is about."""
        return self.members[0][1].facts.target

    @property
    def route(self) -> str:
        """Return the way it was probed by."""
        return self.members[0][1].facts.route

    @property
    def ids(self) -> tuple[str, ...]:
        """Return the ids of the facts, each once."""
        return tuple(dict.fromkeys(one.facts_id for _, one in self.members))

    @property
    def failed(self) -> bool:
        """Return whether the target was not reached: by the last web observation, or by all there is without one.

        A datagram without an answer, and an upgrade refused after TLS, are no failure to reach: what they mean is their signals' matter.
        """
        if any(one.signal in _FAILED for one in self.evidence):
            return True
        web = [one.facts for _, one in self.members if isinstance(one.facts, WebFacts)]
        return web[-1].failure is not None if web else all(_unreached(one) for _, one in self.members)


def gather(examined: Examined, spoken: Mapping[int, list[Evidence]]) -> list[Group]:
    """Return the groups in the order their targets were first seen, each target's aspects behind it."""
    groups: dict[tuple[str, str], Group] = {}
    for index, one in enumerate(examined.seen):
        facts = one.facts
        if isinstance(facts, HostFacts) or (isinstance(facts, EgressFacts | PathFacts) and facts.failure is not None):
            continue  # the machine is no path; of what could not be looked at nothing is said, that it cannot be reached the answer says
        main = _group(groups, one, _OF_KIND.get(facts.kind, "path"))
        main.members.append((index, one))
        for evidence in spoken.get(index, ()):
            aspect = ASIDE.get(evidence.signal)
            if aspect is None:
                main.evidence[evidence] = None
            elif evidence.weight < 0:
                main.fine[aspect] = None
            else:
                aside = _group(groups, one, aspect)
                aside.members.append((index, one))
                aside.evidence[evidence] = None
    lost = {(group.target.name, group.route, group.aspect) for group in groups.values()}
    for group in groups.values():
        for aspect in [aspect for aspect in group.fine if (group.target.name, group.route, aspect) in lost]:
            del group.fine[aspect]  # of several addresses one lost it
    return list(groups.values())


def _group(groups: dict[tuple[str, str], Group], one: Seen, aspect: Aspect) -> Group:
    key = (name_of(one.facts.target, aspect), one.facts.route)
    if key not in groups:
        groups[key] = Group(aspect)
    return groups[key]


def _unreached(one: Seen) -> bool:
    facts = one.facts
    if isinstance(facts, WebFacts | DnsFacts):
        return facts.failure is not None
    if isinstance(facts, WebsocketFacts):
        return facts.failure is not None and facts.stage in _BEFORE_THE_UPGRADE
    if isinstance(facts, MediaFacts | QuicFacts):
        return facts.stage == "dns"
    return False if isinstance(facts, HostFacts | PathFacts | EgressFacts) else facts.failure is not None
