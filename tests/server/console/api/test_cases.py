"""Holds server/console/api/cases.py: a case from its opening to its closing as a program drives it, and who may change what."""

from pathlib import Path

from tests.fakes import sightings
from tests.fakes.api import NOW_NS, Asking, asking
from tests.fakes.sightings import HOST, MINUTE, Rounds
from tests.fakes.sightings import device as box

HELD = sightings.finding(by=box("instance:1"))


async def see(ask: Asking, first: int, what: object) -> None:
    """Let both agents of Lyon see this in three rounds from a minute on."""
    rounds = Rounds(ask.database)
    for minute in range(first, first + 3):
        for agent in ("a", "b"):
            await rounds.see(agent, NOW_NS + minute * MINUTE, {HOST: what}, "Lyon")  # type: ignore[dict-item]
    ask.now_ns = NOW_NS + (first + 3) * MINUTE


async def test_a_case(tmp_path: Path) -> None:
    """Opened for what is held, shown with its lines and log, noted, closed with its report, reopened; ETags guard each change."""
    async with asking(tmp_path) as ask:
        await see(ask, 0, HELD)
        made = await ask("POST", "/cases", {"ticket": "2511-0042", "by": "Anna"})
        assert (made.status, made.headers["Location"], made.body["state"]) == (201, "/api/v1/cases/1", "open")
        (line,) = made.body["line"]
        assert (line["site"], line["host"], line["state"], line["agree"], line["reporting"]) == ("Lyon", HOST, "held", 2, 2)
        assert line["says"].startswith("decrypted since")
        missing = await ask("POST", "/cases/1/notes", {"text": "x"})
        assert (missing.status, missing.headers["ETag"]) == (428, made.headers["ETag"])
        noted = await ask("POST", "/cases/1/notes", {"text": "called the vendor", "by": "Anna"}, etag=made.headers["ETag"])
        assert noted.status == 200
        stale = await ask("POST", "/cases/1/close", {}, etag=made.headers["ETag"])
        assert (stale.status, stale.headers["ETag"]) == (412, noted.headers["ETag"])
        proof = await ask("GET", "/cases/1/proof")
        assert proof.headers["Content-Type"].startswith("text/markdown")
        assert proof.body.startswith("# Case 1 (ticket 2511-0042): not proved yet")
        shut = await ask("POST", "/cases/1/close", {"by": "Anna"}, etag=noted.headers["ETag"])
        assert (shut.body["state"], [one["kind"] for one in shut.body["log"]][-2:]) == ("closed", ["note", "closed"])
        assert (await ask("GET", "/cases/1/proof")).body == shut.body["report"]
        assert (await ask("GET", "/cases")).body["items"] == []
        assert [one["id"] for one in (await ask("GET", "/cases?state=any")).body["items"]] == [1]
        twice = await ask("POST", "/cases/1/close", {}, etag=shut.headers["ETag"])
        assert (twice.status, twice.body["detail"]) == (409, "case 1 is closed already; reopen it if it goes on")
        again = await ask("POST", "/cases/1/reopen", {"by": "Ben"}, etag="*")
        assert (again.body["state"], again.body["openings"]) == ("open", 2)
        assert (await ask("GET", "/cases/1")).headers["ETag"] == again.headers["ETag"]


async def test_what_is_refused(tmp_path: Path) -> None:
    """What is held nowhere, unknown fields, cases that are not there: each with place and remedy, and nothing is stored."""
    async with asking(tmp_path) as ask:
        nothing = await ask("POST", "/cases", {})
        assert nothing.status == 422
        assert nothing.body["detail"].startswith("hosts: nothing of Microsoft 365 is held by a device now; name the hosts")
        assert (await ask("POST", "/cases", {"host": ["x"]})).body["detail"].startswith("body.host: there is no such field")
        for path in ("/cases/7", "/cases/x", "/cases/7/proof"):
            assert (await ask("GET", path)).status == 404
        assert (await ask("GET", "/cases?state=any")).body["items"] == []
