"""What is known here about names: the standing runs of all sites, and the PAC files agents have. Reads only, seldom: when a list changes.

Which PAC file an agent has stands in the facts of its newest look at its own machine, which the history's points name.
"""

from collections import Counter
from dataclasses import dataclass

from judge.coverage import Decision
from server.feed.joining import PacFile, Said
from server.history.port import History
from server.state import bodies, overview
from server.state.database import Database
from wire.codec import read_facts
from wire.facts import HostFacts

RECENT_NS = 2 * 3600 * 10**9
"""Agents look at their own machine every ten minutes by the shipped plan; who did not for two hours is away."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What `joining.join` asks for."""

    said: tuple[Said, ...]
    pac_files: tuple[PacFile, ...]


async def situation(database: Database, history: History, now_ns: int) -> Situation:
    """Return how names fare now. Raises Unavailable and the database's own errors."""
    points = await history.latest("mw_raw", "host", ["facts"], {}, now_ns - RECENT_NS)
    newest: dict[str, tuple[int, str]] = {}
    for point in points:
        agent = dict(point.tags).get("agent", "")
        newest[agent] = max(newest.get(agent, (0, "")), (point.time_ns, str(point.fields.get("facts", ""))))
    having = Counter(facts for _, facts in newest.values())
    async with database.reading() as transaction:
        said = [Said(place, target.rpartition(":")[0], verdict) for place, target, verdict in await overview.said_of_hosts(transaction)]
        held = await bodies.load_facts(transaction, list(having))
    return Situation(tuple(said), _files(held, having))


def _files(held: dict[str, bytes], having: Counter[str]) -> tuple[PacFile, ...]:
    files: dict[str, PacFile] = {}
    for key, body in sorted(held.items()):
        facts = read_facts(body)
        pac = facts.pac if isinstance(facts, HostFacts) else None
        if pac is None or not pac.digest:
            continue
        before = files.get(pac.digest, PacFile(pac.digest, 0, {}))
        decisions: dict[str, Decision] = {
            **before.decisions,
            **dict.fromkeys(pac.direct, "direct"),
            **dict.fromkeys(pac.proxied, "proxied"),
        }
        files[pac.digest] = PacFile(pac.digest, before.agents + having[key], decisions)
    return tuple(files.values())
