"""Decisions in a real database: what is told does not depend on when, how often, or in which order anybody looks."""

import asyncio
import contextlib
import json
import random
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.fleet.registry import Place, Registry, Site
from server.state import runs
from server.state.database import Database, open_database
from server.state.tables import device, event, finding, inbox, outbox, run
from server.watcher.watcher import Watcher
from tests.fakes import sightings
from tests.fakes.sightings import MINUTE, SECOND, START, Rounds, Seen
from tests.fakes.sightings import device as box

HOSTS = ("outlook.office365.com", "teams.microsoft.com")
Round = tuple[str, Sequence[str]]
"""Agent, and what it finds on each host: clean, a device's letter, or doubt."""
BOXES = {"Z": box("instance:1", "product:z"), "S": box("header:s", vendor=None), "E": box("product:e", "instance:3", scope="endpoint")}


class Crash(Exception):  # noqa: N818 - what happens, not what is raised
    """The process ends before the commit."""


class Fragile(Database):
    """A database whose process dies before some of its commits."""

    dies: random.Random | None = None

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """Give a transaction that may be the last."""
        async with super().writing() as connection:
            yield connection
            if self.dies and self.dies.random() < 0.3:
                raise Crash


@pytest.fixture(scope="module")
def empty() -> str:
    """Return the path of an empty state database, to be copied: making one takes 50 ms."""

    async def make(path: str) -> None:
        await (await open_database(f"sqlite+aiosqlite:///{path}")).close()

    path = f"{tempfile.mkdtemp()}/empty.db"
    asyncio.run(make(path))
    return path


def finding_of(letter: str, host: str) -> Seen:
    """Return what the judge says of one host."""
    if letter in {"clean", "inconclusive"}:
        return letter  # type: ignore[return-value]
    return sightings.finding(by=BOXES[letter], host=host, deterministic=letter != "S")


