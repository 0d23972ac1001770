"""Holds server/watcher/case_duty.py: open cases are settled when their sites' runs change, and each minute; nothing is remembered."""

from sqlalchemy import update

from judge.knowledge.loader import load_knowledge
from server.case_section import CaseSection
from server.fleet.registry import Registry
from server.state import cases as stored
from server.state.database import Database
from server.state.tables import agent
from server.watcher.case_duty import CaseDuty
from server.watcher.casekeeping import Casework, Wish, pace_of
from server.watcher.cases import DAY_NS, Pace
from server.watcher.leading import Leadership
from tests.fakes import sightings
from tests.fakes.sightings import DAY, HOST, MINUTE, START, Rounds
from tests.fakes.sightings import device as box


async def introduce(database: Database) -> None:
    """Store the agent that the reports' own path would have stored."""
    async with database.writing() as transaction:
        await transaction.execute(
            agent.insert(), {"id": "a", "first_seen_ns": 1, "place": "Lyon", "revision": 1, "latest_ns": 1, "cadence_s": 60.0}
        )


async def test_an_open_case_is_followed(database: Database) -> None:
    """A return is told by the next step; a second watcher tells nothing again; reminders come with time alone."""
    await introduce(database)
    rounds = Rounds(database)
    for minute in range(3):
        await rounds.see("a", START + minute * MINUTE, {HOST: "clean"}, "Lyon")
    async with database.writing() as transaction:
        await Casework(database, transaction, START + 3 * MINUTE, load_knowledge()).open(Wish(hosts=(HOST,), sites=("Lyon",)))
    clock = [START + 4 * MINUTE]
    lead = Leadership(database, "one", lambda: clock[0])
    duty = CaseDuty(CaseSection(), Registry(), load_knowledge)
    await lead.lead()
    await duty.step(lead)
    for minute in range(5, 8):
        await rounds.see("a", START + minute * MINUTE, {HOST: sightings.finding(by=box("instance:1"))}, "Lyon")
    async with database.writing() as transaction:
        await transaction.execute(update(agent).values(revision=2))
    clock[0] = START + 7 * MINUTE + 1
    await duty.step(lead)
    kinds = [one[0] for one in await sightings.told(database)]
    assert kinds == ["case-opened", "case-proved", "case-broken"]
    async with database.reading() as transaction:
        revision = (await stored.listed(transaction))[0].revision
    await CaseDuty(CaseSection(), Registry(), load_knowledge).step(lead)
    async with database.reading() as transaction:
        assert (await stored.listed(transaction))[0].revision == revision, "nothing changed, so nothing is written"
    clock[0] += DAY
    assert await lead.lead()
    await duty.step(lead)
    await duty.step(lead)
    assert [one[0] for one in await sightings.told(database)] == [*kinds, "case-reminder"]


def test_pace() -> None:
    """Hours as configured."""
    assert pace_of(CaseSection()) == Pace(DAY_NS, 7 * DAY_NS)
