"""Holds server/console/api/plans.py: what was issued, who follows what, and asking for plans anew."""

import json
from pathlib import Path

from server.config import Settings
from server.fleet.plans import make_key, sign_plan
from server.state import plans
from server.state.assignments import introduce
from server.state.plans import ALL, Issue
from tests.fakes.api import NOW_NS, asking
from wire.plan import Plan
from wire.target import Target

TARGET = Target(host="outlook.office365.com", endpoint_set=1, category="Optimize", workload="Exchange")


def settings(key: Path) -> Settings:
    """Return a centre that issues plans."""
    return Settings.model_validate(
        {"history": {"kind": "embedded"}, "broker": {"embedded": True, "url": "mqtt://127.0.0.1:0"}, "plans": {"key": key}}
    )


async def test_plans(tmp_path: Path) -> None:
    """Newest first, in pages, for one agent; one with what it holds; overrides; who is behind; what is not there says where to look."""
    make_key(tmp_path / "plan.key")
    key = (tmp_path / "plan.key").read_bytes()
    async with asking(tmp_path, settings=settings(tmp_path / "plan.key")) as ask:
        async with ask.database.writing() as transaction:
            await introduce(ask.database, transaction, {(one, "c"): (b"{}", "Porto") for one in ("a", "b")}, 1)
            for version, agent in ((1, ALL), (2, "a"), (3, "b")):
                envelope = sign_plan(Plan(version=version, targets=[TARGET]).dump(), key)
                await plans.issue(transaction, [Issue(version, agent, "d", f"reason {version}", envelope, NOW_NS)])
            await plans.override(ask.database, transaction, "a", "case 7", now_ns=NOW_NS, until_ns=2**62, cadence_s=15.0, targets=[TARGET])
        first = (await ask("GET", "/plans?limit=2")).body
        assert [one["version"] for one in first["items"]] == [3, 2]
        assert [one["version"] for one in (await ask("GET", f"/plans?after={first['next']}")).body["items"]] == [1]
        assert [one["version"] for one in (await ask("GET", "/plans?agent=b")).body["items"]] == [3, 1]
        one = (await ask("GET", "/plans/versions/2")).body
        assert (one["agent"], one["reason"], one["plan"]["targets"][0]["host"]) == ("a", "reason 2", TARGET.host)
        assert (await ask("GET", "/plans/versions/9")).status == 404
        assert (await ask("GET", "/plans/versions/x")).status == 404
        (held,) = (await ask("GET", "/plans/overrides")).body["items"]
        assert (held["agent"], held["cadence_s"], held["targets"], held["until"][:4]) == ("a", 15.0, [TARGET.name], "2116")
        agents = (await ask("GET", "/plans/agents")).body["items"]
        assert agents == [{"agent": one, "newest": version, "follows": None, "behind": False} for one, version in (("a", 2), ("b", 3))]
        assert (await ask("GET", "/plans/agents?limit=1")).body["next"] == "a"


async def test_issue_anew(tmp_path: Path) -> None:
    """It is accepted where plans are issued, and refused with the remedy where none are."""
    make_key(tmp_path / "plan.key")
    async with asking(tmp_path, settings=settings(tmp_path / "plan.key")) as ask:
        told = await ask("POST", "/plans/issue")
        assert (told.status, told.body) == (202, {"above": 0})
    (tmp_path / "off").mkdir()
    async with asking(tmp_path / "off") as ask:
        told = await ask("POST", "/plans/issue")
        assert (told.status, json.dumps(told.body).count("write key = into [plans]")) == (409, 1)
