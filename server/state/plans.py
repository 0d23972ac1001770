"""Plans issued and what single agents do besides, as rows. Statements only; what a plan holds is `server/fleet/issuing.py`'s.

An agent's plan is the row of the highest version among those for it and those for all; what nobody can follow any more is deleted.
Overrides are made and ended here by whoever has a reason (a bypass case); the watcher turns them into plans within seconds.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update

from server.state.database import Database, Transaction
from server.state.feed_tables import plan_issue, plan_override
from server.state.standing_tables import agent_word
from server.state.tables import agent as agent_table
from wire.target import Target

ALL = ""
"""The agent of a plan that is everybody's."""


@dataclass(frozen=True, slots=True)
class Issue:
    """One plan issued. `agent` is empty for all; `digest` is the content id of the plan without its version."""

    version: int
    agent: str
    digest: str
    reason: str
    envelope: bytes
    issued_ns: int


@dataclass(frozen=True, slots=True)
class Override:
    """What one agent does besides, and why. `cadence_s` 0: no other cadence. `targets` are added to the plan's."""

    agent: str
    reason: str
    cadence_s: float
    targets: tuple[Target, ...]
    made_ns: int
    until_ns: int


async def override(
    database: Database,
    transaction: Transaction,
    agent: str,
    reason: str,
    *,
    now_ns: int,
    until_ns: int,
    cadence_s: float = 0.0,
    targets: Sequence[Target] = (),
) -> None:
    """Let an agent probe faster (`cadence_s`, 5 to 86,400; 0: as the plan says) or more (`targets`) until a time.

    (agent, reason) is its identity: a second call changes cadence, targets and end. `reason` is at most 128 characters, such as `case 7`.
    """
    body = json.dumps([one.model_dump(mode="json", exclude_defaults=True) for one in targets]).encode()
    row = {"agent": agent, "reason": reason, "cadence_s": cadence_s, "targets": body, "made_ns": now_ns, "until_ns": until_ns}
    await transaction.execute(database.insert_or_ignore(plan_override), row)
    mine = (plan_override.c.agent == agent) & (plan_override.c.reason == reason)
    await transaction.execute(update(plan_override).where(mine).values(cadence_s=cadence_s, targets=body, until_ns=until_ns))


async def end_override(transaction: Transaction, reason: str, now_ns: int) -> int:
    """End what was asked for a reason, for all its agents; return how many it ended. Their next plan is the fleet's again."""
    open_ones = (plan_override.c.reason == reason) & (plan_override.c.until_ns > now_ns)
    return (await transaction.execute(update(plan_override).where(open_ones).values(until_ns=now_ns))).rowcount


async def overrides(transaction: Transaction, now_ns: int) -> list[Override]:
    """Return the overrides that hold now, by agent and reason."""
    query = select(plan_override).where(plan_override.c.until_ns > now_ns).order_by(plan_override.c.agent, plan_override.c.reason)
    return [_override(row) for row in await transaction.execute(query)]


async def issue(transaction: Transaction, issues: Collection[Issue]) -> None:
    """Store plans. Their versions must be new; the table's key refuses others."""
    if issues:
        rows = [{name: getattr(one, name) for name in Issue.__dataclass_fields__} for one in issues]
        await transaction.execute(plan_issue.insert(), rows)


async def in_force(transaction: Transaction) -> dict[str, tuple[int, str]]:
    """Return (version, digest) of the newest plan for each agent that has had one of its own, and for all (`ALL`)."""
    newest = select(func.max(plan_issue.c.version)).group_by(plan_issue.c.agent)
    query = select(plan_issue.c.agent, plan_issue.c.version, plan_issue.c.digest).where(plan_issue.c.version.in_(newest))
    return {row.agent: (row.version, row.digest) for row in await transaction.execute(query)}


async def newest_versions(transaction: Transaction, agents: Collection[str]) -> dict[str, int]:
    """Return the version of the plan each agent is to follow, by one statement; 0 for each when no plan was issued."""
    query = select(plan_issue.c.agent, func.max(plan_issue.c.version)).group_by(plan_issue.c.agent)
    found = {row[0]: int(row[1]) for row in await transaction.execute(query)}
    return {agent: max(found.get(ALL, 0), found.get(agent, 0)) for agent in agents}


async def envelopes(transaction: Transaction, versions: Collection[int]) -> dict[int, bytes]:
    """Return the signed envelopes of some versions, as they are published."""
    query = select(plan_issue.c.version, plan_issue.c.envelope).where(plan_issue.c.version.in_(versions))
    return {row.version: row.envelope for row in await transaction.execute(query)}


async def issued(transaction: Transaction, before: int, limit: int, agent: str | None = None) -> list[Issue]:
    """Return plans below a version, newest first; `agent`: those for it and for all."""
    query = select(plan_issue).where(plan_issue.c.version < before).order_by(plan_issue.c.version.desc()).limit(limit)
    if agent is not None:
        query = query.where(plan_issue.c.agent.in_((ALL, agent)))
    return [Issue(**row._mapping) for row in await transaction.execute(query)]  # noqa: SLF001 - a row's columns, public by SQLAlchemy


async def pulse(transaction: Transaction) -> tuple[int, int]:
    """Return (newest version, number of agents): while both stay, nobody needs another plan."""
    version = (await transaction.execute(select(func.max(plan_issue.c.version)))).scalar_one_or_none()
    return int(version or 0), int((await transaction.execute(select(func.count()).select_from(agent_table))).scalar_one())


async def prune(transaction: Transaction, before_ns: int) -> int:
    """Delete plans issued before a time, and overrides that ended before it; return how many plans.

    Kept whatever their age: everybody's newest plan, an agent's newest while it is the one to follow, and what an agent says it follows.
    """
    everybodys = select(func.coalesce(func.max(plan_issue.c.version), 0)).where(plan_issue.c.agent == ALL).scalar_subquery()
    newest = select(func.max(plan_issue.c.version)).group_by(plan_issue.c.agent).having(func.max(plan_issue.c.version) >= everybodys)
    old = delete(plan_issue).where(plan_issue.c.issued_ns < before_ns, plan_issue.c.version.not_in(newest))
    await transaction.execute(delete(plan_override).where(plan_override.c.until_ns < before_ns))
    return (await transaction.execute(old.where(plan_issue.c.version.not_in(select(agent_word.c.plan))))).rowcount


async def agents(transaction: Transaction) -> list[str]:
    """Return every agent that has ever reported."""
    return list((await transaction.scalars(select(agent_table.c.id).order_by(agent_table.c.id))).all())


def _override(row: object) -> Override:
    fields: Mapping[str, object] = row._mapping  # type: ignore[attr-defined]  # noqa: SLF001 - as above
    targets = tuple(Target.model_validate(one) for one in json.loads(fields["targets"]))  # type: ignore[arg-type]
    return Override(**{name: fields[name] for name in Override.__dataclass_fields__} | {"targets": targets})  # type: ignore[arg-type]
