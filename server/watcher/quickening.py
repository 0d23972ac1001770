"""Lets the agents of an open case probe faster, and its hosts besides: overrides of their plans, renewed while it is open, ended with it.

Without a key to sign plans (`[plans]`) the overrides wait and nothing is faster; the case goes on at the agents' own pace.
"""

from collections.abc import Collection

from judge.knowledge.model import Knowledge
from judge.knowledge.targets import target_for
from server.state import cases, plans
from server.state.database import Database, Transaction

LASTS_NS = 86_400 * 10**9
"""An override ends by itself a day after its last renewal: a centre that is gone leaves no agent fast for ever."""
RENEW_NS = 3600 * 10**9
MOST_TARGETS = 50
"""Hosts of a case that are added to an agent's plan; more would crowd out what the fleet's plan asks."""


async def quicken(
    database: Database,
    transaction: Transaction,
    number: int,
    where: Collection[tuple[str, str]],
    knowledge: Knowledge,
    cadence_s: float,
    now_ns: int,
) -> int:
    """Ask it of every agent that is at one of the case's sites now; return how many they are. `where`: (site, host)."""
    hosts = sorted({host for _, host in where})
    targets = [one for host in hosts if (one := target_for(knowledge, host)).endpoint_set is not None][:MOST_TARGETS]
    agents = await cases.agents_at(transaction, {site for site, _ in where})
    until_ns = now_ns + LASTS_NS
    for agent, _ in agents:
        await plans.override(
            database,
            transaction,
            agent,
            reason(number),
            now_ns=now_ns,
            until_ns=until_ns,
            cadence_s=cadence_s,
            targets=targets,
        )
    return len(agents)


async def slow(transaction: Transaction, number: int, now_ns: int) -> int:
    """End what was asked for a case; return for how many agents."""
    return await plans.end_override(transaction, reason(number), now_ns)


def reason(number: int) -> str:
    """Return what an override for a case is known by."""
    return f"case {number}"
