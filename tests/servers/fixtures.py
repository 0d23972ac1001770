"""pytest fixtures `mosquitto`, `influx`, `postgres`: real servers, one of each for a module, running at the start of every test; `browser`.

A pytest plugin, loaded by tests/conftest.py. Every test that asks for one carries the marker `servers`. A program that is not here
skips its tests with the reason, and fails them where CI=true.
"""

import os
import subprocess
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import pytest

from tests.servers.browser import Browser
from tests.servers.influx import Influx
from tests.servers.mosquitto import Mosquitto
from tests.servers.postgres import Postgres
from tests.servers.process import Server

ROOT = Path(__file__).parents[2]
FIXTURES = {"mosquitto": "mosquitto", "influx": "influxd", "postgres": "postgres", "browser": "chromium"}
"""Fixture and the name of its program in `scripts/servers --where`."""
PROGRAMS = (
    "tests/demo/",
    "tests/faults/",
    "tests/integration/",
    "tests/agent/test_run.py",
    "tests/agent/test___main__.py",
    "tests/server/test_cli.py",
    "tests/server/test_run.py",
)
"""Where tests start the agent, the server or the demo as processes, or drive hundreds of reports: seconds each."""
T = TypeVar("T", bound=Server)
_missing: set[str] = set()


@lru_cache(maxsize=1)
def programs() -> dict[str, str]:
    """Return name and path of each server program of this machine, as scripts/servers knows them."""
    told = subprocess.run(["bash", str(ROOT / "scripts" / "servers"), "--where"], check=False, capture_output=True, text=True)
    return dict(line.split("=", 1) for line in told.stdout.splitlines() if "=" in line)


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that uses a server, directly or by another fixture, and those that run whole programs."""
    for item in items:
        if str(item.path.relative_to(ROOT)).startswith(PROGRAMS):
            item.add_marker("programs")
        if set(FIXTURES) & set(getattr(item, "fixturenames", ())):
            item.add_marker("servers")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end, loudly, which servers were not here."""
    lost = [name for name in FIXTURES.values() if name in _missing]
    if lost:
        terminalreporter.section("SERVERS THAT WERE NOT HERE", red=True)
        terminalreporter.write_line(f"{', '.join(lost)}: their tests did not run. scripts/servers says why and what to do.")


def program(fixture: str) -> str:
    """Return the path of a fixture's program; skip the test if it is not here, fail it in CI."""
    found = programs().get(FIXTURES[fixture])
    if found is None:
        _missing.add(FIXTURES[fixture])
        reason = f"{FIXTURES[fixture]} is not here: run scripts/servers (as root, with Go for influxd)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def _running(server: T) -> T:
    """Give a server to the next test as the last one found it: running."""
    server.resume()
    return server if server.running else server.start()


@pytest.fixture(scope="module")
def _mosquitto() -> Iterator[Mosquitto]:
    server = Mosquitto(program("mosquitto"))
    yield server
    server.remove()


@pytest.fixture(scope="module")
def _influx() -> Iterator[Influx]:
    server = Influx(program("influx"))
    yield server
    server.remove()


@pytest.fixture(scope="module")
def _postgres() -> Iterator[Postgres]:
    server = Postgres(program("postgres"))
    yield server
    server.remove()


@pytest.fixture
def mosquitto(_mosquitto: Mosquitto) -> Mosquitto:
    """Give a running broker with the shipped configuration and access list; `forget()` empties it."""
    return _running(_mosquitto)


@pytest.fixture
def influx(_influx: Influx) -> Influx:
    """Give a running InfluxDB; `fresh()` makes an organisation with three empty buckets."""
    return _running(_influx)


@pytest.fixture
def postgres(_postgres: Postgres) -> Postgres:
    """Give a running PostgreSQL; `fresh()` makes an empty database and returns its address."""
    return _running(_postgres)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give a browser; each page it opens is new and knows nothing of the others."""
    with Browser(program("browser")) as one:
        yield one
