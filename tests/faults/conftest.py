"""A spine to be hurt: one collector with SQLite, or two that share the reports with PostgreSQL; a feed in which a device appears."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.lab.feed import SECOND, Feed
from tests.lab.programs import Collector, Stores
from tests.lab.spine import Feeder, Spine
from tests.servers.influx import Influx
from tests.servers.mosquitto import Mosquitto
from tests.servers.postgres import Postgres

CLEAN, LINES = 60, 4000
"""The device appears at the sixty-first report, while whatever is hurt is being hurt; nothing here gets to the last line. The clean ones
are stored by then: the newest report travels first, and a device seen before its clean rounds arrive is `discovered`, not `appeared`."""
Make = Callable[..., Spine]


def appearing() -> Feed:
    """Return a feed in which a device appears; its last cycle is a minute old."""
    began_ns = time.time_ns() - (LINES + 60) * SECOND
    return Feed(gate=CLEAN).add(CLEAN, began_ns).add(LINES - CLEAN, began_ns + CLEAN * SECOND, inspected=True)


@pytest.fixture
def seed() -> int:
    """Give the seed of all moments; a failure shows it, `MIDDLEWATCH_SEED` sets another one to look for more."""
    chosen = int(os.environ.get("MIDDLEWATCH_SEED", "20261123"))
    print(f"MIDDLEWATCH_SEED={chosen}")  # noqa: T201 - pytest shows it with a failure only
    return chosen


@pytest.fixture
def make_spine(mosquitto: Mosquitto, influx: Influx, tmp_path: Path) -> Iterator[Make]:
    """Give a function that makes a spine; everything it started ends with the test."""
    made: list[Spine] = []

    def make(feed: Feed, *, collectors: int = 1, state_url: str = "", pace: float = 20.0) -> Spine:
        mosquitto.forget()
        stores = Stores(influx.fresh(), state_url or f"sqlite+aiosqlite:///{tmp_path}/state.db")
        share = {"share": "collectors"} if collectors > 1 else {}
        running = [Collector(mosquitto, stores, f"collector-{number}", **share) for number in range(collectors)]
        made.append(Spine(mosquitto, stores, running, Feeder(mosquitto, feed, pace=pace)))
        return made[-1]

    yield make
    for spine in made:
        spine.remove()


@pytest.fixture
def shared_spine(make_spine: Make, postgres: Postgres) -> Spine:
    """Give a spine of two collectors that share the reports, their state in PostgreSQL."""
    return make_spine(appearing(), collectors=2, state_url=postgres.fresh())


@pytest.fixture(params=["one collector, SQLite", "two collectors, PostgreSQL"])
def spine(request: pytest.FixtureRequest, make_spine: Make) -> Spine:
    """Give a spine in both forms."""
    if request.param.startswith("one"):
        return make_spine(appearing())
    shared: Spine = request.getfixturevalue("shared_spine")
    return shared
