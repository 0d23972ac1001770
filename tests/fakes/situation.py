"""Builds one recorded situation: a report as on the wire, the roots of its centre and its policy, as files of `tests/cases/<name>/`.

Trust words come from the real engine unless a situation says otherwise, so a case cannot claim what OpenSSL would not say. What is
expected is written from what the judge says now and then read by a person: `tests/judge/test_cases.py` holds it from there on.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from judge.chain import Roots, verify_twice
from judge.finding import Finding
from judge.knowledge.loader import load_knowledge
from judge.knowledge.targets import target_for
from tests.fakes.pki import NOW, Authority, name
from wire.codec import canonical, content_id, facts_bytes
from wire.facts import ChainTrust, DnsFacts, WebFacts
from wire.target import Target

CASES = Path(__file__).parents[1] / "cases"
ROOT = Authority(name(C="US", O="Lab Public Trust", CN="Lab Public Root"), "public root")
DIGICERT = Authority(name(C="US", O="DigiCert Inc", CN="DigiCert Global G2 TLS RSA SHA256 2020 CA1"), "public issuer", ROOT)
"""An issuer whose name is on Microsoft's list, under the laboratory's public root."""
GOOGLE = Authority(name(C="US", O="Google Trust Services", CN="WR2"), "control issuer", ROOT)
CONTROL = "www.gstatic.com"
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
    facts: dict[str, WebFacts | DnsFacts] = field(default_factory=dict)
    certificates: dict[str, bytes] = field(default_factory=dict)

    def sees(self, host: str, chain: Sequence[bytes], trust: tuple[str, str] | None = None, **more: Any) -> "Situation":
        """Add a web observation of `host` with a captured chain; `trust` overrides what the engine says of it."""
        ids = [content_id(der) for der in chain]
        self.certificates.update(zip(ids, chain, strict=True))
        public = Roots([one.der for one in self.agent_public])
        words = trust or verify_twice(chain, host, Roots([one.der for one in (*self.agent_public, *self.os)]), public, self.started)
        checked = ChainTrust.model_validate({"os": words[0], "public": words[1], "engine": "openssl"})
        tls = {"tls": "TLSv1.3", "cipher": "TLS_AES_256_GCM_SHA384", "alpn": "h2", "http": "2"}
        return self._web(host, {**tls, "chain": ids, "trust": checked, **more})

    def fails(self, host: str, failure: str, stage: str, *, suspect: bool = False, **more: Any) -> "Situation":
        """Add a web observation of `host` that ended in a failure before TLS."""
        return self._web(host, {"failure": failure, "stage": stage, **more}, suspect=suspect)

    def resolves(self, host: str, failure: str | None = None) -> "Situation":
        """Add a dns observation of `host`."""
        facts = DnsFacts.model_validate(
            {"target": self._target(host), "failure": failure, "stage": "dns" if failure else None, "resolver": "192.0.2.53"}
        )
        return self._add(facts, {"kind": "dns", "dns_ms": 5.0, "answers": [] if failure else ["192.0.2.10"]})

    def _web(self, host: str, fields: dict[str, Any], *, suspect: bool = False) -> "Situation":
        facts = WebFacts.model_validate({"target": self._target(host), **fields})
        sample: dict[str, object] = {"kind": "web", "connect_ms": 12.0, "tls_ms": 14.0, "total_ms": 41.0}
        if facts.failure is None:
            sample["status"] = 200
        return self._add(facts, sample | ({"suspect": True} if suspect else {}))

    def _add(self, facts: WebFacts | DnsFacts, sample: dict[str, object]) -> "Situation":
        key = content_id(facts_bytes(facts))
        self.facts[key] = facts
        self.observations.append({**sample, "facts": key, "at_us": 5000 * (len(self.observations) + 1)})
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
        "name": finding.target.name,
        "route": finding.route,
        "verdict": finding.verdict,
        "severity": finding.severity,
        "responsible": finding.responsible,
        "deterministic": finding.deterministic,
        "vendor": device.vendor if device else None,
        "possible": device.possible if device else None,
        "class": device.device_class if device else None,
        "first_key": device.keys[0].kind if device else None,
        "signals": sorted(one.signal for one in finding.evidence),
        "sentence": finding.sentence,
    }


def _dump(path: Path, plain: object) -> None:
    path.write_text(json.dumps(plain, indent=1, sort_keys=False) + "\n")
