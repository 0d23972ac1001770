"""The state database of a test, on SQLite and on PostgreSQL: what passes on one must pass on the other."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.state.database import Database, open_database
from tests.fakes.state import fresh
from tests.servers.postgres import Postgres


def state_address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an empty database of the kind the fixture's parameter names."""
    if request.param == "postgres":
        server: Postgres = request.getfixturevalue("postgres")
        return server.fresh()
    return f"sqlite+aiosqlite:///{tmp_path}/state.db"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.servers)])
def state_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the address of an empty database."""
    return state_address(request, tmp_path)


@pytest.fixture
async def database(state_url: str, tmp_path: Path) -> AsyncIterator[Database]:
    """Give an empty state database."""
    opened = await (fresh(tmp_path) if state_url.startswith("sqlite") else open_database(state_url))
    yield opened
    await opened.close()
