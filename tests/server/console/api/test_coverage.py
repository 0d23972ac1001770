"""Holds server/console/api/coverage.py: what is bypassed at each site, and the files that close the gaps."""

from pathlib import Path

from server.state.tables import agent
from tests.fakes import sightings
from tests.fakes.api import NOW_NS, asking
from tests.fakes.sightings import HOST, MINUTE, Rounds
from tests.fakes.sightings import device as box


async def test_coverage(tmp_path: Path) -> None:
    """Sites in pages, none of which nothing is known; one site's shares and names; its files; no such site says where to look."""
    async with asking(tmp_path) as ask:
        rounds = Rounds(ask.database)
        for minute in range(2):
            await rounds.see("a", NOW_NS + minute * MINUTE, {HOST: sightings.finding(by=box("instance:1"))}, "Lyon")
            await rounds.see("p", NOW_NS + minute * MINUTE, {HOST: "clean"}, "Porto")
        rows = [
            {"id": name, "first_seen_ns": 1, "place": place, "revision": 1, "latest_ns": NOW_NS, "cadence_s": 60.0}
            for name, place in (("a", "Lyon"), ("p", "Porto"), ("n", "Nice"))
        ]
        async with ask.database.writing() as transaction:
            await transaction.execute(agent.insert(), rows)
        first = (await ask("GET", "/coverage?limit=1")).body
        assert ([one["site"] for one in first["items"]], first["next"]) == (["Lyon"], "Lyon")
        assert [one["site"] for one in (await ask("GET", f"/coverage?limit=1&after={first['next']}")).body["items"]] == ["Porto"]
        lyon = (await ask("GET", "/coverage/Lyon")).body
        assert lyon["categories"][0] == {"category": "Optimize", "bypassed": 0, "known": 1, "unknown": 0, "percent": 0.0}
        assert (lyon["names"][0]["host"], lyon["names"][0]["state"], lyon["names"][0]["pattern"]) == (HOST, "not bypassed", HOST)
        pac = await ask("GET", "/coverage/Lyon/pac")
        assert (pac.headers["Content-Type"], f'"{HOST}"' in pac.body) == ("application/javascript", True)
        assert "52.96.0.0/14" in (await ask("GET", "/coverage/Lyon/prefixes")).body
        assert HOST in (await ask("GET", "/coverage/Lyon/list")).body
        assert "Nothing is to be bypassed" in (await ask("GET", "/coverage/Porto/list")).body
        assert (await ask("GET", "/coverage/Nowhere")).status == 404
