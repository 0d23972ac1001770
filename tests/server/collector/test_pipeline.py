"""The pipeline: bytes to rows to receipts, and what each fault on the way leaves behind."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from server.collector.pipeline import Outcome
from server.history.port import Unavailable
from server.state import assignments, quarantine, tables
from server.state.database import STATE_FAULTS, fault_of
from tests.fakes.history import After, away
from tests.fakes.reports import SECOND, START_NS, TARGETS, Agent
from tests.server.collector.conftest import Bench, receipt_for
from tests.server.conftest import state_address

INSPECTED = b"inspected:abc"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.servers)])
def state_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give an empty database of each kind: the commit's locks and constraints are the database's."""
    return state_address(request, tmp_path)


async def test_a_first_report_is_stored_whole_and_receipted(bench: Bench) -> None:
    """Points, facts, ledger, runs and inbox are there, and the receipt proves the end of its range."""
    agent = Agent()
    outcome = await bench.take(agent.report(START_NS))
    receipt = receipt_for(outcome)
    assert (receipt.upto, receipt.also, receipt.ends) == (1, [], [agent.previous])
    assert outcome.counts == {"stored": 1}
    assert outcome.points == 25 + 12
    assert {(dict(point.tags)["site"], point.fields["seq"]) for point in await bench.points()} == {("Porto", 1)}
    assert {row.id: row.body for row in await bench.rows(tables.facts)} == agent.bodies
    assert len(await bench.rows(tables.run)) == len(await bench.rows(tables.inbox)) == len(TARGETS)
    assert outcome.told


async def test_sending_again_changes_nothing_and_is_answered_again(bench: Bench) -> None:
    """A duplicate, in the same batch or later, adds no row anywhere."""
    message = Agent().report(START_NS)
    await bench.take(message, message)
    before = [await bench.rows(table) for table in tables.metadata.sorted_tables]
    outcome = await bench.take(message)
    assert outcome.counts == {"duplicate": 1}
    assert receipt_for(outcome).upto == 1
    assert [await bench.rows(table) for table in tables.metadata.sorted_tables] == before


async def test_unknown_bodies_are_wanted_and_nothing_is_stored(bench: Bench) -> None:
    """Without facts and certificates a report waits at its agent; with them it is stored, and later ones need none."""
    agent = Agent()
    seen = agent.observations(chain=[b"leaf", b"issuer"])
    bare = replace(agent)
    topic, payload = bare.report(START_NS, seen, bodies=False)
    receipt = receipt_for(await bench.take((topic, payload)))
    assert (receipt.upto, set(receipt.want)) == (0, set(agent.bodies))
    assert await bench.rows(tables.ledger) == []
    receipt = receipt_for(await bench.take(agent.report(START_NS, seen)))
    assert receipt.upto == 1
    assert {row.id: row.der for row in await bench.rows(tables.certificate)} == agent.certificates
    outcome = await bench.take(agent.report(START_NS + 60 * SECOND, seen, bodies=False), pipeline=bench.another())
    assert outcome.counts == {"stored": 1}


async def test_facts_without_their_certificates_are_wanted(bench: Bench) -> None:
    """Certificates are wanted even when the facts came; the facts are not kept alone."""
    agent = Agent()
    seen = agent.observations(chain=[b"leaf"])
    missing, agent.certificates = dict(agent.certificates), {}
    receipt = receipt_for(await bench.take(agent.report(START_NS, seen)))
    assert receipt.want == sorted(missing)
    assert await bench.rows(tables.facts) == []


async def test_a_report_lacking_bodies_does_not_hold_up_its_successor(bench: Bench) -> None:
    """In one batch the first lacks bodies and the second does not: the second is stored, the first wanted."""
    agent = Agent()
    lacking = agent.report(START_NS, agent.observations(TARGETS[:1]), bodies=False)
    agent.bodies = {}
    whole = agent.report(START_NS + 60 * SECOND, agent.observations(TARGETS[1:2]))
    outcome = await bench.take(lacking, whole)
    assert outcome.counts == {"wanted": 1, "stored": 1}
    receipt = receipt_for(outcome)
    assert (receipt.upto, receipt.also, len(receipt.want)) == (0, [(2, 2)], 2)


