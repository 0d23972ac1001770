"""Holds server/notify/sending.py: each letter is sent at least once with the same key, whatever receiver, network and process do."""

import asyncio
import random

import pytest

from server.notify.channel import Outcome, Parcel
from server.notify.sending import GIVEN_UP, Outlet, Sending
from server.notify.webhook import Webhook
from server.state import counters, letters
from server.state.database import Database
from server.state.lease import LeaseLost
from server.watcher.notices.routing import Rule
from tests.fakes.notices import HOUR, SECOND, Desk, Fake, Receiver, receiving

NOC, BOSS = Rule("noc", "P3", digest_hour=-1), Rule("boss", "P1", digest_hour=-1)
DAY_S = 86_400.0


async def desk_with(database: Database, *kinds: str, rules: tuple[Rule, ...] = (NOC,)) -> Desk:
    """Return a desk that has a letter for each kind and target."""
    desk = Desk(database, *rules, wait_s=0)
    await desk.step()
    for number, kind in enumerate(kinds):
        await desk.tell(kind, f"site-{number}")
    await desk.step(1)
    await desk.step(1)
    return desk


async def test_a_receiver_that_is_down_for_an_hour(database: Database) -> None:
    """Every letter arrives after it is back, once, with its own key; it is asked seldom meanwhile, and nothing is lost."""
    desk = await desk_with(database, "site-down", "appeared", "egress-cloud")
    receiver = Receiver()
    async with receiving(receiver):
        port = int(receiver.url.split(":")[2].split("/")[0])
    sending = Sending(Outlet("noc", Webhook(receiver.url, b"s" * 16, lambda: desk.now_ns), DAY_S), random.Random(1).random)
    down_until = desk.now_ns + HOUR
    while desk.now_ns < down_until:
        await sending.step(desk.lead)
        await desk.step(7)
    tries = sum(one["tries"] for one in await desk.letters())
    assert 12 <= tries <= 40
    async with receiving(receiver, port):
        for _ in range(100):
            await sending.step(desk.lead)
            await desk.step(7)
    keys = [headers["Idempotency-Key"] for headers, _ in receiver.got]
    written = await desk.letters()
    assert sorted(keys) == sorted(one["key"] for one in written)
    assert {one["state"] for one in written} == {"sent"}


async def test_an_answer_of_500_after_taking_it(database: Database) -> None:
    """The letter comes again, the same to the byte, under the same key: a receiver that keeps keys tells it once."""
    desk = await desk_with(database, "site-down", "appeared")
    receiver = Receiver(answers=(500, 500, 200))
    async with receiving(receiver):
        sending = Sending(Outlet("noc", Webhook(receiver.url, b"s" * 16, lambda: desk.now_ns), DAY_S))
        for _ in range(10):
            await sending.step(desk.lead)
            await desk.step(20)
    by_key: dict[str, set[bytes]] = {}
    for headers, body in receiver.got:
        by_key.setdefault(headers["Idempotency-Key"], set()).add(body)
    assert len(receiver.got) == 4
    assert len(by_key) == 2
    assert {len(bodies) for bodies in by_key.values()} == {1}


async def test_a_slow_receiver_delays_nobody(database: Database) -> None:
    """While one target holds its first letter, the other gets all of its own."""
    desk = await desk_with(database, "site-down", "site-silent", rules=(NOC, Rule("other", "P3", digest_hour=-1)))
    opened = asyncio.Event()
    slow, quick = Receiver(gate=opened.wait), Receiver()
    async with receiving(slow), receiving(quick):
        lost = Sending(Outlet("noc", Webhook(slow.url, b"s" * 16, lambda: desk.now_ns), DAY_S))
        fine = Sending(Outlet("other", Webhook(quick.url, b"s" * 16, lambda: desk.now_ns), DAY_S))
        async with asyncio.TaskGroup() as group:
            group.create_task(lost.step(desk.lead), name="slow")
            await fine.step(desk.lead)
            assert len(quick.got) == 2
            assert len(slow.got) <= 1
            opened.set()
    assert len(slow.got) == 2


