"""What the fleet has learned counts as listed, in a knowledge of another version."""

import asyncio

from judge.knowledge.loader import load_knowledge
from server.learning import Learned
from server.state import issuers
from server.state.database import Database


async def test_a_learned_authority_is_listed(database: Database) -> None:
    """Nothing learned leaves the knowledge as it is; with one, its key is listed and the version says so; the same again is no news."""
    learned, knowledge = Learned(database), load_knowledge()
    assert not await learned.look()
    assert learned.over(knowledge) is knowledge
    async with database.writing() as transaction:
        await issuers.learn(database, transaction, "k", "CN", 1)
    assert await learned.look()
    assert not await learned.look()
    after = learned.over(knowledge)
    assert after.authorities.keys - knowledge.authorities.keys == {"k"}
    assert after.version == f"{knowledge.version}+1"


async def test_who_judges_is_told(database: Database) -> None:
    """What was learned before a start is in use from the first look on."""
    async with database.writing() as transaction:
        await issuers.learn(database, transaction, "k", "CN", 1)
    told = asyncio.Event()
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        task = group.create_task(Learned(database).run(told.set), name="learned")
        await told.wait()
        task.cancel()
