"""`middlewatch-server devices`: list, show, approve, acknowledge, withdraw, retire, describe, add. Arguments and sentences only.

What may be decided is `server/watcher/device_acts.py`'s; the API does the same.
"""

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, cast

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from server.commands.doing import ConfigFile, do, fail, settings_of, when, with_database
from server.state import device_notes as notes
from server.state import devices as stored
from server.state.database import Database
from server.watcher.device_acts import Decision, Desk, Entry, Refused
from wire.vocabulary import DeviceClass

app = typer.Typer(no_args_is_help=True, help="Devices: what stands in the path, and what people decide about it.")
Device = Annotated[str, typer.Argument(help="its id, as middlewatch-server devices list shows it")]
By = Annotated[str, typer.Option("--by", help="who decides; it is written down")]
Reason = Annotated[str, typer.Option(help="why; it is written down")]
Said = Annotated[list[str] | None, typer.Option("--say", help="NAME=TEXT: owner, contact, note, deployment, decrypting or version")]
MOST = 1000
screen = Console()


@app.command("list")
def list_devices(config: ConfigFile, disposition: str = "", place: str = "", state: str = "") -> None:
    """List devices, of all dispositions or one, everywhere or at one place."""

    async def load(database: Database) -> list[tuple[stored.DeviceRow, list[stored.PresenceRow]]]:
        async with database.reading() as transaction:
            rows = await stored.listed(transaction, stored.Wanted(disposition, place, state), MOST)
            places = await stored.presences(transaction, [row.id for row in rows])
        return [(row, [one for one in places if one.device == row.id and one.state == "present"]) for row in rows]

    found = do(with_database(settings_of(config), load))
    if not found:
        typer.echo("no device is known that fits")
        return
    table = Table("device", "class", "make", "decided", "present at", box=None)
    for row, places in found:
        make = " ".join(filter(None, (row.vendor, row.product))) or (f"possibly {row.possible}" if row.possible else "not known")
        where = ", ".join(one.place for one in places[:3]) + (f" and {len(places) - 3} more" if len(places) > 3 else "")
        table.add_row(row.id, row.device_class, Text(make), row.disposition, Text(where or "nowhere now"))
    screen.print(table)


@app.command()
def show(device: Device, config: ConfigFile) -> None:
    """Show a device: what it is, where it stands, what people say of it, and who decided what."""

    async def load(database: Database) -> list[str]:
        async with database.reading() as transaction:
            row = (await stored.load(transaction, [device])).get(device)
            if row is None:
                raise Refused(f"device {device!r}: there is none; middlewatch-server devices list shows their ids")
            note = (await notes.load(transaction, [device]))[device]
            places = await stored.presences(transaction, [device])
            keys = (await stored.keys_of(transaction, [device]))[device]
            acts = await notes.audited(transaction, device)
        make = " ".join(filter(None, (row.vendor, row.product))) or "make not known"
        until = f" until {when(row.disposed_until_ns)}" if row.disposed_until_ns else ""
        first = f"{row.id}: {row.device_class}, {make}. First seen {when(row.first_seen_ns)}."
        lines = [f"{first} {row.disposition}{until}. Revision {note.revision}."]
        lines += [f"  at {one.place}: {one.state} since {when(one.since_ns)}, last seen {when(one.seen_ns)}" for one in places]
        lines += [f"  key {kind}:{value}" for kind, value in keys]
        words = ("owner", "contact", "deployment", "decrypting", "version", "note")
        lines += [f"  {name}: {value}" for name in words if (value := getattr(note, name))]
        return lines + [f"  {when(one.at_ns)}  {one.who}: {one.act} {one.detail}" for one in acts]

    try:
        for line in do(with_database(settings_of(config), load)):
            typer.echo(line)
    except Refused as refused:
        raise fail([f"devices show: {refused}"], 1) from None


@app.command()
def acknowledge(device: Device, config: ConfigFile, by: By, reason: Reason = "") -> None:
    """Say that a device is known: from now on it is told of quietly."""
    _act(config, by, "acknowledge", lambda desk: desk.decide(device, Decision("acknowledge", reason=reason)))


@app.command()
def approve(
    device: Device,
    config: ConfigFile,
    by: By,
    until: Annotated[str, typer.Option(help="2027-03-31 or 2027-03-31T18:00+01:00; none: without end")] = "",
    category: Annotated[list[str] | None, typer.Option("--category", help="Optimize, Allow or Default; none: all")] = None,
    reason: Reason = "",
) -> None:
    """Approve a device, for a time and for categories: it is recorded and told to nobody."""
    decision = Decision("approve", _moment(until), tuple(category or ()), reason)
    _act(config, by, "approve", lambda desk: desk.decide(device, decision))


@app.command()
def withdraw(device: Device, config: ConfigFile, by: By, reason: Reason = "") -> None:
    """Take back what was decided about a device."""
    _act(config, by, "withdraw", lambda desk: desk.decide(device, Decision("withdraw", reason=reason)))


@app.command()
def retire(device: Device, config: ConfigFile, by: By, reason: Reason = "") -> None:
    """Say that a device is gone for good; refused while it is still seen."""
    _act(config, by, "retire", lambda desk: desk.retire(device, reason))


@app.command()
def describe(device: Device, config: ConfigFile, by: By, say: Said = None) -> None:
    """Write down what people know of a device."""
    _act(config, by, "describe", lambda desk: desk.describe(device, _words(say)))


@app.command()
def add(
    config: ConfigFile,
    by: By,
    vendor: Annotated[str, typer.Option(help="the maker")],
    device_class: Annotated[str, typer.Option("--class", help="for example swg, proxy, casb, dlp, wan-acceleration")],
    product: str = "",
    site: Annotated[list[str] | None, typer.Option("--site", help="where it stands")] = None,
    say: Said = None,
) -> None:
    """Enter a device that no probe detects, so that a disclosure names it."""
    entry = Entry(cast("DeviceClass", device_class), vendor, product, tuple(site or ()), _words(say))
    _act(config, by, "add", lambda desk: desk.enter(entry))


def _act(config: ConfigFile, by: str, name: str, act: Callable[[Desk], Awaitable[notes.NoteRow]]) -> None:
    async def within(database: Database) -> notes.NoteRow:
        async with database.writing() as transaction:
            return await act(Desk(database, transaction, by, time.time_ns()))

    try:
        note = do(with_database(settings_of(config), within))
    except Refused as refused:
        raise fail([f"devices {name}: {refused}"], 1) from None
    typer.echo(f"device {note.device}: done, revision {note.revision}; written down as {by}'s")


def _words(say: list[str] | None) -> dict[str, str]:
    found = {}
    for one in say or ():
        name, equals, text = one.partition("=")
        if not equals:
            raise fail([f"--say {one!r}: has no `=`; write for example --say owner='Network team'"])
        found[name.strip()] = text.strip()
    return found


def _moment(text: str) -> int:
    """Return a day or a moment in Unix nanoseconds; UTC unless it says otherwise."""
    if not text:
        return 0
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise fail([f"--until {text!r}: is no day or moment; write 2027-03-31 or 2027-03-31T18:00+01:00"]) from None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()) * 10**9
