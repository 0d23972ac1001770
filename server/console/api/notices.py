"""Notifications over the API: alerts and who has seen them, targets (never their secrets), a test letter, letters and their fate."""

from typing import Literal

from pydantic import Field

from server.config import BadConfiguration
from server.console.api.moments import Moment, moment
from server.console.api.route import Answer, Call, Listing, PageQuery, Problem, Resource, Route, not_found, page_of
from server.notify.targets import outlets_of
from server.notify.trying import try_target
from server.state import letters, notices
from server.state.database import Transaction

MOST_PARTS = 500
"""Events shown of one alert, the newest; all are in GET /events."""
Level = Literal["", "P1", "P2", "P3", "P4"]


class AlertShort(Resource):
    """One alert in a list. `severity` is the loudest it held; `sentence` that of its newest event; `sites` those it is so at now."""

    id: str
    cause: str
    about: str
    severity: str
    state: Literal["open", "closed"]
    opened: Moment
    changed: Moment
    closed: Moment | None
    acknowledged_by: str
    acknowledged: Moment | None
    sites: list[str]
    events: int
    sentence: str


class AlertEvent(Resource):
    """One event of an alert. `role`: problem, note or end; `muted`: maintenance, site (its site's own trouble spoke), before, or empty."""

    id: int
    kind: str
    severity: str
    site: str
    scope: str
    at: Moment
    role: Literal["problem", "note", "end"]
    over: Moment | None
    muted: str
    sentence: str


class AlertLetter(Resource):
    """One letter about an alert."""

    target: str
    what: str
    state: str
    made: Moment


class Alert(AlertShort):
    """One alert with its events, oldest first, and the letters about it."""

    parts: list[AlertEvent]
    letters: list[AlertLetter]


class AlertQuery(PageQuery):
    """Which alerts: empty is any. `severity`: that and louder."""

    state: Literal["", "open", "closed"] = ""
    cause: str = Field("", max_length=16)
    severity: Level = ""
    site: str = Field("", max_length=256)
    after: str = Field("", pattern=r"^$|^\d{1,19}\.[A-Za-z0-9_-]{22}$", description="the last page's `next`")


class Acknowledging(Resource):
    """Who has seen it."""

    by: str = Field(min_length=1, max_length=128, pattern=r"\S")


class Target(Resource):
    """One target, without address and secret. Numbers count its letters."""

    name: str
    kind: str
    severity: str
    sites: list[str]
    regions: list[str]
    causes: list[str]
    digest_hour: int
    zone: str
    waiting: int
    sent: int
    given_up: int


class Targets(Resource):
    """All targets, as configured."""

    items: list[Target]


class Tried(Resource):
    """What became of a test letter. `trouble` is empty when it was taken."""

    taken: bool
    trouble: str


class Letter(Resource):
    """One letter. `next_try` only while it waits."""

    id: int
    target: str
    key: str
    what: str
    alert: str
    severity: str
    subject: str
    made: Moment
    state: Literal["waiting", "sent", "given-up"]
    tries: int
    next_try: Moment | None
    ended: Moment | None
    trouble: str


class LetterQuery(PageQuery):
    """Which letters: empty is any."""

    state: Literal["", "waiting", "sent", "given-up"] = ""
    target: str = Field("", max_length=64)
    after: str = Field("", pattern=r"^\d{0,18}$", description="a letter's id: those older than it")


class Again(Resource):
    """How many letters wait again."""

    letters: int


async def listed(call: Call) -> Answer:
    """List alerts, newest first."""
    asked = call.asked(AlertQuery)
    at, _, last = asked.after.partition(".")
    before = (int(at), last) if asked.after else None
    async with call.means.database.reading() as transaction:
        rows = await notices.listed(
            transaction,
            state=asked.state,
            cause=asked.cause,
            severity=asked.severity,
            site=asked.site,
            before=before,
            limit=asked.limit + 1,
        )
        gists = await notices.gists(transaction, [row.id for row in rows])
    shown = [(row, AlertShort(**_short(row, gists.get(row.id, notices.Gist())))) for row in rows]
    page = page_of(shown, asked.limit, lambda pair: f"{pair[0].opened_ns}.{pair[0].id}")
    return Answer(Listing(items=[one for _, one in page.items], next=page.next))


async def shown(call: Call) -> Answer:
    """Show one alert."""
    async with call.means.database.reading() as transaction:
        return await _answer(transaction, await _row(call, transaction))


async def acknowledged(call: Call) -> Answer:
    """Note who has seen an alert. It stays open until what it tells is over."""
    by = call.given(Acknowledging).by.strip()
    async with call.means.database.writing() as transaction:
        row = await _row(call, transaction)
        call.expect(_revision(row), f"alert {row.id}")
        if not await notices.acknowledge(transaction, row.id, by, call.means.now(), row.changed_ns):
            raise Problem(412, "It has changed", "The alert has changed at the same moment; read it again, and repeat what you meant.")
        return await _answer(transaction, await _row(call, transaction))


