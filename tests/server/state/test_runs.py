"""Runs as rows: current ones, history near a span, changes written with their inbox rows, ids in order."""

import json
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from server.collector.runs import Change, Path, Run
from server.state import runs
from server.state.database import Database
from server.state.tables import inbox

DAY = 86_400 * 10**9
PATH = Path("Porto", "outlook.office365.com:443", "direct")


def run(first: int, last: int, *, current: bool = False, target: str = PATH.target, number: int = 0) -> Run:
    """Return a run not stored yet, or one with an id."""
    return Run(PATH._replace(target=target), "clean", "", first, last, 1, current, b"{}", number)


async def write(database: Database, changes: dict[str, list[Change]], now_ns: int = 7) -> dict[str, list[Run]]:
    """Write changes in a transaction."""
    async with database.writing() as connection:
        return await runs.write(database, connection, changes, now_ns)


async def told(database: Database) -> list[Any]:
    """Return the inbox."""
    async with database.reading() as connection:
        return list((await connection.execute(select(inbox).order_by(inbox.c.id))).all())


async def current(database: Database, *agents: str) -> dict[str, list[Run]]:
    """Return the current runs, with the finding all have here: what is stored is read without it."""
    async with database.reading() as connection:
        found = await runs.load_current(connection, agents)
    return {agent: [replace(one, finding=b"{}") for one in mine] for agent, mine in found.items()}


async def test_new_runs_get_their_ids_and_are_read_as_they_were(database: Database) -> None:
    """Every field, by agent; what is not current is not in the answer, and an agent without runs is, empty."""
    first = replace(run(1, 2, current=True), verdict="inspected", device_key="instance:k", rounds=2)
    made = await write(database, {"agent-01": [Change(first, tell=True), Change(run(0, 0), tell=False)], "agent-02": []})
    assert [replace(one, id=0) for one in made["agent-01"]] == [first, run(0, 0)]
    assert await current(database, "agent-01", "agent-02") == {"agent-01": [made["agent-01"][0]], "agent-02": []}


async def test_ids_belong_to_their_runs_however_many(database: Database) -> None:
    """Rows of one INSERT come back in the order they were given."""
    several = [run(1, 1, current=True, target=f"host-{number:03d}:443") for number in range(300, 0, -1)]
    made = await write(database, {"agent-01": [Change(one, tell=False) for one in several]})
    assert [one.path.target for one in made["agent-01"]] == [one.path.target for one in several]
    assert {one.id: one.path for one in (await current(database, "agent-01"))["agent-01"]} == {one.id: one.path for one in made["agent-01"]}


async def test_a_change_is_an_update_and_tells_only_if_it_must(database: Database) -> None:
    """Ends, rounds and currency change; verdict and finding of a run never do."""
    (made,) = (await write(database, {"agent-01": [Change(run(5, 5, current=True), tell=True)]}))["agent-01"]
    assert [(row.kind, row.run, row.made_ns) for row in await told(database)] == [("run", made.id, 7)]
    grown = replace(made, first_ns=4, last_ns=9, rounds=3)
    await write(database, {"agent-01": [Change(replace(grown, verdict="inspected"), tell=False)]})
    assert (await current(database, "agent-01"))["agent-01"] == [grown]
    await write(database, {"agent-01": [Change(replace(grown, current=False), tell=True)]}, 8)
    assert (await current(database, "agent-01"))["agent-01"] == []
    assert [row.run for row in await told(database)] == [made.id, made.id]


async def test_nothing_changed_writes_nothing(database: Database) -> None:
    """A quiet batch."""
    assert await write(database, {"agent-01": [], "agent-02": []}) == {}
    assert await told(database) == []


async def test_history_is_what_touches_the_span_or_stands_within_a_day(database: Database) -> None:
    """Ended runs only, of the agents asked, by each one's own span."""
    spans = {"early": (10 * DAY, 20 * DAY), "late": (100 * DAY, 100 * DAY)}
    kept = [run(0, 9 * DAY), run(12 * DAY, 13 * DAY), run(21 * DAY, 30 * DAY)]
    left = [run(1, 9 * DAY - 1), run(21 * DAY + 1, 99 * DAY - 1), run(15 * DAY, 16 * DAY, current=True)]
    await write(database, {agent: [Change(one, tell=False) for one in [*kept, *left]] for agent in ("early", "late", "other")})
    async with database.reading() as connection:
        found = await runs.load_history(connection, spans)
        assert await runs.load_history(connection, {}) == {}
    assert sorted(one.first_ns for one in found["early"]) == [one.first_ns for one in kept]
    assert found["late"] == []
    assert set(found) == set(spans)


async def test_clones_are_told_with_their_body(database: Database) -> None:
    """One inbox row each, for the watcher to read."""
    async with database.writing() as connection:
        await runs.tell_clone(connection, [b'{"seq":1}', b'{"seq":2}'], 9)
        await runs.tell_clone(connection, [], 9)
    assert [(row.kind, row.run, json.loads(row.body)["seq"]) for row in await told(database)] == [("clone", None, 1), ("clone", None, 2)]
