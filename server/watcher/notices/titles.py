"""What each kind of event is called in a subject line, and where to read on about its cause. Data only."""

from collections.abc import Mapping

from judge.knowledge.model import Topic
from server.watcher.kinds import Cause

TITLES: Mapping[str, str] = {
    "appeared": "new device in the path",
    "discovered": "device in the path, not known to be new",
    "returned": "device is back in the path",
    "left": "device is gone from the path",
    "retired": "device counts as gone",
    "spread": "one device at several sites",
    "approval-lapsed": "approval of a device has ended",
    "cloned-identity": "two machines report under one identity",
    "site-down": "Optimize endpoints not reached",
    "site-up": "Optimize endpoints reached again",
    "site-silent": "no agent is heard of",
    "site-heard": "agents are heard of again",
    "summary-changed": "Microsoft's word for the location has changed",
    "coverage-changed": "other names bypass inspection now",
    "agent-silent": "agent is silent",
    "agent-heard": "agent is heard of again",
    "agent-lagging": "agent's reports come late",
    "agent-clock": "agent's clock is wrong",
    "agent-dropping": "agent discarded reports",
    "agent-plan": "agent does not follow the newest plan",
    "agent-software": "agent runs older software",
    "agent-well": "agent is well again",
    "gateway-changed": "another gateway",
    "egress-moved": "leaves to the internet elsewhere",
    "egress-disagrees": "egress not certain",
    "egress-cloud": "leaves through a cloud service",
    "front-door-moved": "another Microsoft front door",
    "rotation": "Microsoft's certificate authority changed",
    "feed-changed": "Microsoft's endpoint list changed",
    "feed-stale": "endpoint list not fetched for long",
    "latency-regressed": "slower than its own baseline",
    "latency-recovered": "as fast as before",
    "latency-usual": "slower for so long that it is usual",
    "case-opened": "bypass case opened",
    "case-proved": "bypass proved",
    "case-broken": "decryption returned while a case is open",
    "case-reminder": "bypass case waits for somebody",
    "case-closed": "bypass case closed",
}
"""Kind to a few words that follow a site's name and a colon."""

GUIDANCE: Mapping[Cause, Topic | None] = {
    "device": "inspected",
    "reach": "unreachable",
    "egress": "path",
    "latency": "path",
    "feed": "unreachable",
    "case": "inspected",
    "trust": None,
    "agent": None,
}
"""Cause to the topic of Microsoft's guidance (`judge/knowledge/data/guidance.toml`) that an event's own body does not name."""
