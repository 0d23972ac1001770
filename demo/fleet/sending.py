"""The fleet at work: whose turn it is, the hours before the start first, and the loop between streams, broker and clock.

Turns are spread over the cadence, so that load is even: turn n is agent n modulo their number, at n times cadence / number. Before its
first turn an agent sends its past, a few agents at a time: the centre must not drown at the start, and an agent's reports come in order.
"""

import asyncio
import contextlib
import logging
import random
import secrets
import ssl
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from agent.config import Broker
from agent.mqtt import Lost, Refused
from agent.uplink import explain
from agent.window import Window
from demo.fleet.bodies import Bodies
from demo.fleet.connection import RECEIPTS, FleetSession, agent_of
from demo.fleet.reports import SECOND, TOOK_NS, make
from demo.fleet.sites import SimulatedSite
from demo.fleet.stream import Stream
from wire import topics
from wire.receipt import Receipt

log = logging.getLogger(__name__)

HOUR_NS = 3600 * SECOND
LANES = 6
"""How many agents send their past at once."""
WINDOW = 8
"""Unreceipted reports of one agent in flight: six lanes of eight are one batch or two of the collector."""
KEPT_REPORTS = 24_000
"""Unreceipted reports of the whole fleet that are kept, about 2 kB each."""
SILENT_AFTER_S = 75.0
"""How long the site reports that then falls silent."""
RETRY_S = 1.0
RETRY_MAX_S = 15.0


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often each agent reports, and how many hours of its past it tells first, a report an hour."""

    cadence_s: float
    backlog_hours: int = 24


class _Member:
    """One agent: its site, its stream, and whether it is telling its past (`past`), its present, or nothing yet."""

    def __init__(self, site: SimulatedSite, stream: Stream) -> None:
        self.site, self.stream = site, stream
        self.past: Iterator[int] = iter(())
        self.live = False
        self.until = float("inf")


class Fleet:
    """All simulated agents. `run` never returns; `connected` is told at each connection."""

    def __init__(
        self,
        sites: Sequence[SimulatedSite],
        bodies: Bodies,
        rhythm: Rhythm,
        *,
        now_ns: Callable[[], int] = time.time_ns,
        now: Callable[[], float] = time.monotonic,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._bodies, self._rhythm = bodies, rhythm
        self._now_ns, self._now, self._pause = now_ns, now, pause
        bound = max(2 * WINDOW, KEPT_REPORTS // max(1, len(sites)))
        self._members = [_Member(site, self._stream(site, bound)) for site in sites]
        self._by_agent = {one.site.agent: one for one in self._members}
        self._waiting = deque(self._members)
        self._lanes: set[_Member] = set()
        self._ready: dict[_Member, None] = {}
        self._wake = asyncio.Event()
        self._turn = 0
        self._began = now()
        self._retry_s, self._told = RETRY_S, ""

    def _stream(self, site: SimulatedSite, bound: int) -> Stream:
        window = Window(limit=WINDOW, jitter=random.random)
        return Stream(site.agent, self._bodies, window, bound=bound, name=lambda: secrets.token_hex(16))

    @property
    def unreceipted(self) -> int:
        """Return how many reports are made and not receipted."""
        return sum(one.stream.unreceipted for one in self._members)

    @property
    def live(self) -> int:
        """Return how many agents have told their past."""
        return sum(one.live for one in self._members)

    async def run(self, broker: Broker, login: tuple[str, str], tls: ssl.SSLContext | None, connected: Callable[[], None]) -> None:
        """Connect, serve, and connect again, for ever. What is measured meanwhile is kept."""
        while True:
            session = FleetSession(broker, login, tls=tls, woken=self._wake.set)
            opened = False
            try:
                await session.open([RECEIPTS])
                opened = True
                connected()
                await self._serve(session)
            except (OSError, TimeoutError, Refused) as error:
                lost = opened and not isinstance(error, Refused)
                sentence = "uplink: the connection was lost" if lost else explain(error, broker).sentence
                if sentence != self._told:
                    log.warning("%s; trying again", sentence)
                self._told = sentence
            finally:
                self._offline()
                await session.close()
            await self._pause(self._retry_s * (1 + random.random()) / 2)  # noqa: S311 - jitter
            self._retry_s = min(self._retry_s * 2, RETRY_MAX_S)

    def _offline(self) -> None:
        for one in self._members:
            one.stream.window.offline()

    async def _serve(self, session: FleetSession) -> None:
        """Send what is due and take what comes, until the connection is lost."""
        now = self._now()
        for one in self._members:
            one.stream.window.online(now)
            self._ready[one] = None
        while not session.lost:
            self._wake.clear()
            for topic, payload in session.take():
                self._take(agent_of(topic), payload)
            self._fill_lanes()
            self._take_turns()
            while self._ready:
                member = next(iter(self._ready))
                del self._ready[member]
                await self._send(session, member.stream)
            if session.refusal is not None:
                raise Refused(f"reason code 0x{session.refusal:02x} for a report")
            await self._sleep()
        raise Lost("the broker closed the connection")

    async def _send(self, session: FleetSession, stream: Stream) -> None:
        for seq in stream.window.due(self._now()):
            payload = stream.payload(seq)
            if payload is not None:
                await session.publish(topics.report(stream.agent, stream.name, seq), payload)

    async def _sleep(self) -> None:
        """Wait until something comes or the next turn is due."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, self._due(self._turn) - self._now())):
                await self._wake.wait()

    def _take(self, agent: str, payload: bytes) -> None:
        """Apply a receipt; those of real agents are none of ours."""
        member = self._by_agent.get(agent)
        if member is None:
            return
        try:
            receipt = Receipt.model_validate_json(payload)
        except ValidationError:
            log.warning("a receipt for %s is not readable; the report is offered again", agent)
            return
        self._retry_s, self._told = RETRY_S, ""  # a receipt proves the whole way there and back; a connection alone does not
        member.stream.apply(receipt, self._now())
        self._ready[member] = None
        if member in self._lanes:
            self._go_on(member)

    def _fill_lanes(self) -> None:
        """Let agents begin their past while there is room."""
        while self._waiting and len(self._lanes) < LANES:
            member = self._waiting.popleft()
            member.past = self._past(member.site)
            self._lanes.add(member)
            self._go_on(member)

    def _past(self, site: SimulatedSite) -> Iterator[int]:
        """Give when the cycles before the start began, oldest first: whole hours and the site's own minute in each.

        Told again after a restart, the cycle of an hour is the same cycle, and its points are the same points.
        """
        end_ns = self._now_ns() - HOUR_NS // 2
        minute_ns = random.Random(site.name).randrange(25 * 60) * SECOND  # noqa: S311 - made up, the same each time
        for back in range(self._rhythm.backlog_hours - 1, -1, -1):
            yield end_ns - end_ns % HOUR_NS - back * HOUR_NS + minute_ns

    def _go_on(self, member: _Member) -> None:
        """Make the next reports of a past; when all of it is receipted, the present begins and the lane is free."""
        while member.stream.unreceipted < WINDOW and (started_ns := next(member.past, None)) is not None:
            self._make(member, started_ns, started_ns + TOOK_NS, HOUR_NS / SECOND, live=False)
        if not member.stream.unreceipted:
            self._lanes.remove(member)
            member.live = True
            member.until = self._now() + SILENT_AFTER_S if member.site.falls_silent else float("inf")
            if self._rhythm.backlog_hours:  # else all would report at once, and not at their turns
                self._report(member)

    def _due(self, turn: int) -> float:
        return self._began + turn * self._rhythm.cadence_s / max(1, len(self._members))

    def _take_turns(self) -> None:
        """Let every agent whose turn has come report; turns missed for more than a cadence are not made up for."""
        if not self._members:
            return
        now = self._now()
        late = int((now - self._due(self._turn)) / self._rhythm.cadence_s)
        self._turn += max(0, late) * len(self._members)
        while self._due(self._turn) <= now:
            member = self._members[self._turn % len(self._members)]
            self._turn += 1
            if member.live:
                self._report(member)
            self._ready[member] = None  # also to resend what is due

    def _report(self, member: _Member) -> None:
        if self._now() < member.until:
            created_ns = max(self._now_ns(), member.stream.created_ns + 1)
            self._make(member, created_ns - TOOK_NS, created_ns, self._rhythm.cadence_s)

    def _make(self, member: _Member, started_ns: int, created_ns: int, cadence_s: float, *, live: bool = True) -> None:
        member.stream.append(make(member.site, self._bodies, started_ns, created_ns, cadence_s), live=live)
        self._ready[member] = None
