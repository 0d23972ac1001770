"""Holds server/watcher/casekeeping.py on both databases: a case from its opening to its closing, and what cannot be asked."""

import json
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import select

from judge.knowledge.loader import load_knowledge
from server.fleet.registry import Place, Registry, Site
from server.state import cases as stored
from server.state.database import Database
from server.state.tables import event
from server.watcher.casekeeping import Casework, Refused, Wish
from tests.fakes import sightings
from tests.fakes.sightings import HOST, MINUTE, START, Rounds
from tests.fakes.sightings import device as box

OTHER = "teams.microsoft.com"
REGISTRY = Registry({"Frankfurt": Site("Frankfurt", Place(50, 8), "Europe/Berlin"), "Lyon": Site("Lyon", Place(45, 4), "Europe/Paris")})
KNOWLEDGE = load_knowledge()
HELD = {host: sightings.finding(by=box("instance:1"), host=host) for host in (HOST, OTHER)}


async def work(database: Database, minute: int, use: Callable[[Casework], Awaitable[stored.CaseRow | None]]) -> stored.CaseRow:
    """Do one piece of work in a transaction of its own."""
    async with database.writing() as transaction:
        row = await use(Casework(database, transaction, START + minute * MINUTE, KNOWLEDGE, REGISTRY))
    assert row is not None
    return row


async def load(database: Database, number: int) -> stored.CaseRow:
    """Return a case."""
    async with database.reading() as transaction:
        row = await stored.read(transaction, number)
    assert row is not None
    return row


async def opened(database: Database, wish: Wish) -> stored.CaseRow:
    """Open a case at minute 10."""
    return await work(database, 10, lambda one: one.open(wish))


async def settled(database: Database, number: int, minute: int) -> stored.CaseRow:
    """Settle a case at a minute."""
    row = await load(database, number)
    return await work(database, minute, lambda one: one.settle(row))


async def rounds(database: Database) -> Rounds:
    """Return a collector that has seen two hosts held by two agents at Frankfurt, and one clean at Lyon."""
    one = Rounds(database)
    for minute in range(3):
        for agent in ("a", "b"):
            await one.see(agent, START + minute * MINUTE, HELD)
        await one.see("c", START + minute * MINUTE, {HOST: "clean", "www.gstatic.com": sightings.finding(by=box("instance:1"))}, "Lyon")
    return one


async def see(one: Rounds, first: int, what: object) -> None:
    """Let both agents see this on both hosts in three rounds."""
    for minute in range(first, first + 3):
        for agent in ("a", "b"):
            await one.see(agent, START + minute * MINUTE, {HOST: what, OTHER: what} if what == "clean" else HELD)


async def sentences(database: Database) -> list[tuple[str, str, int, str]]:
    """Return (kind, severity, episode, sentence) of all events, in the order told."""
    async with database.reading() as transaction:
        rows = await transaction.execute(select(event).order_by(event.c.id))
        return [(row.kind, row.severity, row.episode, row.sentence) for row in rows]


