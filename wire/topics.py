"""Topics: `mw/v1/agent/<id>/{report/<stream>/<seq>, receipt, plan, status}` and `mw/v1/event/<kind>`. The only place that spells them.

A report's identity is in its topic, so that even an unreadable one can be receipted as quarantined.
"""

import re
from typing import NamedTuple

PREFIX = "mw/v1"
MAX_SEQ = 2**53
"""As `wire.model.Sequence`: a number above it could not be receipted."""
REPORTS = f"{PREFIX}/agent/+/report/+/+"
_REPORT = re.compile(rf"{PREFIX}/agent/([a-z0-9][a-z0-9-]{{0,62}})/report/([0-9a-f]{{32}})/([1-9][0-9]{{0,15}})")


class ReportTopic(NamedTuple):
    """Who says it is reporting, and as which report."""

    agent: str
    stream: str
    seq: int


def report(agent: str, stream: str, seq: int) -> str:
    """Return the topic one report is published to."""
    return f"{PREFIX}/agent/{agent}/report/{stream}/{seq}"


def receipt(agent: str) -> str:
    """Return the topic an agent's receipts arrive on."""
    return f"{PREFIX}/agent/{agent}/receipt"


def plan(agent: str) -> str:
    """Return the topic an agent's plan arrives on (retained)."""
    return f"{PREFIX}/agent/{agent}/plan"


def status(agent: str) -> str:
    """Return the topic of an agent's status: `online`, and `offline` as its last will (retained)."""
    return f"{PREFIX}/agent/{agent}/status"


def event(kind: str) -> str:
    """Return the topic on which alerts named after an event of a kind are told (never retained: an event is no state)."""
    return f"{PREFIX}/event/{kind}"


def parse_report(topic: str) -> ReportTopic | None:
    """Return the identity in a report's topic, or None when it is no report's topic."""
    found = _REPORT.fullmatch(topic)
    return ReportTopic(found[1], found[2], int(found[3])) if found and int(found[3]) <= MAX_SEQ else None
