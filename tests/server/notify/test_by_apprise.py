"""Holds server/notify/by_apprise.py with Apprise itself and a loopback server: letters arrive, troubles hold no secret."""

import json
from pathlib import Path

import pytest

from server.notify.by_apprise import BadAddress, ByApprise
from server.notify.channel import Parcel
from server.notify.sending import Outlet, Sending
from server.state.database import Database
from server.watcher.notices.routing import Rule
from tests.fakes.notices import Desk, Receiver, receiving
from tests.fakes.state import fresh


@pytest.fixture
async def database(tmp_path: Path) -> Database:
    """Give an empty database; what differs between the two is held elsewhere."""
    return await fresh(tmp_path)


async def test_a_letter_by_apprise(database: Database) -> None:
    """From an event to a service: title, text and key arrive, once."""
    desk = Desk(database, Rule("noc"))
    await desk.step()
    await desk.tell("site-down")
    await desk.step(1)
    await desk.step(31)
    receiver = Receiver()
    async with receiving(receiver):
        channel = ByApprise("noc", receiver.url.replace("http://", "json://"))
        await Sending(Outlet("noc", channel, 3600)).step(desk.lead)
        await Sending(Outlet("noc", channel, 3600)).step(desk.lead)
        await channel.close()
    ((_, body),) = receiver.got
    plain = json.loads(body)
    (letter,) = await desk.letters()
    assert plain["title"] == letter["subject"] == "P1 Lyon: Optimize endpoints not reached"
    assert plain["message"] == f"{letter['text']}\n\nLetter:       {letter['key']}"
    assert plain["type"] == "failure"
    assert letter["state"] == "sent"
    await database.close()


async def test_a_trouble_holds_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    """Neither in the outcome nor in any log, at any level."""
    caplog.set_level("DEBUG")
    receiver = Receiver(answers=(403,))
    async with receiving(receiver):
        url = receiver.url.replace("http://", "json://someone:very-secret@").replace("/hook", "/other-secret")
        channel = ByApprise("noc", url)
        outcome = await channel.send(Parcel("k", "s", "t", {}))
    gone = await channel.send(Parcel("k", "s", "t", {}))
    await channel.close()
    assert outcome.trouble
    assert gone.trouble
    everything = outcome.trouble + gone.trouble + caplog.text
    assert "secret" not in everything
    assert "someone" not in everything


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("nosuch://x/secret", "'nosuch' is no service"),
        ("nothing", "is no service"),
        ("pagerduty://", "pagerduty:// is incomplete or wrong"),
    ],
)
def test_addresses_that_are_none(url: str, told: str) -> None:
    """Told with the scheme, never with the rest."""
    with pytest.raises(BadAddress, match=told):
        ByApprise("noc", url)
