"""A page over fake pictures: a loader and charts without stores, and the whole of it served on loopback."""

import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
from prometheus_client import CollectorRegistry
from sqlalchemy.exc import OperationalError

from server.console.assets import Assets
from server.console.listening import listen
from server.console.live import Live
from server.console.pages import Pages
from server.console.picture import Picture, Timeline
from server.console.rendering import Around, Renderer
from server.console.stage import Stage
from server.state.showing import Version
from server.watcher.states import SiteState
from tests.fakes import pictures


class FakeLoader:
    """Gives the picture it holds. `version` is what is changed to make it look again; `away` makes the database fail."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.now = 1
        self.away = False
        self.loads = 0

    async def version(self) -> Version:
        """Return the version, or fail as a database that is away does."""
        if self.away:
            raise OperationalError("select", {}, Exception("away"))
        return (self.now,)

    async def load(self, version: Version, now_ns: int) -> Picture:
        """Return the picture."""
        self.loads += 1
        kept = self.picture
        return Picture(version, now_ns, kept.agents, kept.sites, kept.events, kept.devices, kept.decided_until_ns, kept.history)


class FakeCharts:
    """Gives the same timeline for every site, and counts how often."""

    def __init__(self) -> None:
        self.reads = 0

    async def read(self, site: SiteState, cadence_s: float, wanted: tuple[str, str], now_ns: int) -> Timeline:
        """Return it."""
        self.reads += 1
        return pictures.timeline(site.site)


class Watched:
    """One page: what it is drawn from, and its moving clock."""

    def __init__(self, picture: Picture, stage: Stage | None = None, *, lab: bool = True) -> None:
        self.loader, self.charts = FakeLoader(picture), FakeCharts()
        self.now_ns = pictures.NOW
        self.metrics = CollectorRegistry()
        around, assets = Around(lab, "127.0.0.1", local=True, stage=stage), Assets()
        self.renderer = Renderer(around, assets.addresses)
        self.live = Live(self.loader, self.charts, self.renderer, self.metrics, lambda: self.now_ns)
        self.pages = Pages(self.live, self.renderer, assets, around)

    async def change(self, picture: Picture, after_s: int = 1) -> None:
        """Let the stores hold another picture some seconds later, and look."""
        self.loader.picture = picture
        self.loader.now += 1
        await self.look(after_s)

    async def look(self, after_s: int = 1) -> None:
        """Let time pass, and look."""
        self.now_ns += after_s * pictures.SECOND
        await self.live.refresh()


@asynccontextmanager
async def served(watched: Watched) -> AsyncIterator[Callable[..., aiohttp.client._RequestContextManager]]:
    """Serve the page on loopback; give a function that asks: method, path, and what aiohttp takes."""
    async with contextlib.AsyncExitStack() as stack:
        port = await listen("console.listen", "127.0.0.1:0", stack, watched.pages.add)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        yield lambda method, path, **more: session.request(method, f"http://127.0.0.1:{port}{path}", allow_redirects=False, **more)
