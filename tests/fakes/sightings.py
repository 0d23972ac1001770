"""Stands in for the collector: folds rounds into stored runs and inbox rows with the collector's own rules, without reports."""

from collections.abc import Mapping
from typing import Literal

from pydantic import TypeAdapter
from sqlalchemy import select

from judge.finding import Device, DeviceKey, Evidence, Finding, Scope
from server.collector.runs import AgentRuns, Path, Run
from server.state import runs
from server.state.database import Database
from server.state.tables import event, inbox, presence
from wire.target import Target
from wire.vocabulary import Category, Verdict

SECOND = 10**9
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
START = 1_795_000_000 * SECOND
"""A moment in November 2026: event times must look like times."""
HOST = "outlook.office365.com"
_json = TypeAdapter(Finding)
Seen = Finding | Literal["clean", "inconclusive", "unreachable"]


def device(*keys: str, scope: Scope = "tenant", vendor: str | None = "Zscaler", confidence: float = 0.95, issuer: str = "CN=Box") -> Device:
    """Return a device; a key is written `kind:value`."""
    pairs = [key.partition(":") for key in keys]
    made = tuple(DeviceKey(kind, value) for kind, _, value in pairs)  # type: ignore[arg-type]
    return Device(made, device_class="swg", vendor=vendor, confidence=confidence, scope=scope, issuer=issuer)


def finding(
    verdict: Verdict = "inspected",
    by: Device | None = None,
    *,
    host: str = HOST,
    deterministic: bool = True,
    category: Category = "Optimize",
) -> Finding:
    """Return a finding about one host."""
    evidence = (Evidence("trust", "chain", 1.0, "L", "The chain ends in a root that only this machine trusts.", deterministic),)
    return Finding(
        target=Target(host=host, category=category, workload="Exchange"),
        route="direct",
        verdict=verdict,
        severity="high" if by else "none",
        confidence=0.95,
        responsible="intermediary" if by else "nobody",
        sentence="",
        why_not="",
        evidence=evidence if by else (),
        device=by,
    )


def encode(one: Finding) -> bytes:
    """Return a finding as the collector stores it with a run."""
    return _json.dump_json(one)


class Rounds:
    """One collector: `see` is one report of one agent, committed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._latest: dict[str, int] = {}

    async def see(self, agent: str, at_ns: int, seen: Mapping[str, Seen], place: str = "Frankfurt") -> None:
        """Take in what one agent found on each host at a moment."""
        async with self._database.writing() as transaction:
            known = AgentRuns(
                (await runs.load_current(transaction, [agent]))[agent],
                (await runs.load_history(transaction, {agent: (at_ns, at_ns)}))[agent],
            )
            latest_ns = self._latest.get(agent, 0)
            for host, one in seen.items():
                said = finding(one, host=host) if isinstance(one, str) else one
                path = Path(place, f"{host}:443", "direct")
                run = Run(path, said.verdict, said.device_key, at_ns, at_ns, 1, current=True, finding=encode(said))
                known.see(run, latest_ns, is_late=at_ns <= latest_ns)
            await runs.write(self._database, transaction, {agent: list(known.changed.values())}, at_ns)
        self._latest[agent] = max(latest_ns, at_ns)


async def told(database: Database) -> list[tuple[str, str, int, str]]:
    """Return (kind, scope, episode, severity) of each event, in the order told."""
    async with database.reading() as transaction:
        rows = await transaction.execute(select(event).order_by(event.c.id))
        return [(row.kind, row.scope, row.episode, row.severity) for row in rows]


async def waiting(database: Database) -> int:
    """Return how many inbox rows are not decided."""
    async with database.reading() as transaction:
        return len((await transaction.execute(select(inbox.c.id))).all())


async def standing(database: Database) -> dict[tuple[str, str], tuple[str, int]]:
    """Return (state, episode) by (device, place)."""
    async with database.reading() as transaction:
        rows = await transaction.execute(select(presence))
        return {(row.device, row.place): (row.state, row.episode) for row in rows}
