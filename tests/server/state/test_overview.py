"""The present picture as rows: where agents are now, what their current runs say there, what is missing of an hour."""

from typing import Any

from sqlalchemy import insert

from server.state import overview
from server.state.database import Database
from server.state.overview import AgentRow, Aside, Counts, Tally
from server.state.tables import agent, dropped, quarantine, run, stream
from tests.fakes.sightings import HOUR, MINUTE, START

S, T = "0" * 31 + "1", "0" * 31 + "2"


async def add_agent(database: Database, name: str = "a", place: str = "Porto", **values: Any) -> None:
    """Store an agent that reported just now, once a minute."""
    row = {"id": name, "first_seen_ns": 1, "latest_ns": START, "place": place} | values
    async with database.writing() as connection:
        await connection.execute(insert(agent), row)


async def add_run(database: Database, target: str, verdict: str = "clean", **values: Any) -> None:
    """Store a current run of agent a at Porto, saturated an hour ago."""
    row: dict[str, Any] = {"agent": "a", "place": "Porto", "target": target, "route": "direct", "verdict": verdict, "current": True}
    row |= {"first_ns": START - HOUR, "last_ns": START - MINUTE, "rounds": 3} | values
    async with database.writing() as connection:
        await connection.execute(insert(run), row)


async def add_stream(database: Database, key: str = S, **values: Any) -> None:
    """Store a stream of agent a, heard of just now."""
    row = {"id": key, "agent": "a", "opened_ns": 1, "last_created_ns": START} | values
    async with database.writing() as connection:
        await connection.execute(insert(stream), row)


async def tallies(database: Database, *ignored: str) -> list[Tally]:
    """Return the tallies in a fixed order."""
    async with database.reading() as connection:
        return sorted(await overview.tallies(connection, ignored), key=repr)


async def counts(database: Database) -> dict[str, Counts]:
    """Return the completeness of all agents."""
    async with database.reading() as connection:
        return await overview.counts(connection, START)


async def test_agents(database: Database) -> None:
    """Those a report was stored of, by id; one that is only introduced has no place."""
    await add_agent(database, "b", cadence_s=5.0, lab=True, software="1.0")
    await add_agent(database, "a", latest_ns=START - 1)
    await add_agent(database, "c", place="", latest_ns=0)
    async with database.reading() as connection:
        assert await overview.agents(connection) == [
            AgentRow("a", "Porto", START - 1, 60.0, lab=False, software=""),
            AgentRow("b", "Porto", START, 5.0, lab=True, software="1.0"),
        ]


async def test_tallies_are_grouped_by_verdict_and_device(database: Database) -> None:
    """A target on two routes is one; the times are of the first and the last run that began."""
    await add_agent(database)
    await add_run(database, "one:443", first_ns=START - 3 * HOUR)
    await add_run(database, "one:443", route="proxy")
    await add_run(database, "two:443", first_ns=START - MINUTE)
    await add_run(database, "three:443", "inspected", device_key="instance:1")
    await add_run(database, "four:443", "inspected", device_key="instance:2")
    assert await tallies(database) == [
        Tally("Porto", "a", "clean", "", 2, START - 3 * HOUR, START - MINUTE),
        Tally("Porto", "a", "inspected", "instance:1", 1, START - HOUR, START - HOUR),
        Tally("Porto", "a", "inspected", "instance:2", 1, START - HOUR, START - HOUR),
    ]
    assert [one.hosts for one in await tallies(database, "two:443", "four:443", "nine:443")] == [1, 1]


async def test_news_needs_a_second_round(database: Database) -> None:
    """Clean is believed at once; one round of anything worse says nothing yet."""
    await add_agent(database)
    await add_run(database, "one:443", "unreachable", rounds=1)
    assert await tallies(database) == []
    await add_run(database, "two:443", rounds=1)
    await add_run(database, "three:443", "blocked", rounds=2)
    assert [one.verdict for one in await tallies(database)] == ["blocked", "clean"]


async def test_only_what_is_now_and_here(database: Database) -> None:
    """Not the past, not where the agent was before, not what it stopped looking at; not agents without a report."""
    await add_agent(database)
    await add_run(database, "one:443", current=False)
    await add_run(database, "two:443", place="Lyon")
    await add_run(database, "three:443", last_ns=START - HOUR - 4 * MINUTE)
    await add_run(database, "four:443", agent="stranger")
    assert await tallies(database) == []
    await add_run(database, "five:443", last_ns=START - HOUR - 2 * MINUTE)
    assert [one.hosts for one in await tallies(database)] == [1]


