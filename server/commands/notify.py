"""`middlewatch-server notify`: who is told, what waits, a test letter, the alerts. Only arguments and sentences live here.

Exit status as in `server/cli.py`. Nothing here shows a secret: targets are told by name and kind.
"""

import time
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from server.commands.doing import ConfigFile, do, fail, settings_of, when, with_database
from server.config import Settings
from server.notify.sending import GIVEN_UP
from server.notify.targets import outlets_of
from server.notify.trying import try_target
from server.state import counters, letters, notices
from server.state.database import Database, Transaction
from server.watcher.notices.titles import TITLES

app = typer.Typer(no_args_is_help=True, help="Who is told of events: targets, letters that wait, alerts.")
screen = Console()
Limit = Annotated[int, typer.Option(min=1, max=1000, help="how many, newest first")]


@app.command("list")
def list_targets(config: ConfigFile) -> None:
    """Show the targets, what each is told, and how many letters it has."""
    settings = settings_of(config)
    if not settings.notify.targets:
        typer.echo("no target is configured; write [[notify.targets]] (docs/notifications.md)")
        return
    counted = do(with_database(settings, _counts))
    table = Table("target", "kind", "from", "sites", "causes", "digest", "waiting", "sent", "given up", box=None)
    for one in settings.notify.targets:
        mine = counted.get(one.name, {})
        where = ", ".join([*one.sites, *one.regions]) or "all"
        digest = f"{one.digest_hour:02}:00 {one.zone}" if one.digest_hour >= 0 else "never"
        numbers = [str(mine.get(state, 0)) for state in (letters.WAITING, letters.SENT, letters.GIVEN_UP)]
        table.add_row(one.name, one.kind, one.severity, Text(where), ", ".join(one.causes) or "all", digest, *numbers)
    screen.print(table)


async def _counts(database: Database) -> dict[str, dict[str, int]]:
    async with database.reading() as transaction:
        return await letters.counts(transaction)


@app.command()
def queue(
    config: ConfigFile,
    target: Annotated[str, typer.Option(help="of one target only")] = "",
    state: Annotated[Literal["waiting", "sent", "given-up", "all"], typer.Option(help="in which state")] = "waiting",
    limit: Limit = 50,
) -> None:
    """Show letters: since when they wait, how often they were tried, what went wrong."""

    async def read(database: Database) -> list[letters.Shown]:
        async with database.reading() as transaction:
            return await letters.listed(transaction, state="" if state == "all" else state, target=target, limit=limit)

    settings = settings_of(config)
    shown = do(with_database(settings, read))
    lost = do(with_database(settings, counters.read)).get(GIVEN_UP, 0)
    if shown:
        table = Table("made", "target", "state", "tries", "next try", "subject", "trouble", box=None)
        for one in shown:
            again = when(one.next_ns) if one.state == letters.WAITING and one.next_ns else ""
            table.add_row(when(one.made_ns), one.target, one.state, str(one.tries), again, Text(one.subject), Text(one.trouble))
        screen.print(table)
    else:
        typer.echo("no such letter; nothing waits" if state == "waiting" else "no such letter")
    if lost:
        typer.echo(f"{lost} given up since the beginning; see middlewatch-server notify queue --state given-up")


@app.command()
def test(target: str, config: ConfigFile) -> None:
    """Send one letter to a target now, and say whether it was taken."""
    settings = settings_of(config)
    if target not in {one.name for one in settings.notify.targets}:
        raise fail([f"notify test: there is no target {target!r}; see middlewatch-server notify list"])
    trouble = do(_test(settings, target))
    if trouble:
        raise fail([f"notify test: {target}: {trouble}"], 1)
    typer.echo(f"{target} took a test letter; look whether it can be read there")


async def _test(settings: Settings, target: str) -> str:
    outlet = outlets_of(settings, time.time_ns, only=target)[0]
    return await try_target(outlet, time.time_ns(), settings.notify.console_url)


@app.command()
def again(target: str, config: ConfigFile) -> None:
    """Send the letters of a target that were given up once more; a running watcher does it within seconds."""

    async def take_up(database: Database) -> int:
        async with database.writing() as transaction:
            return await letters.again(transaction, target, time.time_ns())

    taken = do(with_database(settings_of(config), take_up))
    typer.echo(f"{taken} of {target} wait again" if taken else f"nothing of {target} was given up; see middlewatch-server notify queue")


@app.command()
def alerts(
    config: ConfigFile,
    state: Annotated[Literal["open", "closed", "all"], typer.Option(help="in which state")] = "open",
    site: Annotated[str, typer.Option(help="of one site only")] = "",
    limit: Limit = 50,
) -> None:
    """Show alerts, newest first."""

    async def read(database: Database) -> list[tuple[notices.AlertRow, str]]:
        async with database.reading() as transaction:
            found = await notices.listed(transaction, state="" if state == "all" else state, site=site, limit=limit)
            return [(one, await _about(transaction, one.id)) for one in found]

    shown = do(with_database(settings_of(config), read))
    if not shown:
        typer.echo("no alert is open" if state == "open" else "no such alert")
        return
    table = Table("alert", "severity", "since", "about", "acknowledged by", box=None)
    for one, about in shown:
        over = f", over {when(one.closed_ns)}" if one.closed_ns else ""
        table.add_row(one.id, one.severity, when(one.opened_ns) + over, Text(about), Text(one.acknowledged_by))
    screen.print(table)


async def _about(transaction: Transaction, alert: str) -> str:
    parts = await notices.parts_of(transaction, alert, 1000)
    sites = sorted({part.site for part, _ in parts if part.site})
    kind = parts[0][1].kind if parts else ""
    return f"{', '.join(sites[:3]) or 'everywhere'}{f' and {len(sites) - 3} more' if len(sites) > 3 else ''}: {TITLES.get(kind, kind)}"


@app.command()
def acknowledge(alert: str, by: Annotated[str, typer.Option(help="who has seen it")], config: ConfigFile) -> None:
    """Note that somebody has seen an alert; it stays open until what it tells is over."""
    who = by.strip()
    if not who or len(who) > 128:
        raise fail(["notify acknowledge: --by is a name of 1 to 128 characters; write who has seen it"])

    async def note(database: Database) -> bool:
        async with database.writing() as transaction:
            return await notices.acknowledge(transaction, alert, who, time.time_ns(), 0)

    if not do(with_database(settings_of(config), note)):
        raise fail([f"notify acknowledge: there is no alert {alert!r}; see middlewatch-server notify alerts"], 1)
    typer.echo(f"{alert} is acknowledged by {who}")
