"""Episodes and words as rows, on both databases: read back as they were written, the newest standing."""

from server.state import decided
from server.state.database import Database
from server.watcher.episodes import Episode
from server.watcher.steady import Word


async def test_episodes(database: Database) -> None:
    """Written, changed, asked for by kind; writing nothing is fine."""
    first, second = ("Porto", "site-down"), ("agent-01", "agent-clock")
    async with database.writing() as transaction:
        await decided.write_episodes(database, transaction, {first: Episode("bad", 5, 1), second: Episode("doubt", 6)})
        await decided.write_episodes(database, transaction, {first: Episode("easing", 7, 1)})
        await decided.write_episodes(database, transaction, {})
    async with database.reading() as transaction:
        assert await decided.episodes(transaction) == {first: Episode("easing", 7, 1), second: Episode("doubt", 6)}
        assert await decided.episodes(transaction, ["agent-clock"]) == {second: Episode("doubt", 6)}


async def test_words(database: Database) -> None:
    """A site has one word of each name."""
    async with database.writing() as transaction:
        await decided.write_words(database, transaction, {("Porto", "egress"): Word("A", 1), ("Lyon", "egress"): Word("B", 2)})
        await decided.write_words(database, transaction, {("Porto", "egress"): Word("A", 1, next="C", next_ns=9)})
    async with database.reading() as transaction:
        assert await decided.words(transaction) == {("Porto", "egress"): Word("A", 1, 0, "C", 9), ("Lyon", "egress"): Word("B", 2)}
        assert await decided.words(transaction, ["Lyon"]) == {("Lyon", "egress"): Word("B", 2)}