@pytest.mark.parametrize("wrong", ["facts", "certificates"])
async def test_a_body_that_is_not_what_its_id_says_is_poison(bench: Bench, wrong: str) -> None:
    """No agent can give another meaning to an id."""
    agent = Agent()
    seen = agent.observations(TARGETS[:1], chain=[b"leaf"])
    if wrong == "facts":
        agent.bodies = dict(zip(agent.bodies, reversed(agent.bodies.values()), strict=True))
    else:
        agent.certificates = dict.fromkeys(agent.certificates, b"another")
    outcome = await bench.take(agent.report(START_NS, seen))
    assert outcome.counts == {"quarantined": 1}
    assert "not hash to its id" in receipt_for(outcome).quarantined[0].reason


async def test_history_away_promises_nothing_and_nothing_is_lost(bench: Bench) -> None:
    """Unavailable passes through; no ledger row, no receipt; the same batch later is stored."""
    message = Agent().report(START_NS)
    bench.history.script = [away()]
    with pytest.raises(Unavailable):
        await bench.take(message)
    assert await bench.rows(tables.ledger) == []
    assert receipt_for(await bench.take(message)).upto == 1


async def test_death_between_write_and_commit_doubles_nothing(bench: Bench) -> None:
    """The points are there, the ledger is not: another collector writes the same rows again and commits."""
    message = Agent().report(START_NS)
    bench.history.script = [After(OSError("killed"))]
    with pytest.raises(OSError, match="killed"):
        await bench.take(message)
    first = await bench.points()
    assert first
    await bench.take(message, pipeline=bench.another())
    assert await bench.points() == first
    assert len(await bench.rows(tables.run)) == len(TARGETS)


async def test_two_collectors_with_the_same_report_store_it_once(bench: Bench) -> None:
    """Both pass the first check; the second to commit finds it done and answers as for a duplicate."""
    message = Agent().report(START_NS)
    other = bench.another()
    inner = bench.history.write
    late: list[Outcome] = []

    async def overtaken(bucket: object, points: object) -> object:
        bench.history.write = inner  # type: ignore[method-assign]
        late.append(await bench.take(message, pipeline=other))
        return await inner(bucket, points)  # type: ignore[arg-type]

    bench.history.write = overtaken  # type: ignore[method-assign, assignment]
    outcome = await bench.take(message)
    assert late[0].counts == {"stored": 1}
    assert outcome.counts == {"duplicate": 1}
    assert receipt_for(outcome).upto == 1
    assert len(await bench.rows(tables.ledger)) == 1
    assert {row.rounds for row in await bench.rows(tables.run)} == {1}


async def test_a_copy_that_was_faster_is_seen_at_the_commit(bench: Bench) -> None:
    """The copy's report of the same number is stored while ours is written: ours is a fork, whatever the look-up said before."""
    agent = Agent()
    await bench.take(agent.report(START_NS))
    copy = replace(agent)
    ours, theirs = agent.report(START_NS + SECOND), copy.report(START_NS + 2 * SECOND)
    other, inner = bench.another(), bench.history.write

    async def overtaken(bucket: object, points: object) -> object:
        bench.history.write = inner  # type: ignore[method-assign]
        assert (await bench.take(theirs, pipeline=other)).counts == {"stored": 1}
        return await inner(bucket, points)  # type: ignore[arg-type]

    bench.history.write = overtaken  # type: ignore[method-assign, assignment]
    outcome = await bench.take(ours)
    assert outcome.counts == {"forked": 1}
    assert receipt_for(outcome).reset_stream


async def test_poison_is_kept_with_its_bytes_and_receipted(bench: Bench) -> None:
    """Bad bytes do not disturb their neighbours, and are kept as they came."""
    agent = Agent()
    good = agent.report(START_NS)
    topic, _ = agent.report(START_NS + SECOND)
    outcome = await bench.take((topic, b"{rubbish"), good)
    assert outcome.counts == {"stored": 1, "quarantined": 1}
    assert [one.seq for one in receipt_for(outcome).quarantined] == [2]
    assert receipt_for(outcome).upto == 2
    kept = await quarantine.fetch(bench.database, [1])
    assert (kept[0].data, kept[0].topic, kept[0].agent) == (b"{rubbish", topic, "agent-01")


async def test_payload_of_another_agent_is_poison(bench: Bench) -> None:
    """Agent in the payload equals agent in the topic."""
    topic, payload = Agent().report(START_NS)
    outcome = await bench.take((topic.replace("agent-01", "agent-02"), payload))
    assert outcome.counts == {"quarantined": 1}
    assert "its topic says otherwise" in receipt_for(outcome, "agent-02").quarantined[0].reason


