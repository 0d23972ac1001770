"""Sites over the API: read, entered, changed by two at once, imported and exported, with clear answers and nothing lost."""

from pathlib import Path

import pytest

from server.config import Settings
from server.state import assignments
from tests.fakes.api import Asking, asking

SETTINGS = Settings.model_validate(
    {
        "broker": {"embedded": True, "url": "mqtt://127.0.0.1:0"},
        "history": {"kind": "embedded"},
        "sites": {"Lyon": {"latitude": 45.76, "longitude": 4.84, "zone": "Europe/Paris"}},
    }
)
CSV = {"Content-Type": "text/csv"}


async def test_a_site_is_entered_read_changed_and_taken_back(tmp_path: Path) -> None:
    """Fields that are left out stay, null takes one back; what stood before can be read when it is no more."""
    async with asking(tmp_path, settings=SETTINGS) as ask:
        faro = {"name": "Faro", "latitude": 37.0, "longitude": -7.9, "egress": ["203.0.113.0/24 Fibre Two"], "hours": "mon-fri 9:00-17:00"}
        made = await ask("POST", "/sites", {**faro, "owner": "Rui", "by": "ana"})
        assert (made.status, made.body["hours"]) == (201, "Mon-Fri 09:00-17:00")
        assert made.body["egress"] == [{"prefix": "203.0.113.0/24", "circuit": "Fibre Two"}]
        assert [one["name"] for one in (await ask("GET", "/sites?limit=1")).body["items"]] == ["Faro"]
        assert [one["name"] for one in (await ask("GET", "/sites?limit=1&after=Faro")).body["items"]] == ["Lyon"]
        etag = (await ask("GET", "/sites/Faro")).headers["ETag"]
        change = {"owner": None, "subnets": ["10.2.0.0/24"], "egress": [{"prefix": "198.51.100.0/24"}]}
        done = await ask("PATCH", "/sites/Faro", change, etag=etag)
        assert (done.status, done.body["owner"], done.body["latitude"], done.body["subnets"]) == (200, "", 37.0, ["10.2.0.0/24"])
        assert (await ask("DELETE", "/sites/Faro?by=rui", etag=done.headers["ETag"])).status == 204
        assert (await ask("GET", "/sites/Faro")).status == 404
        entries = (await ask("GET", "/sites/Faro/before")).body["items"]
        assert [(one["entry"]["owner"], one["entry"]["changed_by"]) for one in entries] == [(None, ""), ("Rui", "ana")]


async def test_a_configured_site_is_overruled_and_comes_back(tmp_path: Path) -> None:
    """Its first ETag is that of no entry; deleted, the configuration applies, and there is no more to delete."""
    async with asking(tmp_path, settings=SETTINGS) as ask:
        etag = (await ask("GET", "/sites/Lyon")).headers["ETag"]
        done = await ask("PATCH", "/sites/Lyon", {"region": "South"}, etag=etag)
        assert (done.body["entered"], done.body["zone"], done.body["origin"]) == (["region"], "Europe/Paris", "person")
        assert (await ask("DELETE", "/sites/Lyon", etag=done.headers["ETag"])).status == 204
        again = await ask("GET", "/sites/Lyon")
        assert (again.body["region"], again.headers["ETag"]) == ("", etag)
        gone = await ask("DELETE", "/sites/Lyon", etag=etag)
        assert (gone.status, "stands in the configuration" in gone.body["detail"]) == (409, True)


async def test_two_who_edit_at_once(tmp_path: Path) -> None:
    """No ETag 428; an old, a forged, another's 412 with the present one; the first one's change stands."""
    async with asking(tmp_path, settings=SETTINGS) as ask:
        etag = (await ask("GET", "/sites/Lyon")).headers["ETag"]
        first = await ask("PATCH", "/sites/Lyon", {"owner": "Ana"}, etag=etag)
        now = first.headers["ETag"]
        for forged in (etag, '"r999"', "r1", 'W/"r1"', "x"):
            told = await ask("PATCH", "/sites/Lyon", {"owner": "Eve"}, etag=forged)
            assert (told.status, told.headers["ETag"]) == (412, now)
            assert (await ask("DELETE", "/sites/Lyon", etag=forged)).status == 412
        assert (await ask("PATCH", "/sites/Lyon", {"owner": "Eve"})).status == 428
        assert (await ask("GET", "/sites/Lyon")).body["owner"] == "Ana"
        assert (await ask("POST", "/sites", {"name": "Lyon"})).status == 409


