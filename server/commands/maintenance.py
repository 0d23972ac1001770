"""`middlewatch-server sites maintenance`: windows in which a site, or the fleet, is muted. Arguments and sentences only."""

import time
from typing import Annotated

import typer

from server.commands.doing import ConfigFile, do, fail, settings_of, when, with_database
from server.fleet import keeping
from server.fleet.maintenance import WHOLE_FLEET, Window, moment_of, problems_of
from server.state import maintenance as stored
from server.state.database import Database

app = typer.Typer(no_args_is_help=True, help="Maintenance: everything is recorded, nobody is notified.")
Number = Annotated[int, typer.Argument(min=1, max=2**63 - 1, help="as `maintenance list` shows it")]


@app.command("list")
def list_(config: ConfigFile) -> None:
    """List windows that are not over."""

    async def load(database: Database) -> list[Window]:
        async with database.reading() as connection:
            return await stored.windows(connection, time.time_ns())

    found = do(with_database(settings_of(config), load))
    for one in found:
        typer.echo(f"{one.id}  {one.site or 'all sites'}  {when(one.from_ns)} to {when(one.until_ns)}  {one.reason} ({one.made_by})")
    if not found:
        typer.echo("no maintenance is planned or under way")


@app.command()
def add(
    config: ConfigFile,
    until: Annotated[str, typer.Option(help="2026-11-28T22:00 in the site's zone, or with an offset")],
    reason: Annotated[str, typer.Option(help="what is done, for whoever reads it at night")],
    site: Annotated[str, typer.Option(help="a site; all sites when left out")] = WHOLE_FLEET,
    from_: Annotated[str, typer.Option("--from", help="as --until; now when left out")] = "",
    by: Annotated[str, typer.Option("--by", help="who plans it")] = "command line",
) -> None:
    """Mute a site, or all, for a time."""
    settings, now_ns = settings_of(config), time.time_ns()

    async def work(database: Database) -> tuple[int, Window, list[str]]:
        sites = {name: known.site for name, known in (await keeping.all_sites(database, settings)).items()}
        zone = sites[site].zone if site in sites else "UTC"
        window = Window(site, moment_of(from_, zone) if from_ else now_ns, moment_of(until, zone), reason, by)
        problems = problems_of(window, sites, now_ns)
        if problems:
            return 0, window, problems
        async with database.writing() as connection:
            return await stored.add(connection, window, now_ns), window, []

    try:
        number, window, problems = do(with_database(settings, work))
    except ValueError as bad:
        raise fail([f"maintenance: {bad}"]) from None
    if problems:
        raise fail([f"maintenance: {one}" for one in problems])
    typer.echo(f"{number}: {site or 'all sites'} muted from {when(window.from_ns)} to {when(window.until_ns)}; all is recorded as ever")


@app.command()
def end(number: Number, config: ConfigFile) -> None:
    """End a window now; one that has not begun never begins."""

    async def work(database: Database) -> bool:
        async with database.writing() as connection:
            return await stored.end(connection, number, time.time_ns())

    if not do(with_database(settings_of(config), work)):
        raise fail([f"maintenance: there is no window {number} that is not over; see middlewatch-server sites maintenance list"], 1)
    typer.echo(f"{number}: ended")
