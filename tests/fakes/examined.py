"""Examined reports made by hand for the signals' tests: no certificate is parsed, no chain verified."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from judge.certificate import CertificateFields, DistinguishedName
from judge.examined import Examined
from judge.finding import Evidence
from judge.knowledge.loader import load_knowledge
from judge.knowledge.targets import target_for
from judge.policy import Policy
from judge.seen import Seen, SeenFacts
from judge.signals import Signal
from wire.facts import ChainTrust, DnsFacts, WebFacts
from wire.vocabulary import Failure, Stage, Trust

KNOWLEDGE = load_knowledge()
_HOSTS = ("outlook.office365.com", "teams.microsoft.com", "m365.cloud.microsoft", "www.gstatic.com")
OUTLOOK, TEAMS, M365, CONTROL = (target_for(KNOWLEDGE, host) for host in _HOSTS)
DAY = date(2026, 11, 23)


def leaf(
    host: str,
    issuer: str = "DigiCert Global G2 TLS RSA SHA256 2020 CA1",
    *,
    spki: str = "",
    scts: int | None = 2,
    names: Sequence[str] | None = None,
    until: int = 2049,
) -> CertificateFields:
    """Return a leaf for `host`, public in everything unless said otherwise."""
    return CertificateFields(
        f"sha of {host}",
        DistinguishedName((("CN", host),)),
        DistinguishedName((("CN", issuer),)),
        not_before=datetime(2020, 1, 1, tzinfo=UTC),
        not_after=datetime(until, 1, 1, tzinfo=UTC),
        spki_sha256=spki or f"key of {host}",
        names=tuple(names) if names is not None else (host,),
        sct_count=scts,
    )


@dataclass
class Round:
    """One report in the making."""

    seen: list[Seen] = field(default_factory=list)
    chains: list[tuple[CertificateFields, ...]] = field(default_factory=list)
    centre: list[Trust] = field(default_factory=list)

    def chain(
        self,
        certificate: CertificateFields,
        centre: Trust = "trusted",
        words: tuple[Trust, Trust] | None = ("trusted", "trusted"),
        *,
        host: str = "",
        route: str = "direct",
        above: Sequence[CertificateFields] = (),
    ) -> "Round":
        """Add a captured chain: what the centre says, and what the agent's two stores said."""
        trust = ChainTrust(os=words[0], public=words[1]) if words else None
        facts = WebFacts(target=target_for(KNOWLEDGE, host or certificate.subject.first("CN")), route=route, chain=["C" * 22], trust=trust)
        return self._add(facts, (certificate, *above), centre)

    def failure(
        self, host: str, failure: Failure | None, stage: Stage | None = "connect", *, suspect: bool = False, dns: bool = False
    ) -> "Round":
        """Add an observation without a chain; a `failure` of None is a success."""
        kind = DnsFacts if dns else WebFacts
        facts = kind(target=target_for(KNOWLEDGE, host), failure=failure, stage=stage if failure else None)
        return self._add(facts, (), "unchecked", suspect=suspect)

    def see(self, facts: SeenFacts, *words: str, status: int | None = None) -> "Round":
        """Add facts of any kind without a chain, with the words of their sample."""
        self._add(facts, (), "unchecked")
        self.seen[-1] = replace(self.seen[-1], words=words, status=status)
        return self

    def _add(self, facts: SeenFacts, chain: tuple[CertificateFields, ...], centre: Trust, *, suspect: bool = False) -> "Round":
        self.seen.append(Seen(f"{len(self.seen):022d}", facts, suspect=suspect))
        self.chains.append(chain)
        self.centre.append(centre)
        return self

    def examined(self) -> Examined:
        """Return the round as the signals see it."""
        return Examined(tuple(self.seen), tuple(self.chains), tuple(self.centre), DAY)

    def evidence(self, signal: Signal) -> list[tuple[int, Evidence]]:
        """Return what a signal says of the round."""
        return signal(self.examined(), KNOWLEDGE, Policy())

    def names(self, signal: Signal) -> list[tuple[int, str]]:
        """Return which signals it speaks of, by observation."""
        return [(index, one.signal) for index, one in self.evidence(signal)]
