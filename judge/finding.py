"""What a judgement is made of: evidence, device keys, findings. Slotted dataclasses: they are made by the thousand.

A finding is about one target on one route in one report. It lists its evidence, says why it is not the next likely verdict, and
whose job it is. Nothing here computes.
"""

from dataclasses import dataclass, field
from typing import Literal

from judge.impact import Impact
from wire.target import Target
from wire.vocabulary import DeviceClass, Grade, Responsible, Severity, Verdict

NamedBy = Literal["", "certificate", "headers", "page", "itself"]
"""What names a vendor: the chain, a token in headers, a page of its own, or its own word (an address it puts in place)."""
KeyKind = Literal["instance", "product", "engine", "header", "path", "egress", "local"]
Aspect = Literal["path", "tcp", "request", "h2", "tls", "mss"]
"""What of a target a finding is about: `path` the answer itself; the others are kept apart, since they are learned at another pace or
are a meddling that leaves the answer as it is. `tcp`: who ends the connection; `request`: how our reflector
saw it; `h2`: HTTP/2 kept; `tls`: the version; `mss`: segments."""
Scope = Literal["global", "tenant", "device", "endpoint", "unknown"]
"""What a device's key is unique to. `endpoint` roots (one per machine) are told apart by product key, others by instance key."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One signal for (`weight` > 0) or against (`weight` < 0) interception, in words a person can check.

    `family`: signals of one family are correlated, so their weights are capped together. `deterministic` evidence
    confirms after two rounds. `product` is the id of the product it points to (`judge/knowledge`), empty for none.
    """

    signal: str
    family: str
    weight: float
    grade: Grade
    text: str
    deterministic: bool = False
    product: str = ""


@dataclass(frozen=True, slots=True)
class DeviceKey:
    """One way to recognise a device again. `value` is stable over leaf certificates, hosts and agents."""

    kind: KeyKind
    value: str


@dataclass(frozen=True, slots=True)
class Device:
    """The intermediary a finding points to. `vendor` is None unless chain, header or self-identification evidence names it.

    `keys` are in order of preference: the first is the device's name in runs. `possible` is a guess from weaker evidence. `named_by`: by
    what the vendor is named; empty where none is.
    """

    keys: tuple[DeviceKey, ...]
    device_class: DeviceClass = "unknown"
    vendor: str | None = None
    product: str | None = None
    possible: str | None = None
    confidence: float = 0.0
    scope: Scope = "unknown"
    issuer: str = ""
    named_by: NamedBy = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a report means on one target and route.

    `confidence` is 0 to 1; `sentence` can be read aloud; `why_not` says why it is not the next likely verdict. `fine`: aspects that were
    looked at and are in order, so that what was found of them before is over; they have no finding of their own. `impact`: what it costs,
    by the samples of this one report (`judge/costs.py`); the judge itself leaves it out.
    """

    target: Target
    route: str
    verdict: Verdict
    severity: Severity
    confidence: float
    responsible: Responsible
    sentence: str
    why_not: str
    evidence: tuple[Evidence, ...] = ()
    device: Device | None = None
    facts: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    native: str = ""
    aspect: Aspect = "path"
    fine: tuple[Aspect, ...] = ()
    impact: Impact | None = None

    @property
    def name(self) -> str:
        """Return what it is about in tags, runs and pages: the target's name, with `#` and the aspect unless that is the answer itself."""
        return name_of(self.target, self.aspect)

    @property
    def deterministic(self) -> bool:
        """Return whether two rounds are enough to confirm it."""
        return any(one.deterministic and one.weight > 0 for one in self.evidence)

    @property
    def device_key(self) -> str:
        """Return `kind:value` of the device's first key, or an empty string."""
        return f"{self.device.keys[0].kind}:{self.device.keys[0].value}" if self.device and self.device.keys else ""


def name_of(target: Target, aspect: Aspect) -> str:
    """Return the name of a target's aspect: `host:port`, `host:port#h2`."""
    return target.name if aspect == "path" else f"{target.name}#{aspect}"


@dataclass(frozen=True, slots=True)
class Judgement:
    """All findings of one report, with the versions that made them."""

    findings: tuple[Finding, ...]
    knowledge: str
    policy: str
    notes: tuple[str, ...] = field(default=())
