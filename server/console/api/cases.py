"""Bypass cases over the API: open, read, note, close, reopen, and the proof for the ticket. What is decided is `casekeeping.py`'s."""

from collections.abc import Awaitable, Callable
from typing import Literal

from pydantic import Field

from server.console.api.moments import Moment, moment
from server.console.api.route import Answer, Call, Listing, PageQuery, Problem, Resource, Route, not_found, page_of
from server.reports.case_report import closing, gather, proof
from server.state import cases as stored
from server.state.database import Transaction
from server.watcher import case_sentences
from server.watcher.casekeeping import LONGEST_NOTE, Casework, Refused, Wish, line_of
from server.watcher.cases import Line

OPEN = ("open", "proved", "broken")


class CaseLine(Resource):
    """One host at one site. `state`: unknown, held (something stands before it), clearing, bypassed; `says` is all of it in a sentence."""

    site: str
    host: str
    state: str
    verdict: str
    held_since: Moment | None
    held_until: Moment | None
    clean_since: Moment | None
    agree: int
    reporting: int
    waiting: list[str]
    device_key: str
    bypassed: bool
    returns: int
    says: str


class Entry(Resource):
    """One entry of the log; `by` is empty for what was found."""

    at: Moment
    by: str
    kind: str
    text: str


class CaseShort(Resource):
    """One case in a list."""

    id: int
    ticket: str
    title: str
    state: Literal["open", "proved", "broken", "closed"]
    opened: Moment
    opened_by: str
    changed: Moment
    closed: Moment | None
    lines: int
    bypassed: int


class Case(CaseShort):
    """One case. `returns`: how often decryption came back while it was open. `report`: its closing report (Markdown)."""

    line: list[CaseLine]
    log: list[Entry]
    proofs: int
    returns: int
    reminders: int
    openings: int
    report: str


class NewCase(Resource):
    """What to open. No hosts: all that something stands before there now. No sites: everywhere these hosts are held now."""

    hosts: list[str] = Field(default_factory=list, max_length=200)
    sites: list[str] = Field(default_factory=list, max_length=1000)
    ticket: str = Field("", max_length=128)
    title: str = Field("", max_length=256)
    by: str = Field("", max_length=128)


class Note(Resource):
    """What to write into the log."""

    text: str = Field(min_length=1, max_length=LONGEST_NOTE)
    by: str = Field("", max_length=128)


class Act(Resource):
    """Who does it."""

    by: str = Field("", max_length=128)


class CaseQuery(PageQuery):
    """Which cases: without a state those that are not closed."""

    state: Literal["", "open", "proved", "broken", "closed", "any"] = ""
    after: str = Field("", pattern=r"^\d{0,18}$", description="a case's id: those older than it")


async def listed(call: Call) -> Answer:
    """List cases, newest first."""
    asked = call.asked(CaseQuery)
    states = OPEN if not asked.state else () if asked.state == "any" else (asked.state,)
    async with call.means.database.reading() as transaction:
        rows = await stored.listed(transaction, states, int(asked.after or 0), asked.limit + 1)
        lines = await stored.lines(transaction, [row.id for row in rows])
    shown = [CaseShort(**_short(row, [line_of(one) for one in lines if one.case == row.id])) for row in rows]
    return Answer(page_of(shown, asked.limit, lambda one: str(one.id)))


async def shown(call: Call) -> Answer:
    """Show one case."""
    async with call.means.database.reading() as transaction:
        return await _answer(call, transaction, await _row(call, transaction, stored.read))


async def opened(call: Call) -> Answer:
    """Open a case and settle it at once."""
    given = call.given(NewCase)
    wish = Wish(given.title, given.ticket, given.by, tuple(given.hosts), tuple(given.sites))
    try:
        async with call.means.database.writing() as transaction:
            row = await _work(call, transaction).open(wish)
            return await _answer(call, transaction, row, 201, {"Location": f"/api/v1/cases/{row.id}"})
    except Refused as refused:
        raise Problem(422, "Not possible", str(refused)) from None


async def noted(call: Call) -> Answer:
    """Write into a case's log."""
    given = call.given(Note)
    return await _changed(call, lambda work, row: work.note(row, given.by, given.text))


async def closed(call: Call) -> Answer:
    """Close a case with its closing report."""
    by = call.given(Act).by
    means = call.means
    async with means.database.reading() as transaction:
        before = await _row(call, transaction, stored.read)
        text = closing(await gather(transaction, means.history, means.registry, before, means.now()), by)
    return await _changed(call, lambda work, row: work.close(row, by, text) if row.revision == before.revision else _overtaken())


