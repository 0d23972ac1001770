"""An agent assigned to another site while InfluxDB is away, collectors die and quarantined reports are replayed: no row under two sites.

Time is simulated: the collectors' clocks are set ahead, and what is measured "later" is of the future by this machine's clock.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest

from server.state import assignments, tables
from server.state.database import open_database
from tests.lab.expected import difference, rows_of
from tests.lab.feed import SECOND, Feed, Line
from tests.lab.programs import SITE, Collector
from tests.lab.readback import Rows, influx_rows, state_rows, until
from tests.lab.spine import PROBES, Spine
from tests.servers.influx import Influx
from tests.servers.postgres import Postgres

pytestmark = pytest.mark.kill
Make = Callable[..., Spine]
AGENT = "agent-01"
EVERY = 5
"""While the collectors are broken, every fifth report goes into quarantine."""
DEATHS = 6


@pytest.fixture(params=[1, 2], ids=["one collector, SQLite", "two collectors, PostgreSQL"])
def spine(request: pytest.FixtureRequest, make_spine: Make) -> Spine:
    """Give a spine whose feed is a minute of the past."""
    postgres: Postgres | None = request.getfixturevalue("postgres") if request.param > 1 else None
    feed = Feed().add(30, time.time_ns() - 60 * SECOND)
    return make_spine(feed, collectors=request.param, state_url=postgres.fresh() if postgres else "", pace=60)


def phase(spine: Spine, lines: int, started_ns: int) -> None:
    """Let the feeder have more lines, measured from `started_ns` on, two seconds apart."""
    spine.feeder.kill()
    spine.feeder.feed.add(lines, started_ns, step_ns=2 * SECOND)
    spine.feeder.refeed()
    spine.feeder.start()


def restart(spine: Spine, *, ahead_s: int, breaks: int = 0, dies: str = "") -> None:
    """Start the collectors anew with another clock."""
    for one in spine.collectors:
        one.kill()
        one.clock_offset_s, one.breaks, one.dies = ahead_s, breaks, dies
        one.start()


def all_spooled(spine: Spine) -> None:
    """Wait until the feeder has no more lines."""
    lines = spine.feeder.feed.lines
    until(lambda: len(spine.feeder.spooled()) == len(lines), lambda: f"{len(spine.feeder.spooled())} of {len(lines)} spooled")


async def assign(spine: Spine, site: str, now_ns: int) -> int:
    """Assign the agent at a simulated time; return from when on (ns)."""
    database = await open_database(spine.stores.state_url, create=False)
    try:
        return await assignments.assign(database, AGENT, site, now_ns)
    finally:
        await database.close()


def replay_quarantine(spine: Spine) -> int:
    """Have everything in quarantine replayed by the command line; return how much it was."""
    kept = state_rows(spine.stores.state_url, tables.quarantine)
    done = spine.collectors[0].command("quarantine", "replay", *(str(row.id) for row in kept))
    assert done.returncode == 0, done.stderr
    until(lambda: not state_rows(spine.stores.state_url, tables.quarantine), lambda: f"still in quarantine\n{spine.logs()}")
    return len(kept)


def site_of(line: Line, moves: list[tuple[int, str]]) -> str:
    """Return where a line belongs by its measured time."""
    return [site for valid_ns, site in [(0, SITE), *moves] if valid_ns <= line.started_ns][-1]


def test_no_row_under_two_sites(spine: Spine, influx: Influx, seed: int) -> None:
    """Two moves, an outage, deaths between write and commit, replays from quarantine: each row is there once, where its time says."""
    chance = random.Random(seed)
    restart(spine, ahead_s=0, breaks=EVERY)
    spine.feeder.start()
    all_spooled(spine)
    spine.feeder.drained()
    moved = spine.collectors[0].command("assign", AGENT, "Faro")
    assert moved.returncode == 0, moved.stderr
    (valid_ns,) = [row.valid_from_ns for row in state_rows(spine.stores.state_url, tables.assignment) if row.site == "Faro"]
    begin_ns = valid_ns - 60 * SECOND
    moves = [(valid_ns, "Faro")]

    influx.kill()
    restart(spine, ahead_s=180, breaks=EVERY)
    phase(spine, 85, begin_ns)  # measured before and after the first move, while InfluxDB is away
    all_spooled(spine)
    moves.append((asyncio.run(assign(spine, "Lagos", time.time_ns() + 180 * SECOND)), "Lagos"))
    influx.start()
    for _ in range(DEATHS):
        victim = chance.choice(spine.collectors)
        victim.kill()
        victim.dies = f"{chance.choice(('after-write', 'in-commit', 'after-commit'))}:1"
        victim.start()
        until(partial(dead, victim), lambda: f"nobody died\n{spine.logs()}")
    restart(spine, ahead_s=180, breaks=EVERY)
    spine.feeder.drained()
    restart(spine, ahead_s=400)
    assert replay_quarantine(spine) == len(spine.feeder.spooled()) // EVERY
    phase(spine, 85, moves[-1][0] - 60 * SECOND)  # measured before and after the second move
    all_spooled(spine)
    spine.feeder.drained()
    spine.settled()
    verify(spine, moves)


def dead(collector: Collector) -> bool:
    """Return whether a collector has ended."""
    return not collector.running


def verify(spine: Spine, moves: list[tuple[int, str]]) -> None:
    """Hold every row of InfluxDB, over all sites, against the site of its measured time."""
    lines = spine.feeder.spooled()
    identity = {row.digest: (row.stream, row.seq) for row in state_rows(spine.stores.state_url, tables.ledger) if row.state == "stored"}
    expected: Rows = {}
    for line in lines:
        assert line.digest in identity, "a report is lost"
        expected |= rows_of(AGENT, site_of(line, moves), *identity[line.digest], line.cycle, spine.feeder.feed.bodies)
    assert {key[1] for key, _ in expected} == {SITE, "Faro", "Lagos"}, "the test moved nothing"
    for measurement in (*PROBES, "finding"):
        rows = influx_rows(spine.stores.history, measurement)
        sites = Counter((key[2:5], time_ns) for key, time_ns in rows)
        doubled = [one for one, count in sites.items() if count > 1]
        assert not doubled, f"{len(doubled)} of {len(sites)} rows of {measurement} stand under two sites: {doubled[:5]}"
    different = difference(expected, influx_rows(spine.stores.history, *PROBES))
    assert not different, different
