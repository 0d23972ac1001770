"""What changed between two lists: what independent trackers saw from December 2025 to August 2026, and each kind of change."""

import json
from typing import Any

from server.feed.changes import Difference, difference
from tests.fakes.endpoint_service import NEW, OLD, REFERENCE, edited, recorded, sets_of

DELTAS = json.loads((REFERENCE / "observed-deltas.json").read_bytes())["deltas"]


def test_eight_months_of_the_real_list() -> None:
    """The nine names others saw removed, and nothing else: names that moved to another set of the same category did not change."""
    removed = {url for one in DELTAS if "2026" in one["observed"] for url in one.get("remove_urls", [])}
    changed = difference(sets_of(recorded(OLD)), sets_of(recorded(NEW)))
    assert len(removed) == 9
    assert changed == Difference(removed=changed.removed)
    assert {one.name for one in changed.removed} == removed
    back = difference(sets_of(recorded(NEW)), sets_of(recorded(OLD)))
    assert back == Difference(added=changed.removed)


def test_each_kind_of_change() -> None:
    """Optimize stands first; a name's category is the highest of its sets; prefixes are names of their own."""

    def edit(sets: dict[int, dict[str, Any]]) -> None:
        sets[184]["urls"].append("zebra.example")
        sets[1]["urls"].append("New.Example")
        sets[31]["ips"] = [*sets[31]["ips"][1:], "192.0.2.0/24"]
        sets[184]["urls"].remove("*.cloud.microsoft")
        sets[31]["urls"].append("*.cloud.microsoft")

    changed = difference(sets_of(recorded()), sets_of(edited(recorded(), edit)))
    assert [(one.name, one.category, one.workload, one.endpoint_set) for one in changed.added] == [
        ("new.example", "Optimize", "Exchange", 1),
        ("zebra.example", "Default", "Common", 184),
    ]
    assert [(one.before, one.now.name, one.now.category) for one in changed.moved] == [("Default", "*.cloud.microsoft", "Optimize")]
    assert [one.name for one in changed.prefixes_added] == ["192.0.2.0/24"]
    assert [one.name for one in changed.prefixes_removed] == ["13.107.136.0/22"]
    assert changed.removed == ()
    assert changed
    assert not difference(sets_of(recorded()), sets_of(recorded()))
