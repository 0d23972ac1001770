"""From a sample to the few words a judgement may depend on: whose an address is, and whether one time is far below another.

Times and addresses vary each time; what they amount to does not. The judge's memo is keyed on these words, so each is coarse, and a
comparison that is neither here nor there gives no word at all. Called for every observation the collector takes: no loops over the
knowledge; answers about addresses are remembered.
"""

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from judge.knowledge.model import Knowledge
from judge.knowledge.signatures import page_marks
from judge.seen import Seen
from wire.target import Target

Words = tuple[str, ...]

NEAR, FAR_MS = 4.0, 8.0
"""A connect is `quick` when what needs the whole way took at least NEAR times as long and FAR_MS longer: behind splitters 0.1 to 0.4 ms
against 40 and 82 ms, on direct paths 1.0 to 1.05 times (measured, 40 ms path). Below that the server's own work hides the difference."""
EVEN = 1.6
"""A connect that took at least 1/EVEN of what needs the whole way, and FAR_MS at least, went the whole way itself."""
_TLS_WORK_MS = 12.0
"""What a TLS handshake may add by computing at both ends (2 to 3 ms here, more on slow machines) before its time tells of the way."""
_MAX_ADDRESSES = 65_536

_TUNNELLED = ipaddress.ip_network("6.6.0.0/16")
"""Addresses Global Secure Access' client puts in place of real ones (Entra documentation; the range grade C)."""
_CARRIER = ipaddress.ip_network("100.64.0.0/10")
_TESTS = tuple(ipaddress.ip_network(one) for one in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15", "2001:db8::/32"))
"""Not global to Python, yet nobody's private network: laboratories and documents use them (RFC 5737, 2544, 3849)."""


class Coarse:
    """Makes the words of observations by one knowledge."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._known: dict[tuple[str, str, int], str] = {}

    def seen(self, pairs: Sequence[tuple[Any, Any]]) -> list[Seen]:
        """Return what the judge looks at of a report's (observation, facts), in their order."""
        found = []
        path = False
        for observation, facts in pairs:
            sample, make = observation.__dict__, _KINDS.get(facts.kind)
            path = path or facts.kind == "path"
            words = make(self, sample, facts) if make is not None else ()
            found.append(Seen(sample["facts"], facts, sample.get("status"), sample["suspect"], words))
        return self._timed(pairs, found) if path else found

    def _timed(self, pairs: Sequence[tuple[Any, Any]], found: list[Seen]) -> list[Seen]:
        """Add to each path observation how the TLS handshakes of the same target and route compare with their connects.

        Only there: a word more in every report would make the judge's memory useless, and no verdict rests on it elsewhere.
        """
        tls: dict[tuple[str, str], set[str]] = {}
        for observation, facts in pairs:
            if facts.kind == "web" and (word := _handshake(observation.__dict__)):
                tls.setdefault((facts.target.name, facts.route), set()).add(word)
        timed = []
        for one in found:
            words = tls.get((one.facts.target.name, one.facts.route), set()) if one.facts.kind == "path" else set()
            agreed = len(words) == 1  # of several addresses or a repeat that disagree nothing follows
            timed.append(replace(one, words=(*one.words, f"{words.pop()}-tls")) if agreed else one)
        return timed

    def whose(self, address: str, target: Target) -> str:
        """Return `private`, `sinkhole`, `blockpage:PRODUCT`, `tunnelled`, `foreign`, or nothing for one that may well be the target's."""
        key = address, target.host, target.port
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= _MAX_ADDRESSES:
                self._known.clear()
            known = self._known[key] = self._whose(address, target)
        return known

    def _whose(self, address: str, target: Target) -> str:
        word = _kind(address)
        if word:
            return "" if word == "nobody's" else word
        marks = page_marks(self._knowledge.pages, {"address": address})
        if marks:
            return f"blockpage:{marks[0].product or ''}"
        listed = self._knowledge.set_of(target)
        return "foreign" if listed is not None and listed.holds(address) is False else ""

    def _went(self, sample: Mapping[str, Any], facts: Any) -> Words:  # noqa: ANN401 - the kind chose this function
        if sample.get("proxy_ms") is not None:
            return ("proxied",)  # then the address is the proxy's
        address = sample["address"]
        whose = self.whose(address, facts.target) if address is not None else ""
        return (f"to-{whose}",) if whose else ()

    def _dns(self, sample: Mapping[str, Any], facts: Any) -> Words:  # noqa: ANN401 - as above
        found = {whose for one in sample["answers"] if (whose := self.whose(one, facts.target))}
        return tuple(sorted(f"to-{one}" for one in found)) if found else ()

    def _path(self, sample: Mapping[str, Any], _facts: Any) -> Words:  # noqa: ANN401 - as above
        if sample["suspect"] or sample["connect_ms"] is None:
            return ()
        words = []
        for name, field in (("control", "control_ms"), ("icmp", "icmp_ms")):
            whole = sample[field]
            word = _against(sample["connect_ms"], whole) if whole is not None else ""
            words += [f"{word}-{name}"] if word else []
        return tuple(words)


_KINDS: Final[Mapping[str, Callable[[Coarse, Mapping[str, Any], Any], Words]]] = {
    "web": Coarse._went,  # noqa: SLF001 - the table of this class
    "websocket": Coarse._went,  # noqa: SLF001
    "quic": Coarse._went,  # noqa: SLF001
    "media": Coarse._went,  # noqa: SLF001
    "dns": Coarse._dns,  # noqa: SLF001
    "path": Coarse._path,  # noqa: SLF001
}


def _handshake(sample: Mapping[str, Any]) -> str:
    """Compare a web sample's connect with its TLS handshake; nothing of a suspect one or one by a proxy."""
    connect, tls = sample["connect_ms"], sample["tls_ms"]
    if connect is None or tls is None or sample["suspect"] or sample["proxy_ms"] is not None:
        return ""
    return _against(connect, tls - _TLS_WORK_MS)


def _against(connect_ms: float, whole_ms: float) -> str:
    """Compare a connect with what needs the whole way."""
    if whole_ms >= NEAR * connect_ms and whole_ms - connect_ms >= FAR_MS:
        return "quick"
    return "even" if connect_ms >= FAR_MS and connect_ms * EVEN >= whole_ms else ""


def _kind(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "nobody's"
    if parsed.is_unspecified or parsed.is_loopback:
        return "sinkhole"
    if parsed.version == 4 and parsed in _TUNNELLED:
        return "tunnelled"
    if any(parsed.version == one.version and parsed in one for one in _TESTS):
        return "nobody's"
    carrier = parsed.version == 4 and parsed in _CARRIER
    return "private" if parsed.is_private or parsed.is_link_local or carrier else ""