async def reopened(call: Call) -> Answer:
    """Open a closed case again."""
    by = call.given(Act).by
    return await _changed(call, lambda work, row: work.reopen(row, by))


async def proved(call: Call) -> Answer:
    """Give the proof for the ticket; of a closed case its closing report."""
    means = call.means
    async with means.database.reading() as transaction:
        row = await _row(call, transaction, stored.read)
        text = row.report if row.state == "closed" else proof(await gather(transaction, means.history, means.registry, row, means.now()))
    return Answer(text.encode(), media="text/markdown")


async def _changed(call: Call, use: Callable[[Casework, stored.CaseRow], Awaitable[stored.CaseRow | None]]) -> Answer:
    try:
        async with call.means.database.writing() as transaction:
            row = await _row(call, transaction, stored.load)
            call.expect(row.revision, f"case {row.id}")
            after = await use(_work(call, transaction), row) or await _overtaken()
            return await _answer(call, transaction, after)
    except Refused as refused:
        raise Problem(409, "Not possible", str(refused)) from None


async def _overtaken() -> stored.CaseRow:
    raise Problem(412, "It has changed", "The case has changed at the same moment; read it again, and repeat what you meant.")


def _work(call: Call, transaction: Transaction) -> Casework:
    means = call.means
    return Casework(means.database, transaction, means.now(), means.knowledge(), means.registry, means.settings.cases)


async def _row(call: Call, transaction: Transaction, get: Callable[[Transaction, int], Awaitable[stored.CaseRow | None]]) -> stored.CaseRow:
    name = call.names["id"]
    row = await get(transaction, int(name)) if name.isascii() and name.isdigit() and len(name) < 19 else None
    if row is None:
        raise not_found("case", name, "GET /cases?state=any lists them.")
    return row


async def _answer(
    call: Call, transaction: Transaction, row: stored.CaseRow, status: int = 200, headers: dict[str, str] | None = None
) -> Answer:
    lines = [line_of(one) for one in await stored.lines(transaction, [row.id])]
    log = [Entry(at=moment(one.at_ns), by=one.by, kind=one.kind, text=one.text) for one in await stored.entries(transaction, row.id)]
    counts = {name: getattr(row, name) for name in ("proofs", "returns", "reminders", "openings", "report")}
    content = Case(**_short(row, lines), line=[_line(one, _zone(call, one.site)) for one in lines], log=log, **counts)
    return Answer(content, status, row.revision, headers=headers or {})


def _zone(call: Call, site: str) -> str:
    known = call.means.registry.sites.get(site)
    return known.zone if known else "UTC"


def _short(row: stored.CaseRow, lines: list[Line]) -> dict[str, object]:
    same = {name: getattr(row, name) for name in ("id", "ticket", "title", "state", "opened_by")}
    times = {"opened": moment(row.opened_ns), "changed": moment(row.changed_ns), "closed": moment(row.closed_ns) if row.closed_ns else None}
    return {**same, **times, "lines": len(lines), "bypassed": sum(line.cleared for line in lines)}


def _line(line: Line, zone: str) -> CaseLine:
    seen = line.look
    return CaseLine(
        site=line.site,
        host=line.host,
        state=seen.state,
        verdict=seen.verdict,
        held_since=moment(seen.held_ns) if seen.held_ns else None,
        held_until=moment(seen.until_ns) if seen.until_ns else None,
        clean_since=moment(seen.clean_ns) if seen.clean_ns else None,
        agree=seen.agree,
        reporting=seen.reporting,
        waiting=list(seen.waiting),
        device_key=seen.device_key,
        bypassed=line.cleared,
        returns=line.returns,
        says=case_sentences.line_words(line, zone),
    )


ROUTES = (
    Route("GET", "/cases", listed, "List bypass cases, newest first.", Listing[CaseShort], query=CaseQuery),
    Route("POST", "/cases", opened, "Open a bypass case.", Case, body=NewCase, status=201),
    Route("GET", "/cases/{id}", shown, "Show a bypass case, host by host.", Case),
    Route("POST", "/cases/{id}/notes", noted, "Write into a case's log.", Case, body=Note, changes=True),
    Route("POST", "/cases/{id}/close", closed, "Close a case; its closing report stays with it.", Case, body=Act, changes=True),
    Route("POST", "/cases/{id}/reopen", reopened, "Open a closed case again.", Case, body=Act, changes=True),
    Route("GET", "/cases/{id}/proof", proved, "Give the proof, or the closing report, for the ticket.", str, media="text/markdown"),
)
