"""How bad a verdict, or meddling with a protocol, is on a target: looked up in Microsoft's positions by kind of traffic. Pure.

The table is data (`judge/knowledge/data/positions.toml`): positions are Microsoft's, severities ours. Here is only which row counts.
"""

from judge.knowledge.model import Knowledge
from judge.knowledge.positions import Meddling, Position, Traffic
from wire.target import Target
from wire.vocabulary import Protocol, Severity, Verdict

_MEDDLING: dict[Protocol, Meddling] = {"quic": "quic_blocked", "wss": "websocket_blocked"}
"""What is lost when a protocol does not get through although the host may well be reached by another."""


def severity_of(
    verdict: Verdict, target: Target, knowledge: Knowledge, *, forbidden: bool = False, approved: bool = False, offline: bool = False
) -> Severity:
    """Return the severity of a verdict on a target.

    `forbidden`: the customer's policy says that the host must never be inspected, as the knowledge does of some; `approved`: by a device
    the customer approved; `offline`: nothing at all could be reached, which is the agent's link and at most medium.
    """
    never = knowledge.positions["never-inspect"].verdicts
    if verdict in never and (forbidden or knowledge.has_rule(target.host, "never_inspect")):
        return never[verdict]
    position = position_of(target, knowledge)
    kept_out = _MEDDLING.get(target.protocol) if verdict in {"blocked", "unreachable"} else None
    found = position.meddling[kept_out] if kept_out is not None else position.verdicts[verdict]
    if approved and verdict == "inspected":
        return "info" if found != "none" else found
    return "medium" if offline and found in {"high", "critical"} else found


def meddling_severity(meddling: Meddling, target: Target, knowledge: Knowledge) -> Severity:
    """Return the severity of a protocol lost, blocked or weakened on the way to a target."""
    return position_of(target, knowledge).meddling[meddling]


def position_of(target: Target, knowledge: Knowledge) -> Position:
    """Return Microsoft's position on the target's kind of traffic."""
    return knowledge.positions[traffic_of(target, knowledge)]


def traffic_of(target: Target, knowledge: Knowledge) -> Traffic:
    """Return the kind of traffic a target is: its category first, then the names that count as first, then whether it is required."""
    if target.category == "Control":
        return "control"
    if target.category == "Optimize":
        return "optimize"
    if target.category == "Allow":
        return "allow"
    if knowledge.has_rule(target.host, "first_class"):
        return "first-class"
    found = knowledge.set_of(target)
    return "required" if found is not None and found.required else "optional"
