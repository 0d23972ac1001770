"""Writes `agent/default_plan.json` from the judge's default targets: run it after `judge/knowledge/data/targets.toml` changed.

The agent reads the file because its `run` must not import the judge; `tests/agent/test_planning.py` holds both equal.
"""

import json
from pathlib import Path

from judge.coverage import bypass_names
from judge.knowledge.loader import load_knowledge
from judge.knowledge.targets import default_targets, optimize_prefixes
from wire.plan import Plan
from wire.target import DIRECT, SYSTEM

PLACE = Path(__file__).parents[1] / "agent" / "default_plan.json"

if __name__ == "__main__":
    knowledge = load_knowledge()
    plan = Plan(
        version=1,
        targets=default_targets(knowledge),
        routes=[DIRECT, SYSTEM],  # a system's way that is direct is not measured twice (docs/decisions/011-the-way-really-taken.md)
        prefixes=optimize_prefixes(knowledge),
        names=bypass_names(knowledge.endpoints),
    )
    PLACE.write_text(json.dumps(plan.model_dump(mode="json", exclude_defaults=True), indent=1) + "\n")
    print(f"{PLACE.name}: {len(plan.targets)} targets")
