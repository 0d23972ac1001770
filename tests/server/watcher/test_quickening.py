"""Holds server/watcher/quickening.py on both databases: who probes faster, what besides, and that it ends."""

from judge.knowledge.loader import load_knowledge
from server.state import plans
from server.state.database import Database
from server.state.tables import agent
from server.watcher.quickening import LASTS_NS, quicken, slow

HOST = "outlook.office365.com"
START = 1_795_000_000 * 10**9


async def test_the_agents_of_a_case_probe_faster(database: Database) -> None:
    """Those at its sites, its hosts besides, until a day after the last renewal, or the case's end."""
    row = {"first_seen_ns": 1, "revision": 1, "latest_ns": 1, "cadence_s": 60.0}
    async with database.writing() as transaction:
        await transaction.execute(agent.insert(), [{"id": "a", "place": "Lyon", **row}, {"id": "b", "place": "Porto", **row}])
        where = [("Lyon", HOST), ("Lyon", "printer.example")]
        assert await quicken(database, transaction, 7, where, load_knowledge(), 15.0, START) == 1
        (held,) = await plans.overrides(transaction, START)
        assert (held.agent, held.reason, held.cadence_s, [one.host for one in held.targets]) == ("a", "case 7", 15.0, [HOST])
        assert await quicken(database, transaction, 7, where, load_knowledge(), 15.0, START + LASTS_NS // 2) == 1
        assert len(await plans.overrides(transaction, START + LASTS_NS)) == 1, "renewed"
        assert await slow(transaction, 7, START + LASTS_NS) == 1
        assert await plans.overrides(transaction, START + LASTS_NS) == []
