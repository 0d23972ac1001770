"""Holds judge/knowledge/targets.py: what is probed by default, and in which order."""

from judge.knowledge.loader import load_knowledge
from judge.knowledge.targets import default_targets, target_for

KNOWLEDGE = load_knowledge()


def test_default_targets() -> None:
    """About a dozen: Optimize, Allow, sets 184 and 193, Default, one control, in that order; a login and a forbidden host among them."""
    targets = default_targets(KNOWLEDGE)
    rank = {"Optimize": 0, "Allow": 1, "Default": 2, "Control": 3}
    order = [rank[one.category] for one in targets]
    assert order == sorted(order)
    assert 10 <= len(targets) <= 14
    assert [one.category for one in targets].count("Control") == 1
    assert {1, 31, 12, 56, 46, 184, 193} <= {one.endpoint_set for one in targets}
    assert {"login.microsoftonline.com", "device.login.microsoftonline.com"} <= {one.host for one in targets}
    first_class = [index for index, one in enumerate(targets) if one.category == "Default" and KNOWLEDGE.has_rule(one.host, "first_class")]
    assert first_class == [order.index(2), order.index(2) + 1]


def test_representatives_are_documented_or_observed() -> None:
    """No host that is only recalled is probed."""
    assert {one.grade for one in KNOWLEDGE.representatives} <= {"L", "A", "B"}


def test_target_for() -> None:
    """Category and workload follow from host and port; what is in no set is a control."""
    mail = target_for(KNOWLEDGE, "outlook.office365.com", 993)
    assert (mail.endpoint_set, mail.category, mail.workload) == (2, "Allow", "Exchange")
    other = target_for(KNOWLEDGE, "www.example.org", path="/x")
    assert (other.category, other.workload, other.path) == ("Control", "Control", "/x")
