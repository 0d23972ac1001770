"""Families `hops` and `timing`: does something nearer than the server end the target's TCP connection?

Hops: the lowest TTL at which the target's port connects against a control port of the same address; behind every splitter of the
laboratory the target's port ended nearer. Timing: the connect took a fraction of what needs the whole way (control port, ICMP, TLS). An
anycast front door may serve two ports at two distances, and ICMP may be slow: timing supports, it does not decide.
"""

from judge.evidence import note, weighed
from judge.examined import Examined
from judge.finding import Evidence
from judge.knowledge.model import Knowledge
from judge.policy import Policy
from wire.facts import PathFacts

_WHOLE: dict[str, str] = {"control": "a control port of the same address", "icmp": "a ping", "tls": "the TLS handshake"}


def signal(examined: Examined, knowledge: Knowledge, policy: Policy) -> list[tuple[int, Evidence]]:  # noqa: ARG001 - one shape for all signals
    """Return for each path observation where its connection ends, and how its times compare."""
    found: list[tuple[int, Evidence]] = []
    for index, seen in enumerate(examined.seen):
        facts = seen.facts
        if isinstance(facts, PathFacts) and facts.failure is None:
            timing = _timing(seen.words, knowledge)
            if answered_by_another(examined, index):
                found += [(index, one) for one in _by_who_answers(facts, timing, knowledge)]
            else:
                found += [(index, one) for one in (*_hops(facts, knowledge), *timing)]
    return found


def answered_by_another(examined: Examined, index: int) -> bool:
    """Return whether the host of an observation showed a certificate, by the same route, that public roots do not accept."""
    facts = examined.seen[index].facts
    return any(
        one.centre not in {"trusted", "unchecked"} and (one.facts.target.host, one.facts.route) == (facts.target.host, facts.route)
        for one in examined.captured()
    )


def _by_who_answers(facts: PathFacts, timing: list[Evidence], knowledge: Knowledge) -> list[Evidence]:
    """Return what is left to say where another answers TLS: it ends TCP too, so nothing speaks against, and a quick connect is proof."""
    hops = [one for one in _hops(facts, knowledge) if one.weight > 0]
    if any(one.signal == "connect_quick" for one in timing):
        text = "Another than the server answers TLS, and the connection did not go the whole way: it ends where TLS does."
        return [*hops, *timing, weighed(knowledge, "ends_with_tls", "hops", text)]
    return [*hops, note("tls_by_another", "hops", "Another than the server may answer TLS; where its connections end was not seen.")]


def _hops(facts: PathFacts, knowledge: Knowledge) -> list[Evidence]:
    ends, control = facts.ends_at, facts.control_ends_at
    if ends is None or control is None:
        return []
    port = facts.target.port
    if ends < control:
        text = f"Port {port} is answered at hop {ends}, port {facts.control_port} of the same address at hop {control}."
        return [weighed(knowledge, "ends_nearer", "hops", text)]
    text = f"Port {port} is answered at hop {ends}, where port {facts.control_port} of the same address is answered too."
    return [weighed(knowledge, "ends_alike", "hops", text)]


def _timing(words: tuple[str, ...], knowledge: Knowledge) -> list[Evidence]:
    quick = [_WHOLE[word.removeprefix("quick-")] for word in words if word.startswith("quick-")]
    even = [_WHOLE[word.removeprefix("even-")] for word in words if word.startswith("even-")]
    if quick and even:
        text = f"The connect is far quicker than {' and '.join(quick)}, yet not than {' and '.join(even)}; nothing follows."
        return [note("times_disagree", "timing", text)]
    if quick:
        text = f"The connect took a fraction of the time of {' and '.join(quick)}: it did not go the whole way."
        return [weighed(knowledge, "connect_quick", "timing", text)]
    if even:
        return [weighed(knowledge, "connect_even", "timing", f"The connect took as long as {' and '.join(even)}: it went the whole way.")]
    return []
