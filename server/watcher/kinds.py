"""Every kind of event there is, with how loudly it is told and what it is grouped by: one table, closed. Data only.

Severities are those operators use (facts, users-ask §5): P1 a site cannot reach Optimize endpoints; P2 a new inspector, or egress moved
far; P3 a sustained regression; P4 hygiene and information; `none` is recorded and told to nobody. A kind's is the default: the
rule that tells it may lower or raise it by what it knows (an approved device is told to nobody).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Severity = Literal["P1", "P2", "P3", "P4", "none"]
Cause = Literal["device", "reach", "egress", "agent", "feed", "latency", "case", "trust"]


@dataclass(frozen=True, slots=True)
class Kind:
    """`cause` groups events of one scope into one alert. `ends` names the kinds this one is the good end of."""

    severity: Severity
    cause: Cause
    meaning: str
    ends: tuple[str, ...] = ()


KINDS: Mapping[str, Kind] = {
    "appeared": Kind("P2", "device", "a device not seen at this place before stands in the path"),
    "discovered": Kind("P4", "device", "a device that may have been there before"),
    "returned": Kind("P4", "device", "a device that had left stands in the path again"),
    "left": Kind("P4", "device", "a device stands in the path no more", ends=("appeared", "discovered", "returned")),
    "retired": Kind("none", "device", "a device was absent for so long that it counts as gone"),
    "spread": Kind("P2", "device", "a device is seen at several sites: one cause, not many"),
    "approval-lapsed": Kind("P4", "device", "an approval has come to its end"),
    "cloned-identity": Kind("P2", "agent", "two machines report under one identity"),
    "site-down": Kind("P1", "reach", "a site cannot reach Optimize endpoints"),
    "site-up": Kind("P4", "reach", "a site reaches them again", ends=("site-down",)),
    "site-silent": Kind("P2", "reach", "no agent of a site is heard of"),
    "site-heard": Kind("P4", "reach", "a silent site is heard of again", ends=("site-silent",)),
    "summary-changed": Kind("P4", "reach", "Microsoft's word for a location has changed"),
    "coverage-changed": Kind("P4", "reach", "which names bypass inspection at a site has changed"),
    "agent-silent": Kind("P4", "agent", "an agent is not heard of"),
    "agent-heard": Kind("none", "agent", "a silent agent is heard of again", ends=("agent-silent",)),
    "agent-lagging": Kind("P4", "agent", "an agent's reports come late"),
    "agent-clock": Kind("P4", "agent", "an agent's clock is wrong"),
    "agent-dropping": Kind("P4", "agent", "an agent's spool was full and reports were discarded"),
    "agent-plan": Kind("P4", "agent", "an agent does not follow the newest plan"),
    "agent-software": Kind("P4", "agent", "an agent runs older software than the fleet"),
    "agent-well": Kind(
        "none",
        "agent",
        "what was wrong with an agent is over",
        ends=("agent-lagging", "agent-clock", "agent-dropping", "agent-plan", "agent-software"),
    ),
    "gateway-changed": Kind("P4", "egress", "a site has another gateway"),
    "egress-moved": Kind("P4", "egress", "a site leaves to the internet elsewhere; P2 when over 800 km further"),
    "egress-disagrees": Kind("P4", "egress", "the three ways to learn the egress do not agree"),
    "egress-cloud": Kind("P3", "egress", "a site leaves through a cloud service or a data centre"),
    "front-door-moved": Kind("P4", "egress", "Microsoft answers from another front door"),
    "rotation": Kind("P4", "trust", "a certificate authority changed on unrelated egresses: Microsoft's own change, not a device"),
    "feed-changed": Kind("P4", "feed", "Microsoft's endpoint list has changed"),
    "feed-stale": Kind("P4", "feed", "the endpoint list could not be fetched for long"),
    "latency-regressed": Kind("P3", "latency", "a site has become slower against its own baseline"),
    "latency-recovered": Kind("P4", "latency", "a slower site is as fast as before", ends=("latency-regressed",)),
    "latency-usual": Kind("none", "latency", "a slower site has not come back; that is its usual level now", ends=("latency-regressed",)),
    "case-opened": Kind("P4", "case", "a bypass case was opened"),
    "case-proved": Kind("P4", "case", "a bypass is proved on every host of a case", ends=("case-broken",)),
    "case-broken": Kind("P2", "case", "decryption returned while a case is open"),
    "case-reminder": Kind("P4", "case", "a case waits for somebody"),
    "case-closed": Kind("P4", "case", "a case was closed", ends=("case-broken", "case-reminder")),
}
"""Kind to what it is. A kind that is not here is never told; a test holds that rules use these only."""
