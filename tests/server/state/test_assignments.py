"""Assignments: a report belongs to the site that was valid when it was measured, however often and late it is asked."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from server.fleet.entries import UNASSIGNED
from server.state import assignments
from server.state.assignments import DELAY_NS, Sites
from server.state.database import Database
from server.state.tables import agent, context

HOME, OFFICE = ("agent-01", "home"), ("agent-01", "office")


async def introduce(database: Database, now_ns: int, *newcomers: tuple[tuple[str, str], str]) -> Sites:
    """Introduce agents in contexts, with the sites they declare; return all assignments of agent-01."""
    async with database.writing() as connection:
        named = {key: (b"body of " + key[1].encode(), site) for key, site in newcomers}
        await assignments.introduce(database, connection, named, now_ns)
        return await assignments.load_sites(connection, ["agent-01"])


async def sites(database: Database) -> Sites:
    """Return all assignments of agent-01."""
    async with database.reading() as connection:
        return await assignments.load_sites(connection, ["agent-01"])


async def test_a_newcomer_belongs_where_it_says_for_all_time(database: Database) -> None:
    """Its declared site, or none; agent and context have rows, and a second introduction changes nothing."""
    found = await introduce(database, 5, (HOME, ""), (OFFICE, "Porto"))
    assert (found.site(*HOME, 0), found.site(*OFFICE, 2**62)) == (UNASSIGNED, "Porto")
    again = await introduce(database, 6, (OFFICE, "Lyon"))
    assert again.site(*OFFICE, 10**18) == "Porto"
    async with database.reading() as connection:
        assert [(row.id, row.first_seen_ns) for row in await connection.execute(select(agent))] == [("agent-01", 5)]
        assert {row.id: row.body for row in await connection.execute(select(context))} == {
            "home": b"body of home",
            "office": b"body of office",
        }
    assert (found.knows(*HOME), found.knows("agent-01", "train"), found.knows("agent-02", "home")) == (True, False, False)


async def test_an_assignment_is_valid_from_a_minute_after_it_is_made(database: Database) -> None:
    """In every context the agent was seen in, for what is measured then or later; what was measured before stays."""
    await introduce(database, 5, (HOME, ""), (OFFICE, "Porto"))
    valid_from = await assignments.assign(database, "agent-01", "Lyon", 1000)
    assert valid_from == 1000 + DELAY_NS
    found = await sites(database)
    for key, before in ((HOME, UNASSIGNED), (OFFICE, "Porto")):
        assert (found.site(*key, valid_from - 1), found.site(*key, valid_from)) == (before, "Lyon")


async def test_an_agent_nobody_heard_of_cannot_be_assigned(database: Database) -> None:
    """0 says so; nothing is made."""
    assert await assignments.assign(database, "agent-09", "Lyon", 1000) == 0
    assert not (await sites(database)).knows("agent-09", "home")


async def test_the_earlier_site_is_where_it_was_last(database: Database) -> None:
    """By the order in which rows were made; being away or unassigned is no site."""
    assert (await sites(database)).earlier("agent-01") == ""
    await introduce(database, 5, (OFFICE, "Porto"), (("agent-01", "train"), "remote"))
    assert (await sites(database)).earlier("agent-01") == "Porto"
    await assignments.assign(database, "agent-01", "Lyon", 1000)
    assert (await sites(database)).earlier("agent-01") == "Lyon"
    await introduce(database, 2000, (HOME, "remote"))
    assert (await sites(database)).earlier("agent-01") == "Lyon"


async def test_contexts_as_they_were_seen(database: Database) -> None:
    """By agent, a page at a time: body, last place, the agent's last site, the egress it was first seen with, and who assigned it."""
    other = ("agent-02", "home")
    async with database.writing() as connection:
        newcomers = {HOME: (b"h", "remote"), OFFICE: (b"o", "Porto"), other: (b"h", "")}
        await assignments.introduce(database, connection, newcomers, 5, {OFFICE: "203.0.113.7"})
    await assignments.assign(database, "agent-02", "Faro", 100, "ana")
    async with database.writing() as connection:
        assert await assignments.move(database, connection, {OFFICE: "Lyon"}, 100) == 100 + DELAY_NS
        assert await assignments.move(database, connection, {OFFICE: "Lyon"}, 100) == 100 + DELAY_NS
    async with database.reading() as connection:
        first, last = await assignments.seen_after(connection, "", 1)
        assert (last, first) == (
            "agent-01",
            [
                assignments.Seen("agent-01", "home", b"h", "remote", "Lyon", "", ""),
                assignments.Seen("agent-01", "office", b"o", "Lyon", "Lyon", "203.0.113.7", ""),
            ],
        )
        second = [assignments.Seen("agent-02", "home", b"h", "Faro", "Faro", "", "ana")]
        assert await assignments.seen_after(connection, "agent-01", 5) == (second, "agent-02")
        assert await assignments.seen_after(connection, "agent-02", 5) == ([], "")


async def test_two_collectors_that_meet_a_newcomer_agree(database: Database) -> None:
    """Whoever is first decides, and both read the same site before they write a point."""
    found = await asyncio.gather(*[introduce(database, 5, (OFFICE, site)) for site in ("Porto", "Lyon", "Faro")])
    assert len({one.site(*OFFICE, 10**18) for one in found}) == 1


@given(st.lists(st.tuples(st.integers(1, 100), st.sampled_from("abc")), max_size=8, unique_by=lambda one: one[0]), st.integers(0, 120))
def test_the_site_is_the_last_one_valid(rows: list[tuple[int, str]], measured_ns: int) -> None:
    """Append-only rows in any order: the newest that was valid at the measured time; and later rows never change the answer."""
    found = Sites({HOME: [(0, "first"), *rows]})
    expected = max([(0, "first"), *[row for row in rows if row[0] <= measured_ns]])[1]
    assert found.site(*HOME, measured_ns) == expected
    assert Sites({HOME: [*rows, (0, "first"), (measured_ns + 1, "later")]}).site(*HOME, measured_ns) == expected
