"""Holds server/state/cases.py on both databases: cases, lines, logs, and the runs they are decided by."""

from dataclasses import replace

from server.state import cases
from server.state.database import Database
from server.state.tables import agent
from tests.fakes import sightings
from tests.fakes.sightings import DAY, HOST, MINUTE, START, Rounds
from tests.fakes.sightings import device as box

ROW = cases.CaseRow(0, "T", "title", "Anna", START, "open", 1, START)


async def test_cases_are_kept(database: Database) -> None:
    """A case and its lines come back as they were stored; a change needs the revision it was read at; lists are newest first."""
    async with database.writing() as transaction:
        first = await cases.add(transaction, ROW, [cases.LineRow(0, "Lyon", HOST), cases.LineRow(0, "Lyon", "a.b")])
        second = await cases.add(transaction, ROW, [cases.LineRow(0, "Porto", HOST)])
        row = await cases.load(transaction, first)
        assert row is not None
        line = cases.LineRow(first, "Lyon", HOST, "held", "inspected", 1, 2, 3, 4, 5, "a,b", "instance:1", cleared=True, returns=2)
        kept = await cases.store(transaction, replace(row, state="broken"), [line])
        assert kept is not None
        assert (kept.revision, kept.state) == (2, "broken")
        assert await cases.store(transaction, row, []) is None
        await cases.note(transaction, [cases.EntryRow(first, 5, "Anna", "note", "text")])
    async with database.reading() as transaction:
        assert await cases.read(transaction, first) == kept
        assert await cases.read(transaction, 99) is None
        assert (await cases.lines(transaction, [first]))[1] == line
        assert [one.id for one in await cases.listed(transaction)] == [second, first]
        assert [one.id for one in await cases.listed(transaction, ["broken"])] == [first]
        assert [one.id for one in await cases.listed(transaction, before=second)] == [first]
        assert [(one.by, one.text) for one in await cases.entries(transaction, first)] == [("Anna", "text")]


async def test_the_runs_of_a_case(database: Database) -> None:
    """Those on its hosts at its sites, with every aspect, current or ended since; findings of what is no clean run only."""
    rounds = Rounds(database)
    await rounds.see("a", START, {HOST: "clean", "outlook.office365.com.example": "clean"}, "Lyon")
    for day in (2, 3):
        await rounds.see("a", START + day * DAY, {HOST: sightings.finding(by=box("instance:1")), "www.gstatic.com": "clean"}, "Lyon")
    await rounds.see("b", START + 2 * DAY, {HOST: "clean"}, "Porto")
    async with database.reading() as transaction:
        found = await cases.runs_of(transaction, ["Lyon"], [HOST], START + DAY, ["inspected"])
        assert [(one.verdict, bool(one.finding)) for one in found] == [("inspected", True)]
        found = await cases.runs_of(transaction, ["Lyon"], [HOST], 0, ["inspected"])
        assert [(one.verdict, bool(one.finding)) for one in found] == [("clean", False), ("inspected", True)]
        assert await cases.held_now(transaction, ["inspected"], []) == [("Lyon", f"{HOST}:443")]
        assert await cases.held_now(transaction, ["inspected"], ["Porto"]) == []
        assert ("Porto", f"{HOST}:443") in await cases.measured_at(transaction, ["Porto"])


async def test_the_pulse_of_sites(database: Database) -> None:
    """It changes with any of their agents' runs, and with nobody else's."""
    rows = [
        {"id": name, "first_seen_ns": 1, "place": place, "revision": 3, "latest_ns": MINUTE, "cadence_s": 60.0}
        for name, place in (("a", "Lyon"), ("b", "Lyon"), ("c", "Porto"))
    ]
    async with database.writing() as transaction:
        await transaction.execute(agent.insert(), rows)
    async with database.reading() as transaction:
        assert await cases.pulse(transaction, ["Lyon"]) == (6, 2)
        assert await cases.pulse(transaction, ["Nowhere"]) == (0, 0)
        assert await cases.agents_at(transaction, ["Lyon"]) == [("a", 60.0), ("b", 60.0)]
