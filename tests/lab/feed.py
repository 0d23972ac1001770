"""Cycles made beforehand for a feeder: hundreds of reports without waiting for a probe, every one different, all of the past.

A line is what a reporter would have handed to the spool. `feeder.py` spools lines, `expected.py` says what rows they must become. No I/O
but writing the file.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from judge.knowledge.loader import load_knowledge
from judge.knowledge.targets import target_for
from tests.fakes.pki import SQUID
from tests.fakes.situation import LOGIN, OUTLOOK, TEAMS
from tests.fakes.situations import SQUID_CA, own
from tests.lab.programs import SITE
from tests.lab.world import REFLECTOR
from wire.codec import content_id, facts_bytes
from wire.context import Context
from wire.facts import ChainTrust, DnsFacts, EgressFacts, KnownFacts, WebFacts
from wire.observation import DnsObservation, EgressObservation, Observation, WebObservation
from wire.report import Cycle, Health
from wire.target import Target

SECOND = 10**9
HOSTS = (OUTLOOK, TEAMS, LOGIN)


@cache
def _chain(host: str, *, inspected: bool) -> Sequence[bytes]:
    return [SQUID_CA.leaf(host, SQUID), SQUID_CA.der] if inspected else own(host)


@dataclass(frozen=True)
class Line:
    """One report's content. `facts` and `certificates` are ids of bodies in the feed."""

    cycle: bytes
    created_ns: int
    started_ns: int
    inspected: bool
    facts: tuple[str, ...]
    certificates: tuple[str, ...]

    @property
    def digest(self) -> str:
        """Return the report's digest."""
        return content_id(self.cycle)


@dataclass
class Feed:
    """Lines in the order they are spooled, and the bodies they use. `salt` tells the lines of two feeds apart.

    A feeder does not go on to the line number `gate` before all up to it are receipted.
    """

    salt: int = 0
    gate: int = 0
    lines: list[Line] = field(default_factory=list)
    bodies: dict[str, bytes] = field(default_factory=dict)
    targets: Sequence[Target] = ()

    def __post_init__(self) -> None:
        knowledge = load_knowledge()
        self.targets = [target_for(knowledge, host) for host in HOSTS]

    def add(self, count: int, started_ns: int, *, inspected: bool = False, step_ns: int = SECOND, after_ns: int | None = None) -> "Feed":
        """Add `count` cycles, the first begun at `started_ns`.

        Creation times only rise, as a spool sees to: from the last line's on, or from `after_ns`, which a restored spool remembers.
        """
        last_ns = after_ns if after_ns is not None else self.lines[-1].created_ns if self.lines else 0
        for number in range(count):
            began_ns = started_ns + number * step_ns
            created_ns = last_ns = max(began_ns + SECOND // 2, last_ns + 1)
            facts: list[str] = []
            certificates: list[str] = []
            cycle = Cycle(
                started_ns=began_ns,
                created_ns=created_ns,
                cadence_s=step_ns / SECOND,
                software="feeder",
                plan=1,
                lab=True,
                context=Context(interface="wired", site=SITE),
                health=Health(rss_mb=38.5),
                observations=self._observations(len(self.lines), facts, certificates, inspected=inspected),
            )
            line = Line(cycle.dump(), created_ns, began_ns, inspected, tuple(facts), tuple(dict.fromkeys(certificates)))
            self.lines.append(line)
        return self

    def _observations(self, number: int, facts: list[str], certificates: list[str], *, inspected: bool) -> list[Observation]:
        trust = ChainTrust(os="trusted", public="no_root" if inspected else "trusted", engine="openssl")
        seen: list[Observation] = []
        vary = number / 8 + self.salt / 1024
        for place, target in enumerate(self.targets):
            ids = [self._keep(der, certificates) for der in _chain(target.host, inspected=inspected)]
            web = WebFacts(target=target, tls="TLSv1.3", alpn="h2", http="h2", chain=ids, trust=trust)
            key = self._keep_facts(web, facts)
            sample = {"dns_ms": 3.25, "connect_ms": 10.5 + vary, "tls_ms": 15.5, "first_byte_ms": 30.0, "total_ms": 60.0 + vary}
            seen.append(WebObservation(kind="web", facts=key, at_us=place * 5000, address=f"192.0.2.{place}", status=200, **sample))
        key = self._keep_facts(DnsFacts(target=self.targets[0], resolver="192.0.2.53"), facts)
        seen.append(DnsObservation(kind="dns", facts=key, at_us=20_000, dns_ms=4.0 + vary, answers=["192.0.2.1", "192.0.2.2"]))
        reflector = Target(host=REFLECTOR, port=80, protocol="http", category="Control", workload="Control")
        key = self._keep_facts(EgressFacts(target=reflector, address="203.0.113.7", seen_headers=["Host"]), facts)
        seen.append(EgressObservation(kind="egress", facts=key, at_us=30_000, total_ms=20.0 + vary))
        return seen

    def _keep(self, body: bytes, ids: list[str]) -> str:
        key = content_id(body)
        self.bodies[key] = body
        ids.append(key)
        return key

    def _keep_facts(self, facts: KnownFacts, ids: list[str]) -> str:
        return self._keep(facts_bytes(facts), ids)

    def write(self, path: Path) -> None:
        """Write the file that `feeder.py` reads."""
        lines = [
            {"cycle": one.cycle.decode(), "created_ns": one.created_ns, "facts": one.facts, "certificates": one.certificates}
            for one in self.lines
        ]
        bodies = {key: base64.b64encode(body).decode() for key, body in self.bodies.items()}
        path.write_text(json.dumps({"gate": self.gate, "lines": lines, "bodies": bodies}))
