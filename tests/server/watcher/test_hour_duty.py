"""The counting duty: points for what came, the same ones when it is asked again, and a mark that moves after they are stored."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.history.port import Unavailable
from server.state import counters
from server.state.agent_hours import HOUR_NS
from server.state.database import Database
from server.watcher.hour_duty import EVERY_NS, NAME, HourDuty
from server.watcher.leading import Leadership
from tests.fakes.history import ScriptedHistory, away
from tests.server.state.test_agent_hours import MINUTE, NOON, fill


@pytest.fixture
async def history(tmp_path: Path) -> AsyncIterator[ScriptedHistory]:
    """Give an empty history."""
    opened = ScriptedHistory(tmp_path / "history.db", lambda: NOON)
    yield opened
    await opened.close()


async def stored(history: ScriptedHistory) -> list[tuple[int, int]]:
    """Return (hour after noon, reports stored) of all points."""
    found = await history.series("mw_raw", "agent_hour", "stored", {"agent": "a"}, NOON, NOON + 48 * HOUR_NS, HOUR_NS, "last")
    return [((at_ns - NOON) // HOUR_NS, int(value)) for at_ns, value in found if value is not None]


async def test_hours_are_counted_as_reports_come(database: Database, history: ScriptedHistory) -> None:
    """The running hour so far, then whole; a late report counts its hour again; asked too early, nothing is done."""
    now = [NOON + 30 * MINUTE]
    lead, duty = Leadership(database, "one", lambda: now[0]), HourDuty(history)
    await lead.lead()
    await duty.step(lead)
    assert await stored(history) == []
    await fill(database, range(1, 41), received_ns=NOON + 35 * MINUTE)
    now[0] += EVERY_NS
    await duty.step(lead)
    assert await stored(history) == [(0, 40)]
    await fill(database, range(42, 71), received_ns=NOON + 70 * MINUTE)
    now[0] += MINUTE
    await duty.step(lead)
    assert await stored(history) == [(0, 40)]
    now[0] = NOON + 80 * MINUTE
    await lead.lead()
    await duty.step(lead)
    assert await stored(history) == [(0, 58), (1, 11)]
    await fill(database, [41], received_ns=NOON + 85 * MINUTE)
    now[0] = NOON + 95 * MINUTE
    await lead.lead()
    await HourDuty(history).step(lead)
    assert await stored(history) == [(0, 59), (1, 11)]


async def test_a_history_that_is_away_loses_nothing(database: Database, history: ScriptedHistory) -> None:
    """The mark stays, and the hours are counted when it is back."""
    await fill(database, range(1, 41), received_ns=NOON + 35 * MINUTE)
    lead, duty = Leadership(database, "one", lambda: NOON + 50 * MINUTE), HourDuty(history)
    await lead.lead()
    history.script = [away()]
    with pytest.raises(Unavailable):
        await duty.step(lead)
    async with database.reading() as transaction:
        assert await counters.value(transaction, NAME) == 0
    await duty.step(lead)
    assert await stored(history) == [(0, 40)]
    async with database.reading() as transaction:
        assert await counters.value(transaction, NAME) == NOON + 50 * MINUTE


async def test_a_long_stop_is_taken_in_pieces(database: Database, history: ScriptedHistory) -> None:
    """An hour of arrivals at one look, from the first report on."""
    await fill(database, range(1, 41), received_ns=NOON + 35 * MINUTE)
    await fill(database, range(41, 51), received_ns=NOON + 3 * HOUR_NS)
    lead, duty = Leadership(database, "one", lambda: NOON + 4 * HOUR_NS), HourDuty(history)
    await lead.lead()
    for minutes in (95, 155, 215):
        await duty.step(lead)
        async with database.reading() as transaction:
            assert await counters.value(transaction, NAME) == NOON + minutes * MINUTE
    assert await stored(history) == [(0, 50)]
