"""`middlewatch-server sites`: list, show, set, remove, import and export sites. Arguments and sentences only; the API does the same.

A running centre takes every change in within seconds.
"""

import json
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, cast

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from server.commands import maintenance
from server.commands.doing import ConfigFile, do, fail, settings_of, when, with_database
from server.fleet import keeping
from server.fleet.entries import Entry
from server.fleet.hours import BadHours, hours_of
from server.fleet.importing import Import
from server.fleet.keeping import Known, Refused, Unknown
from server.fleet.registry import Criticality, EgressRange, Place
from server.state.database import Database
from server.state.sites import Conflict

app = typer.Typer(no_args_is_help=True, help="Sites: where agents are, by which networks, when they work, who owns them.")
app.add_typer(maintenance.app, name="maintenance")
screen = Console()
Form = Literal["locations", "buildings"]
FormOption = Annotated[
    Form, typer.Option("--form", help="locations: Microsoft's location CSV; buildings: a Call Quality Dashboard building file")
]
By = Annotated[str, typer.Option("--by", help="who does this, as it is kept beside the change")]
T = TypeVar("T")


@app.command("list")
def list_(config: ConfigFile, as_json: Annotated[bool, typer.Option("--json", help="everything, for programs")] = False) -> None:  # noqa: FBT002 - typer
    """List all sites."""
    settings = settings_of(config)
    found = do(with_database(settings, lambda database: keeping.all_sites(database, settings)))
    if as_json:
        typer.echo(json.dumps([_plain(one) for one in found.values()], indent=1, ensure_ascii=False))
        return
    if not found:
        typer.echo("no site is known; import a file, or set one: middlewatch-server sites set --help")
        return
    table = Table("site", "zone", "coordinates", "LANs", "egress", "criticality", "owner", "said by", box=None)
    for one in found.values():
        site, spot = one.site, one.site.place
        where = f"{spot.latitude:.2f} {spot.longitude:.2f}" if spot else "not known"
        counts = (str(len(site.subnets)), str(len(site.egress)))
        table.add_row(Text(site.name), site.zone, where, *counts, site.criticality, Text(site.owner), site.origin)
    screen.print(table)


@app.command()
def show(name: str, config: ConfigFile) -> None:
    """Show one site as JSON, with what was entered and its revision."""
    settings = settings_of(config)
    typer.echo(json.dumps(_plain(_done(config, lambda database: keeping.one_site(database, settings, name))), indent=1, ensure_ascii=False))


@app.command("set")
def set_(  # noqa: PLR0913, PLR0917 - an option for each field
    name: str,
    config: ConfigFile,
    latitude: Annotated[float | None, typer.Option(help="degrees, north positive")] = None,
    longitude: Annotated[float | None, typer.Option(help="degrees, east positive")] = None,
    zone: Annotated[str | None, typer.Option(help="IANA name, as Europe/Berlin")] = None,
    address: str | None = None,
    region: str | None = None,
    owner: str | None = None,
    criticality: Annotated[str | None, typer.Option(help="low, normal, high or critical")] = None,
    hours: Annotated[str | None, typer.Option(help="as 'Mon-Fri 08:00-18:00'")] = None,
    subnet: Annotated[list[str] | None, typer.Option(help="a LAN (CIDR); repeat for more; all together replace those known")] = None,
    egress: Annotated[
        list[str] | None, typer.Option(help="'203.0.113.0/24 Fibre'; repeat for more; all together replace those known")
    ] = None,
    by: By = "command line",
) -> None:
    """Enter or change a site; what is not given stays as it is."""
    if (latitude is None) != (longitude is None):
        raise fail(["sites: --latitude and --longitude belong together; give both"])
    try:
        said: dict[str, Any] = {
            "place": None if latitude is None or longitude is None else Place(latitude, longitude),
            "hours": None if hours is None else hours_of(hours),
            "criticality": cast("Criticality | None", criticality),
            "subnets": None if not subnet else tuple(subnet),
            "egress": None if not egress else tuple(EgressRange(one.split(" ")[0], " ".join(one.split()[1:])) for one in egress),
        } | {"zone": zone, "address": address, "region": region, "owner": owner}
    except BadHours as bad:
        raise fail([f"sites: hours: {bad}"]) from None
    given = {key: value for key, value in said.items() if value is not None}
    settings = settings_of(config)

    async def work(database: Database) -> Known:
        found = (await keeping.all_sites(database, settings)).get(name)

        def edit(entry: Entry) -> Entry:
            return replace(entry, **given)

        return await keeping.enter(database, settings, name, edit, found.revision if found else 0, time.time_ns(), by)

    known = _done(config, work)
    typer.echo(f"{name}: set, revision {known.revision}; a running centre knows it within seconds")
    for note in known.notes:
        typer.echo(f"  {note}")


