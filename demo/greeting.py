"""What `middlewatch-demo up` says: where to look, what is real and what is simulated, what to try; then each event as it is told."""

import asyncio
import shutil
import textwrap
import time
from collections.abc import Collection, Iterable

from server.state.database import Database
from server.state.summary import Told, reports_of, told_since

LOOK_EVERY_S = 0.5
REAL = (
    "four agents at Frankfurt, Lyon and Porto, each a process of its own, their sockets, TLS, DNS and MQTT; judgement, storage, receipts; "
    "and the device you insert: a program that really ends TLS in the path"
)


def simulated(sites: int) -> str:
    """Return the sentence about what is not real."""
    fleet = f", and {sites} further sites, marked as simulated wherever they are shown" if sites else ""
    return f"the services behind the Microsoft 365 names and their authorities, all on this machine; distances and addresses{fleet}"


def lines(port: int, servers: str, sites: int, took_s: float) -> Iterable[str]:
    """Give the lines of the start."""
    yield f"Middlewatch is up after {took_s:.0f} s, all of it on this machine.\n"
    yield f"    open        http://127.0.0.1:{port}/\n"
    yield from _row("real", REAL)
    yield from _row("simulated", simulated(sites))
    yield from _row("servers", servers)
    other = f" --port {port}" if port != 8300 else ""
    yield from _row("try", f"the button on the page, or in a second terminal:  scripts/demo insert Frankfurt{other}")
    yield f"{'':16}and later:  scripts/demo remove Frankfurt{other}"
    yield "\nReal agents report every 5 s. No packet leaves this machine. The page has no sign-in. Ctrl-C ends it.\n"


def _row(word: str, text: str) -> Iterable[str]:
    yield textwrap.fill(text, _width(), initial_indent=f"    {word:<12}", subsequent_indent=" " * 16, break_on_hyphens=False)


async def tell(database: Database, agents: Collection[str], cycles: int) -> None:
    """Print each event of a real site as it is told, until `cycles` more reports of these agents are stored (0: no end)."""
    latest = max((one.id for one in await told_since(database, 0)), default=0)
    begun_with = await reports_of(database, agents) if cycles else 0
    quiet = 0
    while not cycles or await reports_of(database, agents) - begun_with < cycles:
        await asyncio.sleep(LOOK_EVERY_S)
        for event in await told_since(database, latest):
            latest = event.id
            if event.kind == "discovered":
                quiet += 1  # what the simulated fleet had from the start is on the page, not news
            else:
                say(_event(event))
    if quiet:
        say(f"    and {quiet} devices that were there when watching began")


def _event(event: Told) -> str:
    head = f"{time.strftime('%H:%M:%S %Z')}  {event.kind} ({event.severity}): {event.sentence}"
    return textwrap.fill(head, _width(), subsequent_indent=" " * 10, break_on_hyphens=False)


def _width() -> int:
    return min(shutil.get_terminal_size((120, 24)).columns, 120)


def say(text: str) -> None:
    """Print for the person watching, at once."""
    print(text, flush=True)  # noqa: T201 - this file is what the demo says