async def test_newer_lab_and_future_reports_are_held(bench: Bench) -> None:
    """Each is kept by its agent, with the reason and the remedy."""
    agent = Agent()
    topic, payload = agent.report(START_NS, compress=False)
    newer = (topic, payload.replace(b'"major":1', b'"major":2'))
    lab = agent.report(START_NS, lab=True)
    future = agent.report(START_NS + 4200 * SECOND)
    outcome = await bench.take(newer, lab, future)
    assert outcome.counts == {"held": 3}
    reasons = [one.reason for one in receipt_for(outcome).held]
    assert all(word in reason for word, reason in zip(["upgrade", "accept_lab_agents", "clock"], reasons, strict=True))
    assert await bench.rows(tables.ledger) == []


async def test_unknown_kinds_are_counted_and_their_report_stored(bench: Bench) -> None:
    """A newer agent's new probe costs nothing but its own point."""
    agent = Agent()
    topic, payload = agent.report(START_NS, compress=False)
    payload = payload.replace(b'"kind":"egress","facts"', b'"kind":"smell","facts"')
    outcome = await bench.take((topic, payload))
    assert outcome.counts == {"stored": 1}
    assert outcome.raw == 1
    assert outcome.points == 24 + 12


async def test_an_unknown_kind_of_any_characters_is_kept(bench: Bench) -> None:
    """Its name goes into a text column: PostgreSQL takes no NUL, and a terminal should get no escapes."""
    agent = Agent()
    topic, payload = agent.report(START_NS, compress=False)
    payload = payload.replace(b'"kind":"egress","facts"', b'"kind":"smell\\u0000\\u001b","facts"')
    assert (await bench.take((topic, payload))).counts == {"stored": 1}
    assert [one.reason for one in await quarantine.listed(bench.database)] == ["unknown observation kinds: smell??"]


async def test_text_a_database_cannot_hold_is_not_an_outage(bench: Bench) -> None:
    """A site with a NUL in its name: SQLite takes it, PostgreSQL refuses the data, and says so in a way that is no outage."""
    message = Agent(site="Por\x00to").report(START_NS)
    if bench.database.is_sqlite:
        assert (await bench.take(message)).counts == {"stored": 1}
    else:
        with pytest.raises(STATE_FAULTS) as caught:
            await bench.take(message)
        assert fault_of(caught.value) == "refused"


async def test_forked_stream_is_not_stored_and_told_once(bench: Bench) -> None:
    """A restored spool's first new report: reset, one inbox row however often it comes."""
    agent = Agent()
    await bench.take(agent.report(START_NS), agent.report(START_NS + 60 * SECOND))
    restored = Agent(seq=1, previous=None)
    message = restored.report(START_NS + 120 * SECOND)
    outcome = await bench.take(message)
    receipt = receipt_for(outcome)
    assert receipt.reset_stream
    assert receipt.ends != [restored.previous]
    await bench.take(message)
    clones = [row for row in await bench.rows(tables.inbox) if row.kind == "clone"]
    assert [json.loads(row.body)["seq"] for row in clones] == [2]
    assert len(await bench.rows(tables.ledger)) == 2


async def test_a_stream_given_up_is_told_once(bench: Bench) -> None:
    """A copy that saw by a receipt that its stream goes on without it says so in its new one: one inbox row, however often it is said."""
    first, former = Agent(stream="0" * 31 + "2"), "f" * 32
    await bench.take(first.report(START_NS, former=former), first.report(START_NS + 60 * SECOND, former=former))
    await bench.take(first.report(START_NS + 120 * SECOND, former=former))
    clones = [json.loads(row.body) for row in await bench.rows(tables.inbox) if row.kind == "clone"]
    assert [(one["stream"], one["seq"]) for one in clones] == [(former, 0)]


async def test_a_copied_stream_under_another_name_is_told_to_reset(bench: Bench) -> None:
    """The clone is told, hears nothing of the original's numbers, and the original goes on."""
    agent = Agent()
    await bench.take(agent.report(START_NS))
    clone = Agent(id="agent-02", seq=1, previous=agent.previous)
    receipt = receipt_for(await bench.take(clone.report(START_NS + SECOND)), "agent-02")
    assert (receipt.reset_stream, receipt.upto, receipt.ends) == (True, 0, [])
    assert receipt_for(await bench.take(agent.report(START_NS + 60 * SECOND))).upto == 2


