"""The duty that reads new events in order, folds them into alerts, and writes the letters that are due: one transaction for each batch.

Rules are `server/watcher/notices/`'s; here rows become what they take and back. A crash before the commit leaves everything as it was.
"""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

from server.fleet.maintenance import muted
from server.fleet.registry import Registry
from server.state import letters, maintenance, notices
from server.state.database import Database, Transaction
from server.state.notices import AlertRow, EventFound, PartRow
from server.watcher.kinds import KINDS
from server.watcher.leading import Leadership
from server.watcher.notices.alert import SITELESS, Alert, Part, Seen
from server.watcher.notices.book import FLEET_WINDOW_NS, Book, Muting, Terms
from server.watcher.notices.digest import collect, due_since
from server.watcher.notices.release import Draft, release
from server.watcher.notices.routing import Rule
from server.watcher.notices.wording import Around, Detail, words_of
from wire.codec import canonical

BATCH: Final = 500
"""Events per transaction, as the watcher's own batch: 200 sites that fall silent are one."""
KEPT_NS: Final = 30 * 86_400 * 10**9
"""Letters that ended are kept for a month, for the question what was sent when; alerts and events stay."""


_log = logging.getLogger(__name__)
NO_SITES: Final = frozenset({"", "remote", "unassigned", "endpoints", "fleet"})
"""Places that are no site: laptops under way, agents nobody assigned, what runs on endpoints, the fleet as a whole."""
RECENT_NS: Final = 86_400 * 10**9
"""Windows that ended within a day still mute what happened in them: agents bring their backlog when their site is back."""


async def by_windows(transaction: Transaction, now_ns: int) -> Muting:
    """Return what the maintenance windows mute."""
    windows = await maintenance.windows(transaction, now_ns - RECENT_NS)

    def until(site: str, at_ns: int) -> int:
        window = muted(windows, site, at_ns)
        return window.until_ns if window else 0

    return until


@dataclass(frozen=True, slots=True)
class Manner:
    """How one centre notifies. `registry` knows sites' regions; `around` gives what letters' words need."""

    rules: Sequence[Rule] = ()
    wait_ns: int = 30 * 10**9
    update_ns: int = 900 * 10**9
    registry: Registry = field(default_factory=Registry)
    around: Callable[[], Around] = Around


class Folding:
    """The duty `notices`."""

    name = "notices"
    every_s = 1.0

    def __init__(self, manner: Manner) -> None:
        self._manner = manner
        self._digested: dict[str, int] = {}

    async def step(self, lead: Leadership) -> None:
        """Fold what is new, write what is due, and the day's digests."""
        while await self._batch(lead):
            pass
        await self._digests(lead)

    async def _batch(self, lead: Leadership) -> bool:
        """Do one transaction's worth; return whether there may be more."""
        now_ns = lead.now()
        async with lead.database.reading() as transaction:
            marks = await notices.marks(transaction)
            new = await notices.unfolded(transaction, marks.get("cursor", 0), 1)
            release_ns = await notices.next_release(transaction)
        if "begin" in marks and not new and not 0 < release_ns <= now_ns:
            return False
        async with lead.writing() as transaction:
            return await self._transact(lead.database, transaction, now_ns)

    async def _transact(self, database: Database, transaction: Transaction, now_ns: int) -> bool:
        marks = await notices.marks(transaction)
        if "begin" not in marks:
            marks["begin"] = await notices.newest_event(transaction)
            await notices.set_mark(database, transaction, "begin", marks["begin"])
        cursor = marks.get("cursor", 0)
        found = await notices.unfolded(transaction, cursor, BATCH)
        book, before = await self._book(transaction, marks["begin"], now_ns)
        seen = await self._seen(transaction, found)
        if any(one.device and one.kind in KINDS and KINDS[one.kind].ends and not book.has_open(one) for one in seen):
            book.merged = book.devices() - await notices.known_devices(transaction, book.devices())
        for event in seen:
            book.fold(event, now_ns)
        drafts = release(book, self._manner.rules, now_ns)
        await self._write(database, transaction, drafts, now_ns)
        touched = [book.alerts[one] for one in sorted(book.touched)]
        parts = [_part_row(part) for one in touched for part in one.parts]
        changed = [row for row in parts if before.get(row.event) != row]
        await notices.store(database, transaction, map(_alert_row, touched), changed)
        await notices.folded(database, transaction, found, cursor, now_ns)
        return len(found) == BATCH

    async def _book(self, transaction: Transaction, begin: int, now_ns: int) -> tuple[Book, dict[int, PartRow]]:
        """Return what is in hand, and the rows of its parts as they are: an alert of ten thousand agents is not written for one more."""
        muting = await by_windows(transaction, now_ns)
        sites = max(len(self._manner.registry.sites), await notices.count_places(transaction))
        terms = Terms(muting, sites, self._manner.wait_ns, self._manner.update_ns, begin)
        alerts, parts = await notices.in_hand(transaction, now_ns - FLEET_WINDOW_NS)
        by_id = {row.id: _alert(row) for row in alerts}
        for part, event in parts:
            by_id[part.alert].parts.append(_part(part, event, self._manner.registry))
        return Book(by_id.values(), terms), {part.event: part for part, _ in parts}

    async def _seen(self, transaction: Transaction, found: Sequence[EventFound]) -> list[Seen]:
        agents = [one.scope for one in found if _cause(one.kind) == "agent"]
        places = await notices.places_of_agents(transaction, agents) if agents else {}
        return [_seen(one, site_of(one, places), self._manner.registry) for one in found]

    async def _write(self, database: Database, transaction: Transaction, drafts: Sequence[Draft], now_ns: int) -> None:
        if not drafts:
            return
        rows = await notices.details(transaction, {part.event.id for draft in drafts for part in draft.parts})
        known = {number: Detail(row.sentence, _body(row.body)) for number, row in rows.items()}
        around = self._manner.around()
        written = []
        for draft in drafts:
            try:
                written.append(_letter(draft, known, around))
            except (TypeError, ValueError, AttributeError, KeyError):  # an event's body is not as its kind's is: a bug of who told it
                _log.exception("a letter to %s is told without its events' bodies", draft.target)
                written.append(_letter(draft, {}, around))
        await letters.write(database, transaction, written, now_ns)

    async def _digests(self, lead: Leadership) -> None:
        now_ns = lead.now()
        due = {rule.name: due_since(rule, now_ns) for rule in self._manner.rules}
        if all(self._digested.get(name) == at_ns for name, at_ns in due.items()):
            return
        async with lead.writing() as transaction:
            marks = await notices.marks(transaction)
            for rule in self._manner.rules:
                mark, until_ns = f"digest:{rule.name}", due[rule.name]
                since_ns = marks.get(mark, until_ns)  # a target's first digest begins when it is first known
                if since_ns < until_ns:
                    noted = await notices.parts_noted(transaction, since_ns, until_ns)
                    parts = [_part(part, event, self._manner.registry) for part, event in noted]
                    draft = collect(rule, parts, since_ns, until_ns)
                    await self._write(lead.database, transaction, [draft] if draft else [], now_ns)
                if marks.get(mark) is None or since_ns < until_ns:
                    await notices.set_mark(lead.database, transaction, mark, until_ns)
            await letters.prune(transaction, now_ns - KEPT_NS)
        self._digested = due


