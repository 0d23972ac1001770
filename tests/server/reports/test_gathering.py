"""Holds server/reports/gathering.py on both databases: what a disclosure is made of, and that a history that is away hides nothing else."""

from collections.abc import AsyncGenerator
from pathlib import Path

from server.history.embedded import Embedded
from server.history.port import Point, Unavailable
from server.state.database import Database
from tests.fakes.disclosed import scene


class Away(Embedded):
    """A history that does not answer."""

    async def latest(self, *_asked: object) -> list[Point]:
        """Say so."""
        raise Unavailable("away", "no answer; look whether InfluxDB runs")

    async def samples(self, *_asked: object) -> AsyncGenerator[list[Point], None]:
        """Give nothing."""
        yield []


async def test_what_is_gathered(database: Database, tmp_path: Path) -> None:
    """Devices by their keys with their best finding, who reported, the ways out with whose they are, the coverage."""
    one = await scene(database, tmp_path)
    found = await one.gathered()
    (name,) = found.rows
    assert found.owner == {"instance:1": name}
    assert found.findings[name].target.category == "Optimize", "of a host of Microsoft's, not of the control"
    assert found.agents == {"Frankfurt": {"a", "b"}, "Lyon": {"c"}, "Porto": {"p"}}
    assert found.ways["Frankfurt"][0].startswith("165.225.72.1 (Zscaler's network")
    assert [each.site for each in found.coverage] == ["Frankfurt", "Lyon", "Porto"]
    assert set((await one.gathered("Lyon")).agents) == {"Lyon"}
    one.history = Away(tmp_path / "away.db")
    away = await one.gathered()
    assert (away.trouble, len(away.rows)) == ("no answer; look whether InfluxDB runs", 1)
