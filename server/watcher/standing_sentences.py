"""Events about agents and sites in one paragraph a manager can read aloud: what, where, since when, how sure, whose job. Text only."""

from collections.abc import Sequence
from typing import Final

from server.watcher.sentences import JOB, moment
from server.watcher.site_troubles import Reach, Silence
from server.watcher.wellbeing import Trouble

NAMED = 3
_BEGINS: Final[dict[Trouble, str]] = {
    "agent-silent": "not heard of since {since}. This is the agent, its machine or its link to the centre, not Microsoft 365.",
    "agent-lagging": "its reports come late since {since} ({detail}). What the centre shows of it is old; nothing is lost.",
    "agent-clock": "its clock is wrong ({detail}), since {since}. Nothing is concluded from it until the clock is right.",
    "agent-dropping": "reports were lost since {since} ({detail}): its disk space for reports was full.",
    "agent-plan": "it does not follow the newest plan since {since} ({detail}).",
    "agent-software": "older software than the fleet since {since} ({detail}).",
}


def agent_begins(agent: str, site: str, kind: Trouble, detail: str, since_ns: int, zone: str) -> str:
    """Return the paragraph of trouble that begins."""
    words = _BEGINS[kind].format(since=moment(since_ns, zone), detail=detail or "no more is known")
    return f"{site}: agent {agent}: {words} For: {JOB['client']}."


def agent_ends(agent: str, site: str, what: str, at_ns: int, zone: str) -> str:
    """Return the paragraph of trouble that is over."""
    return f"{site}: agent {agent} is well again at {moment(at_ns, zone)}: no longer {what}. For: {JOB['nobody']}."


def down(one: Reach, zone: str) -> str:
    """Return the paragraph of a site that cannot reach Optimize endpoints."""
    if one.alone is None:
        scope, job = "Whether the rest of the Internet answers is not known.", JOB["unclear"]
    elif one.alone:
        scope, job = "The control target answers, so it is not the whole Internet.", JOB["network"]
    else:
        scope, job = "The control target does not answer either: it is the site's way out, not Microsoft 365.", JOB["network"]
    agree = f"{agents_agree(one.agree, one.heard)}, since {moment(one.since_ns, zone)}."
    return f"{one.site}: {listed(one.hosts)} cannot be reached. {agree} {scope} For: {job}."


def up(one: Reach, at_ns: int, zone: str) -> str:
    """Return the paragraph of a site that reaches them again."""
    return (
        f"{one.site}: Optimize endpoints answer again, seen at {moment(at_ns, zone)} by the {one.heard} agents heard. For: {JOB['nobody']}."
    )


def silent(one: Silence, zone: str) -> str:
    """Return the paragraph of a site of which nobody is heard."""
    if one.agents == 1:
        how = "The only agent heard there until then may be switched off; nothing is known of the site's way to Microsoft 365."
    elif one.together:
        how = f"The {one.agents} agents heard there until then fell silent together: as behind a link or a power supply that is cut."
    else:
        how = f"The {one.agents} agents heard there until then fell silent one after another, as when people go home."
    since = moment(one.since_ns, zone)
    return f"{one.site}: no report since {since}. {how} This is no word on Microsoft 365. For: {JOB['network']}."


def heard(one: Silence, since_ns: int, zone: str) -> str:
    """Return the paragraph of a site that is heard of again."""
    late = "what was measured meanwhile comes late"
    return f"{one.site}: heard of again. It was silent since {moment(since_ns, zone)}; {late}. For: {JOB['nobody']}."


def agents_agree(agree: int, reporting: int) -> str:
    """Return how many agents agree, of how many."""
    return f"{agree} of {max(agree, reporting)} {'agent agrees' if max(agree, reporting) == 1 else 'agents agree'}"


def listed(names: Sequence[str]) -> str:
    """Return some names and how many more there are."""
    shown = list(names[:NAMED])
    rest = len(names) - len(shown)
    if rest:
        return f"{', '.join(shown)} and {rest} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
