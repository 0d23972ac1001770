"""The bodies all simulated agents' reports name: facts and certificates, each made once for the whole fleet, and what of them has arrived.

Content ids make equal facts one, so what the centre stored of one agent's report need not travel with another's. Pure: no I/O.
"""

from collections.abc import Iterable, Mapping

from demo.fleet.chains import Chain
from demo.fleet.sites import Device
from judge.knowledge.model import Knowledge
from judge.knowledge.targets import target_for
from wire.codec import content_id, facts_bytes
from wire.facts import ChainTrust, DnsFacts, EgressFacts, KnownFacts, WebFacts
from wire.target import Target

REFLECTOR = Target(host="reflector.middlewatch.example", port=80, protocol="http", category="Control", workload="Control", path="/reflect")
RESOLVER = "192.0.2.53"
"""Of a network kept for documentation (RFC 5737): every simulated site has a resolver like it."""
_HEADERS = {"alt-svc": 'h3=":443"; ma=2592000'}
_TRUSTED = ChainTrust(os="trusted", public="trusted", engine="simulated")
_OWN_ROOT = ChainTrust(os="trusted", public="no_root", engine="simulated")
_CNAMES = "outlook.ha.office365.com", "outlook.ms-acdc.office.com"


class Bodies:
    """Facts by what they say; `web`, `dns` and `egress` return the id. `arrived` and `wanted` keep the account of what the centre has."""

    def __init__(self, chains: Mapping[tuple[str, Device | None], Chain], knowledge: Knowledge) -> None:
        self._chains = chains
        self._targets = {host: target_for(knowledge, host) for host, _ in chains}
        self._ids: dict[tuple[str, ...], str] = {}
        self._facts: dict[str, bytes] = {}
        self._certificates: dict[str, bytes] = {}
        self._chain_of: dict[str, tuple[str, ...]] = {}
        self._there: set[str] = set()

    @property
    def hosts(self) -> list[str]:
        """Return the hosts of the targets, in their order."""
        return list(self._targets)

    def web(self, host: str, device: Device | None) -> str:
        """Return the id of what a request to `host` saw behind a device, or behind none."""
        key = ("web", host, device or "")
        return self._ids.get(key) or self._keep(key, self._web(host, device))

    def _web(self, host: str, device: Device | None) -> WebFacts:
        chain = self._chains[host, device]
        clean = chain == self._chains[host, None]
        ids = [content_id(der) for der in chain]
        self._certificates.update(zip(ids, chain, strict=True))
        return WebFacts(
            target=self._targets[host],
            tls="TLSv1.3",
            cipher="TLS_AES_256_GCM_SHA384",
            alpn="h2" if clean else "http/1.1",
            http="HTTP/2" if clean else "HTTP/1.1",
            chain=ids,
            trust=_TRUSTED if clean else _OWN_ROOT,
            headers=_HEADERS if clean else {},  # a device that ends TLS seldom passes on an offer of HTTP/3
        )

    def unanswered(self, host: str) -> str:
        """Return the id of a request to `host` whose connection was not answered in time."""
        key = ("unanswered", host)
        return self._ids.get(key) or self._keep(key, WebFacts(target=self._targets[host], failure="timeout", stage="connect"))

    def dns(self, host: str, front_door: str) -> str:
        """Return the id of a lookup that led to this front door."""
        key = ("dns", host, front_door)
        cnames = [*_CNAMES, f"{front_door}-efz.ms-acdc.office.com"]
        return self._ids.get(key) or self._keep(key, DnsFacts(target=self._targets[host], resolver=RESOLVER, cnames=cnames))

    def egress(self, address: str) -> str:
        """Return the id of having left by this public address."""
        key = ("egress", address)
        names = ["Host", "Accept-Encoding", "X-mW-cAnArY", "X-mW-cAnArY"]
        facts = EgressFacts(target=REFLECTOR, address=address, sent_headers=names, seen_headers=names)
        return self._ids.get(key) or self._keep(key, facts)

    def _keep(self, key: tuple[str, ...], facts: KnownFacts) -> str:
        body = facts_bytes(facts)
        found = self._ids[key] = content_id(body)
        self._facts[found] = body
        self._chain_of[found] = tuple(facts.chain) if isinstance(facts, WebFacts) else ()
        return found

    def needed(self, facts: Iterable[str]) -> set[str]:
        """Return the ids of everything these facts need at the centre: themselves, and their certificates."""
        return {one for key in facts for one in (key, *self._chain_of[key])}

    def to_send(self, facts: Iterable[str]) -> tuple[dict[str, bytes], dict[str, bytes]]:
        """Return the facts and the certificates among what is needed that the centre is not known to have, by id."""
        lacking = sorted(self.needed(facts) - self._there)
        return (
            {key: self._facts[key] for key in lacking if key in self._facts},
            {key: self._certificates[key] for key in lacking if key in self._certificates},
        )

    def arrived(self, facts: Iterable[str]) -> None:
        """Note that the centre stored a report of these facts, and so has all they need."""
        self._there |= self.needed(facts)

    def wanted(self, ids: Iterable[str]) -> set[str]:
        """Note that the centre lacks these, and return those it was believed to have: only they need a report to be sent again."""
        believed = self._there.intersection(ids)
        self._there -= believed
        return believed
