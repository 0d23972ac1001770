"""What the demo prints: what the stores hold, in words, when it changes. Verdict first, then the rows that changed, then what was told."""

import asyncio
import shutil
import textwrap
import time
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from agent.check.terminal import JOBS, SHAPES
from server.history.port import Point
from server.run import Server
from server.state.summary import Summary, summary, told_since
from wire.vocabulary import VERDICTS, Verdict

LOOK_EVERY_S = 0.5
QUIET: tuple[Verdict, ...] = ("inconclusive", "sanctioned", "clean")
ORDER: tuple[Verdict, ...] = (*(one for one in VERDICTS if one not in QUIET), *QUIET)
"""Rows in which order: what asks for somebody first."""
NO_WAY_OUT = {"dns", "connect"}
"""Stages of a failure before anything answered (wire.vocabulary.Stage)."""
NOBODYS = {"nobody", "unclear"}
"""Responsible ones a row need not name."""
OFFLINE = """\
    ○ No target answered, the one that has nothing to do with Microsoft 365 included: this machine has no way to the Internet
      just now. That says nothing about Microsoft 365, nor about any device. Check cable, Wi-Fi, VPN and DNS; the agent goes on trying."""
ONLINE = "    ● The way to the Internet is back."


class Told(NamedTuple):
    """What the start says of itself beside the addresses."""

    cadence_s: float
    lab: bool


class Row(NamedTuple):
    """One target on one route as the newest finding and sample have it. `took_ms` None: it did not come to its end."""

    target: str
    route: str
    category: str
    verdict: str
    responsible: str
    vendor: str
    took_ms: float | None
    stage: str


class Teller:
    """Prints a start, then each change; returns when the agent ends or enough was seen."""

    def __init__(self, server: Server, agent: asyncio.subprocess.Process, told: Told) -> None:
        self._server = server
        self._agent = agent
        self._told = told
        self._last: dict[tuple[str, str], str] = {}
        self._events = 0
        self._offline = False

    async def tell(self, cycles: int) -> bool:
        """Print until `cycles` more reports are stored (0: no end), or the agent's process ends: then return False."""
        for line in greeting(self._server.console_port, self._told):
            say(line)
        begun_with = seen = (await summary(self._server.database)).reports
        self._events = max((one.id for one in await told_since(self._server.database, 0)), default=0)
        while self._agent.returncode is None:
            await asyncio.sleep(LOOK_EVERY_S)
            stored = await summary(self._server.database)
            if stored.reports > seen:
                seen = stored.reports
                self.tell_report(stored, await self._rows())
            await self._tell_events()
            if cycles and seen - begun_with >= cycles:
                return True
        return False

    async def _rows(self) -> list[Row]:
        found = await self._server.history.latest("mw_raw", "finding", ["verdict", "vendor", "responsible"], {}, 0)
        web = await self._server.history.latest("mw_raw", "web", ["seq", "total_ms", "stage"], {}, 0)  # seq: the newest has no others
        return rows(found, web)

    def tell_report(self, stored: Summary, now: list[Row]) -> None:
        """Print what one more report means: counts by verdict, and the rows that say something else than before."""
        held = f"{stored.observations} observations, {stored.facts} facts, {stored.certificates} certificates"
        changed = [row for row in now if self._last.get((row.target, row.route)) != row.verdict]
        self._last |= {(row.target, row.route): row.verdict for row in changed}
        news = "" if changed else ", nothing changed"
        say(f"{time.strftime('%H:%M:%S')}  {headline(now)}{news}   (report {stored.reports}; stored so far: {held})")
        offline = is_offline(now)
        if offline != self._offline:
            self._offline = offline
            say(OFFLINE if offline else ONLINE)
        for row in changed if not offline else ():  # twelve times the same says less than the sentence above
            say(f"    {line_of(row)}")

    async def _tell_events(self) -> None:
        for one in await told_since(self._server.database, self._events):
            self._events = one.id
            say(wrapped(f"! {one.kind} ({one.severity}): {one.sentence}"))


