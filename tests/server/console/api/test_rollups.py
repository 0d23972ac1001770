"""Holds server/console/api/rollups.py: rows, ranges, baselines, changes and CSV over HTTP, and what is refused."""

from pathlib import Path
from urllib.parse import quote

from server.console.api.moments import moment
from server.fleet.registry import Registry, Site
from server.state import rollups
from server.state.rollups import HourRow
from server.watcher.rollups.points import day_point, hour_point
from server.watcher.rollups.tally import LASTING, Key, Tally, pack
from tests.fakes.api import NOW_NS, Asking, asking
from tests.fakes.days_kept import DAY_NS, day_rows

HOUR_NS = 3600 * 10**9
TODAY = NOW_NS // DAY_NS * DAY_NS
KEY = Key("Exchange", "direct")
REGISTRY = Registry({"Pune": Site("Pune", zone="Asia/Kolkata")})


async def fill(ask: Asking) -> None:
    """Store thirty days of one site, and an hour of it."""
    tally = Tally(count=30, reached=30, agents=1, hours=1)
    for _ in range(30):
        tally.add("total_ms", 100.0)
    points = [day_point("Pune", KEY, "24x7", TODAY - day * DAY_NS, tally) for day in range(30)]
    assert await ask.means.history.write("mw_rollup", [*points, hour_point("Pune", KEY, TODAY - HOUR_NS, tally)]) == []
    starts = [TODAY - HOUR_NS - week * 7 * DAY_NS for week in range(6)]
    rows = [HourRow("Pune", start_ns - HOUR_NS // 2, start_ns + HOUR_NS // 2, *KEY, pack(tally, LASTING), b"") for start_ns in starts]
    async with ask.database.writing() as transaction:
        await rollups.replace_hours(transaction, "Pune", [], rows)
        await rollups.replace_days(transaction, "Pune", [], day_rows("Pune", "direct", TODAY - 30 * DAY_NS, 42, 29, 1.4))


async def test_rows_and_csv(tmp_path: Path) -> None:
    """Pages give each row once, in the site's own time; the CSV has the same rows."""
    async with asking(tmp_path, registry=REGISTRY) as ask:
        await fill(ask)
        first = (await ask("GET", "/rollups?site=Pune&limit=20")).body
        rest = (await ask("GET", f"/rollups?site=Pune&limit=20&after={first['next']}")).body
        rows = first["items"] + rest["items"]
        assert (len(rows), rest["next"]) == (30, None)
        assert rows[0]["start"].endswith("+05:30")
        assert (rows[0]["figures"]["count"], rows[0]["window"]) == (30, "24x7")
        text = (await ask("GET", "/rollups.csv?site=Pune")).body
        assert (text.count("\r\n"), text.partition(",")[0]) == (31, "site")
        hours = (await ask("GET", "/rollups?site=Pune&grain=hour")).body["items"]
        assert [(one["window"], round(one["figures"]["total_ms_p95"])) for one in hours] == [("", 100)]
        assert len((await ask("GET", "/rollups")).body["items"]) == 2


async def test_range_baseline_changes(tmp_path: Path) -> None:
    """A whole range by merged distributions, an hour against its time of the week, and what has changed, in words."""
    async with asking(tmp_path, registry=REGISTRY) as ask:
        await fill(ask)
        (pune,) = (await ask("GET", "/rollups/range")).body["items"]
        assert (pune["site"], pune["ways"][0]["figures"]["count"]) == ("Pune", 28 * 200)
        since = quote(moment(TODAY - HOUR_NS).isoformat())
        until = quote(moment(TODAY - HOUR_NS // 2).isoformat())
        path = f"/rollups/baseline?site=Pune&workload=Exchange&route=direct&since={since}&until={until}"
        (hour,) = (await ask("GET", path)).body["items"]
        assert (hour["count"], hour["weeks"], round(hour["percent"])) == (30, 5, 0)
        (changed,) = (await ask("GET", "/rollups/changes?site=Pune")).body["items"]
        assert 30 < changed["percent"] < 50
        assert changed["words"].startswith("Exchange by direct: p95 +")
        assert changed["together"] == []


async def test_recompute(tmp_path: Path) -> None:
    """Hours are marked by who asks for it."""
    async with asking(tmp_path) as ask:
        body = {"site": "Pune", "since": moment(TODAY).isoformat(), "until": moment(TODAY + 5 * HOUR_NS).isoformat()}
        told = await ask("POST", "/rollups/recompute", body)
        assert (told.status, told.body) == (202, {"hours": 5})


async def test_refused(tmp_path: Path) -> None:
    """What would be too much, or is none, is refused with the place and the remedy."""
    async with asking(tmp_path) as ask:
        for path, words in (
            ("/rollups?grain=hour", "query.site: hours are given for one site"),
            ("/rollups?grain=hour&site=Pune&window=24x7", "query.window: hours have none"),
            ("/rollups?window=always", "query.window"),
            ("/rollups?since=2020-01-01T00:00:00Z&site=Pune", "at most 800 days"),
            ("/rollups?since=2026-01-01T00:00:00Z", "at most 2 days"),
            ("/rollups?site=Pune&since=2030-01-01T00:00:00Z", "begins before it ends"),
            ("/rollups/baseline?site=Pune", "query.workload"),
        ):
            told = await ask("GET", path)
            assert told.status == 422, path
            assert words in told.body["detail"]
