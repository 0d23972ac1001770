"""Spools deleted, restored, cloned, moved, and clocks set back: nothing unstored is ever receipted as stored, and a clone is told.

Every report a feeder spools is different, and the oracle knows them all; so a receipt that deletes what is not stored shows as a loss.
"""

import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from server.state import tables
from tests.lab.feed import SECOND, Feed
from tests.lab.readback import copy_spool, forget_spool, held_in, state_rows, until
from tests.lab.spine import Feeder, Spine

pytestmark = pytest.mark.kill
Make = Callable[..., Spine]
DAY_NS = 86_400 * SECOND
LINES = 400


def began() -> int:
    """Return a moment from which LINES cycles are of the past."""
    return time.time_ns() - (LINES + 120) * SECOND


def receipted(feeder: Feeder, count: int) -> None:
    """Wait until so many more reports have left a spool on a receipt."""
    wanted = len(feeder.receipted()) + count
    until(lambda: len(feeder.receipted()) >= wanted, lambda: f"{wanted - len(feeder.receipted())} receipts to come\n{feeder.log()[-1500:]}")


def waiting(feeder: Feeder, count: int) -> None:
    """Wait until a spool holds so many unreceipted reports."""
    until(lambda: len(held_in(feeder.spool).reports) >= count, lambda: f"{len(held_in(feeder.spool).reports)} of {count} reports spooled")


def events(spine: Spine) -> list[Any]:
    """Return what was told."""
    return state_rows(spine.stores.state_url, tables.event)


def streams(spine: Spine) -> dict[str, Any]:
    """Return the heads of all streams by id."""
    return {row.id: row for row in state_rows(spine.stores.state_url, tables.stream)}


def copied(spine: Spine, to: Path) -> str:
    """Copy the feeder's spool while it runs, some reports of it unreceipted, and let it go on; return its stream."""
    receipted(spine.feeder, 20)
    spine.collectors[0].pause()
    waiting(spine.feeder, 8)
    copy_spool(spine.feeder.spool, to)
    spine.collectors[0].resume()
    assert held_in(to).reports, "the copy holds nothing unreceipted: it shows too little"
    receipted(spine.feeder, 30)
    return held_in(to).stream


def test_spool_deleted(make_spine: Make) -> None:
    """A deleted spool costs what only it held, and begins a new stream: no receipt of the old one deletes anything, nobody is alarmed."""
    spine = make_spine(Feed().add(LINES, began())).start()
    receipted(spine.feeder, 30)
    spine.collectors[0].pause()
    waiting(spine.feeder, 10)
    spine.feeder.kill()
    destroyed = frozenset(held_in(spine.feeder.spool).digests)
    forget_spool(spine.feeder.spool)
    spine.feeder.start()
    spine.collectors[0].resume()
    receipted(spine.feeder, 30)
    spine.finish()
    spine.verify_identity(spine.feeder, destroyed=destroyed)
    assert len(streams(spine)) == 2
    assert not events(spine)