async def test_what_is_beside_an_answer_is_no_host(database: Database) -> None:
    """Aspects, other protocols and the machine itself are not tallied; what is found of them is told apart, without the ignored targets."""
    await add_agent(database)
    await add_run(database, "one:443")
    for target, verdict in (
        ("one:443#tcp", "spliced"),
        ("one:443#h2", "altered"),
        ("one:443/udp", "blocked"),
        ("two:443/wss", "clean"),
        ("control:443#tcp", "spliced"),
        ("this-machine", "inconclusive"),
    ):
        await add_run(database, target, verdict)
    await add_run(database, "one:443/wss", "blocked", rounds=1)
    assert [(one.verdict, one.hosts) for one in await tallies(database, "control:443")] == [("clean", 1)]
    async with database.reading() as connection:
        found = await overview.asides(connection, ["control:443"])
    assert found[0] == Aside("Porto", "a", "one:443#h2", "altered", "", START - HOUR)
    assert [(one.target, one.verdict) for one in found[1:]] == [("one:443#tcp", "spliced"), ("one:443/udp", "blocked")]


async def test_a_whole_hour(database: Database) -> None:
    """Sixty of sixty at a report a minute; a younger stream has as many as it has."""
    await add_agent(database)
    await add_stream(database, upto=5000, last_seq=5000)
    assert await counts(database) == {"a": Counts(60, 60, 0, 0)}
    await add_agent(database, "b", cadence_s=5.0)
    await add_stream(database, T, agent="b", upto=7, last_seq=7)
    assert (await counts(database))["b"] == Counts(7, 7, 0, 0)


async def test_what_is_missing_stands_in_the_head(database: Database) -> None:
    """Of 4941 to 5000: ten missing, and the gap of the hours before is not this hour's; what comes after is not heard of yet."""
    await add_agent(database)
    await add_stream(database, upto=100, beyond="[[4000,4949],[4960,5000]]", last_seq=5000)
    assert await counts(database) == {"a": Counts(60, 50, 10, 0)}


async def test_what_was_dropped_or_set_aside_is_not_stored(database: Database) -> None:
    """Both are done and will not come again; a range told in two overlapping pieces counts once."""
    await add_agent(database)
    await add_stream(database, upto=5000, last_seq=5000)
    async with database.writing() as connection:
        for first, last in ((10, 90), (4900, 4942), (4942, 4943), (4990, 4991)):
            await connection.execute(insert(dropped), {"stream": S, "first": first, "last": last, "noted_ns": 1})
        poison = {"topic": "", "agent": "a", "stream": S, "reason": "", "size": 1, "bytes": b"", "replay": False}
        for kind, seq, received_ns in (
            ("report", 5000, START),
            ("report", 4950, START - 2 * HOUR),
            ("point", 4999, START),
            ("report", 7, START),
        ):
            await connection.execute(insert(quarantine), poison | {"kind": kind, "seq": seq, "received_ns": received_ns})
    assert await counts(database) == {"a": Counts(60, 54, 0, 5)}


async def test_all_streams_of_the_hour_count(database: Database) -> None:
    """An agent that began anew has two; one not heard of for an hour is history."""
    await add_agent(database)
    await add_stream(database, upto=3, last_seq=4)
    await add_stream(database, T, upto=5, last_seq=5)
    assert await counts(database) == {"a": Counts(9, 8, 1, 0)}
    await add_stream(database, "0" * 32, upto=3, last_seq=9, last_created_ns=START - HOUR - 1)
    assert await counts(database) == {"a": Counts(9, 8, 1, 0)}
    async with database.reading() as connection:
        assert await overview.counts(connection, START + 2 * HOUR) == {}


async def test_a_rare_agent(database: Database) -> None:
    """One report a day: the newest is the hour's worth."""
    await add_agent(database, cadence_s=86_400.0)
    await add_stream(database, upto=5, last_seq=5)
    assert await counts(database) == {"a": Counts(1, 1, 0, 0)}
