"""Where public authorities that no list knows are seen: read from reports, written once for each network and place, never per report.

One report cannot tell a rotation from a device with a public certificate; the fleet can (`server/watcher/rotations.py`). Only authorities
of chains that pass public trust at the centre, name included, come here: others are never learned.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from judge.certificate import read_certificate
from judge.finding import Finding
from judge.knowledge.model import Knowledge
from server.state import issuers as stored
from server.state.database import Database, Transaction
from wire.facts import EgressFacts, KnownFacts, WebFacts

MOST_KNOWN = 100_000
"""Sightings remembered as written, about 0.3 kB each; beyond that they are offered to the table again, which ignores them."""
_DOUBTS = frozenset({"name_mismatch", "expired_chain", "clock_suspect"})


class Issuer(NamedTuple):
    """One authority: SPKI SHA-256 (hex) and common name, and the network by which it was seen."""

    key: str
    name: str
    network: str


def is_news(finding: Finding) -> bool:
    """Return whether a finding met a public authority that no list knows, and nothing makes its chain doubtful."""
    names = {one.signal for one in finding.evidence}
    return "new_public_issuer" in names and not names & _DOUBTS


def issuers_seen(
    findings: Iterable[Finding], facts: Mapping[str, KnownFacts], certificates: Mapping[str, bytes], knowledge: Knowledge
) -> tuple[Issuer, ...]:
    """Return the new authorities of a report; `facts` are its own by id. Nothing where the network it left by is not known."""
    news = [finding for finding in findings if is_news(finding)]
    network = network_of(facts.values(), knowledge) if news else ""
    found = {}
    for finding in news if network else ():
        for one in (facts.get(key) for key in finding.facts):
            if isinstance(one, WebFacts) and len(one.chain) > 1 and all(key in certificates for key in one.chain[:2]):
                leaf, issuing = (read_certificate(certificates[key]) for key in one.chain[:2])
                if issuing.spki_sha256 and issuing.subject == leaf.issuer and issuing.spki_sha256 not in knowledge.authorities.keys:
                    found[issuing.spki_sha256] = Issuer(issuing.spki_sha256, leaf.issuer.first("CN")[:256], network)
    return tuple(found.values())


def network_of(facts: Iterable[KnownFacts], knowledge: Knowledge) -> str:
    """Return whose network a report left by: a known one by its id (a security cloud is one, however many sites leave by it), or its AS."""
    for one in facts:
        if isinstance(one, EgressFacts) and one.address:
            known = knowledge.networks.of(one.address, one.asn)
            if known is not None:
                return f"network {known.id}"[:64]
            if one.asn:
                return f"AS{one.asn}"
    return ""


class IssuerKeeper:
    """Writes sightings within a batch's transaction; `committed` after it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: set[tuple[Issuer, str]] = set()
        self._pending: set[tuple[Issuer, str]] = set()

    async def take(self, transaction: Transaction, seen: Sequence[tuple[Issuer, str]], now_ns: int) -> None:
        """Write down authorities, each with the place it was seen at; those written before cost nothing."""
        self._pending = set(seen) - self._known
        rows = [stored.SightingRow(one.key, one.network, place, one.name, now_ns) for one, place in sorted(self._pending)]
        await stored.note(self._database, transaction, rows)

    def committed(self) -> None:
        """Believe what the last `take` wrote: its transaction is through."""
        self._known = self._known | self._pending if len(self._known) < MOST_KNOWN else set(self._pending)
        self._pending = set()
