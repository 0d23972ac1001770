"""docs/reflector.md against the programs: its configuration and its plan are taken as they stand there."""

import json
import re
import tomllib
from pathlib import Path

from agent.planning import default_plan
from server.config import ReflectorSection
from wire.plan import Plan

TEXT = (Path(__file__).parents[1] / "docs" / "reflector.md").read_text()


def block(language: str) -> str:
    """Return the page's example in one language."""
    found = re.search(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_configuration_is_taken() -> None:
    """Every setting of the page exists, and all settings there are stand on it."""
    table = tomllib.loads(block("toml"))["reflector"]
    assert ReflectorSection.model_validate(table).whoami_zone == "whoami.example.com"
    assert set(table) == set(ReflectorSection.model_fields)


def test_the_plan_is_taken() -> None:
    """What the page writes into a plan is read from it."""
    wanted = json.loads(block("json"))
    plan = Plan.model_validate(default_plan().model_dump(mode="json") | wanted)
    assert [one.host for one in plan.reflectors] == ["reflector-http.example.com"]
    assert (plan.dns.whoami[0].fresh, plan.dns.whoami[1].server) == (True, "203.0.113.53:53")
