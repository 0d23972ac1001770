"""Ten per cent garbage among five hundred good reports: the good ones do not notice, the bad ones are kept and can come back."""

import json
import random
import zlib
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from server.collector.collector import Limits
from server.collector.intake import Terms
from server.collector.meaning import Interpreter
from server.collector.pipeline import Pipeline
from server.collector.replay import Replay
from server.state import counters, quarantine, tables
from tests.fakes.reports import SECOND, START_NS, TARGETS, Agent
from tests.fakes.state import fresh
from tests.server.collector.conftest import Bench, Works, bench_over
from wire import topics
from wire.codec import MAX_INFLATED_BYTES, MAX_WIRE_BYTES

Message = tuple[str, bytes]
AGENTS, REPORTS = 10, 50
HELD = {"newer", "lab", "roots"}
"""Kinds of garbage that are nobody's fault: their agents keep them. `smell` is stored, `foreign` is nobody's, all others are poison."""


def good() -> list[Message]:
    """Return fifty reports of each of ten agents, minute by minute."""
    agents = [Agent(f"agent-{number:02d}", f"{number:032x}", "Porto" if number % 2 else "Lyon") for number in range(1, AGENTS + 1)]
    seen = [agent.observations(TARGETS[:2])[:3] for agent in agents]
    return [
        agent.report(START_NS + minute * 60 * SECOND, observations)
        for minute in range(REPORTS)
        for agent, observations in zip(agents, seen, strict=True)
    ]


