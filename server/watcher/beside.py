"""What is found beside a target's answer, read from its name: which of it counts for a site's word, and how the rest is said. Pure.

A name is `host:port`, with `/udp` or `/wss` for another protocol, or `#aspect` for what is learned or lost beside the answer
(`judge.finding.name_of`, `wire.target.Target.name`). A protocol lost or kept out is seldom a site's trouble: it is told in words.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from server.state.overview import Aside

_WORDS: Final[Mapping[str, str]] = {
    "#tcp": "connections to",
    "#request": "request to",
    "#h2": "HTTP/2 to",
    "#tls": "TLS to",
    "#mss": "segments to",
    "/wss": "WebSocket to",
    "443/udp": "HTTP/3 to",
    "/udp": "media to",
}
_LOST: Final[Mapping[str, str]] = {
    "#h2": "HTTP/2 lost",
    "#tls": "TLS made older",
    "#mss": "segments cut short",
    "443/udp": "HTTP/3 blocked",
}
"""Meddling that leaves the answer as it is, by the end of the name."""
_TOLD: Final = frozenset({"unreachable"})
"""Nothing answered: told by the answer's own finding."""


def kind_of(name: str) -> str:
    """Return the end of a name that says what it is about; nothing for a target's own answer."""
    return next((end for end in _WORDS if name.endswith(end)), "")


def host_of(name: str) -> str:
    """Return the host of a name."""
    return name.rpartition(":")[0] or name


def said(name: str) -> str:
    """Return a name as a person says it: the host, its port unless it is 443, and what of it."""
    kind = kind_of(name)
    host, port = host_of(name), name.rpartition(":")[2].partition("#")[0].partition("/")[0]
    where = host if port in {"443", name} else f"{host}:{port}"
    return f"{_WORDS[kind]} {where}" if kind else where


def counts(one: Aside) -> bool:
    """Return whether it can be a site's word: a device that is seen, or a service that people use and that is shut."""
    return not is_lost(one.target, one.verdict) and one.verdict not in _TOLD


def is_lost(name: str, verdict: str) -> bool:
    """Return whether it is a protocol that is lost or kept out beside the answer, and nothing that decrypts."""
    return kind_of(name) in _LOST and verdict in {"altered", "blocked"}


def meddling(asides: Iterable[Aside]) -> tuple[str, ...]:
    """Return what is lost beside the answers, each with the number of its hosts: `HTTP/3 blocked to 2 hosts`."""
    hosts: dict[str, set[str]] = {}
    for one in asides:
        word = _LOST.get(kind_of(one.target), "") if not counts(one) else ""
        if word:
            hosts.setdefault(word, set()).add(host_of(one.target))
    return tuple(f"{word} to {len(names)} host{'s' if len(names) > 1 else ''}" for word, names in sorted(hosts.items()))