@pytest.mark.parametrize(
    ("body", "part"),
    [
        ({"latitude": 99, "longitude": 0}, "latitude: 99 is nowhere on Earth"),
        ({"latitude": 1}, "belong together"),
        ({"zone": "Mars"}, "zone: 'Mars' is no time zone"),
        ({"hours": "always"}, "body.hours: 'always' is not days"),
        ({"criticality": "huge"}, "body.criticality"),
        ({"subnets": ["10.1.0.9/24"]}, "host bits set; write 10.1.0.0/24"),
        ({"subnets": ["10.5.0.0/24"]}, "a LAN of 'Lyon'"),
        ({"egress": ["fibre"]}, "egress: 'fibre' is not a prefix"),
        ({"colour": "blue"}, "there is no such field"),
    ],
)
async def test_what_cannot_be_is_told(tmp_path: Path, body: dict[str, object], part: str) -> None:
    """With field and remedy; nothing is made."""
    async with asking(tmp_path, settings=SETTINGS) as ask:
        await ask("PATCH", "/sites/Lyon", {"subnets": ["10.5.0.0/16"]}, etag='"r0"')
        told = await ask("POST", "/sites", {"name": "Faro", **body})
        assert (told.status, part in told.body["detail"]) == (422, True), told.body
        assert (await ask("GET", "/sites/Faro")).status == 404


async def test_files_in_and_out(tmp_path: Path) -> None:
    """A dry run, the import, row by row; what is exported is imported unchanged, in both forms."""
    data = b"userEntered,Name,Address,Latitude,Longitude,LanIps\n1,Lyon,Rue,,,10.1.0.0/24\n1,Faro,,99,0,\n"
    async with asking(tmp_path, settings=SETTINGS) as ask:
        dry = await ask("POST", "/locations?dry_run=true", data, headers=CSV)
        assert (await ask("GET", "/sites/Lyon")).body["subnets"] == []
        done = await ask("POST", "/locations?by=ana", data, headers=CSV)
        assert done.body == dry.body
        assert {name: done.body[name] for name in ("new", "changed", "refused")} == {"new": 0, "changed": 1, "refused": 1}
        (refused,) = [row for row in done.body["rows"] if row["outcome"] == "refused"]
        assert (refused["number"], refused["name"], refused["troubles"][0]["column"]) == (3, "Faro", "Latitude")
        for form, media in (("locations", "text/csv"), ("buildings", "text/tab-separated-values")):
            file = await ask("GET", f"/{form}")
            assert file.headers["Content-Type"].startswith(media)
            again = await ask("POST", f"/{form}", file.body.encode(), headers={"Content-Type": media})
            assert (again.body["unchanged"], again.body["rows"]) == (1, [])
        assert (await ask("POST", "/locations", data)).status == 415


async def test_an_agent_is_assigned_by_hand(tmp_path: Path) -> None:
    """From a minute later; one nobody heard of is not there."""
    async with asking(tmp_path, settings=SETTINGS) as ask:
        await _introduce(ask)
        done = await ask("PUT", "/agents/a1/place", {"site": "Lyon", "by": "ana"})
        assert (done.status, done.body["site"]) == (200, "Lyon")
        assert (await ask("PUT", "/agents/a2/place", {"site": "Lyon"})).status == 404


async def _introduce(ask: Asking) -> None:
    async with ask.database.writing() as connection:
        await assignments.introduce(ask.database, connection, {("a1", "home"): (b"{}", "")}, 1)
