"""What a person asks of the feed: within the hour it is refused, whatever was asked before."""

from dataclasses import replace
from pathlib import Path

import pytest

from server.feed import person
from server.feed.deciding import HOUR_NS, confirmed, failed
from server.feed.section import FeedSection
from server.state import feed
from server.state.feed import FeedRow
from tests.fakes.state import fresh

NOW = 1_790_000_000 * 10**9
ON = FeedSection(enabled=True, instances=("China", "Worldwide"))


async def test_ask_now(tmp_path: Path) -> None:
    """An hour after the last asking it is due at once, one instance before another; before, the wait is told; off is off."""
    database = await fresh(tmp_path)

    async def save(row: FeedRow) -> None:
        async with database.writing() as transaction:
            await feed.save(transaction, row)

    assert await person.ask_now(database, ON, NOW) == ["China", "Worldwide"]
    async with database.writing() as transaction:
        await feed.introduce(database, transaction, ON.instances, NOW)
        row = (await feed.rows(transaction))["Worldwide"]
    for asked in (confirmed(row, NOW), failed(replace(row, failures=4), "no", 0, NOW)):
        await save(asked)
        await save(confirmed(replace(row, instance="China"), NOW))
        with pytest.raises(person.NotNow, match="again in 30 min"):
            await person.ask_now(database, ON, NOW + HOUR_NS // 2)
        await save(confirmed(replace(row, instance="China"), NOW + HOUR_NS))
        assert await person.ask_now(database, ON, NOW + HOUR_NS) == ["Worldwide"]
        async with database.reading() as transaction:
            assert (await feed.heads(transaction))["Worldwide"].next_ns == 0
    await save(failed(row, "unreachable", 0, NOW, reached=False))
    assert await person.ask_now(database, ON, NOW) == ["Worldwide"]
    await save(failed(row, "429", 7200, NOW))
    with pytest.raises(person.NotNow, match="again in 60 min"):
        await person.ask_now(database, ON, NOW + HOUR_NS)
    with pytest.raises(person.NotNow, match="the feed is off"):
        await person.ask_now(database, FeedSection(), NOW)
    await database.close()
