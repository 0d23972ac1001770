"""Builds one recorded situation: a report as on the wire, the roots of its centre and its policy, as files of `tests/cases/<name>/`.

Trust words come from the real engine unless a situation says otherwise, so a case cannot claim what OpenSSL would not say. What is
expected is written from what the judge says now and then read by a person: `tests/judge/test_cases.py` holds it from there on.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from judge.chain import Roots, verify_twice
from judge.finding import Finding
from judge.knowledge.loader import load_knowledge
from judge.knowledge.targets import target_for
from judge.seen import SeenFacts
from tests.fakes.pki import NOW, Authority, name
from wire.codec import canonical, content_id, facts_bytes
from wire.facts import ChainTrust, DnsFacts, EgressFacts, PathFacts, WebFacts
from wire.target import Target

CASES = Path(__file__).parents[1] / "cases"
ROOT = Authority(name(C="US", O="Lab Public Trust", CN="Lab Public Root"), "public root")
DIGICERT = Authority(name(C="US", O="DigiCert Inc", CN="DigiCert Global G2 TLS RSA SHA256 2020 CA1"), "public issuer", ROOT)
"""An issuer whose name is on Microsoft's list, under the laboratory's public root."""
GOOGLE = Authority(name(C="US", O="Google Trust Services", CN="WR2"), "control issuer", ROOT)
CONTROL = "www.gstatic.com"
TLS = {"tls": "TLSv1.3", "cipher": "TLS_AES_256_GCM_SHA384", "alpn": "h2", "http": "2"}
SENT = ("Host", "User-Agent", "Accept", "Accept-Encoding", "X-mW-cAnArY", "X-mW-cAnArY", "Connection")
"""The agent's request header names, as `agent/probes/egress.py` sends them."""
REFLECTOR = Target(host="reflector.lab.example", port=80, protocol="http", category="Control", workload="Control", path="/reflect")
OUTLOOK, TEAMS, LOGIN, M365 = "outlook.office365.com", "teams.microsoft.com", "login.microsoftonline.com", "m365.cloud.microsoft"

_knowledge = load_knowledge()