async def test_a_case_from_opening_to_closing(database: Database) -> None:
    """Opened for what is held, proved host by host, broken by a return, proved again, closed with its report; each told once."""
    seen = await rounds(database)
    row = await opened(database, Wish(ticket="2511-0042", by="Anna"))
    async with database.reading() as transaction:
        lines = await stored.lines(transaction, [row.id])
    assert [(line.site, line.host, line.state, line.agree) for line in lines] == [("Frankfurt", host, "held", 2) for host in (HOST, OTHER)]
    await see(seen, 20, "clean")
    assert (await settled(database, row.id, 23)).state == "proved"
    await settled(database, row.id, 24)
    await see(seen, 30, "held")
    assert (await settled(database, row.id, 33)).state == "broken"
    await see(seen, 40, "clean")
    proved = await settled(database, row.id, 43)
    noted = await work(database, 44, lambda one: one.note(proved, "Anna", "the firewall's rule is in place"))
    shut = await work(database, 45, lambda one: one.close(noted, "Anna", "# Report"))
    assert (shut.state, shut.report, shut.closed_by) == ("closed", "# Report", "Anna")
    told = await sentences(database)
    assert [(kind, severity, episode) for kind, severity, episode, _ in told] == [
        ("case-opened", "P4", 1),
        ("case-proved", "P4", 1),
        ("case-broken", "P2", 1),
        ("case-proved", "P4", 2),
        ("case-closed", "P4", 1),
    ]
    assert "Case 1 (ticket 2511-0042): decryption is back while the case is open." in told[2][3]
    assert "2 of 2 agents agree" in told[2][3]
    assert "UTC+1" in told[2][3], "in the site's own time"
    async with database.reading() as transaction:
        log = await stored.entries(transaction, row.id)
    assert [one.kind for one in log if one.by] == ["opened", "note", "closed"]
    again = await work(database, 50, lambda one: one.reopen(shut, "Ben"))
    assert (again.state, again.openings) == ("proved", 2)
    assert [one[0] for one in (await sentences(database))[5:]] == ["case-opened"], "what was proved counts on and is not told again"


async def test_events_carry_what_proves_them(database: Database) -> None:
    """The body names case, ticket, sites, hosts, agents and each line in words; the scope is the case."""
    await rounds(database)
    await opened(database, Wish(hosts=(HOST,), sites=("Frankfurt", "Lyon"), ticket="T"))
    async with database.reading() as transaction:
        row = (await transaction.execute(select(event))).one()
    body = json.loads(row.body)
    assert (row.scope, body["ticket"], body["places"], body["hosts"]) == ("case 1", "T", ["Frankfurt", "Lyon"], [HOST])
    assert body["evidence"][0].startswith(f"Frankfurt, {HOST}: decrypted since 2026-11-")
    assert body["evidence"][1].startswith(f"Lyon, {HOST}: not seen decrypted in this case, clean since")


async def test_two_who_change_a_case_at_once(database: Database) -> None:
    """The second's change is refused, not lost unseen: `store` takes a case only at the revision it was read at."""
    await rounds(database)
    row = await opened(database, Wish())
    await work(database, 11, lambda one: one.note(row, "Anna", "first"))
    async with database.writing() as transaction:
        assert await Casework(database, transaction, START, KNOWLEDGE, REGISTRY).note(row, "Ben", "second") is None


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (Wish(sites=("Lyon",)), "hosts: nothing of Microsoft 365 at Lyon is held by a device now; name the hosts"),
        (Wish(hosts=(HOST,), sites=("Atlantis",)), "sites: 'Atlantis' is no site any agent reports from"),
        (Wish(hosts=("example.org",), sites=("Lyon",)), "hosts: 'example.org' is measured nowhere and is no name of Microsoft's"),
        (Wish(ticket="x" * 129), "ticket: has 129 characters; write at most 128"),
        (Wish(hosts=tuple(f"h{n}.sharepoint.com" for n in range(2001)), sites=("Lyon",)), "open several cases"),
    ],
)
async def test_what_cannot_be_opened(database: Database, wish: Wish, said: str) -> None:
    """Each with its place and the remedy; nothing is stored."""
    await rounds(database)
    async with database.writing() as transaction:
        with pytest.raises(Refused, match=r"hosts|sites|ticket") as refused:
            await Casework(database, transaction, START, KNOWLEDGE, REGISTRY).open(wish)
        assert said in str(refused.value)
        assert await stored.listed(transaction) == []


async def test_what_cannot_be_done_to_a_case(database: Database) -> None:
    """An empty note, closing twice, reopening what is open."""
    await rounds(database)
    row = await opened(database, Wish())
    shut = await work(database, 12, lambda one: one.close(row, "", ""))
    async with database.writing() as transaction:
        one = Casework(database, transaction, START, KNOWLEDGE, REGISTRY)
        for refused in (one.note(row, "", " "), one.close(shut, "", ""), one.reopen(row, "")):
            with pytest.raises(Refused):
                await refused
        assert await one.settle(shut) == shut
