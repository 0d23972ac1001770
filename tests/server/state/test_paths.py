"""Runs as the watcher reads them."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, update

from server.state import paths
from server.state.database import Database
from server.state.tables import agent, finding, run

HOUR = 3600 * 10**9
Row = tuple[str, str, str, str, int, int]
"""agent, target, verdict, device key, hour it began, rounds."""


async def store(database: Database, *rows: Row, place: str = "Lyon") -> None:
    """Store runs of an hour each, their rounds an hour apart; the newest of each path is its current one."""
    newest = {(agent, target): hour for agent, target, _, _, hour, _ in sorted(rows, key=lambda row: row[4])}
    values = [
        {
            "agent": agent,
            "place": place,
            "target": target,
            "route": "direct",
            "verdict": verdict,
            "device_key": key,
            "first_ns": hour * HOUR,
            "last_ns": (hour + 1) * HOUR,
            "rounds": rounds,
            "current": newest[agent, target] == hour,
            "finding": f"{agent}{hour}",
            "second_ns": (hour + 1) * HOUR if rounds > 1 else 0,
            "third_ns": (hour + 2) * HOUR if rounds > 2 else 0,
        }
        for agent, target, verdict, key, hour, rounds in rows
    ]
    async with database.writing() as transaction:
        await transaction.execute(insert(run), values)
        said = [{"id": one["finding"], "body": str(one["finding"]).encode()} for one in values]
        await transaction.execute(database.insert_or_ignore(finding), said)


async def test_runs_by_id(database: Database) -> None:
    """In the order of their ids, with findings; a missing one is left out."""
    await store(database, ("a", "x", "clean", "", 1, 3), ("a", "x", "inspected", "k:1", 2, 3))
    async with database.reading() as transaction:
        found = await paths.by_id(transaction, [2, 1, 99])
    assert [(one.id, one.verdict, one.finding) for one in found] == [(1, "clean", b"a1"), (2, "inspected", b"a2")]


async def test_the_keys_of_a_path(database: Database) -> None:
    """Every key ever seen on it, and none of its neighbours'."""
    await store(database, ("a", "x", "inspected", "k:1", 1, 3), ("a", "x", "clean", "", 2, 3), ("a", "y", "inspected", "k:2", 1, 3))
    await store(database, ("a", "x", "clean", "", 1, 3), place="Porto")
    async with database.reading() as transaction:
        assert await paths.device_keys_on(transaction, [2]) == {("Lyon", "a", "k:1")}
        assert await paths.device_keys_on(transaction, [4]) == set()
        assert await paths.device_keys_on(transaction, []) == set()


