"""Holds server/commands/rollup.py: days and changes on the command line, hours marked, and sentences for what cannot be done."""

import asyncio
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from server.commands.rollup import app
from server.history.embedded import Embedded
from server.state import rollups
from server.watcher.rollups.points import day_point
from server.watcher.rollups.tally import Key, Tally
from tests.fakes.days_kept import DAY_NS, day_rows
from tests.fakes.state import config_file, fresh


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Give the configuration of a centre that has summed up ten weeks of Porto."""
    today_ns = time.time_ns() // DAY_NS * DAY_NS

    async def make() -> None:
        database, history = await fresh(tmp_path), Embedded(tmp_path / "history.db")
        async with database.writing() as transaction:
            await rollups.replace_days(transaction, "Porto", [], day_rows("Porto", "direct", today_ns - 30 * DAY_NS, 42, 29, 1.4))
        tally = Tally(count=30, reached=27, judged=30, inspected=15, hours=24)
        for _ in range(30):
            tally.add("total_ms", 100.0)
        assert await history.write("mw_rollup", [day_point("Porto", Key("Exchange", "direct"), "24x7", today_ns - DAY_NS, tally)]) == []
        await history.close()
        await database.close()

    asyncio.run(make())
    return config_file(tmp_path, '[sites.Porto]\nlatitude = 41.1\nlongitude = -8.6\nzone = "Europe/Lisbon"\n')


def run(config: Path, *arguments: str) -> Result:
    """Run `middlewatch-server rollup` in this process."""
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, [*arguments, "--config", str(config)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def test_show(config: Path) -> None:
    """Days with shares and percentiles, and what has changed in one line each."""
    shown = run(config, "show", "Porto")
    assert shown.exit_code == 0
    assert "90.0 %" in shown.output
    assert "50.0 %" in shown.output
    assert "Exchange by direct: p95 +" in shown.output


def test_recompute(config: Path) -> None:
    """Hours are marked."""
    assert run(config, "recompute", "Porto", "2026-11-23", "2026-11-23T05:00:00").output.startswith("5 hours of Porto are marked")


def test_what_cannot_be_done(config: Path) -> None:
    """Another site, another window, a range that is none: a sentence with the remedy."""
    assert run(config, "show", "Atlantis").exit_code == 1
    assert "there is no window 'always'; write one of 24x7" in run(config, "show", "Porto", "--window", "always").output
    assert "SINCE must be before UNTIL" in run(config, "recompute", "Porto", "2026-11-24", "2026-11-23").output
