"""Holds server/state/disclosing.py on both databases: what stands now, what stood in a time, who reported."""

from server.state import disclosing
from server.state.database import Database
from server.state.tables import agent, presence
from tests.fakes import sightings
from tests.fakes.sightings import DAY, HOST, MINUTE, START, Rounds
from tests.fakes.sightings import device as box

HELD = sightings.finding(by=box("instance:1"))


async def seen(database: Database) -> None:
    """Lyon's agent was held for two days, then clean; Porto's is held; one agent moved away from Lyon."""
    rounds = Rounds(database)
    for minute in range(3):
        await rounds.see("a", START + minute * MINUTE, {HOST: HELD}, "Lyon")
        await rounds.see("gone", START + minute * MINUTE, {HOST: HELD}, "Lyon")
    for minute in range(3):
        await rounds.see("a", START + 2 * DAY + minute * MINUTE, {HOST: "clean"}, "Lyon")
        await rounds.see("p", START + 2 * DAY + minute * MINUTE, {HOST: HELD}, "Porto")
    rows = [
        {"id": name, "first_seen_ns": 1, "place": place, "revision": 1, "latest_ns": START + 2 * DAY, "cadence_s": 60.0}
        for name, place in (("a", "Lyon"), ("p", "Porto"), ("gone", "Away"))
    ]
    async with database.writing() as transaction:
        await transaction.execute(agent.insert(), rows)
        await transaction.execute(
            presence.insert(), {"device": "d", "place": "Porto", "state": "present", "episode": 1, "since_ns": 1, "seen_ns": 1}
        )


async def test_what_is_read(database: Database) -> None:
    """Now: only of agents that are there. In a time: also what ended in it, and nothing that ended before."""
    await seen(database)
    async with database.reading() as transaction:
        now = await disclosing.answers(transaction, [])
        assert [(one.place, one.agent, one.verdict) for one in now] == [("Lyon", "a", "clean"), ("Porto", "p", "inspected")]
        assert [one.place for one in await disclosing.answers(transaction, ["Porto"])] == ["Porto"]
        assert await disclosing.places(transaction) == ["Away", "Lyon", "Porto"]
        stood = await disclosing.stretches(transaction, [], START, START + DAY, ["inspected"])
        assert [(one.place, one.agent, one.device_key, one.current) for one in stood] == [
            ("Lyon", "a", "instance:1", False),
            ("Lyon", "gone", "instance:1", True),
        ]
        assert (stood[0].first_ns, stood[0].last_ns) == (START, START + 2 * MINUTE)
        late = await disclosing.stretches(transaction, ["Lyon", "Porto"], START + DAY, START + 3 * DAY, ["inspected"])
        assert [(one.place, one.agent) for one in late] == [("Lyon", "gone"), ("Porto", "p")]
        assert await disclosing.agents_in(transaction, ["Porto"], START, START + 3 * DAY) == {"Porto": {"p"}}
        assert await disclosing.placed(transaction, ["d", "e"], []) == {"d": {"Porto"}}
