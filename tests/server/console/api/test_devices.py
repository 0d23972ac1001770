"""Holds server/console/api/devices.py: devices as a program reads and decides them, and who may change what."""

from pathlib import Path

from server.watcher.watcher import Watcher
from tests.fakes import sightings
from tests.fakes.api import NOW_NS, asking
from tests.fakes.sightings import HOST, MINUTE, Rounds
from tests.fakes.sightings import device as box

SEEN = sightings.finding(by=box("instance:1", "product:z"))


async def test_a_device(tmp_path: Path) -> None:
    """Listed, shown, approved, described, and what was decided is listed; each change is guarded by its ETag."""
    async with asking(tmp_path) as ask:
        rounds = Rounds(ask.database)
        for minute in range(2):
            await rounds.see("a", NOW_NS + minute * MINUTE, {HOST: SEEN}, "Lyon")
        await Watcher(ask.database, None, "w", lambda: NOW_NS + MINUTE).step()
        (short,) = (await ask("GET", "/devices?place=Lyon&state=present")).body["items"]
        path = f"/devices/{short['id']}"
        shown = await ask("GET", path)
        assert (shown.body["vendor"], shown.body["present_at"], shown.body["keys"]) == ("Zscaler", ["Lyon"], ["instance:1", "product:z"])
        assert (await ask("POST", f"{path}/approve", {"by": "ann"})).status == 428
        tag = shown.headers["ETag"]
        until = "2099-01-01T00:00:00Z"
        approved = await ask("POST", f"{path}/approve", {"by": "ann", "until": until, "categories": ["Optimize"]}, etag=tag)
        assert (approved.status, approved.body["disposition"], approved.body["approved_categories"]) == (200, "approved", ["Optimize"])
        assert (await ask("PATCH", path, {"by": "bob", "owner": "web"}, etag=tag)).status == 412
        described = await ask("PATCH", path, {"by": "bob", "owner": "web", "deployment": "azure"}, etag=approved.headers["ETag"])
        assert (described.body["owner"], described.body["deployment"], described.body["revision"]) == ("web", "azure", 2)
        again = await ask("POST", f"{path}/withdraw", {"by": "ann"}, etag="*")
        twice = await ask("POST", f"{path}/withdraw", {"by": "ann"}, etag=again.headers["ETag"])
        assert (twice.status, "which withdraw does not change" in twice.body["detail"]) == (409, True)
        acts = [(one["by"], one["act"]) for one in (await ask("GET", f"{path}/audit")).body["items"]]
        assert acts == [("ann", "withdraw"), ("bob", "describe"), ("ann", "approve")]
        assert (await ask("POST", f"{path}/acknowledge", {"by": "ann"}, etag="*")).body["disposition"] == "known"


async def test_a_device_by_hand(tmp_path: Path) -> None:
    """Entered with what is known of it, found by its place, retired; what is not there or not a class is refused."""
    async with asking(tmp_path) as ask:
        made = await ask("POST", "/devices", {"by": "ann", "device_class": "casb", "vendor": "ACME", "places": ["Lyon"], "owner": "web"})
        assert (made.status, made.body["manual"], made.body["owner"]) == (201, True, "web")
        assert made.headers["Location"] == f"/api/v1/devices/{made.body['id']}"
        gone = await ask("POST", f"/devices/{made.body['id']}/retire", {"by": "ann"}, etag=made.headers["ETag"])
        assert [one["state"] for one in gone.body["places"]] == ["retired"]
        assert (await ask("POST", "/devices", {"by": "ann", "device_class": "toaster", "vendor": "ACME"})).status == 422
        for path in ("/devices/none", "/devices/none/audit"):
            assert (await ask("GET", path)).status == 404
        assert (await ask("POST", "/devices/none/retire", {"by": "ann"}, etag="*")).status == 404
