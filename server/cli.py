"""`middlewatch-server`: run, set up, look into quarantine, assign sites. Only arguments and sentences live here.

Exit status: 0 done, 1 it ran and failed, 2 it could not start (one sentence for each problem, never a traceback).
"""

import json
import logging
import sys
import time
from typing import Annotated

import structlog
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from server import run as running
from server.commands import case, coverage, device, disclose, feed, knowledge, notify, plan, rollup, sites
from server.commands.doing import ConfigFile, do, fail, settings_of, when, with_database
from server.history.influx import Influx
from server.state import assignments, ledger, quarantine
from server.state.database import Database, open_database

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="The centre of Middlewatch.")
quarantine_app = typer.Typer(no_args_is_help=True, help="Reports and points that could not be stored, with their bytes.")
app.add_typer(quarantine_app, name="quarantine")
app.add_typer(plan.app, name="plan")
app.add_typer(feed.app, name="feed")
app.add_typer(knowledge.app, name="knowledge")
app.add_typer(case.app, name="case")
app.add_typer(device.app, name="devices")
app.add_typer(notify.app, name="notify")
app.add_typer(sites.app, name="sites")
app.command()(coverage.coverage)
app.add_typer(rollup.app, name="rollup")
app.command()(disclose.disclose)

Number = Annotated[int, typer.Argument(min=1, max=2**63 - 1, help="as middlewatch-server quarantine list shows it")]
Numbers = Annotated[list[int], typer.Argument(min=1, max=2**63 - 1, help="as middlewatch-server quarantine list shows them")]
LONGEST_SITE = 256
"""Column `assignment.site`."""
screen = Console()
HOUR_NS = 3600 * 10**9


def _quiet_logging() -> None:
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer() if not sys.stderr.isatty() else structlog.dev.ConsoleRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


@app.command()
def run(config: ConfigFile) -> None:
    """Run the centre until it is told to stop."""
    settings = settings_of(config)
    _quiet_logging()
    do(running.run(settings))


@app.command()
def setup(config: ConfigFile) -> None:
    """Make what is missing: the state database's tables and InfluxDB's three buckets."""
    settings = settings_of(config)

    async def work() -> str:
        database = await open_database(settings.state.url)
        await database.close()
        history = running.open_history(settings)
        try:
            if not isinstance(history, Influx):
                return "the history is a file and needs no buckets"
            return f"buckets made: {', '.join(await history.create_buckets()) or 'none, they were there'}"
        finally:
            await history.close()

    typer.echo(f"state database ready; {do(work())}")


@app.command()
def assign(agent: str, site: str, config: ConfigFile) -> None:
    """Assign an agent to a site, for what it measures from a minute from now on."""
    site = site.strip()
    if not site or len(site) > LONGEST_SITE:
        raise fail([f"assign: a site is a name of 1 to {LONGEST_SITE} characters, as people call it; write Porto"])
    valid_from = do(with_database(settings_of(config), lambda database: assignments.assign(database, agent, site, time.time_ns())))
    if not valid_from:
        raise fail([f"assign: no report of agent {agent!r} has come yet; check its id in its configuration"], 1)
    typer.echo(f"{agent} belongs to {site} for all it measures from {when(valid_from)} on; what is stored stays where it is")


@app.command()
def completeness(config: ConfigFile, hours: Annotated[int, typer.Option(min=1, max=24 * 8)] = 24) -> None:
    """Show for each agent what the ledger expected in the last hours, and what of it is stored, set aside, dropped or missing."""
    end_ns = time.time_ns()

    async def count(database: Database) -> list[tuple[str, dict[str, int]]]:
        async with database.reading() as connection:
            agents = await ledger.known_agents(connection)
            return [(one, await ledger.completeness(connection, one, end_ns - hours * HOUR_NS, end_ns)) for one in agents]

    counted = [(one, counts) for one, counts in do(with_database(settings_of(config), count)) if counts["expected"]]
    if not counted:
        typer.echo(f"no agent has reported in the last {hours} h")
        return
    table = Table("agent", "expected", "stored", "quarantined", "dropped by the agent", "missing", box=None)
    for one, counts in counted:
        table.add_row(one, *(str(counts[name]) for name in ("expected", "stored", "quarantined", "dropped", "missing")))
    screen.print(table)


@quarantine_app.command("list")
def quarantine_list(config: ConfigFile) -> None:
    """List what is in quarantine, newest first."""
    kept = do(with_database(settings_of(config), quarantine.listed))
    if not kept:
        typer.echo("nothing is in quarantine")
        return
    table = Table("id", "received", "kind", "agent", "seq", "reason", box=None)
    for one in kept:
        mark = " (to be replayed)" if one.replay else ""
        table.add_row(
            str(one.id), when(one.received_ns), one.kind, one.agent, str(one.seq), Text(one.reason + mark)
        )  # Text: no markup in it
    screen.print(table)


@quarantine_app.command("show")
def quarantine_show(number: Number, config: ConfigFile) -> None:
    """Write the bytes of one quarantined thing to standard output, and what is known of it to standard error."""
    kept = do(with_database(settings_of(config), lambda database: quarantine.fetch(database, [number])))
    if not kept:
        raise fail([f"quarantine: there is no {number}; see middlewatch-server quarantine list"], 1)
    one = kept[0]
    known = {
        "id": one.id,
        "kind": one.kind,
        "topic": one.topic,
        "reason": one.reason,
        "received": when(one.received_ns),
        "bytes": len(one.data),
    }
    typer.echo(json.dumps(known), err=True)
    sys.stdout.buffer.write(one.data)
    sys.stdout.buffer.flush()


@quarantine_app.command("replay")
def quarantine_replay(numbers: Numbers, config: ConfigFile) -> None:
    """Mark things for replay; a running collector takes them in within seconds."""
    marked = do(with_database(settings_of(config), lambda database: quarantine.mark_for_replay(database, numbers)))
    if marked < len(set(numbers)):
        found = f"{marked} of {len(set(numbers))} found and marked"
        raise fail([f"quarantine: {found} (kind raw waits for a version that knows it); see middlewatch-server quarantine list"], 1)
    typer.echo(f"{marked} marked; a running collector takes them in within seconds")


def main() -> None:
    """Run the command line."""
    app()
