"""Tells once when a site has another gateway: looks at sites whose agents were in a network new to them. The rule is `gateways.py`'s."""

from server.fleet.entries import RESERVED
from server.fleet.registry import Registry
from server.state import gateways as stored
from server.state import paths
from server.state.database import Transaction
from server.state.events import EventRow
from server.watcher.devices import SILENT_NS
from server.watcher.gateways import RECENT_NS, Change, changes_of, sentence
from server.watcher.kinds import KINDS
from server.watcher.leading import Leadership
from server.watcher.telling import publish
from wire.codec import canonical

KIND = "gateway-changed"


class GatewayDuty:
    """A duty that costs one look behind the last assignment while nobody is in a new network."""

    name = "gateways"
    every_s = 10.0

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._after = 0

    async def step(self, lead: Leadership) -> None:
        """Look at what is new. Cut short, it looks at the same again: what is told is noted in the transaction that tells it."""
        now_ns = lead.now()
        async with lead.database.reading() as connection:
            sites, after = await stored.touched(connection, self._after, now_ns - RECENT_NS)
            due = []
            for site in sorted(sites.difference(RESERVED)):
                reporting = await paths.agents_at(connection, site, now_ns - SILENT_NS)
                changes = changes_of(await stored.sights(connection, site), reporting, now_ns)
                due += [(site, reporting, change) for change in changes]
        if due:
            async with lead.writing() as transaction:
                for site, reporting, change in due:
                    await self._tell(lead, transaction, site, reporting, change)
        self._after = after

    async def _tell(self, lead: Leadership, transaction: Transaction, site: str, reporting: int, change: Change) -> None:
        now_ns = lead.now()
        episode = await stored.tell_once(lead.database, transaction, site, change.network, change.gateway, now_ns)
        if not episode:
            return
        known = self._registry.sites.get(site)
        text = sentence(site, change, reporting, known.zone if known else "UTC")
        body = {
            "place": site,
            "network": change.network,
            "before": change.before,
            "after": change.gateway,
            "agents": list(change.agents),
            "reporting": reporting,
        }
        event = EventRow(KIND, KINDS[KIND].severity, "", site, episode, change.since_ns, now_ns, text, canonical(body))
        await publish(lead.database, transaction, event, now_ns)