def _letter(draft: Draft, known: Mapping[int, Detail], around: Around) -> letters.New:
    words = words_of(draft, known, around)
    alert = draft.alert.id if draft.alert else ""
    return letters.New(draft.target, draft.key, draft.what, alert, words.plain["severity"], words.subject, canonical(words.plain))


def site_of(event: EventFound, places: Mapping[str, str]) -> str:
    """Return the site an event is about, empty for none: what its body says, else where its agent stands, else its scope."""
    body = _body(event.body)
    named = str(body.get("site") or body.get("place") or "")
    if named:
        return "" if named in NO_SITES else named
    cause = _cause(event.kind)
    if cause == "agent":
        place = places.get(event.scope, "")
        return "" if place in NO_SITES else place
    no_site = cause in SITELESS or event.kind in {"spread", "approval-lapsed"} or event.scope in NO_SITES
    return "" if no_site else event.scope


def _cause(kind: str) -> str:
    return KINDS[kind].cause if kind in KINDS else ""


def _body(data: bytes) -> dict[str, Any]:
    try:
        plain = json.loads(data)
    except ValueError:
        return {}
    return plain if isinstance(plain, dict) else {}


def _seen(row: EventFound, site: str, registry: Registry) -> Seen:
    known = registry.sites.get(site)
    over = str(_body(row.body).get("over") or "")
    region = known.region if known else ""
    return Seen(row.id, row.identity, row.kind, row.severity, row.device, row.scope, site, row.at_ns, region, over)


def _part(row: PartRow, event: EventFound, registry: Registry) -> Part:
    kept = {
        name: getattr(row, name) for name in ("alert", "what", "noted_ns", "weight", "over_ns", "ends", "mute", "mute_until_ns", "released")
    }
    return Part(_seen(event, row.site, registry), **kept)


def _part_row(part: Part) -> PartRow:
    return PartRow(
        part.event.id,
        part.alert,
        part.what,
        part.weight,
        part.event.site,
        part.noted_ns,
        part.open,
        part.over_ns,
        part.ends,
        part.mute,
        part.mute_until_ns,
        part.released,
    )


_ALERT_FIELDS: Final = tuple(one.name for one in fields(Alert) if one.name != "parts")


def _alert(row: AlertRow) -> Alert:
    return Alert(**{name: getattr(row, name) for name in _ALERT_FIELDS} | {"told": dict(row.told)})


def _alert_row(alert: Alert) -> AlertRow:
    return AlertRow(**{name: getattr(alert, name) for name in _ALERT_FIELDS})