def greeting(console_port: int, told: Told) -> Iterable[str]:
    """Give the lines of the start: what is real, what is not, where to look, what comes next."""
    pages = f"http://127.0.0.1:{console_port}"
    if told.lab:
        yield "Middlewatch, all of it on this machine, in a laboratory."
        yield "  real        one agent and its probes, MQTT, judgement, storage, receipts"
        yield "  simulated   the network and the names it measures, and which authorities are trusted: as --agent-config says"
    else:
        yield "Middlewatch, all of it on this machine."
        yield "  real        one agent, its probes to the Microsoft 365 names, MQTT, judgement, storage, receipts"
        yield "  simulated   nothing"
    yield "  built in    broker and history, in place of mosquitto and InfluxDB; loopback only, no sign-in"
    yield f"  look at     {pages}/healthz   {pages}/metrics"
    yield f"The first report comes within about 20 seconds, then one every {told.cadence_s:g} s. Ctrl-C ends it.\n"


def rows(findings: Iterable[Point], web: Iterable[Point]) -> list[Row]:
    """Join newest findings and newest samples by target and route; what asks for somebody comes first.

    A finding about what no `web` probe connected to, as the reflector, is no connection and is left to the page.
    """
    samples = {_key(point): point.fields for point in web}
    joined = []
    for point in findings:
        if _key(point) not in samples:
            continue
        tags, fields, sample = dict(point.tags), point.fields, samples[_key(point)]
        total = sample.get("total_ms")
        joined.append(
            Row(
                tags["target"],
                tags["route"],
                tags["category"],
                str(fields["verdict"]),
                str(fields.get("responsible", "")),
                str(fields.get("vendor", "")),
                float(total) if total is not None and "stage" not in sample else None,
                str(sample.get("stage", "")),
            )
        )
    return sorted(joined, key=lambda row: (_rank(row.verdict), row.target, row.route))


def headline(now: list[Row]) -> str:
    """Return how many connections there are of each verdict, worst first."""
    count = Counter(row.verdict for row in now)
    if len(count) == 1:
        (verdict,) = count
        return f"{_shape(verdict)} all {len(now)} connections {verdict}"
    return "  ".join(f"{_shape(verdict)} {count[verdict]} {verdict}" for verdict in sorted(count, key=_rank))


def line_of(row: Row) -> str:
    """Return one connection on one line: shape and word, host, category, time, and for whom it is if it is for anybody."""
    took = f"{row.took_ms:.0f} ms" if row.took_ms is not None else f"failed at {row.stage}" if row.stage else "no answer"
    way = "" if row.route == "direct" else f"  by {row.route}"
    vendor = f"  {row.vendor}" if row.vendor else ""
    job = JOBS.get(row.responsible, "") if row.responsible not in NOBODYS else ""  # type: ignore[call-overload] # a word from a store
    whose = f"  for: {job}" if job else ""
    return f"{_shape(row.verdict)} {row.verdict:<13} {row.target:<42} {row.category:<9} {took:>17}{way}{vendor}{whose}"


def is_offline(now: list[Row]) -> bool:
    """Return whether no connection came as far as an answer."""
    return bool(now) and all(row.stage in NO_WAY_OUT for row in now)


def wrapped(sentence: str) -> str:
    """Return an event's sentence set to the width of the screen, so that nobody has to read one line of 400 characters."""
    width = min(shutil.get_terminal_size((120, 24)).columns, 120)
    return textwrap.fill(sentence, width, initial_indent="    ", subsequent_indent="      ", break_on_hyphens=False)


def say(text: str) -> None:
    """Print for the person watching, at once."""
    print(text, flush=True)  # noqa: T201 - this file is what the demo says


def _key(point: Point) -> tuple[str, str]:
    tags = dict(point.tags)
    return tags["target"], tags["route"]


def _rank(verdict: str) -> int:
    return ORDER.index(verdict) if verdict in ORDER else 0


def _shape(verdict: str) -> str:
    return SHAPES[verdict][0] if verdict in SHAPES else "?"
