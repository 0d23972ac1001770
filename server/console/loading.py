"""Loads the picture: a few reads of the state database, and the chains behind the devices. Nothing is drawn here.

What never changes under its id (facts, certificates) is read once and kept.
"""

import ssl
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Protocol

from judge.certificate import read_certificate
from judge.finding import Finding
from server.console.picture import Captured, Chain, DeviceCard, Picture
from server.state import devices, paths, showing
from server.state.bodies import load_certificates, load_facts
from server.state.database import Database, Transaction
from server.watcher.findings import read
from server.watcher.leading import LEASE
from server.watcher.states import AgentState, SiteState
from wire import codec
from wire.facts import WebFacts

EVENTS_SHOWN = 30
LATELY_NS = 24 * 3600 * 10**9
"""A device that left stays on the page for a day: whoever comes on shift sees it."""
CHAINS_KEPT = 500


class States(Protocol):
    """How agents and sites stand (`server/watcher/refreshing.py`)."""

    @property
    def agents(self) -> Sequence[AgentState]:
        """Return all agents."""
        ...

    @property
    def sites(self) -> Sequence[SiteState]:
        """Return all sites."""
        ...


class Loader:
    """`states` gives how agents and sites stand at a moment; `history` says what is wrong with the history store, or nothing.

    `lists` says at a moment which endpoint list is in use.
    """

    def __init__(
        self,
        database: Database,
        states: Callable[[int], Awaitable[States]],
        history: Callable[[], str],
        lists: Callable[[int], str] = lambda _now_ns: "",
    ) -> None:
        self._database = database
        self._states = states
        self._history = history
        self._lists = lists
        self._chains: dict[str, Chain | None] = {}

    async def version(self) -> showing.Version:
        """Return what changes with the picture. Raises one of STATE_FAULTS."""
        return await showing.version(self._database)

    async def load(self, version: showing.Version, now_ns: int) -> Picture:
        """Return the picture of this moment. Raises one of STATE_FAULTS when the state database is away."""
        states = await self._states(now_ns)
        async with self._database.reading() as transaction:
            events = await showing.newest_events(transaction, EVENTS_SHOWN)
            cards = await self._devices(transaction, now_ns - LATELY_NS)
            until_ns = await showing.decided_until(transaction, LEASE)
        return Picture(version, now_ns, states.agents, states.sites, events, cards, until_ns, self._history(), self._lists(now_ns))

    async def _devices(self, transaction: Transaction, since_ns: int) -> list[DeviceCard]:
        """Return the devices to show, present ones first, then by how many places they stand at."""
        ids = await showing.devices_present(transaction, since_ns)
        if not ids:
            return []
        rows = await devices.load(transaction, ids)
        names = {one: [f"{kind}:{value}" for kind, value in keys] for one, keys in (await devices.keys_of(transaction, ids)).items()}
        everywhere = await devices.presences(transaction, ids)
        places: dict[str, list[devices.PresenceRow]] = {one: [] for one in ids}
        for presence in everywhere:
            if presence.state == "present" or (presence.state == "absent" and presence.since_ns >= since_ns):
                places[presence.device].append(presence)
        all_names = [name for mine in names.values() for name in mine]
        seen = await showing.sightings(transaction, {one.place for one in everywhere if one.state == "present"}, all_names)
        findings = await self._findings(transaction, {one.place for one in everywhere}, names)
        cards = [
            DeviceCard(
                rows[one],
                sorted(places[one], key=lambda place: (place.state != "present", -place.since_ns)),
                [sighting for sighting in seen if sighting.device_key in names[one]],
                findings.get(one),
                await self._chain(transaction, findings.get(one)),
            )
            for one in ids
            if one in rows
        ]
        return sorted(cards, key=lambda card: (not card.present, -max((one.since_ns for one in card.presences), default=0)))

    async def _findings(self, transaction: Transaction, at: Collection[str], names: Mapping[str, Sequence[str]]) -> dict[str, Finding]:
        """Return, per device, the finding that proves it best: of the newest on each target, the surest about a host of Microsoft's."""
        newest = await showing.last_sightings(transaction, at, [name for mine in names.values() for name in mine])
        runs = await paths.by_id(transaction, {number for numbers in newest.values() for number in numbers})
        found = {run.id: finding for run in runs if (finding := read(run.finding)) is not None}
        best = {}
        for one, mine in names.items():
            told = [found[number] for name in mine for number in newest.get(name, ()) if number in found]
            if told:
                best[one] = max(told, key=lambda finding: (finding.target.category != "Control", finding.confidence))
        return best

    async def _chain(self, transaction: Transaction, finding: Finding | None) -> Chain | None:
        """Return the chain a finding's facts hold, if any of them holds one."""
        for key in finding.facts if finding else ():
            if key not in self._chains:
                while len(self._chains) >= CHAINS_KEPT:
                    del self._chains[next(iter(self._chains))]
                self._chains[key] = await _read_chain(transaction, key)
            chain = self._chains[key]
            if chain is not None:
                return chain
        return None


async def _read_chain(transaction: Transaction, key: str) -> Chain | None:
    body = (await load_facts(transaction, [key])).get(key)
    try:
        facts = codec.read_facts(body) if body else None
    except codec.Malformed:
        return None
    if not isinstance(facts, WebFacts) or not facts.chain:
        return None
    ders = await load_certificates(transaction, facts.chain)
    captured = [Captured(read_certificate(ders[one]), ssl.DER_cert_to_PEM_cert(ders[one])) for one in facts.chain if one in ders]
    return Chain(facts.target.host, captured, facts.trust)
