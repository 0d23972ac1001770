"""A duty: ends approvals when their time has come, and tells it once. The rule is `devices.py`'s table (`lapse`)."""

import json

from server.fleet import zones
from server.state import device_notes as notes
from server.state import devices as stored
from server.state import events
from server.state.device_notes import AuditRow
from server.watcher.devices import DISPOSITION
from server.watcher.leading import Leadership
from server.watcher.telling import printable, publish
from wire.codec import canonical

WHO = "middlewatch"


class Approvals:
    """Looks every ten seconds: an approval is given for days, and whoever reads `until` allows for a minute."""

    name = "approvals"
    every_s = 10.0

    async def step(self, lead: Leadership) -> None:
        """End what is over by now; an event's episode is the revision of the device, so that no approval ends twice."""
        now_ns = lead.now()
        async with lead.database.reading() as transaction:
            if not await stored.lapsing(transaction, now_ns):
                return
        async with lead.writing() as transaction:
            over = await stored.lapsing(transaction, now_ns)
            said = await notes.load(transaction, [row.id for row in over])
            for row in over:
                revision = said[row.id].revision + 1
                ended = stored.DeviceRow(row.id, disposition=DISPOSITION["approved"]["lapse"], disposed_by=WHO)
                await stored.dispose_as(transaction, row.id, ended)
                await notes.raise_revision(lead.database, transaction, said[row.id])
                detail = {"before": "approved", "until_ns": row.disposed_until_ns, "by": row.disposed_by}
                await notes.audit(transaction, AuditRow(row.id, now_ns, WHO, "lapse", json.dumps(detail, sort_keys=True)))
                body = canonical({"vendor": row.vendor, "product": row.product, **detail})
                at_ns = row.disposed_until_ns
                await publish(
                    lead.database,
                    transaction,
                    events.EventRow("approval-lapsed", "P4", row.id, "fleet", revision, at_ns, now_ns, printable(sentence(row)), body),
                    now_ns,
                )


def sentence(row: stored.DeviceRow) -> str:
    """Return the paragraph of an approval that has ended."""
    there = zones.at(row.disposed_until_ns, "UTC")
    what = " ".join(filter(None, (row.vendor, row.product))) or f"the device {row.id}"
    categories = f" for {row.disposed_categories.replace(',', ', ')}" if row.disposed_categories else ""
    return (
        f"The approval of {what}{categories}, given by {row.disposed_by or 'nobody named'}, ended on {there:%Y-%m-%d %H:%M} UTC. "
        "From now on it is told of like any device nobody has decided about. For: whoever approved it."
    )