@app.command()
def remove(name: str, config: ConfigFile, by: By = "command line") -> None:
    """Take back all that was entered about a site; it is kept beside, and what was measured keeps the name."""
    settings = settings_of(config)

    async def work(database: Database) -> bool:
        known = await keeping.one_site(database, settings, name)
        return bool(await keeping.take_back(database, settings, name, known.revision, time.time_ns(), by))

    left = _done(config, work)
    typer.echo(f"{name}: removed; " + ("the configuration's section of that name applies again" if left else "what it measured stays"))


@app.command("import")
def import_(
    file: Path,
    config: ConfigFile,
    form: FormOption = "locations",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would become of each row")] = False,  # noqa: FBT002 - typer
    by: By = "command line",
) -> None:
    """Import sites from a file: good rows are taken, bad ones are told with row, column and remedy. Status 1: a row was refused."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise fail([f"sites import: {file}: {error.strerror}; check the path and its permissions"]) from None
    settings = settings_of(config)

    async def work(database: Database) -> Import:
        return await keeping.import_file(database, settings, form, data, time.time_ns(), by, dry_run=dry_run)

    done = _done(config, work)
    for one in done.verdicts:
        for trouble in (*one.troubles, *one.notes):
            typer.echo(f"row {one.number} {one.name or '(no name)'}: {one.outcome}: {trouble}", err=one.outcome == "refused")
    counts = ", ".join(f"{done.count(one)} {one}" for one in ("new", "changed", "unchanged", "left out", "refused") if done.count(one))
    typer.echo(f"{'would be: ' if dry_run else ''}{counts or 'the file has no rows'}")
    if done.count("refused"):
        raise typer.Exit(1)


@app.command()
def export(config: ConfigFile, out: Path | None = None, form: FormOption = "locations") -> None:
    """Write all sites as a file, to standard output unless `--out` names one. What the form cannot hold is told."""
    settings = settings_of(config)
    data, left = do(with_database(settings, lambda database: keeping.export_file(database, settings, form)))
    try:
        if out is None:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        else:
            out.write_bytes(data)
    except OSError as error:
        raise fail([f"sites export: {out}: {error.strerror}; check the path and its permissions"]) from None
    for sentence in left:
        typer.echo(sentence, err=True)


def _done(config: Path, use: Callable[[Database], Awaitable[T]]) -> T:
    """Use the database, with sentences in place of refusals."""
    try:
        return do(with_database(settings_of(config), use))
    except Refused as refused:
        raise fail([f"sites: {one}" for one in refused.troubles]) from None
    except (Conflict, Unknown) as other:
        raise fail([f"sites: {other}"], 1) from None


def _plain(known: Known) -> dict[str, Any]:
    site, stored = known.site, known.stored
    return {
        "name": site.name,
        "latitude": site.place.latitude if site.place else None,
        "longitude": site.place.longitude if site.place else None,
        **{name: getattr(site, name) for name in ("zone", "address", "region", "owner", "criticality", "origin", "simulated")},
        "hours": str(site.hours),
        "subnets": list(site.subnets),
        "egress": [{"prefix": one.prefix, "circuit": one.circuit} for one in site.egress],
        "revision": known.revision,
        "changed": when(stored.changed_ns) if stored else None,
        "changed_by": stored.changed_by if stored else "",
    }
