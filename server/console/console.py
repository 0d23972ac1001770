"""Puts the console together: what reads, what draws, what serves. Only wiring lives here."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import CollectorRegistry

from judge.knowledge.model import Knowledge
from server.config import Settings
from server.console import guarding
from server.console.assets import Assets
from server.console.charting import Charts
from server.console.live import Live
from server.console.loading import Loader
from server.console.pages import Pages
from server.console.rendering import Around, Renderer
from server.console.stage import Stage
from server.fleet.registry import Registry
from server.history.port import History
from server.state.database import Database
from server.watcher.refreshing import StateReader

AGAIN_S = 5.0
"""After a fault: as often as an unchanged fleet is looked at."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sources:
    """What the console reads. `says` is what the collector of this process says of the history store, empty when all is well.

    `lists` says at a moment which endpoint list is in use.
    """

    database: Database
    history: History
    registry: Registry
    knowledge: Callable[[], Knowledge]
    says: Callable[[], str] = str
    lists: Callable[[int], str] = lambda _now_ns: ""


class Console:
    """The page of one centre: `add` puts it on an application, `run` keeps it live."""

    def __init__(
        self, settings: Settings, sources: Sources, metrics: CollectorRegistry, now: Callable[[], int], stage: Stage | None = None
    ) -> None:
        host = settings.console.listen.rpartition(":")[0].strip("[]")
        around = Around(settings.collector.accept_lab_agents, host, guarding.is_local(host), stage)
        assets = Assets()
        renderer = self.renderer = Renderer(around, assets.addresses)
        states = StateReader(sources.database, sources.history, sources.registry, sources.knowledge)
        loader = Loader(sources.database, states.read, lambda: sources.says() or states.trouble, sources.lists)
        self.live = Live(loader, Charts(sources.database, sources.history), renderer, metrics, now)
        self._pages = Pages(self.live, renderer, assets, around)

    def add(self, app: web.Application) -> None:
        """Add the pages to an application."""
        self._pages.add(app)

    async def run(self) -> None:
        """Keep the page live until cancelled. A fault of the page's own must not end the centre, which stores what agents send."""
        while True:
            try:
                await self.live.run()
            except Exception:  # noqa: BLE001 - whatever it is
                _log.exception("the page's picture failed and is drawn anew; nothing is lost")
                await asyncio.sleep(AGAIN_S)
