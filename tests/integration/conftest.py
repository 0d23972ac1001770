"""A laboratory for whole processes: a world to measure, a broker, an InfluxDB, an empty state database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from judge.knowledge.loader import load_knowledge
from judge.knowledge.targets import target_for
from tests.fakes.situation import CONTROL, LOGIN, OUTLOOK, TEAMS
from tests.lab.programs import Stores
from tests.lab.world import World
from tests.servers.influx import Influx
from wire.target import Target


@pytest.fixture
def targets() -> list[Target]:
    """Give what the agents of the laboratory measure."""
    knowledge = load_knowledge()
    return [target_for(knowledge, host) for host in (OUTLOOK, TEAMS, LOGIN, CONTROL)]


@pytest.fixture
def world(tmp_path: Path, targets: list[Target]) -> Iterator[World]:
    """Give a world whose front doors are open."""
    with World(tmp_path, [one.host for one in targets]) as running:
        yield running


@pytest.fixture
def stores(tmp_path: Path, influx: Influx) -> Stores:
    """Give empty stores."""
    return Stores(influx.fresh(), f"sqlite+aiosqlite:///{tmp_path}/state.db")