async def targets(call: Call) -> Answer:
    """List the targets, without addresses and secrets."""
    async with call.means.database.reading() as transaction:
        counts = await letters.counts(transaction)
    kept = ("name", "kind", "severity", "sites", "regions", "causes", "digest_hour", "zone")
    items = []
    for one in call.means.settings.notify.targets:
        mine = counts.get(one.name, {})
        numbers = {"waiting": mine.get(letters.WAITING, 0), "sent": mine.get(letters.SENT, 0), "given_up": mine.get(letters.GIVEN_UP, 0)}
        items.append(Target(**{name: getattr(one, name) for name in kept} | numbers))
    return Answer(Targets(items=items))


async def tried(call: Call) -> Answer:
    """Send one letter to a target now, and say whether it was taken."""
    name, means = call.names["name"], call.means
    if name not in {one.name for one in means.settings.notify.targets}:
        raise not_found("target", name, "GET /notify/targets lists them.")
    try:
        outlet = outlets_of(means.settings, means.now, only=name, broker=means.broker)[0]
    except BadConfiguration as bad:
        raise Problem(409, "Not possible", "; ".join(bad.problems)) from None
    trouble = await try_target(outlet, means.now(), means.settings.notify.console_url)
    return Answer(Tried(taken=not trouble, trouble=trouble))


async def queue(call: Call) -> Answer:
    """List letters, newest first, with tries and troubles."""
    asked = call.asked(LetterQuery)
    async with call.means.database.reading() as transaction:
        rows = await letters.listed(
            transaction, state=asked.state, target=asked.target, before=int(asked.after or 0), limit=asked.limit + 1
        )
    return Answer(page_of([_letter(row) for row in rows], asked.limit, lambda one: str(one.id)))


async def again(call: Call) -> Answer:
    """Send the letters of a target that were given up once more, with their old keys, for as long as a new letter is tried."""
    name = call.names["name"]
    if name not in {one.name for one in call.means.settings.notify.targets}:
        raise not_found("target", name, "GET /notify/targets lists them.")
    async with call.means.database.writing() as transaction:
        return Answer(Again(letters=await letters.again(transaction, name, call.means.now())))


def _letter(row: letters.Shown) -> Letter:
    waits = row.state == letters.WAITING
    plain = {
        name: getattr(row, name) for name in ("id", "target", "key", "what", "alert", "severity", "subject", "state", "tries", "trouble")
    }
    next_try = moment(row.next_ns) if waits and row.next_ns else None
    return Letter(**plain, made=moment(row.made_ns), next_try=next_try, ended=moment(row.ended_ns) if row.ended_ns else None)


async def _row(call: Call, transaction: Transaction) -> notices.AlertRow:
    name = call.names["id"]
    row = await notices.one_alert(transaction, name) if len(name) == 22 and name.isascii() else None
    if row is None:
        raise not_found("alert", name, "GET /alerts lists them.")
    return row


async def _answer(transaction: Transaction, row: notices.AlertRow) -> Answer:
    gist = (await notices.gists(transaction, [row.id])).get(row.id, notices.Gist())
    parts = await notices.parts_of(transaction, row.id, MOST_PARTS)
    told = await notices.letters_of(transaction, row.id)
    content = Alert(
        **_short(row, gist),
        parts=[_event(part, event) for part, event in parts],
        letters=[AlertLetter(target=target, what=what, state=state, made=moment(made)) for target, what, state, made in told],
    )
    return Answer(content, revision=_revision(row))


def _event(part: notices.PartRow, event: notices.EventFound) -> AlertEvent:
    return AlertEvent(
        id=event.id,
        kind=event.kind,
        severity=event.severity,
        site=part.site,
        scope=event.scope,
        at=moment(event.at_ns),
        role=part.what,
        over=moment(part.over_ns) if part.over_ns else None,
        muted=part.mute,
        sentence=event.sentence,
    )


def _short(row: notices.AlertRow, gist: notices.Gist) -> dict[str, object]:
    return {
        "id": row.id,
        "cause": row.cause,
        "about": row.key,
        "severity": row.severity,
        "state": "closed" if row.closed_ns else "open",
        "opened": moment(row.opened_ns),
        "changed": moment(row.changed_ns),
        "closed": moment(row.closed_ns) if row.closed_ns else None,
        "acknowledged_by": row.acknowledged_by,
        "acknowledged": moment(row.acknowledged_ns) if row.acknowledged_ns else None,
        "sites": gist.sites,
        "events": gist.events,
        "sentence": gist.sentence,
    }


def _revision(row: notices.AlertRow) -> int:
    return max(row.changed_ns, row.acknowledged_ns)


ROUTES = (
    Route("GET", "/alerts", listed, "List alerts, newest first.", Listing[AlertShort], query=AlertQuery),
    Route("GET", "/alerts/{id}", shown, "Show one alert with its events and letters.", Alert),
    Route("POST", "/alerts/{id}/acknowledge", acknowledged, "Note who has seen an alert.", Alert, body=Acknowledging, changes=True),
    Route("GET", "/notify/targets", targets, "List who is told, without addresses and secrets.", Targets),
    Route("POST", "/notify/targets/{name}/test", tried, "Send a test letter now.", Tried),
    Route("POST", "/notify/targets/{name}/again", again, "Send again what was given up.", Again),
    Route("GET", "/notify/letters", queue, "List letters with their tries and troubles.", Listing[Letter], query=LetterQuery),
)