BYTES: dict[str, Callable[[bytes], bytes]] = {
    "json": lambda payload: payload[: len(payload) // 2],
    "large": lambda _: b"{" + b" " * MAX_WIRE_BYTES,
    "bomb": lambda _: zlib.compress(b"{" + b" " * (MAX_INFLATED_BYTES * 4), 9),
}
CYCLE: dict[str, Callable[[dict[str, Any]], object]] = {
    "nan": lambda cycle: cycle["observations"][0].update(connect_ms=float("nan")),
    "list": lambda cycle: cycle.update(observations=cycle["observations"] * 1000),
    "smell": lambda cycle: cycle["observations"][1].update(kind="smell"),
    "roots": lambda cycle: cycle.update(roots={"os": "a" * 16}),
}


def bent(kind: str, number: int) -> Message:
    """Return one piece of garbage; each has a stream and agent of its own, but for what claims to be another's."""
    agent = Agent(f"odd-{number:02d}", f"f{number:031x}", "Faro")
    topic, payload = agent.report(START_NS, agent.observations(TARGETS[:1])[:2], lab=kind == "lab", compress=False)
    if kind in BYTES:
        return topic, BYTES[kind](payload)
    if kind == "agent":
        return topics.report("agent-01", f"{1:032x}", REPORTS + number), payload
    if kind == "foreign":
        return topic.replace("report", "status"), payload
    plain = json.loads(payload)
    plain["major"] = {"version": 0, "newer": 2}.get(kind, 1)
    CYCLE.get(kind, bool)(plain["cycle"])
    return topic, json.dumps(plain).encode()


KINDS = ("json", "version", "newer", "agent", "large", "bomb", "nan", "list", "smell", "lab", "roots", "foreign")


def garbage() -> list[tuple[str, Message]]:
    """Return five of each kind."""
    return [(kind, bent(kind, number)) for number, kind in enumerate(KINDS * 5, 1)]


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[tuple[Works, Works]]:
    """Give two centres that know nothing of each other."""
    made: list[Bench] = []
    for name in ("clean", "dirty"):
        (tmp_path / name).mkdir()
        made.append(bench_over(await fresh(tmp_path / name), tmp_path / name))
    yield Works(made[0]), Works(made[1])
    for bench in made:
        await bench.history.close()
        await bench.database.close()


async def settle(works: Works, messages: Iterable[Message], size: int = 64) -> None:
    """Take messages in, batch by batch."""
    arrivals, collector = works.arrivals(*messages), works.collector(Limits())
    for start in range(0, len(arrivals), size):
        await collector.settle(arrivals[start : start + size])


async def good_rows(bench: Bench) -> dict[str, object]:
    """Return all that the good reports left behind."""
    ledger = {(row.stream, row.seq, row.state, row.digest) for row in await bench.rows(tables.ledger) if not row.stream.startswith("f")}
    points = [point for kind in ("web", "dns", "finding") for point in await bench.points(kind)]
    mine = [point for point in points if dict(point.tags)["agent"].startswith("agent-")]
    series = await bench.history.series(
        "mw_raw", "web", "connect_ms", {"site": "Porto"}, START_NS, START_NS + 3600 * SECOND, 60 * SECOND, "count"
    )
    runs = {(row.agent, row.target, row.verdict, row.rounds) for row in await bench.rows(tables.run) if row.agent.startswith("agent-")}
    return {"ledger": {one for one in ledger if one[2] == "stored"}, "points": mine, "series": series, "runs": runs}


async def test_good_reports_do_not_notice(two: tuple[Works, Works]) -> None:
    """Rows, points, runs and receipts of the good are the same with and without; each piece of garbage is where it belongs."""
    clean, dirty = two
    mixed = [("good", message) for message in good()] + garbage()
    random.Random(3).shuffle(mixed)
    await settle(clean, [message for kind, message in mixed if kind == "good"])
    await settle(dirty, [message for _, message in mixed])
    assert await good_rows(dirty.bench) == await good_rows(clean.bench)
    assert len([row for row in await dirty.bench.rows(tables.ledger) if row.state == "stored"]) == AGENTS * REPORTS + 5
    poison = [message for kind, message in garbage() if kind not in HELD | {"smell", "foreign"}]
    kept = await quarantine.fetch(dirty.bench.database, range(1, 100))
    assert sorted((one.topic, one.data) for one in kept if one.kind == "report") == sorted(poison)
    assert sorted(json.loads(one.data)[0]["kind"] for one in kept if one.kind == "raw") == ["smell"] * 5
    assert all(one.reason and one.reason.isprintable() for one in kept)
    counted = {name: dirty.metric("middlewatch_reports_total", outcome=name) for name in ("stored", "quarantined", "held", "foreign")}
    assert counted == {"stored": AGENTS * REPORTS + 5, "quarantined": len(poison), "held": 15, "foreign": 5}
    assert dirty.metric("middlewatch_observations_raw_total") == 5
    held = {agent: one.held[0].reason for agent, one in dirty.replies.sent if one.held}
    assert len(held) == 15


async def test_the_agents_of_good_reports_hear_the_same(two: tuple[Works, Works]) -> None:
    """Their last receipts are equal, but for what was published beyond the end of one agent's stream: those numbers count as done."""
    clean, dirty = two
    messages = good()
    await settle(clean, messages)
    await settle(dirty, [*messages, *[message for _, message in garbage()]])
    heard, there = ({agent: one for agent, one in works.replies.sent if not agent.startswith("odd")} for works in (dirty, clean))
    forged = [int(topic.rpartition("/")[2]) for kind, (topic, _) in garbage() if kind == "agent"]
    mine = heard.pop("agent-01")
    assert heard == {agent: one for agent, one in there.items() if agent != "agent-01"}
    assert min(forged) > REPORTS + 1
    assert mine.upto == REPORTS
    assert mine.also == [(seq, seq) for seq in forged]
    assert mine.ends == [*there["agent-01"].ends, *[""] * len(forged)]
    assert sorted(one.seq for agent, told in dirty.replies.sent if agent == "agent-01" for one in told.quarantined) == forged


async def test_a_number_forged_among_the_good_changes_nothing(two: tuple[Works, Works]) -> None:
    """Garbage under stored numbers of one agent: nothing is written, kept or called quarantined."""
    clean, dirty = two
    messages = good()
    await settle(clean, messages)
    await settle(dirty, messages)
    before = dict(dirty.replies.sent)["agent-01"]
    ledger = await dirty.bench.rows(tables.ledger)
    numbers = (1, REPORTS // 2, REPORTS)
    payload = bent("agent", 1)[1]
    await settle(dirty, [(topics.report("agent-01", f"{1:032x}", number), payload) for number in numbers])
    assert await good_rows(dirty.bench) == await good_rows(clean.bench)
    assert await dirty.bench.rows(tables.ledger) == ledger
    assert await dirty.bench.rows(tables.quarantine) == []
    assert dirty.metric("middlewatch_reports_total", outcome="duplicate") == len(numbers)
    (agent, answer) = dirty.replies.sent[-1]
    assert agent == "agent-01"
    assert answer == before


async def test_all_that_was_kept_comes_back_once_its_cause_is_mended(two: tuple[Works, Works]) -> None:
    """A centre that takes lab agents, and a report that becomes readable: stored with the points it would have had; the rest stays."""
    clean, dirty = two
    messages = good()
    broken = {index: (topic, payload[:-1]) for index, (topic, payload) in enumerate(messages) if index % 10 == 3}
    await settle(clean, messages)
    await settle(dirty, [broken.get(index, message) for index, message in enumerate(messages)])
    assert len(await dirty.bench.rows(tables.quarantine)) == len(broken) == 50
    async with dirty.bench.database.writing() as connection:
        for index in broken:  # what a repaired reader would make of the bytes
            row = tables.quarantine.c.topic == messages[index][0]
            await connection.execute(tables.quarantine.update().where(row).values(bytes=messages[index][1]))
    await quarantine.mark_for_replay(dirty.bench.database, range(1, 51))
    await dirty.collector().settle(await Replay(dirty.bench.database, dirty.bench.history).due(dirty.bench.now_ns))
    assert await dirty.bench.rows(tables.quarantine) == []
    there, here = await good_rows(clean.bench), await good_rows(dirty.bench)
    assert (here["ledger"], here["series"]) == (there["ledger"], there["series"])
    lab = [message for kind, message in garbage() if kind == "lab"]
    await settle(dirty, lab)
    assert {one.held[0].seq for agent, one in dirty.replies.sent if agent.startswith("odd")} == {1}
    open_minded = Pipeline(dirty.bench.database, dirty.bench.history, Interpreter(dirty.bench.pipeline._interpreter._judge), Terms(True))  # noqa: FBT003
    await dirty.collector(pipeline=open_minded).settle(dirty.arrivals(*lab))
    assert dirty.metric("middlewatch_reports_total", outcome="stored") == 5


async def test_quarantine_is_bounded_however_much_comes(two: tuple[Works, Works]) -> None:
    """A flood of poison: the newest is kept within the bound, the drops are counted, and the good are stored all the same."""
    _, dirty = two
    flood = [bent("json", number) for number in range(1, 400)]
    await settle(dirty, [*flood, *good()[:50]])
    bound = 100 * len(flood[0][1])
    dropped = await quarantine.trim(dirty.bench.database, dirty.bench.now_ns, max_bytes=bound)
    left = await quarantine.listed(dirty.bench.database, 1000)
    assert dropped + len(left) == len(flood)
    assert (await counters.read(dirty.bench.database))[quarantine.DROPS] == dropped
    assert sum(row.size for row in await dirty.bench.rows(tables.quarantine)) <= bound
    assert min(one.id for one in left) == dropped + 1
    assert len([row for row in await dirty.bench.rows(tables.ledger) if row.state == "stored"]) == 50