async def test_one_letter_nobody_takes_holds_up_no_other(database: Database) -> None:
    """Letters are tried in turn: the poisoned one waits, the rest arrive."""
    desk = await desk_with(database, "site-down", "appeared", "site-silent")
    poisoned = (await desk.letters())[0]["key"]

    class Picky(Fake):
        async def send(self, parcel: Parcel) -> Outcome:
            self.troubles = ["it answered 400"] if parcel.key == poisoned else [""]
            return await super().send(parcel)

    channel = Picky()
    sending = Sending(Outlet("noc", channel, DAY_S))
    for _ in range(4):
        await sending.step(desk.lead)
        await desk.step(10)
    states = {one["key"]: one["state"] for one in await desk.letters()}
    assert states.pop(poisoned) == "waiting"
    assert set(states.values()) == {"sent"}


async def test_giving_up_is_loud(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    """A letter nobody took for the configured age is ended, counted, logged and shown; younger ones are not."""
    desk = await desk_with(database, "site-down")
    sending = Sending(Outlet("noc", Fake("it answered 404"), 3600.0))
    for _ in range(40):
        await sending.step(desk.lead)
        await desk.step(100)
    assert [one["state"] for one in await desk.letters()] == ["given-up"]
    assert (await counters.read(database))[GIVEN_UP] == 1
    errors = [one.message for one in caplog.records if one.levelname == "ERROR"]
    assert len(errors) == 1
    assert "is given up after" in errors[0]
    assert "it answered 404" in errors[0]


async def test_killed_between_sending_and_noting(database: Database) -> None:
    """The letter was sent and nobody knows: it is sent again when the claim is over, not before, with the same key."""
    desk = await desk_with(database, "site-down")

    class Killed(BaseException):
        pass

    def kill() -> None:
        raise Killed

    dying = Fake(then=kill)
    with pytest.raises(Killed):
        await Sending(Outlet("noc", dying, DAY_S)).step(desk.lead)
    heir = Fake()
    again = Sending(Outlet("noc", heir, DAY_S))
    await desk.step(30)
    await again.step(desk.lead)
    assert heir.got == []
    await desk.step(31)
    await again.step(desk.lead)
    assert [one.key for one in heir.got] == [one.key for one in dying.got]
    assert [(one["state"], one["tries"]) for one in await desk.letters()] == [("sent", 2)]


async def test_two_watchers_that_race(database: Database) -> None:
    """Who lost the lease sends nothing more: the claim is a transaction of the leader."""
    desk = await desk_with(database, "site-down", "appeared")
    other = Desk(database, NOC, holder="two")
    other.now_ns = desk.now_ns + 20 * SECOND
    await other.lead.lead()
    mine, theirs = Fake(), Fake()
    with pytest.raises(LeaseLost):
        await Sending(Outlet("noc", mine, DAY_S)).step(desk.lead)
    await Sending(Outlet("noc", theirs, DAY_S)).step(other.lead)
    assert mine.got == []
    assert len(theirs.got) == 2


async def test_a_channel_with_a_bug_stops_nothing(database: Database) -> None:
    """What a channel raises is a trouble of its target, without the text of the error, which may hold a secret."""
    desk = await desk_with(database, "site-down")

    def broken() -> None:
        raise ValueError("https://user:secret@host")

    await Sending(Outlet("noc", Fake(then=broken), DAY_S)).step(desk.lead)
    assert [one["state"] for one in await desk.letters()] == ["waiting"]
    async with database.reading() as transaction:
        assert [one.trouble for one in await letters.listed(transaction)] == ["unexpected ValueError"]


async def test_what_was_given_up_can_be_sent_again(database: Database) -> None:
    """Under its old key, and tried for as long as a new letter is."""
    desk = await desk_with(database, "site-down")
    channel = Fake("it answered 404", "it answered 404", "")
    sending = Sending(Outlet("noc", channel, 100.0))
    await desk.step(200)
    await sending.step(desk.lead)
    assert [one["state"] for one in await desk.letters()] == ["given-up"]
    async with database.writing() as transaction:
        assert await letters.again(transaction, "noc", desk.now_ns) == 1
    for _ in range(3):
        await desk.step(20)
        await sending.step(desk.lead)
    assert [one["state"] for one in await desk.letters()] == ["sent"]
    assert len({one.key for one in channel.got}) == 1
