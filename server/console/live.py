"""Keeps one picture for all viewers: looks whether anything changed about once a second, reads and draws only then. Nothing is served here.

Without viewers nothing is read. A state database that is away is waited for; the last picture stays and says since when.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

from prometheus_client import CollectorRegistry, Gauge, Histogram

from server.console.charting import DEFAULT_CADENCE_S
from server.console.picture import Picture, Timeline
from server.console.rendering import Choice, Page, Renderer
from server.console.sites_view import choose
from server.console.words import Moment, moment
from server.state.database import STATE_FAULTS
from server.state.showing import Version
from server.watcher.states import SiteState

LOOK_EVERY_S = 1.0
STALE_NS = 5 * 10**9
"""An unchanged fleet is looked at again after this: silence changes no row, only the time does."""
CHART_NS = 3 * 10**9
"""A site's timeline is read from the history store at most this often, whoever looks."""
KEPT = 64
"""Drawn pages and charts kept: as many different views as may be open."""
_log = logging.getLogger(__name__)
Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Loads(Protocol):
    """Where pictures come from (`loading.py`). Both raise one of STATE_FAULTS."""

    async def version(self) -> Version:
        """Return what changes with the picture."""
        ...

    async def load(self, version: Version, now_ns: int) -> Picture:
        """Return the picture."""
        ...


class Reads(Protocol):
    """Where timelines come from (`charting.py`). Raises one of STATE_FAULTS."""

    async def read(self, site: SiteState, cadence_s: float, wanted: tuple[str, str], now_ns: int) -> Timeline:
        """Return one site's."""
        ...


class Live:
    """The picture, its drawings, and who waits for the next one. `now` gives Unix nanoseconds."""

    def __init__(self, loader: Loads, charts: Reads, renderer: Renderer, registry: CollectorRegistry, now: Callable[[], int]) -> None:
        self._loader = loader
        self._charts = charts
        self._renderer = renderer
        self._now = now
        self.picture = Picture()
        self._away_ns = 0
        self._edition = 0
        self._turn = asyncio.Lock()
        self._changed = asyncio.Condition()
        self._viewers = 0
        self._looked_ns = 0
        self._drawn: dict[Choice, tuple[int, Page]] = {}
        self._read: dict[tuple[str, str, str], tuple[int, Timeline]] = {}
        self._seconds = Histogram("middlewatch_page_render_seconds", "Time to draw one page.", registry=registry)
        self._watching = Gauge("middlewatch_page_viewers", "Pages that are open and live.", registry=registry)

    @property
    def viewers(self) -> int:
        """Return how many pages are live."""
        return self._viewers

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Count a viewer while the body runs."""
        self._viewers += 1
        self._watching.set(self._viewers)
        try:
            yield
        finally:
            self._viewers -= 1
            self._watching.set(self._viewers)

    async def run(self) -> None:
        """Look for changes while anybody watches, until cancelled."""
        while True:
            if self._viewers:
                await self.refresh()
            await asyncio.sleep(LOOK_EVERY_S)

    async def ready(self) -> None:
        """Have a picture to draw. While anybody watches it is kept fresh and newer ones go to all: then nobody waits for a reading."""
        if not self._viewers or self._now() - self.picture.at_ns > STALE_NS:
            await self.refresh()

    async def refresh(self) -> None:
        """Bring the picture up to date; tell who waits when it changed. A state database that is away is no error here."""
        async with self._turn:
            now_ns = self._now()
            if self._looked_ns and 0 <= now_ns - self._looked_ns < LOOK_EVERY_S * 10**9 / 2:
                return
            self._looked_ns = now_ns
            try:
                version = await self._loader.version()
                if version == self.picture.version and now_ns - self.picture.at_ns < STALE_NS and not self._away_ns:
                    return
                self.picture = await self._loader.load(version, now_ns)
                self._away_ns = 0
            except STATE_FAULTS as error:
                if self._away_ns:
                    return
                self._away_ns = now_ns
                _log.warning("console: state database: %s; showing the last picture", type(error).__name__)
        await self.announce()

    async def announce(self) -> None:
        """Tell who waits that something to draw has changed."""
        async with self._changed:
            self._edition += 1
            self._changed.notify_all()

    async def newer(self, seen: int, within_s: float) -> int:
        """Return the edition as soon as it is another than `seen`, or the same one after that time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s), self._changed:
                await self._changed.wait_for(lambda: self._edition != seen)
        return self._edition

    async def draw(self, choice: Choice) -> Page:
        """Return the sections for a choice: drawn once for each edition, whoever asks."""
        kept = self._drawn.get(choice)
        if kept is not None and kept[0] == self._edition:
            return kept[1]
        edition = self._edition
        site = choose(self.picture, choice.site)
        chart = await self._chart(site, choice) if site is not None else None
        with self._seconds.time():
            page = self._renderer.sections(self.picture, chart, choice, self.away)
        _keep(self._drawn, choice, (edition, page))
        return page

    @property
    def away(self) -> Moment | None:
        """Return since when the state database does not answer, if it does not."""
        return moment(self._away_ns, self._now(), seconds=True)

    async def _chart(self, site: SiteState, choice: Choice) -> Timeline | None:
        key = (site.site, choice.span, choice.target)
        now_ns = self._now()
        kept = self._read.get(key)
        if kept is not None and now_ns - kept[0] < CHART_NS:
            return kept[1]
        cadence_s = max((one.cadence_s for one in self.picture.agents if one.site == site.site), default=DEFAULT_CADENCE_S)
        try:
            chart = await self._charts.read(site, cadence_s, (choice.span, choice.target), now_ns)
        except STATE_FAULTS:
            return kept[1] if kept is not None else None
        _keep(self._read, key, (now_ns, chart))
        return chart


def _keep(kept: dict[Key, Value], key: Key, value: Value) -> None:
    """Remember the newest few."""
    kept.pop(key, None)
    kept[key] = value
    while len(kept) > KEPT:
        del kept[next(iter(kept))]