async def test_dropped_ranges_are_done_and_counted(bench: Bench) -> None:
    """What the agent's full spool discarded is neither expected any more nor called stored."""
    agent = Agent(seq=4)
    receipt = receipt_for(await bench.take(agent.report(START_NS, dropped=[(1, 4), (9, 99)])))
    assert (receipt.upto, receipt.also) == (5, [])
    assert [(row.first, row.last) for row in await bench.rows(tables.dropped)] == [(1, 4)]


async def test_every_dropped_range_is_noted_and_no_copys(bench: Bench) -> None:
    """Two reports of one batch tell of different ranges: both are noted. A copy's ranges are not."""
    agent = Agent(seq=8)
    await bench.take(agent.report(START_NS, dropped=[(1, 2)]), agent.report(START_NS + SECOND, dropped=[(5, 6)]))
    clone = Agent("agent-02", seq=11)
    await bench.take(clone.report(START_NS, dropped=[(3, 4)]), Agent(seq=9).report(START_NS + 1, dropped=[(7, 8)]))
    assert [(row.first, row.last) for row in await bench.rows(tables.dropped)] == [(1, 2), (5, 6)]


async def test_reassignment_never_moves_what_is_written(bench: Bench) -> None:
    """Killed after the write, reassigned, replayed: same site; only what is measured a minute later belongs to the new one."""
    agent = Agent()
    await bench.take(agent.report(START_NS))
    second = agent.report(START_NS + 60 * SECOND)
    bench.history.script = [After(OSError("killed"))]
    with pytest.raises(OSError, match="killed"):
        await bench.take(second)
    valid_from = await assignments.assign(bench.database, "agent-01", "Lyon", bench.now_ns)
    bench.now_ns += 300 * SECOND
    await bench.take(second, agent.report(valid_from + SECOND), pipeline=bench.another())
    sites = {(dict(point.tags)["site"], point.fields["seq"]) for point in await bench.points()}
    assert sites == {("Porto", 2), ("Lyon", 3)}


async def test_points_the_store_refuses_become_dead_letters(bench: Bench) -> None:
    """The report is stored and receipted, the refused points are kept and counted."""
    bench.history.refuse = lambda point: point.measurement == "egress"
    outcome = await bench.take(Agent().report(START_NS))
    assert (outcome.counts, outcome.rejected) == ({"stored": 1}, {"conflict": 1})
    (kept,) = await quarantine.listed(bench.database)
    assert (kept.kind, kept.agent, kept.seq) == ("point", "agent-01", 1)
    assert kept.reason.startswith("conflict: ")


async def test_a_change_of_verdict_opens_a_run_and_grows_it(bench: Bench) -> None:
    """Clean, clean, then two inspected rounds: the second run has two rounds and the finding's evidence."""
    agent = Agent()
    for minute in range(4):
        seen = agent.observations(TARGETS[:1], chain=[INSPECTED] if minute >= 2 else [b"public"])
        await bench.take(agent.report(START_NS + 60 * minute * SECOND, seen))
    runs = sorted(await bench.rows(tables.run), key=lambda row: row.first_ns)
    assert [(row.verdict, row.device_key, row.rounds, row.current) for row in runs] == [
        ("clean", "", 2, False),
        ("inspected", "instance:abc", 2, True),
    ]
    said = {row.id: row.body for row in await bench.rows(tables.finding)}
    assert json.loads(said[runs[1].finding])["verdict"] == "inspected"
    assert [point.fields for point in await bench.points("finding")] == [{"verdict": "inspected", "device_key": "instance:abc"}]


async def test_backlog_after_live_reports_amends_history(bench: Bench) -> None:
    """Late reports are stored like any, and open no current run and wake nobody."""
    agent = Agent()
    early = agent.report(START_NS, agent.observations(TARGETS[:1], chain=[INSPECTED]))
    now = agent.report(START_NS + 3000 * SECOND, agent.observations(TARGETS[:1], chain=[b"public"]))
    await bench.take(now)
    outcome = await bench.take(early)
    assert outcome.counts == {"stored": 1}
    assert not outcome.told
    assert {(row.verdict, row.current) for row in await bench.rows(tables.run)} == {("clean", True), ("inspected", False)}
