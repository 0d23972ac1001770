"""What proves a check, ready to be shown: the chains as captured and the phases of each request. Pure; page and document use the same.

A chain is shown once, with the hosts that sent it. Phases are in the order they happened; their bars share one scale.
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from judge.certificate import CertificateFields, read_certificate
from judge.connectivity.look import Sample
from wire.facts import WebFacts
from wire.observation import WebObservation

PHASES = ("dns_ms", "connect_ms", "proxy_ms", "tls_ms", "first_byte_ms", "body_ms")
PEM_LINE = 64
"""Characters of base64 a line (RFC 7468)."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate as sent, and its PEM to copy."""

    fields: CertificateFields
    pem: str


@dataclass(frozen=True, slots=True)
class Chain:
    """One chain, leaf first, and the hosts that sent it."""

    hosts: tuple[str, ...]
    certificates: tuple[Certificate, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """One phase of a request: where it starts and how wide it is, in ms from the request's start."""

    phase: str
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class Waterfall:
    """One request: who, by which route, its phases, and how it ended."""

    host: str
    route: str
    bars: tuple[Bar, ...]
    total: float
    end: str


def chains(samples: Sequence[Sample], certificates: Mapping[str, bytes]) -> list[Chain]:
    """Return each distinct chain with all its hosts; the ones of most hosts first, for those are a device's."""
    hosts: dict[tuple[str, ...], list[str]] = {}
    for one in samples:
        if isinstance(one.facts, WebFacts) and one.facts.chain:
            hosts.setdefault(tuple(one.facts.chain), []).append(one.facts.target.host)
    found = [Chain(tuple(dict.fromkeys(names)), tuple(_certificates(ids, certificates))) for ids, names in hosts.items()]
    return sorted(found, key=lambda chain: -len(chain.hosts))


def _certificates(ids: Sequence[str], certificates: Mapping[str, bytes]) -> Iterator[Certificate]:
    for one in ids:
        if one in certificates:
            yield Certificate(read_certificate(certificates[one]), pem(certificates[one]))


def pem(der: bytes) -> str:
    """Return a certificate as PEM (RFC 7468)."""
    text = base64.b64encode(der).decode()
    lines = [text[first : first + PEM_LINE] for first in range(0, len(text), PEM_LINE)]
    return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----"])


def waterfalls(samples: Sequence[Sample], names: frozenset[str]) -> list[Waterfall]:
    """Return the requests to these targets, in the order measured."""
    found = []
    for one in samples:
        seen, facts = one.observation, one.facts
        if isinstance(facts, WebFacts) and isinstance(seen, WebObservation) and facts.target.name in names:
            bars = tuple(_bars(seen))
            end = f"{facts.failure} at {facts.stage}" if facts.failure else f"status {seen.status}"
            found.append(Waterfall(facts.target.host, facts.route, bars, sum(bar.width for bar in bars), end))
    return found


def _bars(seen: WebObservation) -> Iterator[Bar]:
    at = 0.0
    for phase in PHASES:
        width = getattr(seen, phase)
        if width is not None:
            yield Bar(phase.removesuffix("_ms").replace("_", " "), at, width)
            at += width
