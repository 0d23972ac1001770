"""The picture from a real state database: what the watcher decided, what proves it, and the chain behind it."""

from dataclasses import replace
from pathlib import Path

import pytest

from server.console.loading import Loader
from server.history.null import NullHistory
from server.state import bodies
from server.state.database import Database
from server.watcher.refreshing import States
from server.watcher.watcher import Watcher
from tests.fakes.pictures import site
from tests.fakes.sightings import HOST, MINUTE, START, Rounds, Seen, device, finding
from tests.fakes.state import fresh
from wire import codec
from wire.facts import WebFacts
from wire.target import Target

DER = b"a certificate nobody can read"
FACTS = WebFacts(target=Target(host=HOST, category="Optimize", workload="Exchange"), chain=[codec.content_id(DER)])
BODY = codec.facts_bytes(FACTS)
BOX = replace(finding(by=device("instance:box")), facts=(codec.content_id(BODY),))


async def states(_now_ns: int) -> States:
    """Return one site."""
    return States([], [site("Frankfurt", "inspected")])


async def decided(database: Database, minutes: int) -> None:
    """Let the watcher decide what is in the inbox."""
    watcher = Watcher(database, NullHistory(), "test", lambda: START + minutes * MINUTE)
    while await watcher.step():
        pass


@pytest.fixture
async def inspected(tmp_path: Path) -> Database:
    """Give a state database in which Frankfurt was clean twice and is inspected since."""
    database = await fresh(tmp_path)
    async with database.writing() as transaction:
        await bodies.store_facts(database, transaction, {codec.content_id(BODY): ("web", BODY, "0", 1)}, START)
        await bodies.store_certificates(database, transaction, {codec.content_id(DER): DER}, START)
    rounds = Rounds(database)
    script: list[Seen] = ["clean", "clean", BOX, BOX]
    for minute, seen in enumerate(script):
        await rounds.see("a", START + minute * MINUTE, {HOST: seen}, "Frankfurt")
    await decided(database, 4)
    return database


async def test_device_with_its_proof(inspected: Database) -> None:
    """A present device has its row, its presence, its sightings, the finding that proves it and the chain as captured."""
    loader = Loader(inspected, states, lambda: "")
    picture = await loader.load(await loader.version(), START + 4 * MINUTE)
    await inspected.close()
    (card,) = picture.devices
    assert [one.place for one in card.present] == ["Frankfurt"]
    assert [(one.agent, one.target) for one in card.sightings] == [("a", f"{HOST}:443")]
    assert card.finding is not None
    assert card.finding.verdict == "inspected"
    assert card.chain is not None
    assert card.chain.certificates[0].pem.startswith("-----BEGIN CERTIFICATE-----")
    assert card.chain.certificates[0].fields.unreadable == ("certificate",)
    assert [event.kind for event in picture.events] == ["appeared"]
    assert picture.decided_until_ns > START
    assert [one.site for one in picture.sites] == ["Frankfurt"]


async def test_device_that_left_keeps_its_proof(inspected: Database) -> None:
    """After it left it is still shown, with what proved it; a day later it is gone."""
    rounds = Rounds(inspected)
    for minute in (5, 6, 7):
        await rounds.see("a", START + minute * MINUTE, {HOST: "clean"}, "Frankfurt")
    await decided(inspected, 8)
    loader = Loader(inspected, states, lambda: "")
    (card,) = (await loader.load((), START + 8 * MINUTE)).devices
    later = await loader.load((), START + 8 * MINUTE + 25 * 60 * MINUTE)
    await inspected.close()
    assert (card.present, card.sightings) == ([], [])
    assert card.finding is not None
    assert later.devices == []


async def test_facts_that_cannot_be_read_are_no_chain(tmp_path: Path) -> None:
    """A body nobody can read, and one that is not there, leave the device without a chain."""
    database = await fresh(tmp_path)
    broken = replace(BOX, facts=("missing", codec.content_id(b"{")))
    async with database.writing() as transaction:
        await bodies.store_facts(database, transaction, {codec.content_id(b"{"): ("web", b"{", "0", 1)}, START)
    rounds = Rounds(database)
    for minute in range(2):
        await rounds.see("a", START + minute * MINUTE, {HOST: broken}, "Frankfurt")
    await decided(database, 3)
    (card,) = (await Loader(database, states, lambda: "").load((), START + 3 * MINUTE)).devices
    await database.close()
    assert (card.chain, card.finding is not None) == (None, True)


async def test_empty_database(tmp_path: Path) -> None:
    """An empty database is an empty picture that says what history says, and by which list it would be judged."""
    database = await fresh(tmp_path)
    picture = await Loader(database, states, lambda: "history is away", lambda now_ns: f"the list of {now_ns}").load((), START)
    await database.close()
    assert picture.lists == f"the list of {START}"
    assert (picture.devices, picture.events, picture.history, picture.decided_until_ns) == ([], [], "history is away", 0)


async def test_proof_is_about_a_host_of_microsofts(tmp_path: Path) -> None:
    """Where the control target shows the same device, the page proves it by a host of Microsoft's."""
    database = await fresh(tmp_path)
    by = device("instance:box")
    seen: dict[str, Seen] = {HOST: finding(by=by), "www.example.org": finding(by=by, host="www.example.org", category="Control")}
    rounds = Rounds(database)
    for minute in range(2):
        await rounds.see("a", START + minute * MINUTE, seen, "Frankfurt")
    await decided(database, 3)
    (card,) = (await Loader(database, states, lambda: "").load((), START + 3 * MINUTE)).devices
    await database.close()
    assert card.finding is not None
    assert card.finding.target.host == HOST
