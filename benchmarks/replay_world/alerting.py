"""Reads what the events of a month were folded into: the alerts somebody who wants to know everything was told of. No rule lives here."""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.fleet.registry import Registry
from server.notify.folding import Folding, Manner
from server.state.notices_tables import alert_part, letter
from server.state.tables import event
from server.watcher.notices.routing import Rule

NO_DIGEST = -1


@dataclass(frozen=True, slots=True)
class Part:
    """One event of an alert. `site` is the site it is about, of an agent's event the one it stands at; `scope` is what it names itself."""

    kind: str
    severity: str
    scope: str
    site: str
    at_ns: int
    made_ns: int


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert that letters were written of, and when they were, in order."""

    name: str
    letters: tuple[int, ...]
    parts: tuple[Part, ...]


def folding(registry: Registry) -> Folding:
    """Return the duty that folds events into alerts, with one target that wants all of them, however small, and no digests."""
    return Folding(Manner((Rule("desk", severity="P4", digest_hour=NO_DIGEST),), registry=registry))


async def alerts(transaction: AsyncConnection) -> list[Alert]:
    """Return all alerts somebody was told of, in order. One that became part of another counts beside it: it was told, too."""
    told: dict[str, list[int]] = defaultdict(list)
    for one in await transaction.execute(select(letter.c.alert, letter.c.made_ns).where(letter.c.alert != "").order_by(letter.c.id)):
        told[one.alert].append(one.made_ns)
    parts: dict[str, list[Part]] = defaultdict(list)
    columns = (alert_part.c.alert, alert_part.c.site, event.c.kind, event.c.severity, event.c.scope, event.c.at_ns, event.c.made_ns)
    rows = select(*columns).join(event, event.c.id == alert_part.c.event).order_by(event.c.id)
    for part in await transaction.execute(rows):
        parts[part.alert].append(Part(part.kind, part.severity, part.scope, part.site, part.at_ns, part.made_ns))
    return [Alert(name, tuple(made), tuple(parts[name])) for name, made in told.items()]