@pytest.mark.parametrize("days_back", [0, 1])
def test_spool_restored(make_spine: Make, tmp_path: Path, days_back: int) -> None:
    """A spool put back to an older copy, its numbers given a second time, with the clock right or a day back: told once, renumbered."""
    feed = Feed().add(LINES // 2, began())
    spine = make_spine(feed).start()
    stream = copied(spine, tmp_path / "copy")
    spine.feeder.enough()
    spine.feeder.kill()
    last_ns = sqlite3.connect(tmp_path / "copy").execute("SELECT created_ns FROM identity").fetchone()[0]
    del feed.lines[len(spine.feeder.spooled()) :]
    feed.add(LINES // 2, began() + LINES // 2 * SECOND - days_back * DAY_NS, after_ns=last_ns)
    spine.feeder.refeed()
    destroyed = held_in(spine.feeder.spool).digests - held_in(tmp_path / "copy").digests
    forget_spool(spine.feeder.spool)
    copy_spool(tmp_path / "copy", spine.feeder.spool)
    spine.feeder.more()
    spine.feeder.start()
    receipted(spine.feeder, 40)
    spine.finish()
    spine.verify_identity(spine.feeder, destroyed=frozenset(destroyed))
    assert held_in(spine.feeder.spool).stream != stream, "the restored spool still uses the stream that went on without it"
    assert [(row.kind, row.scope) for row in events(spine)] == [("cloned-identity", spine.feeder.agent)]


def test_spool_restored_with_nothing_new(make_spine: Make, tmp_path: Path) -> None:
    """A restored spool that has measured nothing new sees by the receipt that its stream went on, and begins another: nothing is lost."""
    spine = make_spine(Feed().add(LINES, began())).start()
    stream = copied(spine, tmp_path / "copy")
    spine.feeder.enough()
    spine.feeder.drained()
    spine.feeder.kill()
    copy_spool(tmp_path / "copy", spine.feeder.spool)
    spine.finish()
    spine.verify_identity(spine.feeder)
    assert held_in(spine.feeder.spool).stream != stream
    assert [(row.kind, row.scope) for row in events(spine)] == [("cloned-identity", spine.feeder.agent)]


def test_cloned_machine(make_spine: Make, tmp_path: Path) -> None:
    """Two machines with one identity and one certificate: both are stored in full, and it is told once."""
    spine = make_spine(Feed().add(LINES, began())).start()
    clone = spine.another(Feed(salt=1).add(LINES, began() + SECOND // 2))
    stream = copied(spine, tmp_path / "copy")
    copy_spool(tmp_path / "copy", clone.spool)
    clone.start()
    receipted(clone, 60)
    receipted(spine.feeder, 20)
    clone.enough()
    spine.feeder.enough()
    clone.drained()
    spine.finish()
    spine.verify_identity(spine.feeder, clone)
    ends = [held_in(spine.feeder.spool).stream, held_in(clone.spool).stream]
    assert ends[0] != ends[1]
    assert held_in(clone.spool).stream != stream, "the clone was not told"
    assert Counter((row.kind, row.scope) for row in events(spine)) == {("cloned-identity", "agent-01"): 1}


def test_cloned_under_another_name(make_spine: Make, tmp_path: Path) -> None:
    """A copied spool under another agent's name is refused by that agent; forced, the centre gives it no receipt but a new stream."""
    spine = make_spine(Feed().add(LINES, began())).start()
    clone = spine.another(Feed(salt=1).add(LINES, began()), "agent-02")
    stream = copied(spine, tmp_path / "copy")
    copy_spool(tmp_path / "copy", clone.spool)
    refused = subprocess.run(clone.arguments(), check=False, capture_output=True, text=True, cwd=clone.folder)
    assert refused.returncode == 2
    assert "holds reports of agent 'agent-01'" in refused.stderr
    forced = sqlite3.connect(clone.spool)
    forced.execute("UPDATE identity SET agent = 'agent-02'")
    forced.commit()
    forced.close()
    clone.start()
    receipted(clone, 60)
    clone.enough()
    clone.drained()
    spine.finish()
    spine.verify_identity(spine.feeder, clone)
    assert held_in(spine.feeder.spool).stream == stream, "the rightful owner lost its stream"
    assert {row.agent for row in streams(spine).values()} == {"agent-01", "agent-02"}
    assert [(row.kind, row.scope) for row in events(spine)] == [("cloned-identity", "agent-02")]


def test_moved_machine(make_spine: Make) -> None:
    """A spool carried to another machine whole, the first one gone, is no clone: the stream goes on and nobody is alarmed."""
    feed = Feed().add(LINES, began())
    spine = make_spine(feed).start()
    receipted(spine.feeder, 20)
    spine.collectors[0].pause()
    waiting(spine.feeder, 8)
    spine.feeder.kill()
    spooled = len(spine.feeder.spooled())
    moved = spine.another(Feed(salt=1, bodies=dict(feed.bodies)).add(LINES - spooled, feed.lines[spooled].started_ns))
    copy_spool(spine.feeder.spool, moved.spool)
    spine.collectors[0].resume()
    moved.start()
    receipted(moved, 30)
    moved.enough()
    moved.drained()
    spine.settled()
    spine.verify_identity(spine.feeder, moved)
    assert list(streams(spine)) == [held_in(moved.spool).stream]
    assert not events(spine)


def test_clock_set_back_a_day(make_spine: Make) -> None:
    """A clock set back a day, and right again later: every report is stored once with its own times, and it is no clone."""
    feed = Feed().add(60, began()).add(60, began() - DAY_NS).add(LINES, began() + 120 * SECOND)
    spine = make_spine(feed).start()
    receipted(spine.feeder, 90)
    spine.feeder.kill()
    spine.feeder.start()
    receipted(spine.feeder, 60)
    spine.finish()
    spine.verify(event=False)
    assert not events(spine)
