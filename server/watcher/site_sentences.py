"""Events about a site's ways and words in one paragraph: what is so now, what was before, who agrees, whose job. Text only."""

from collections.abc import Sequence

from server.watcher.bypassing import CoverageChange
from server.watcher.leaving import Leaving, Move
from server.watcher.sentences import JOB, moment
from server.watcher.standing_sentences import agents_agree, listed
from server.watcher.steady import Changed
from server.watcher.summary import Summary

KINDS = {
    "security": "a security cloud",
    "cloud": "a public cloud",
    "microsoft": "Microsoft's own network",
    "content": "a delivery network",
}


def summary(site: str, changed: Changed, seen: Summary, zone: str) -> str:
    """Return the paragraph of Microsoft's word for a location."""
    share = f"{seen.percent:g} % of its requests, {agents_agree(seen.agree, seen.agents)}"
    job = JOB["nobody"] if seen.word == "none" else JOB["network"]
    return (
        f"{site}: in Microsoft's words this location has now: {changed.after} ({share}), since {moment(changed.at_ns, zone)}. "
        f"Before: {changed.before}. For: {job}."
    )


def moved(site: str, before: Leaving, after: Leaving, move: Move, changed: Changed, agents: tuple[int, int], zone: str) -> str:
    """Return the paragraph of a way out that moved."""
    far = f"{move.from_site_km:.0f} km from the site" if move.from_site_km is not None else "how far that is from the site is not known"
    step = f", {move.from_before_km:.0f} km from the way out before" if move.from_before_km is not None else ""
    return (
        f"{site}: traffic leaves to the Internet by {_named(after)} now: {far}{step}. {agents_agree(*agents)}, since "
        f"{moment(changed.at_ns, zone)}. Before: {_named(before)}, since {moment(changed.before_ns, zone)}. For: {JOB['network']}."
    )


def cloud(site: str, now: Leaving, agree: int, agents: int, at_ns: int, zone: str) -> str:
    """Return the paragraph of an egress where no site stands. It raises a question and clears nothing."""
    return (
        f"{site}: traffic leaves from {_named(now)}, in {KINDS.get(now.kind, 'a cloud')}: somebody runs what takes it there. "
        f"{agents_agree(agree, agents)}, seen {moment(at_ns, zone)}. Whether it decrypts is another question. For: {JOB['network']}."
    )


def front_door(site: str, before: Leaving, after: Leaving, move: Move, changed: Changed, agents: tuple[int, int], zone: str) -> str:
    """Return the paragraph of a front door that moved."""
    far = f", {move.from_site_km:.0f} km from the site" if move.from_site_km is not None else ""
    agree = f"{agents_agree(*agents)}, since {moment(changed.at_ns, zone)}."
    return (
        f"{site}: Exchange answers from the front door in {after.text} now{far}. {agree} "
        f"Before: {before.text}. Microsoft may have moved it, or names are resolved elsewhere. For: {JOB['unclear']}."
    )


def disagrees(site: str, said: Sequence[str], since_ns: int, agents: tuple[int, int], zone: str) -> str:
    """Return the paragraph of facts about the egress that do not agree. None of them is believed over the others."""
    sure = f"{agents[0]} of {agents[1]} agents are sure of their way, since {moment(since_ns, zone)}."
    return f"{site}: where traffic leaves is told in different ways. {' '.join(said)} {sure} For: {JOB['network']}."


def coverage(site: str, change: CoverageChange, changed: Changed, agents: tuple[int, int], zone: str) -> str:
    """Return the paragraph of names that go around inspection now, or do not any more."""
    parts = []
    if change.lost:
        parts.append(f"{listed(change.lost)} {_do(change.lost)} not bypass inspection any more")
    if change.gained:
        parts.append(f"{listed(change.gained)} {'bypasses' if len(change.gained) == 1 else 'bypass'} inspection now")
    if change.fresh:
        parts.append(f"{listed(change.fresh)} {'is' if len(change.fresh) == 1 else 'are'} looked at for the first time")
    version = f"endpoint list {change.version or 'as shipped'}"
    if change.version != change.before_version:
        version += f", before {change.before_version or 'as shipped'}"
    job = JOB["network"] if change.lost else JOB["nobody"]
    return f"{site}: {'; '.join(parts)}. {agents_agree(*agents)}, since {moment(changed.at_ns, zone)} ({version}). For: {job}."


def _do(names: Sequence[str]) -> str:
    return "does" if len(names) == 1 else "do"


def _named(one: Leaving) -> str:
    owner = f", run by {one.owner}" if one.owner and one.name else ""
    return f"{one.text}{owner}"
