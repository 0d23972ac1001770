"""A duty: tells a rotation of public authorities once the fleet has seen it on unrelated ways out, and learns the authority.

A device with a public certificate stands on one way out; Microsoft's own change comes to all (design §4, facts users-ask 9).
"""

from server.state import events, issuers
from server.state.issuers import Quorum
from server.watcher.leading import Leadership
from server.watcher.spreading import FLEET
from server.watcher.telling import printable, publish
from wire.codec import canonical

NETWORKS, PLACES = 3, 3
"""Ways out of different owners, and places: two could be a customer's two providers with one box behind each."""
WITHIN_NS = 30 * 86_400 * 10**9
"""Waves of a rotation take weeks (Microsoft's G2 moves took months, each front door days)."""


def is_rotation(one: Quorum) -> bool:
    """Return whether an authority is seen on enough unrelated ways out."""
    return one.networks >= NETWORKS and one.places >= PLACES


class Rotations:
    """Looks each ten seconds at a table that is empty but for authorities no list knows."""

    name = "rotations"
    every_s = 10.0

    async def step(self, lead: Leadership) -> None:
        """Tell and learn what has become a rotation; the key names the event, so that it is told once whatever happens between."""
        now_ns = lead.now()
        async with lead.database.reading() as transaction:
            found = [one for one in await issuers.quorums(transaction, now_ns - WITHIN_NS) if is_rotation(one)]
        if not found:
            return
        async with lead.writing() as transaction:
            for one in found:
                body = canonical({"key": one.key, "issuer": one.name, "networks": one.networks, "places": one.places})
                number = int(one.key[:8], 16) & 0x7FFF_FFFF
                row = events.EventRow("rotation", "P4", "", FLEET, number, one.last_ns, now_ns, printable(sentence(one)), body)
                await publish(lead.database, transaction, row, now_ns)
                await issuers.learn(lead.database, transaction, one.key, one.name, now_ns)


def sentence(one: Quorum) -> str:
    """Return the paragraph of a rotation."""
    return (
        f"Microsoft 365 answers with certificates of a public authority not listed before, {one.name or 'without a name'}: seen at "
        f"{one.places} sites that leave by {one.networks} unrelated networks, and trusted by public roots. A rotation, not a device; it is "
        "taken for listed from now on. For: nobody; there is nothing to do."
    )
