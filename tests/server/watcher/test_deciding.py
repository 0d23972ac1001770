"""Decisions in a real SQLite database: what is told does not depend on when, how often, or in which order anybody looks."""

import asyncio
import contextlib
import random
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.state.database import Database, open_database
from server.state.tables import event, inbox
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
    """Play a story; the watcher looks `looks[i]` times after round i, and at the end. Return each event's identity and time."""
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


@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(story=STORY, looks=st.dictionaries(st.integers(0, 13), st.integers(1, 2)))
def test_what_is_told_does_not_depend_on_who_looks_when(empty: str, story: list[Round], looks: dict[int, int]) -> None:
    """Any restarts, crashes before a commit, repeated and shuffled inbox rows, and any delay give the same events, each once."""
    steady = asyncio.run(tell(empty, story, dict.fromkeys(range(14), 1), fragile=False))
    assert len({one[:4] for one in steady}) == len(steady)
    assert asyncio.run(tell(empty, story, looks, fragile=True)) == steady
