"""Holds server/console/api/notices.py: alerts in pages, who has seen them, targets without secrets, a test letter, letters' fate."""

from pathlib import Path

from server.config import Settings
from server.notify.sending import Outlet, Sending
from server.watcher.notices.routing import Rule
from tests.fakes.api import asking
from tests.fakes.notices import Desk, Fake, Receiver, receiving


def settings(folder: Path, url: str) -> Settings:
    """Return a configuration with one webhook."""
    (folder / "secret").write_text("not-a-real-secret")
    target = {"name": "noc", "kind": "webhook", "url": url, "secret_file": str(folder / "secret"), "sites": ["*"]}
    other = {"name": "mail", "kind": "apprise", "url_env": "NO_SUCH_VARIABLE"}
    plain = {"history": {"kind": "embedded"}, "broker": {"url": "mqtt://localhost"}, "notify": {"targets": [target, other]}}
    return Settings.model_validate(plain)


async def test_alerts(tmp_path: Path) -> None:
    """Pages without gaps, filters, one alert with its events and letters, an acknowledgement with If-Match."""
    async with asking(tmp_path) as ask:
        desk = Desk(ask.database, Rule("noc", "P4", digest_hour=-1), wait_s=0)
        await desk.step()
        for number in range(5):
            await desk.tell("site-down", f"s{number}")
            await desk.step(1000)
        await desk.tell("site-up", "s0")
        await desk.step(1)
        first = (await ask("GET", "/alerts?limit=3")).body
        rest = (await ask("GET", f"/alerts?limit=3&after={first['next']}")).body
        assert [one["sites"] for one in first["items"] + rest["items"]] == [["s4"], ["s3"], ["s2"], ["s1"], []]
        assert rest["next"] is None
        (closed,) = (await ask("GET", "/alerts?state=closed")).body["items"]
        assert len((await ask("GET", "/alerts?state=open&site=s3&severity=P1&cause=reach")).body["items"]) == 1
        told = await ask("GET", f"/alerts/{closed['id']}")
        assert [(one["kind"], one["role"]) for one in told.body["parts"]] == [("site-down", "problem"), ("site-up", "end")]
        assert [one["what"] for one in told.body["letters"]] == ["opened", "closed"]
        path, by = f"/alerts/{closed['id']}/acknowledge", {"by": "ana"}
        assert (await ask("POST", path, by)).status == 428
        assert (await ask("POST", path, by, etag='"r1"')).status == 412
        done = await ask("POST", path, by, etag=told.headers["ETag"])
        assert (done.status, done.body["acknowledged_by"]) == (200, "ana")
        assert (await ask("POST", path, {"by": "bob"}, etag=told.headers["ETag"])).status == 412
        assert (await ask("POST", path, {"by": " "}, etag=done.headers["ETag"])).status == 422
        for wrong in ("/alerts/none", f"/alerts/{'x' * 22}"):
            assert (await ask("GET", wrong)).status == 404
        assert (await ask("GET", "/alerts?after=1'--")).status == 422


async def test_targets_and_letters(tmp_path: Path) -> None:
    """No address and no secret in any answer; a test letter's fate is told; what was given up can be sent again."""
    receiver = Receiver(answers=(204, 500))
    async with receiving(receiver), asking(tmp_path, settings=settings(tmp_path, receiver.url)) as ask:
        desk = Desk(ask.database, Rule("noc", digest_hour=-1), wait_s=0)
        await desk.step()
        await desk.tell("site-down")
        await desk.step(1)
        await desk.step(1)
        await Sending(Outlet("noc", Fake("it answered 404"), 0.5)).step(desk.lead)
        listed = await ask("GET", "/notify/targets")
        assert [(one["name"], one["given_up"]) for one in listed.body["items"]] == [("noc", 1), ("mail", 0)]
        (letter,) = (await ask("GET", "/notify/letters?state=given-up&target=noc")).body["items"]
        assert (letter["tries"], letter["trouble"], letter["next_try"]) == (1, "it answered 404", None)
        assert (await ask("POST", "/notify/targets/noc/test")).body == {"taken": True, "trouble": ""}
        assert (await ask("POST", "/notify/targets/noc/test")).body == {"taken": False, "trouble": "it answered 500"}
        missing = await ask("POST", "/notify/targets/mail/test")
        assert (missing.status, "the environment has no NO_SUCH_VARIABLE" in missing.body["detail"]) == (409, True)
        assert (await ask("POST", "/notify/targets/fax/test")).status == 404
        assert (await ask("POST", "/notify/targets/noc/again")).body == {"letters": 1}
        assert (await ask("GET", "/notify/letters")).body["items"][0]["state"] == "waiting"
        everything = str(listed.body) + str(letter)
        assert "not-a-real-secret" not in everything
        assert receiver.url not in everything
