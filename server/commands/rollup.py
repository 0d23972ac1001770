"""`middlewatch-server rollup`: show a site's days, have hours summed up again. Arguments and sentences only; the API does the same."""

import time
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from server.commands.doing import ConfigFile, do, fail, settings_of, with_database
from server.config import Settings
from server.fleet.zones import zone_of
from server.history.port import Value
from server.run import open_history
from server.sites import SiteSource
from server.state.database import Database
from server.watcher.rollups.changes import DAY_NS
from server.watcher.rollups.local_time import local
from server.watcher.rollups.reading import Row, Wanted, changes_at, recompute, rows_of
from server.watcher.rollups.windows import WINDOWS
from server.watcher.rollups.words import change_words

app = typer.Typer(no_args_is_help=True, help="Hours and days of sites, summed up: counts, shares, percentiles, what has changed.")
SHOWN = ("total_ms_p50", "total_ms_p95", "total_ms_p99", "tax_ms_p50")
screen = Console()


@app.command()
def show(
    site: str,
    config: ConfigFile,
    days: Annotated[int, typer.Option(min=1, max=762)] = 7,
    window: Annotated[str, typer.Option(help=f"one of {', '.join(WINDOWS)}")] = "24x7",
) -> None:
    """Show a site's days in one window, by workload and route, and since when it is slower or quicker."""
    if window not in WINDOWS:
        raise fail([f"rollup show: there is no window {window!r}; write one of {', '.join(WINDOWS)}"])
    settings = settings_of(config)
    zone, rows, changes = do(with_database(settings, lambda database: _read(settings, database, site, days, window)))
    if not rows:
        raise fail([f"rollup show: nothing is summed up of {site!r} in the last {days} days; check its name, or give more --days"], 1)
    table = Table("day", "workload", "route", "probes", "available", "inspected", "p50 ms", "p95 ms", "p99 ms", "tax p50 ms", box=None)
    for row in rows:
        figures = row.figures
        shares = [_share(figures.get(name)) for name in ("availability", "inspected_share")]
        times = [_ms(figures.get(name)) for name in SHOWN]
        day = f"{local(row.start_ns, zone_of(zone)):%Y-%m-%d}"
        table.add_row(day, row.workload, Text(row.route), str(figures.get("count", 0)), *shares, *times)
    screen.print(table)
    for sentence in changes:
        typer.echo(sentence)


@app.command("recompute")
def recompute_hours(site: str, config: ConfigFile, since: datetime, until: datetime) -> None:
    """Have a site's hours from SINCE to UNTIL (UTC) summed up again from raw points, which are kept 14 days."""
    since_ns, until_ns = (int(one.replace(tzinfo=UTC).timestamp()) * 10**9 for one in (since, until))
    if not 0 < until_ns - since_ns <= 31 * DAY_NS:
        raise fail(["rollup recompute: SINCE must be before UNTIL, by 31 days at most; write 2026-11-24 2026-11-25T12:00:00"])
    marked = do(with_database(settings_of(config), lambda database: recompute(database, site, since_ns, until_ns, time.time_ns())))
    typer.echo(f"{marked} hours of {site} are marked; the watcher sums them up within minutes of their end")


async def _read(settings: Settings, database: Database, site: str, days: int, window: str) -> tuple[str, list[Row], list[str]]:
    """Return the site's zone, its days, and a sentence for each change."""
    sources, history, now_ns = SiteSource(settings, database), open_history(settings), time.time_ns()
    try:
        await sources.look()
        known = sources.registry.sites.get(site)
        zone = known.zone if known else "UTC"
        rows = await rows_of(history, Wanted("day", now_ns - days * DAY_NS, now_ns, site, window=window))
        changes = await changes_at(database, site, zone_of(zone), now_ns)
        return zone, rows, [change_words(found, zone) for found, _ in changes]
    finally:
        await history.close()


def _share(value: Value | None) -> str:
    return f"{100 * value:.1f} %" if isinstance(value, float) else "-"


def _ms(value: Value | None) -> str:
    return f"{value:.1f}" if isinstance(value, float) else "-"
