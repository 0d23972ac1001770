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
        if isinstance(seen.facts, PathFacts) and seen.facts.failure is None:
            found += [(index, one) for one in (*_hops(seen.facts, knowledge), *_timing(seen.words, knowledge))]
    return found


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
