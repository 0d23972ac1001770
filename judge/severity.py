"""How bad a verdict is: the table of Microsoft's position on inspection, by category and set. Pure.

Interception on Optimize is critical, on Allow and on sets 184 and 193 high, on a required Default medium, on an optional one info;
sanctioned sign-in none; a host that must never be inspected critical. The grading is ours; the positions behind it are Microsoft's
(endpoint categories; tenant restrictions; guidance of 2025 for `*.cloud.microsoft`).
"""

from judge.knowledge.model import Knowledge
from wire.target import Target
from wire.vocabulary import Severity, Verdict


def severity_of(
    verdict: Verdict, target: Target, knowledge: Knowledge, *, forbidden: bool = False, approved: bool = False, offline: bool = False
) -> Severity:
    """Return the severity of a verdict on a target.

    `forbidden`: the host must never be inspected; `approved`: by a device the customer approved; `offline`: nothing at all could be
    reached, which is the agent's link and at most medium.
    """
    if verdict == "inspected":
        if forbidden:
            return "critical"
        return "info" if approved else _of_target(target, knowledge, optimize="critical")
    if verdict == "unreachable":
        found = _of_target(target, knowledge, optimize="high")
        return "medium" if offline and found == "high" else found
    return "info" if verdict == "inconclusive" else "none"


def _of_target(target: Target, knowledge: Knowledge, *, optimize: Severity) -> Severity:
    if target.category == "Control":
        return "info"
    if target.category == "Optimize":
        return optimize
    if target.category == "Allow" or knowledge.has_rule(target.host, "first_class"):
        return "high"
    found = knowledge.set_of(target)
    return "medium" if found is not None and found.required else "info"