@dataclass
class Situation:
    """One case. `near_miss_of`: `verdict:x` or `signal:x` that must not appear although it nearly could."""

    name: str
    what: str
    near_miss_of: Sequence[str] = ()
    policy: dict[str, object] = field(default_factory=dict)
    os: Sequence[Authority] = ()
    centre: Sequence[Authority] = (ROOT,)
    agent_public: Sequence[Authority] = (ROOT,)
    started: Any = NOW
    bodies: bool = True
    observations: list[dict[str, object]] = field(default_factory=list)
    facts: dict[str, SeenFacts] = field(default_factory=dict)
    certificates: dict[str, bytes] = field(default_factory=dict)

    def sees(self, host: str, chain: Sequence[bytes], trust: tuple[str, str] | None = None, **more: Any) -> "Situation":
        """Add a web observation of `host` with a captured chain; `trust` overrides what the engine says of it. `sample`: what varies."""
        return self._web(host, {**TLS, **self.chained(host, chain, trust), **more})

    def chained(self, host: str, chain: Sequence[bytes], trust: tuple[str, str] | None = None) -> dict[str, Any]:
        """Return a captured chain as fields of facts, and keep its certificates."""
        ids = [content_id(der) for der in chain]
        self.certificates.update(zip(ids, chain, strict=True))
        public = Roots([one.der for one in self.agent_public])
        words = trust or verify_twice(chain, host, Roots([one.der for one in (*self.agent_public, *self.os)]), public, self.started)
        return {"chain": ids, "trust": ChainTrust.model_validate({"os": words[0], "public": words[1], "engine": "openssl"})}

    def fails(self, host: str, failure: str, stage: str, *, suspect: bool = False, **more: Any) -> "Situation":
        """Add a web observation of `host` that ended in a failure before TLS."""
        return self._web(host, {"failure": failure, "stage": stage, **more}, suspect=suspect)

    def plainly(self, host: str, status: int, headers: dict[str, str] | None = None, **more: Any) -> "Situation":
        """Add a web observation of `host` on port 80, answered with `status` and these stable headers."""
        target = Target(host=host, port=80, protocol="http", category=self._target(host).category, workload=self._target(host).workload)
        return self._web(
            host, {"target": target, "http": "1.1", "headers": headers or {}, "sample": {"status": status, "tls_ms": None}, **more}
        )

    def resolves(self, host: str, failure: str | None = None, answers: Sequence[str] = ("192.0.2.10",), **more: Any) -> "Situation":
        """Add a dns observation of `host`."""
        fields = {"target": self._target(host), "failure": failure, "stage": "dns" if failure else None, "resolver": "192.0.2.53"}
        return self.measures(DnsFacts, {"dns_ms": 5.0, "answers": [] if failure else list(answers)}, **fields, **more)

    def paths(self, host: str, sample: Mapping[str, object] | None = None, **more: Any) -> "Situation":
        """Add a path observation of `host`."""
        fields = {"target": self._target(host), "method": "linux-ttl", **more}
        return self.measures(PathFacts, {"connect_ms": 12.0, **(sample or {})}, **fields)

    def reflects(self, seen: Sequence[str] = SENT, sent: Sequence[str] = SENT, address: str = "192.0.2.7", **more: Any) -> "Situation":
        """Add an egress observation: the reflector saw these header names of those sent."""
        fields = {"target": REFLECTOR, "address": address, "sent_headers": list(sent), "seen_headers": list(seen)}
        return self.measures(EgressFacts, {"connect_ms": 12.0, "total_ms": 25.0}, **fields, **more)

    def _web(self, host: str, fields: dict[str, Any], *, suspect: bool = False) -> "Situation":
        sample = {"connect_ms": 12.0, "tls_ms": 14.0, "total_ms": 41.0}
        if not fields.get("failure"):
            sample["status"] = 200
        sample |= fields.pop("sample", {}) | ({"suspect": True} if suspect else {})
        return self.measures(WebFacts, sample, **{"target": self._target(host), **fields})

    def measures(self, kind: type[SeenFacts], sample: Mapping[str, object], **fields: Any) -> "Situation":
        """Add an observation of any kind: its facts' fields, and the sample."""
        facts = kind.model_validate(fields)
        key = content_id(facts_bytes(facts))
        self.facts[key] = facts
        varying = {name: value for name, value in sample.items() if value is not None}
        self.observations.append({"kind": facts.kind, **varying, "facts": key, "at_us": 5000 * (len(self.observations) + 1)})
        return self

    def _target(self, host: str) -> Target:
        return target_for(_knowledge, host)

    def write(self, folder: Path = CASES) -> Path:
        """Write `given.json`, `report.json` and `roots.pem` and return the folder."""
        place = folder / self.name
        place.mkdir(parents=True, exist_ok=True)
        given = {"what": self.what, "near_miss_of": list(self.near_miss_of), "policy": self.policy}
        _dump(place / "given.json", given)
        _dump(place / "report.json", self.report())
        (place / "roots.pem").write_bytes(b"".join(one.pem for one in self.centre))
        return place

    def report(self) -> dict[str, object]:
        """Return the report as plain JSON, bodies included."""
        started = int(self.started.timestamp()) * 10**9
        cycle = {"started_ns": started, "created_ns": started + 10**9, "cadence_s": 60.0, "software": "recorded", "lab": True}
        cycle |= {"observations": self.observations}
        report: dict[str, object] = {
            "major": 1,
            "agent": "lab-1",
            "stream": "0" * 32,
            "seq": 1,
            "digest": content_id(canonical(cycle)),
            "cycle": cycle,
        }
        report["facts"] = {key: json.loads(facts_bytes(facts)) for key, facts in self.facts.items()}
        if self.bodies:
            report["certificates"] = {key: base64.b64encode(der).decode() for key, der in self.certificates.items()}
        return report


def expected(finding: Finding) -> dict[str, object]:
    """Return the part of a finding that a case holds."""
    device = finding.device
    return {
        "name": finding.name,
        "route": finding.route,
        "verdict": finding.verdict,
        "severity": finding.severity,
        "responsible": finding.responsible,
        "deterministic": finding.deterministic,
        "vendor": device.vendor if device else None,
        "possible": device.possible if device else None,
        "class": device.device_class if device else None,
        "first_key": device.keys[0].kind if device and device.keys else None,
        "signals": sorted(one.signal for one in finding.evidence),
        "fine": list(finding.fine),
        "sentence": finding.sentence,
    }


def _dump(path: Path, plain: object) -> None:
    path.write_text(json.dumps(plain, indent=1, sort_keys=False) + "\n")
