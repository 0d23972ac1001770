"""Holds server/commands/plan.py: what the centre issued and why, by the command line. Keys and signatures: tests/server/test_cli.py."""

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from judge.knowledge.loader import load_knowledge
from server.commands.plan import app
from server.fleet.issuer import ASKED, issuer_of
from server.fleet.plans import make_key
from server.fleet.section import PlansSection
from server.state import counters, plans
from server.state.assignments import introduce
from server.state.database import Database, open_database
from server.watcher.leading import Leadership
from tests.fakes.sightings import START
from tests.fakes.state import config_file, fresh


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Give the configuration of a centre with an empty database and a key."""
    make_key(tmp_path / "plan.key")
    asyncio.run(_close(tmp_path))
    return config_file(tmp_path, f'[plans]\nkey = "{tmp_path}/plan.key"\n')


async def _close(folder: Path) -> None:
    await (await fresh(folder)).close()


def run(config: Path, *arguments: str) -> Result:
    """Run `middlewatch-server plan` in this process."""
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, [*arguments, "--config", str(config)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


async def _issue(config: Path) -> None:
    """Do what a running centre does: issue what is due."""
    database: Database = await open_database(f"sqlite+aiosqlite:///{config.parent}/state.db")
    async with database.writing() as transaction:
        await introduce(database, transaction, {("a", "c"): (b"{}", "Porto")}, 1)
        await plans.override(database, transaction, "a", "case 7", now_ns=1, until_ns=2**62, cadence_s=15.0)
    lead = Leadership(database, "one", lambda: START)
    await lead.lead()
    duty = issuer_of(PlansSection(key=config.parent / "plan.key"), load_knowledge)
    assert duty is not None
    await duty.step(lead)
    await database.close()


def test_what_was_issued(config: Path) -> None:
    """Nothing at first; then everybody's plan and one agent's own with the reason; one is shown with what it holds."""
    assert run(config, "issued").output == "no plan was issued; write key = into [plans] (docs/feed.md)\n"
    asyncio.run(_issue(config))
    told = run(config, "issued").output
    assert "all agents  2026-11-18 11:06:40 UTC  the fleet's plan, by the endpoint list of 2026-08-14" in told
    assert "case 7" in told
    assert told.endswith("0 of 0 agents follow their newest plan\n")
    assert json.loads(run(config, "show", "2").output)["cadence_s"] == 15.0
    missing = run(config, "show", "9")
    assert (missing.exit_code, missing.output) == (1, "plan show: there is no version 9; see middlewatch-server plan issued\n")


def test_issue_anew(config: Path) -> None:
    """The asking is stored for the running centre; a centre that issues none says how it would."""
    assert run(config, "issue").output.startswith("a running centre issues them within seconds")

    async def asked() -> int:
        database = await open_database(f"sqlite+aiosqlite:///{config.parent}/state.db")
        async with database.reading() as transaction:
            count = await counters.value(transaction, ASKED)
        await database.close()
        return count

    assert asyncio.run(asked()) == 1
    config.write_text(config.read_text().partition("[plans]")[0])
    refused = run(config, "issue")
    assert (refused.exit_code, "write key = into [plans]" in refused.output) == (1, True)