async def test_all_runs_of_paths_that_saw_a_device(database: Database) -> None:
    """Also the clean ones, without their findings; not the paths that never saw it, not other places."""
    await store(database, ("a", "x", "inspected", "k:1", 1, 3), ("a", "x", "clean", "", 2, 3), ("b", "x", "clean", "", 1, 3))
    await store(database, ("a", "x", "clean", "", 5, 3), place="Porto")
    async with database.reading() as transaction:
        found = await paths.seen_by(transaction, "Lyon", ["k:1", "k:9"])
    assert sorted((one.agent, one.first_ns // HOUR, one.finding) for one in found) == [("a", 1, b"a1"), ("a", 2, None)]


async def test_only_the_newest_runs_of_a_path(database: Database) -> None:
    """A path that turns all day does not cost more each time."""
    many: list[Row] = [("a", "x", "inspected", "k:1", hour, 1) for hour in range(paths.NEWEST_RUNS + 5)]
    await store(database, *many)
    async with database.reading() as transaction:
        found = await paths.seen_by(transaction, "Lyon", ["k:1"])
    assert sorted(one.first_ns // HOUR for one in found) == list(range(5, paths.NEWEST_RUNS + 5))


@pytest.mark.parametrize(
    ("earlier", "rounds"),
    [
        (("a", "x", "clean", "", 9, 3), 1),
        (("b", "x", "clean", "", 8, 3), 2),
        (("b", "x", "clean", "", 5, 3), 3),
        (("b", "x", "clean", "", 5, 2), 2),
        (("b", "y", "clean", "", 5, 3), None),
        (("b", "x", "sanctioned", "", 5, 3), None),
        (("b", "x", "clean", "", 11, 3), None),
    ],
)
async def test_clean_rounds_before(database: Database, earlier: Row, rounds: int | None) -> None:
    """The same target and route, any agent: each round that was before, however many there are by now."""
    await store(database, ("a", "x", "inspected", "k:1", 10, 3), earlier)
    async with database.reading() as transaction:
        assert (await paths.clean_rounds_before(transaction, [1])).get(1) == rounds


async def test_clean_rounds_nobody_dated(database: Database) -> None:
    """A run from before its later rounds were written down counts with all of them, as it did."""
    await store(database, ("a", "x", "inspected", "k:1", 10, 3), ("b", "x", "clean", "", 9, 3))
    async with database.writing() as transaction:
        await transaction.execute(update(run).values(second_ns=0, third_ns=0))
    async with database.reading() as transaction:
        assert await paths.clean_rounds_before(transaction, [1]) == {1: 3}


async def test_agents_that_report_at_a_place(database: Database) -> None:
    """Each once, by its current runs, since a moment."""
    await store(database, ("a", "x", "clean", "", 5, 3), ("a", "y", "clean", "", 5, 3), ("b", "x", "clean", "", 1, 3))
    await store(database, ("c", "x", "clean", "", 5, 3), place="Porto")
    async with database.reading() as transaction:
        assert [await paths.agents_at(transaction, "Lyon", hour * HOUR) for hour in (0, 3, 7)] == [2, 1, 0]


@pytest.mark.parametrize(
    ("before", "most", "found"),
    [
        (1, 20, None),  # nothing began before
        (9, 20, (HOUR, 3 * HOUR, 3, 5.0)),  # three runs of an hour, by two agents
        (9, 2, (HOUR, 2 * HOUR, 2, 60.0)),  # the two that began first, by an agent of whom nothing is known
        (5, 20, (HOUR, 2 * HOUR, 2, 60.0)),
    ],
)
async def test_what_was_observed_before(database: Database, before: int, most: int, found: object) -> None:
    """Of any agent and any verdict that says something, on this path, before a moment."""
    await store(database, ("a", "x", "clean", "", 1, 3), ("a", "x", "inspected", "k:1", 2, 3), ("a", "x", "unreachable", "", 3, 3))
    await store(database, ("b", "x", "clean", "", 6, 3), ("b", "y", "clean", "", 1, 3))
    async with database.writing() as transaction:
        await transaction.execute(insert(agent).values(id="b", first_seen_ns=0, cadence_s=5.0))
        assert await paths.observed_before(transaction, "Lyon", ("x", "direct"), before * HOUR, most) == found


@pytest.mark.parametrize(
    ("names", "present", "seen", "is_news"),
    [
        ({"k:1"}, True, 0, True),  # x goes on without it
        ({"k:1", "k:9"}, True, 0, False),  # x goes on with another key of its
        ({"k:2"}, True, 0, False),  # y goes on with it
        ({"k:1"}, False, 1, True),
        ({"k:1"}, False, 2, False),  # not seen since
        ({"k:3"}, False, 0, False),  # never seen at all
        ({"k:1", "k:2"}, False, 2, True),  # by one of its keys
    ],
)
async def test_what_time_alone_may_change(database: Database, names: set[str], present: bool, seen: int, is_news: bool) -> None:  # noqa: FBT001
    """Of what is present a path that goes on without it; of anything else a sighting since; at a place, and on an agent alike."""
    await store(database, ("a", "x", "inspected", "k:1", 1, 3), ("a", "x", "inspected", "k:9", 5, 3), ("a", "y", "inspected", "k:2", 4, 3))
    await store(database, ("b", "x", "clean", "", 1, 3), ("b", "x", "inspected", "k:1", 7, 3), place="Porto")
    asked = [paths.Presence(on, whose, frozenset(names), present, seen * HOUR) for on, whose in ((False, "Lyon"), (True, "a"))]
    async with database.reading() as transaction:
        assert await paths.with_news(transaction, asked) == (set(asked) if is_news else set())
        assert await paths.with_news(transaction, []) == set()


async def test_no_question_reads_all_runs(database: Database) -> None:
    """Each is answered by an index, on SQLite as it plans: a month of 1,000 agents is 60,000 runs, and a decision asks a dozen times."""
    if not database.is_sqlite:
        return  # PostgreSQL plans by the size of a table, and this one is empty
    asked: list[tuple[str, Any]] = []

    def note(_connection: Connection, _cursor: object, text: str, values: Mapping[str, Any], *_more: object) -> None:
        asked.append((text, values))

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    async with database.reading() as transaction:
        await paths.by_id(transaction, [1, 2])
        await paths.newest_before(transaction, 1)
        await paths.device_keys_on(transaction, [1, 2])
        await paths.seen_by(transaction, "Lyon", ["k:1", "k:2"])
        await paths.seen_on(transaction, "a", ["k:1"])
        await paths.places_seen_since(transaction, ["k:1"], 0)
        await paths.with_news(
            transaction, [paths.Presence(there, "a", frozenset({"k:1"}), seen, 0) for there in (True, False) for seen in (True, False)]
        )
        await paths.clean_rounds_before(transaction, [1])
        await paths.clean_rounds_before(transaction, [1], own=True)
        await paths.observed_before(transaction, "Lyon", ("x", "direct"), 1, 20)
        await paths.clean_here_before(transaction, [1])
        await paths.met_elsewhere_before(transaction, [1], ["k:1"])
        await paths.captive_spans(transaction, ["a"], 0)
        await paths.first_seen_elsewhere(transaction, ["k:1"], "Lyon", (0, 1))
        await paths.agents_at(transaction, "Lyon", 0)
        questions = [one for one in asked if one[0].startswith("SELECT")]
        assert len(questions) == 18
        for text, values in questions:
            steps = await transaction.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values)
            plan = [str(step["detail"]) for step in steps.mappings()]
            assert not [step for step in plan if step.startswith("SCAN run")], f"{text}: {plan}"