async def disturb(database: Database, dice: random.Random) -> None:
    """Repeat and shuffle the inbox."""
    async with Database(database.engine).writing() as transaction:
        rows = [dict(row._mapping) for row in await transaction.execute(select(inbox))]
        rows += dice.sample(rows, len(rows) // 2)
        dice.shuffle(rows)
        await transaction.execute(delete(inbox))
        if rows:
            await transaction.execute(insert(inbox), [{name: row[name] for name in ("kind", "run", "made_ns")} for row in rows])


async def tell(file: str, story: Sequence[Round], looks: Mapping[int, int], *, fragile: bool) -> list[tuple[str, str, str, int, int]]:
    """Play a story; the watcher looks `looks[i]` times after round i, and at the end. Return each event."""
    copy = shutil.copy(file, tempfile.mkdtemp())
    plain = await open_database(f"sqlite+aiosqlite:///{copy}", create=False)
    database = Fragile(plain.engine)
    dice = random.Random(7)
    clock = [START]
    rounds = Rounds(plain)
    watcher = Watcher(database, None, "w", lambda: clock[0])
    for index, (agent, found) in enumerate(story):
        clock[0] = START + index * MINUTE
        await rounds.see(agent, clock[0], {host: finding_of(one, host) for host, one in zip(HOSTS, found, strict=True)})
        for _ in range(looks.get(index, 0)):
            if fragile:
                await disturb(database, dice)
                database.dies = dice
                watcher = Watcher(database, None, "w", lambda: clock[0])
            with contextlib.suppress(Crash):
                await watcher.step()
            database.dies = None
    clock[0] += SECOND
    while await watcher.step():
        pass
    async with plain.reading() as transaction:
        rows = await transaction.execute(select(event).order_by(event.c.device, event.c.at_ns, event.c.id))
        found_events = [(row.device, row.scope, row.kind, row.episode, row.at_ns - START) for row in rows]
    await plain.close()
    shutil.rmtree(Path(copy).parent)
    return found_events


STORY = st.lists(
    st.tuples(st.sampled_from("ab"), st.tuples(*[st.sampled_from(["clean", "clean", "Z", "Z", "S", "inconclusive"])] * 2)), max_size=14
)


def rounds(words: str) -> list[Round]:
    """Return a story from words like `aZ?`: agent a finds Z on the first host and doubt on the second; a point is clean."""
    found = {".": "clean", "?": "inconclusive", "Z": "Z", "S": "S"}
    return [(word[0], (found[word[1]], found[word[2]])) for word in words.split()]


@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
# a hint that is cleared later must not date the opening for whoever looks late
@example(story=rounds("a.Z aS. a.? bZ? aZ. aZ. bZ."), looks={6: 2})
# a sighting that a guard holds back must not date the opening by another's
@example(story=rounds("b.Z aZ? a.? bZ? bZZ"), looks={})
# what a stranger sees keeps a device that is there, whether it was known to be there when it was weighed or not
@example(story=rounds("bZ? bZ? bZ. a.Z b.. aZ. b.Z a.Z"), looks={})
# two rounds are believed with the second, and what was seen and cleared before that dates nothing
@example(story=rounds("b?Z aZZ b?. bZZ bZ. b?Z bZ. aZ. a.Z aZ. aZ. bZ? a.. aSZ aZ?"), looks={})
# of two sides of a box the one that was known first is told as new
@example(story=rounds("aZ. a.S bS. b.Z a.Z b?Z aZS bS. b.S a?S a.. a.S a.."), looks={7: 1, 11: 2})
# what was seen before a candidate is as much a stranger's as what is seen after it
@example(story=rounds("bS. b.S aZZ aZ? aZZ bZS a?. a.Z b.Z aZ. bZZ a.. bZ? b.Z aZ."), looks={5: 1})
@given(story=STORY, looks=st.dictionaries(st.integers(0, 13), st.integers(1, 2)))
def test_what_is_told_does_not_depend_on_who_looks_when(empty: str, story: list[Round], looks: dict[int, int]) -> None:
    """Any restarts, crashes before a commit, repeated and shuffled inbox rows, and any delay give the same events, each once."""
    steady = asyncio.run(tell(empty, story, dict.fromkeys(range(14), 1), fragile=False))
    assert len({one[:4] for one in steady}) == len(steady)
    assert asyncio.run(tell(empty, story, looks, fragile=True)) == steady


async def watch(
    database: Database, *reports: tuple[str, Mapping[str, Seen]], place: str = "Frankfurt", registry: Registry | None = None
) -> None:
    """Take in reports minute by minute and let a watcher decide after each."""
    clock = [START]
    rounds = Rounds(database)
    watcher = Watcher(database, None, "w", lambda: clock[0], registry=registry)
    for minute, (agent, seen) in enumerate(reports):
        clock[0] = START + minute * MINUTE
        await rounds.see(agent, clock[0], seen, place)
        await watcher.step()


async def sentences_of(database: Database) -> list[str]:
    """Return what was told, in order."""
    async with database.reading() as transaction:
        return list(await transaction.scalars(select(event.c.sentence).order_by(event.c.id)))


async def test_one_device_on_many_hosts_and_agents_is_one_event(database: Database) -> None:
    """The same key on three agents and two hosts of a place: one `appeared` at P2, one presence, one device."""
    before: Mapping[str, Seen] = dict.fromkeys(HOSTS, "clean")
    after: Mapping[str, Seen] = {host: sightings.finding(by=BOXES["Z"], host=host) for host in HOSTS}
    await watch(database, *[(agent, before) for agent in "abcabc"], *[(agent, after) for agent in "abcabc"])
    assert await sightings.told(database) == [("appeared", "Frankfurt", 1, "P2")]
    assert list((await sightings.standing(database)).values()) == [("present", 1)]
    assert await sightings.waiting(database) == 0


async def test_the_first_day_is_no_storm(database: Database) -> None:
    """A device there from the first report is discovered, at P4."""
    await watch(database, *[("a", {HOSTS[0]: sightings.finding(by=BOXES["Z"])})] * 3)
    assert await sightings.told(database) == [("discovered", "Frankfurt", 1, "P4")]


async def test_each_place_is_told_for_itself(database: Database) -> None:
    """One key at two places is one device and two events."""
    for place, agent in (("Lyon", "a"), ("Porto", "b")):
        await watch(database, *[(agent, {HOSTS[0]: sightings.finding(by=BOXES["Z"])})] * 2, place=place)
    assert [one[:2] for one in await sightings.told(database)] == [("discovered", "Lyon"), ("discovered", "Porto")]
    assert len({device for device, _ in await sightings.standing(database)}) == 1


async def test_roots_of_each_machine_are_one_product(database: Database) -> None:
    """An endpoint product with another root on each machine is one device, by its product key."""
    seen = [box(f"instance:{agent}", "product:kaspersky", scope="endpoint", vendor="Kaspersky") for agent in "abc"]
    await watch(database, *[(agent, {HOSTS[0]: sightings.finding(by=one)}) for agent, one in zip("abcabc", seen * 2, strict=True)])
    assert await sightings.told(database) == [("discovered", "endpoints", 1, "P4")]


async def test_what_runs_on_a_laptop_travels_with_it(database: Database) -> None:
    """A laptop with antivirus comes to a site that was always clean: nothing new there. On a machine that was clean it is news, once."""
    clean: Mapping[str, Seen] = {HOSTS[0]: "clean"}
    mine: list[Mapping[str, Seen]] = [
        {HOSTS[0]: sightings.finding(by=box(f"instance:{one}", "product:kaspersky", scope="endpoint"))} for one in "abcd"
    ]
    rounds = Rounds(database)
    clock = [START]
    watcher = Watcher(database, None, "w", lambda: clock[0])
    story = [("b", clean, "Lyon")] * 3 + [("c", clean, "Lyon")] * 3 + [("a", mine[0], "Frankfurt")] * 3 + [("a", mine[0], "Lyon")] * 3
    story += [("b", mine[1], "Lyon")] * 3 + [("c", mine[2], "Lyon")] * 3
    for agent, seen, place in story:
        clock[0] += MINUTE
        await rounds.see(agent, clock[0], seen, place)
        await watcher.step()
    assert await sightings.told(database) == [("discovered", "endpoints", 1, "P4")]
    assert [one[1] for one in await sightings.standing(database)] == ["endpoints"]
    for agent, place in [(agent, place) for agent, place in (("b", "Lyon"), ("c", "Lyon"), ("a", "Lyon")) for _ in range(2)]:
        clock[0] += 30 * MINUTE
        await rounds.see(agent, clock[0], clean, place)
        await watcher.step()
    assert [one[0] for one in await sightings.told(database)] == ["discovered", "left"]


async def test_a_product_rolled_out_to_machines_is_told_once(database: Database) -> None:
    """Clean machines get one make, one after the other: one event, of the first."""
    clean: Mapping[str, Seen] = {HOSTS[0]: "clean"}
    mine = {agent: {HOSTS[0]: sightings.finding(by=box(f"instance:{agent}", "product:eset", scope="endpoint"))} for agent in "abc"}
    await watch(database, *[(agent, clean) for agent in "abcabc"], *[(agent, mine[agent]) for agent in "aabbcc"])
    assert await sightings.told(database) == [("appeared", "endpoints", 1, "P2")]
    (sentence,) = await sentences_of(database)
    assert sentence.startswith("Machine a: traffic to outlook.office365.com is being decrypted by a program on the machine, of a make")


async def test_a_device_new_at_many_sites_is_one_cause(database: Database) -> None:
    """Two sites alarm for themselves; with the third it has spread, and that and all that follow are recorded."""
    registry = Registry({name: Site(name, region="EMEA" if name != "Tokyo" else "APAC") for name in ("A", "B", "C", "D", "Tokyo")})
    clock = [START]
    rounds, watcher = Rounds(database), Watcher(database, None, "w", lambda: clock[0], registry=registry)
    for place in ("A", "B", "C", "D", "Tokyo"):
        for seen in ("clean", "clean", "Z", "Z"):
            clock[0] += MINUTE
            await rounds.see(place.lower(), clock[0], {HOSTS[0]: finding_of(seen, HOSTS[0])}, place)
            await watcher.step()
    told = [(kind, scope, severity) for kind, scope, _, severity in await sightings.told(database)]
    assert told == [
        ("appeared", "A", "P2"),
        ("appeared", "B", "P2"),
        ("spread", "EMEA", "P2"),
        ("appeared", "C", "P4"),
        ("appeared", "D", "P4"),
        ("spread", "fleet", "P2"),
        ("appeared", "Tokyo", "P4"),
    ]


async def test_a_box_that_renews_its_authority_is_the_same(database: Database) -> None:
    """A root of its own per box, renewed under the same name: nothing is told. Another name in its place is another device."""
    clean: Mapping[str, Seen] = {HOSTS[0]: "clean"}
    first, renewed, other = (
        {HOSTS[0]: sightings.finding(by=box(f"instance:{root}", f"product:{name}", scope="device"))}
        for root, name in (("1", "fortigate"), ("2", "fortigate"), ("3", "palo alto"))
    )
    await watch(database, *[("a", seen) for seen in (clean, clean, first, first, renewed, renewed, other, other)])
    assert [one[0] for one in await sightings.told(database)] == ["appeared", "appeared", "left"]


async def test_a_hop_more_is_no_other_splitter(database: Database) -> None:
    """Where a connection ends moves by a hop when the network before it changes: the same device."""
    clean: Mapping[str, Seen] = {HOSTS[0]: "clean"}
    hops = [{HOSTS[0]: sightings.finding("spliced", box(f"path:ends at hop {hop}", vendor=None), deterministic=False)} for hop in "34"]
    await watch(database, ("a", clean), ("a", clean), *[("a", hops[0])] * 3, *[("a", hops[1])] * 3)
    assert await sightings.told(database) == [("discovered", "Frankfurt", 1, "P4")]


async def test_a_device_that_flaps_is_recorded_and_no_longer_told(database: Database) -> None:
    """Three comings and goings within an hour are told, the rest is recorded at `none` and says so."""
    seen: Mapping[str, Seen] = {HOSTS[0]: sightings.finding(by=BOXES["Z"])}
    clean: Mapping[str, Seen] = {HOSTS[0]: "clean"}
    await watch(database, *[("a", one) for one in (seen, seen, clean, clean) * 3])
    severities = [one[3] for one in await sightings.told(database)]
    assert severities == ["P4", "P4", "P4", "none", "none", "none"]
    assert "comes and goes too often" in (await sentences_of(database))[-1]


async def test_two_boxes_of_a_make_are_two_devices(database: Database) -> None:
    """The near miss: roots of their own per box share a product key and stay apart."""
    seen = [box(f"instance:{agent}", "product:fortigate", scope="device") for agent in "ab"]
    await watch(database, *[(agent, {HOSTS[0]: sightings.finding(by=one)}) for agent, one in zip("abab", seen * 2, strict=True)])
    assert [one[0] for one in await sightings.told(database)] == ["discovered", "discovered"]


async def test_a_rollover_is_not_a_new_device(database: Database) -> None:
    """A new root under the known name adds a key: no event, the same presence."""
    old, new = (sightings.finding(by=box(f"instance:{root}", "product:z")) for root in "12")
    await watch(database, *[("a", {HOSTS[0]: one}) for one in (old, old, new, new, new)])
    assert await sightings.told(database) == [("discovered", "Frankfurt", 1, "P4")]


async def test_two_devices_that_turn_out_to_be_one_are_merged(database: Database) -> None:
    """A finding with the keys of both makes them one device with one presence that can still leave."""
    one, two, both = (sightings.finding(by=box(*keys)) for keys in (["instance:1"], ["instance:2"], ["instance:1", "instance:2"]))
    seen: list[tuple[str, Mapping[str, Seen]]] = [
        (agent, {HOSTS[0]: found}) for agent, found in zip("aabbc", (one, one, two, two, both), strict=True)
    ]
    gone: list[tuple[str, Mapping[str, Seen]]] = [(agent, {HOSTS[0]: "clean"}) for agent in "abcabc"]
    await watch(database, *seen, *gone)
    assert list((await sightings.standing(database)).values()) == [("absent", 2)]
    assert [one[0] for one in await sightings.told(database)] == ["discovered", "discovered", "left"]


@pytest.mark.parametrize(("disposition", "severity"), [("undecided", "P2"), ("known", "P4"), ("approved", "none")])
async def test_people_decide_how_loudly(database: Database, disposition: str, severity: str) -> None:
    """A known device comes to a new place at P4; an approved one is recorded, and no letter leaves."""
    seen: tuple[str, Mapping[str, Seen]] = ("a", {HOSTS[0]: sightings.finding(by=BOXES["Z"])})
    await watch(database, seen, seen)
    async with database.writing() as transaction:
        await transaction.execute(update(device).values(disposition=disposition))
        await transaction.execute(delete(outbox))
    clean: tuple[str, Mapping[str, Seen]] = ("b", {HOSTS[0]: "clean"})
    await watch(database, clean, clean, ("b", seen[1]), ("b", seen[1]), place="Porto")
    assert (await sightings.told(database))[-1] == ("appeared", "Porto", 1, severity)
    async with database.reading() as transaction:
        letters = (await transaction.execute(select(outbox.c.channel))).all()
    assert [row.channel for row in letters] == ([] if severity == "none" else ["history"])


async def test_a_cloned_stream_is_told_once(database: Database) -> None:
    """A fork, however often reported, is one event; another stream of the agent another; an unreadable row stops nothing."""
    forks = (("1", 5), ("1", 6), ("2", 5))
    bodies = [json.dumps({"agent": "a", "stream": stream * 32, "seq": seq, "at_ns": START}).encode() for stream, seq in forks]
    async with database.writing() as transaction:
        await runs.tell_clone(transaction, [b"{}", *bodies], START)
    assert await Watcher(database, None, "w", lambda: START).step() == 4
    assert [one[:2] for one in await sightings.told(database)] == [("cloned-identity", "a")] * 2


async def test_a_run_without_a_readable_finding_stops_nothing(database: Database) -> None:
    """The row goes, the log says nothing, the next is decided."""
    await watch(database, ("a", {HOSTS[0]: "clean"}))
    async with database.writing() as transaction:
        await transaction.execute(update(run).values(verdict="inspected", device_key="instance:1", finding="broken"))
        await transaction.execute(insert(finding).values(id="broken", body=b"{"))
        await transaction.execute(insert(inbox), [{"kind": "run", "run": number, "made_ns": START} for number in (1, 99)])
    assert await Watcher(database, None, "w", lambda: START).step() == 2
    assert await sightings.told(database) == []


async def test_history_that_came_late_alarms_nobody(database: Database) -> None:
    """A report from before the path's newest run amends history: no event, no presence."""
    clock = START + 60 * MINUTE
    rounds = Rounds(database)
    for at_ns in (clock, clock + MINUTE, START, START + MINUTE, START + 2 * MINUTE):
        await rounds.see("a", at_ns, {HOSTS[0]: "clean" if at_ns >= clock else sightings.finding(by=BOXES["Z"])})
    async with database.writing() as transaction:  # an older collector might tell of it: still nothing
        await transaction.execute(insert(inbox), [{"kind": "run", "run": 2, "made_ns": START}])
    await Watcher(database, None, "w", lambda: clock + MINUTE).step()
    assert await sightings.told(database) == []


async def test_what_the_sentence_says(database: Database) -> None:
    """Place, host, vendor, who agrees, since when, before and whose job."""
    clean: Mapping[str, Seen] = {HOSTS[0]: "clean"}
    seen: Mapping[str, Seen] = {HOSTS[0]: sightings.finding(by=BOXES["Z"])}
    await watch(database, ("a", clean), ("a", clean), ("a", seen), ("a", seen), ("a", clean), ("a", clean))
    appeared, left = await sentences_of(database)
    assert appeared == (
        "Frankfurt: traffic to outlook.office365.com is being decrypted by a device not seen here before. Zscaler, by its certificate "
        "(certain). 1 of 1 agent agrees, since 2026-11-18 11:08 UTC. Before: clean. Now: certificates issued by CN=Box. "
        "For: the owner of the device."
    )
    assert left.startswith("Frankfurt: the device that stood in the way of traffic to outlook.office365.com is gone. Zscaler,")


async def test_the_sentence_counts_microsofts_hosts_in_the_sites_own_time(database: Database) -> None:
    """As the page does: the control target has no say, and Frankfurt is an hour ahead of UTC."""
    seen: Mapping[str, Seen] = {
        HOSTS[0]: sightings.finding(by=BOXES["Z"]),
        "control.example": sightings.finding(by=BOXES["Z"], host="control.example", category="Control"),
    }
    registry = Registry({"Frankfurt": Site("Frankfurt", Place(50.11, 8.68), "Europe/Berlin")})
    await watch(database, *[("a", seen)] * 2, registry=registry)
    (sentence,) = await sentences_of(database)
    assert sentence.startswith("Frankfurt: traffic to outlook.office365.com is being decrypted")
    assert "since 2026-11-18 12:06 UTC+1." in sentence


async def test_what_a_certificate_says_stops_nothing(database: Database) -> None:
    """NUL and a text longer than its column, from a stranger's issuer, are cut, on every database."""
    strange = sightings.finding(by=box("instance:1", vendor="V\0" * 300, issuer="CN=\0" + "x" * 2000))
    await watch(database, *[("a", {HOSTS[0]: strange})] * 2)
    assert await sightings.told(database) == [("discovered", "Frankfurt", 1, "P4")]
