"""Plans as rows: the newest for an agent is the highest of its own and everybody's; an override is one row for each reason."""

from server.collector.standing import Standing
from server.state import plans, standing
from server.state.assignments import introduce
from server.state.database import Database
from server.state.plans import ALL, Issue, Override
from wire.target import Target

TARGET = Target(host="teams.microsoft.com", endpoint_set=12, category="Allow", workload="Teams")


def issue(version: int, agent: str = ALL) -> Issue:
    """Return a plan."""
    return Issue(version, agent, f"digest-{version}", "a reason", b"envelope %d" % version, 1000 + version)


async def test_the_newest_plan_of_an_agent(database: Database) -> None:
    """Its own until everybody's is newer; 0 before there is any; envelopes and the list of plans are what was issued."""
    async with database.writing() as transaction:
        assert await plans.newest_versions(transaction, ["a"]) == {"a": 0}
        assert await plans.pulse(transaction) == (0, 0)
        await plans.issue(transaction, [issue(1), issue(2, "a"), issue(3, "b")])
        await introduce(database, transaction, {("a", "c"): (b"{}", "Porto")}, 1)
    async with database.reading() as transaction:
        assert await plans.in_force(transaction) == {ALL: (1, "digest-1"), "a": (2, "digest-2"), "b": (3, "digest-3")}
        assert await plans.newest_versions(transaction, ["a", "b", "c"]) == {"a": 2, "b": 3, "c": 1}
        assert await plans.envelopes(transaction, [1, 3]) == {1: b"envelope 1", 3: b"envelope 3"}
        assert await plans.pulse(transaction) == (3, 1)
        assert await plans.agents(transaction) == ["a"]
        assert await plans.issued(transaction, 3, 10) == [issue(2, "a"), issue(1)]
        assert await plans.issued(transaction, 10, 10, "b") == [issue(3, "b"), issue(1)]
        assert [one.version for one in await plans.issued(transaction, 10, 1)] == [3]
    async with database.writing() as transaction:
        await plans.issue(transaction, [issue(4)])
        assert await plans.newest_versions(transaction, ["a"]) == {"a": 4}


async def test_an_override_is_one_for_a_reason(database: Database) -> None:
    """Asked again it is changed, ended or run out it holds no more, and other reasons stay."""
    async with database.writing() as transaction:
        await plans.override(database, transaction, "a", "case 7", now_ns=10, until_ns=100, cadence_s=15.0)
        await plans.override(database, transaction, "a", "case 7", now_ns=20, until_ns=200, cadence_s=10.0, targets=[TARGET])
        await plans.override(database, transaction, "b", "case 7", now_ns=20, until_ns=200)
        await plans.override(database, transaction, "a", "asked", now_ns=20, until_ns=50)
        assert await plans.overrides(transaction, 30) == [
            Override("a", "asked", 0.0, (), 20, 50),
            Override("a", "case 7", 10.0, (TARGET,), 10, 200),
            Override("b", "case 7", 0.0, (), 20, 200),
        ]
        assert [one.reason for one in await plans.overrides(transaction, 50)] == ["case 7", "case 7"]
        assert await plans.end_override(transaction, "case 7", 60) == 2
        assert await plans.end_override(transaction, "case 7", 60) == 0
        assert await plans.overrides(transaction, 60) == []


async def test_old_plans_go(database: Database) -> None:
    """Those that somebody is to follow, or says they follow, stay whatever their age; so do new ones, and overrides that hold."""
    async with database.writing() as transaction:
        await plans.issue(transaction, [issue(1), issue(2, "a"), issue(3), issue(4), issue(5, "b"), issue(6, "b"), issue(7, "c"), issue(8)])
        await plans.issue(transaction, [issue(9, "a"), issue(10, "a"), issue(11, "d")])
        await standing.write_words(database, transaction, {"e": Standing(plan=3)})
        await plans.override(database, transaction, "a", "case 7", now_ns=10, until_ns=1010)
        await plans.override(database, transaction, "a", "case 8", now_ns=10, until_ns=1011)
        assert await plans.prune(transaction, 1011) == 7
        assert [one.version for one in await plans.issued(transaction, 99, 99)] == [11, 10, 8, 3]
        assert [one.reason for one in await plans.overrides(transaction, 0)] == ["case 8"]
        assert await plans.prune(transaction, 1011) == 0


async def test_plans_of_single_agents_only(database: Database) -> None:
    """Where everybody's plan was never issued, each agent's newest stays."""
    async with database.writing() as transaction:
        await plans.issue(transaction, [issue(1, "a"), issue(2, "a"), issue(3, "b")])
        assert await plans.prune(transaction, 10**6) == 1
        assert [one.version for one in await plans.issued(transaction, 99, 99)] == [3, 2]
