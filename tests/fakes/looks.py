"""Looks made of a few samples, for the tests of the rows of the connectivity test."""

from collections.abc import Sequence
from typing import Any

from judge.connectivity.look import Look, Place, Sample
from judge.finding import Device, DeviceKey, Finding
from judge.knowledge.loader import load_knowledge
from wire.facts import DnsFacts, EgressFacts, HostFacts, MediaFacts, PathFacts, WebFacts, WebsocketFacts
from wire.observation import (
    DnsObservation,
    EgressObservation,
    HostObservation,
    MediaObservation,
    PathObservation,
    WebObservation,
    WebsocketObservation,
)
from wire.target import HERE, Target
from wire.vocabulary import Failure, Protocol, Verdict

KNOWLEDGE = load_knowledge()
FRANKFURT = Place(50.11, 8.68, "Frankfurt")
SYDNEY = Place(-33.87, 151.21)
_ID = "A" * 22
_HEAD: dict[str, Any] = {"facts": _ID, "at_us": 0}


def target(host: str = "outlook.office365.com", port: int = 443, protocol: Protocol = "https") -> Target:
    """Return a target with set, category and workload of the endpoint list."""
    found = KNOWLEDGE.endpoints.find(host, port if protocol in {"https", "http"} else 443)
    if found is None:
        return Target(host=host, port=port, protocol=protocol, category="Control", workload="Control")
    return Target(host=host, port=port, protocol=protocol, endpoint_set=found.id, category=found.category, workload=found.workload)


def look(*samples: Sample, findings: Sequence[Finding] = (), place: Place | None = FRANKFURT) -> Look:
    """Return a look from Frankfurt."""
    return Look(samples, findings, KNOWLEDGE, place)


def web(host: str = "outlook.office365.com", port: int = 443, route: str = "direct", **seen: Any) -> Sample:
    """Return a request; `failure`, `stage`, `headers` and `via` are its facts, the rest its sample."""
    facts = {name: seen.pop(name) for name in ("failure", "stage", "headers", "via") if name in seen}
    protocol: Protocol = "https" if port == 443 else "http"
    return Sample(WebObservation(kind="web", **_HEAD, **seen), WebFacts(target=target(host, port, protocol), route=route, **facts))


def lookup(host: str = "outlook.office365.com", dns_ms: float | None = 5.0, failure: Failure | None = None, **facts: Any) -> Sample:
    """Return a name lookup."""
    return Sample(DnsObservation(kind="dns", **_HEAD, dns_ms=dns_ms), DnsFacts(target=target(host), failure=failure, **facts))


def reflected(address: str | None, route: str = "direct") -> Sample:
    """Return what the reflector said."""
    return Sample(EgressObservation(kind="egress", **_HEAD), EgressFacts(target=target("reflector.example"), route=route, address=address))


def relay(port: int = 3478, *, ephemeral: str = "allocate", audio: str = "allocate", mapped: str | None = None, **seen: Any) -> Sample:
    """Return a train of requests to the Teams relay."""
    where = Target(
        host="worldaz.tr.teams.microsoft.com", port=port, protocol="turn", endpoint_set=11, category="Optimize", workload="Teams"
    )
    facts = MediaFacts.model_validate({"target": where, "ephemeral": ephemeral, "audio": audio, "mapped": mapped})
    return Sample(MediaObservation(kind="media", **_HEAD, **seen), facts)


def hops(host: str, *seen: str, **facts: Any) -> Sample:
    """Return a path."""
    return Sample(PathObservation(kind="path", **_HEAD, hops=list(seen)), PathFacts(target=target(host), **facts))


def upgrade(host: str = "outlook.cloud.microsoft", **facts: Any) -> Sample:
    """Return a WebSocket upgrade."""
    return Sample(WebsocketObservation(kind="websocket", **_HEAD), WebsocketFacts(target=target(host, protocol="wss"), **facts))


def machine(**facts: Any) -> Sample:
    """Return what is known of the machine itself."""
    return Sample(HostObservation(kind="host", **_HEAD), HostFacts(target=HERE, **facts))


def finding(host: str, verdict: Verdict, signer: str = "", protocol: Protocol = "https", port: int = 443) -> Finding:
    """Return a finding, with a device when somebody signed."""
    device = Device((DeviceKey("product", signer.lower()),), issuer=signer) if signer else None
    return Finding(target(host, port, protocol), "direct", verdict, "none", 0.9, "nobody", "s", "w", device=device)
