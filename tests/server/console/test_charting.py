"""A site's timeline from the stores: steps that hold still, gaps where nothing was stored, words when history is away."""

from pathlib import Path

import pytest

from server.console.charting import CADENCES_PER_STEP, MOST_STEPS, RANGES, SECOND, Charts, steps
from server.history.null import NullHistory
from server.history.port import Point, Unavailable
from tests.fakes.history import ScriptedHistory
from tests.fakes.pictures import site
from tests.fakes.sightings import HOST, MINUTE, START, Rounds
from tests.fakes.state import fresh


class Away(NullHistory):
    """A history that never answers."""

    async def series(self, *_args: object) -> list[tuple[int, float | None]]:
        """Refuse."""
        raise Unavailable("away", "history.url does not answer; is InfluxDB running?")


@pytest.mark.parametrize("span", RANGES)
@pytest.mark.parametrize("cadence_s", [0, 5, 60, 300])
def test_steps(span: str, cadence_s: float) -> None:
    """Steps are whole, few, hold two rounds at least, and end beyond now."""
    start_ns, end_ns, step_ns = steps(RANGES[span], cadence_s, START)
    count = (end_ns - start_ns) / step_ns
    assert (count == int(count), count <= MOST_STEPS, end_ns % step_ns, end_ns > START) == (True, True, 0, True)
    assert step_ns >= CADENCES_PER_STEP * cadence_s * SECOND


def test_steps_hold_still() -> None:
    """A second later the same steps are drawn, so that bars do not wander."""
    begin = steps(RANGES["15m"], 5, START)[0]
    assert steps(RANGES["15m"], 5, START + SECOND)[0] in {begin, begin + steps(RANGES["15m"], 5, START)[2]}
    assert {steps(RANGES["24h"], 5, START + second * SECOND)[0] for second in range(60)} <= {
        steps(RANGES["24h"], 5, START)[0],
        steps(RANGES["24h"], 5, START + MINUTE)[0],
    }


async def test_runs_phases_and_gaps(tmp_path: Path) -> None:
    """The timeline holds the site's runs, whether anything was heard in each step, and the phases of the target asked for."""
    database, now_ns = await fresh(tmp_path), START + 10 * MINUTE
    rounds = Rounds(database)
    for minute in (0, 1, 9):
        await rounds.see("a", START + minute * MINUTE, {HOST: "clean", "teams.microsoft.com": "clean"}, "Lyon")
    history = ScriptedHistory(tmp_path / "history.db", lambda: now_ns)
    for minute in (0, 1, 9):
        at_ns, tags = START + minute * MINUTE, (("site", "Lyon"), ("agent", "a"), ("target", f"{HOST}:443"), ("route", "direct"))
        points = [Point("finding", tags, {"confidence": 1.0}, at_ns), Point("web", tags, {"tls_ms": 20.0 + minute}, at_ns)]
        await history.write("mw_raw", points)
    try:
        chart = await Charts(database, history).read(site("Lyon"), 20.0, ("15m", f"{HOST}:443"), now_ns)
    finally:
        await history.close()
        await database.close()
    assert {run.target for run in chart.runs} == {f"{HOST}:443", "teams.microsoft.com:443"}
    assert (sum(chart.heard), len(chart.heard)) == (3, len(chart.phases["tls_ms"]))
    assert [value for value in chart.phases["tls_ms"] if value] == [20.0, 21.0, 29.0]
    assert not any(chart.phases["proxy_ms"])


async def test_history_away(tmp_path: Path) -> None:
    """Without history the runs are still there, and the timeline carries the store's own sentence."""
    database = await fresh(tmp_path)
    await Rounds(database).see("a", START, {HOST: "clean"}, "Lyon")
    chart = await Charts(database, Away()).read(site("Lyon"), 20.0, ("15m", "nobody:443"), START + MINUTE)
    await database.close()
    assert (len(chart.runs), chart.target, chart.heard, chart.phases) == (1, f"{HOST}:443", (), {})
    assert "is InfluxDB running" in chart.history
