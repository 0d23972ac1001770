"""Reports as agents make them: cycles of a few targets, facts by reference, certificates of an inspecting authority or a public one.

No I/O, no clock: the caller says when. `Agent` keeps a stream and its digest chain the way a spool does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from wire import codec, topics
from wire.context import Context
from wire.facts import ChainTrust, DnsFacts, EgressFacts, KnownFacts, WebFacts
from wire.observation import DnsObservation, EgressObservation, Observation, WebObservation
from wire.report import Cycle, Health
from wire.target import Target
from wire.vocabulary import Category, Workload

SECOND = 10**9
START_NS = 1_795_000_000 * SECOND
"""2026-11-18, a round moment all tests share."""


def target(host: str, category: Category = "Optimize", workload: Workload = "Exchange") -> Target:
    """Return an HTTPS target."""
    return Target(host=host, category=category, workload=workload)


TARGETS = (
    target("outlook.office365.com"),
    target("outlook.cloud.microsoft"),
    target("contoso.sharepoint.com", "Optimize", "SharePoint"),
    target("teams.microsoft.com", "Allow", "Teams"),
    target("login.microsoftonline.com", "Allow", "Common"),
    target("graph.microsoft.com", "Allow", "Common"),
    target("m365.cloud.microsoft", "Default", "Common"),
    target("res.cdn.office.net", "Default", "Common"),
    target("www.office.com", "Default", "Common"),
    target("office.live.com", "Default", "Common"),
    target("substrate.office.com", "Default", "Common"),
    target("www.example.org", "Control", "Control"),
)


@dataclass
class Agent:
    """One agent's stream, as its spool would keep it."""

    id: str = "agent-01"
    stream: str = "0" * 31 + "1"
    site: str | None = "Porto"
    seq: int = 0
    previous: str | None = None
    bodies: dict[str, bytes] = field(default_factory=dict)
    certificates: dict[str, bytes] = field(default_factory=dict)

    def facts(self, facts: KnownFacts) -> str:
        """Remember a facts body and return its id."""
        body = codec.facts_bytes(facts)
        key = codec.content_id(body)
        self.bodies[key] = body
        return key

    def certificate(self, der: bytes) -> str:
        """Remember a certificate and return its id."""
        key = codec.content_id(der)
        self.certificates[key] = der
        return key

    def observations(
        self,
        targets: Sequence[Target] = TARGETS,
        chain: Sequence[bytes] = (),
        trust: ChainTrust | None = None,
        connect_ms: float = 12.34,
    ) -> list[Observation]:
        """Return a web and a dns observation for each target, and one of egress."""
        ids = [self.certificate(der) for der in chain]
        seen: list[Observation] = []
        for index, one in enumerate(targets):
            web = WebFacts(target=one, tls="TLSv1.3", cipher="TLS_AES_256_GCM_SHA384", alpn="h2", http="h2", chain=ids, trust=trust)
            seen.append(
                WebObservation(
                    kind="web",
                    facts=self.facts(web),
                    at_us=index * 5000,
                    address=f"52.97.1.{index + 1}",
                    dns_ms=3.25 + index,
                    connect_ms=connect_ms + index,
                    tls_ms=15.5 + index,
                    first_byte_ms=30.75,
                    body_ms=1.5,
                    total_ms=60.5 + index,
                    status=200,
                    body_bytes=1234,
                )
            )
            dns = DnsFacts(target=one, resolver="192.0.2.53")
            seen.append(
                DnsObservation(kind="dns", facts=self.facts(dns), at_us=index * 5000 + 2500, dns_ms=3.5, answers=[f"52.97.1.{index + 1}"])
            )
        reflector = Target(host="reflect.example.net", category="Control", workload="Control", path="/reflect")
        egress = EgressFacts(target=reflector, address="203.0.113.7", seen_headers=["Host", "Accept"])
        seen.append(EgressObservation(kind="egress", facts=self.facts(egress), at_us=70_000, connect_ms=9.5, total_ms=20.25))
        return seen

    def report(
        self,
        at_ns: int,
        observations: Sequence[Observation] | None = None,
        *,
        bodies: bool = True,
        lab: bool = False,
        compress: bool = True,
        dropped: Sequence[tuple[int, int]] = (),
        former: str | None = None,
        **said: Any,
    ) -> tuple[str, bytes]:
        """Return (topic, payload) of this agent's next report; `said` replaces fields of its cycle."""
        plain: dict[str, Any] = {
            "started_ns": at_ns,
            "created_ns": at_ns + SECOND,
            "cadence_s": 60,
            "software": "0.1.0",
            "plan": 1,
            "lab": lab,
            "context": Context(gateway="a1b2c3", interface="wired", network="10.1.2.0/24", site=self.site),
            "health": Health(rss_mb=38.5, cpu_ms=120.0),
            "observations": list(self.observations() if observations is None else observations),
        }
        cycle = Cycle(**plain | said)
        data = cycle.dump()
        self.seq += 1
        digest = codec.content_id(data)
        payload = codec.encode(
            self.id,
            self.stream,
            self.seq,
            cycle=data,
            digest=digest,
            previous=self.previous,
            former=former,
            dropped=dropped,
            facts=self.bodies if bodies else {},
            certificates=self.certificates if bodies else {},
            compress=compress,
        )
        self.previous = digest
        return topics.report(self.id, self.stream, self.seq), payload
