"""Bypass cases in words: what a line says, and the paragraph of each event. Text only; nothing is decided here."""

from collections.abc import Callable, Mapping, Sequence

from server.fleet import zones
from server.watcher.cases import Line
from server.watcher.sentences import JOB

Zone = Callable[[str], str]
"""The time zone (IANA) of a site."""
HELD: Mapping[str, str] = {
    "inspected": "decrypted",
    "altered": "altered",
    "proxied": "sent through a proxy",
    "spliced": "split and carried on",
    "redirected": "redirected",
    "blocked": "blocked",
}
BACK: Mapping[str, str] = {"inspected": "decryption", "altered": "alteration", "proxied": "the proxy", "blocked": "the block"}
"""What comes back; anything else is `the device`."""
HOSTS_NAMED = 3
"""Hosts named before the rest is counted: more cannot be read aloud."""


def line_words(line: Line, zone: str) -> str:
    """Return what is known of one host at one site: held since, decrypted until, clean since, who agrees, who is silent."""
    seen = line.look
    doing = HELD.get(seen.verdict, "held")
    agents = f"{seen.agree} of {seen.reporting} {'agent' if seen.reporting == 1 else 'agents'}"
    waiting = f" {_named(seen.waiting)} saw it {doing} and reports no more: silence proves nothing." if seen.waiting else ""
    until = f"{doing} until {moment(seen.until_ns, zone)}" if seen.until_ns else "not seen decrypted in this case"
    if seen.state == "held":
        again = "again " if line.returns else ""
        before = f" Before that it was clean since {moment(seen.clean_ns, zone)}." if again and seen.clean_ns else ""
        return f"{again}{doing} since {moment(seen.held_ns, zone)}, by {agents}.{before}"
    if seen.state == "bypassed":
        return f"{until}, clean since {moment(seen.clean_ns, zone)}; {agents} agree."
    if seen.state == "clearing":
        return f"{until}; {agents} saw it clean often enough so far.{waiting}"
    heard = f"{seen.reporting} of its agents report, but none says anything of it yet" if seen.reporting else "no agent reports on it"
    return f"no data: {heard}.{waiting}"


def moment(at_ns: int, zone: str = "UTC") -> str:
    """Return a time to the second in a zone, and which zone that is: `until` and `since` of one change are often of one minute."""
    there = zones.at(at_ns, zone)
    return f"{there:%Y-%m-%d %H:%M:%S} {zones.offset(there)}"


def named(number: int, ticket: str) -> str:
    """Return how a case is called: `Case 7 (ticket 2511-0042)`."""
    return f"Case {number} (ticket {ticket})" if ticket else f"Case {number}"


def opened(name: str, lines: Sequence[Line]) -> str:
    """Return the paragraph of an opening."""
    held = [line for line in lines if line.look.state == "held"]
    now = f"{len(held)} of {len(lines)} are held now" if held else "Nothing is seen before them now"
    return (
        f"{name}: a bypass is asked for. {_where(lines)}. {now}. Agents there probe faster until it is closed. For: {JOB['intermediary']}."
    )


def proved(name: str, lines: Sequence[Line], opened_by: str, zone: Zone) -> str:
    """Return the paragraph of a proof: site by site, until when and since when."""
    told = []
    for site in dict.fromkeys(line.site for line in lines):
        mine = [line for line in lines if line.site == site]
        until_ns, clean_ns = (max(getattr(line.look, which) for line in mine) for which in ("until_ns", "clean_ns"))
        before = f"held until {moment(until_ns, zone(site))}, " if until_ns else ""
        least = min(mine, key=lambda line: line.look.agree)
        agree = f"{least.look.agree} of {least.look.reporting} agents agree" if least.look.reporting else "its agents report no more"
        told.append(f"{_where(mine)}: {before}clean since {moment(clean_ns, zone(site))}; {agree}.")
    who = opened_by or "who opened the case"
    return (
        f"{name}: bypassed on every host. {' '.join(told)} For: {who}, to tell Microsoft's support and to close the case when it is solved."
    )


def broken(name: str, lines: Sequence[Line], at_ns: int, zone: Zone) -> str:
    """Return the paragraph of a return."""
    first = lines[0]
    what = BACK.get(first.look.verdict, "the device")
    before_ns = max(line.look.clean_ns for line in lines)
    before = f" Before: clean since {moment(before_ns, zone(first.site))}." if before_ns else ""
    agree = f"{first.look.agree} of {first.look.reporting} agents agree"
    since = moment(at_ns, zone(first.site))
    return f"{name}: {what} is back while the case is open. {_where(lines)}, since {since}; {agree}.{before} For: {JOB['intermediary']}."


def reminder(name: str, lines: Sequence[Line], state: str, changed_ns: int, opened_by: str) -> str:
    """Return the paragraph of a reminder: what it waits for, and for whom."""
    clean = sum(line.cleared for line in lines)
    waits = {
        "proved": f"it is proved on every host and open still; close it when the ticket is solved. For: {opened_by or 'who opened it'}.",
        "broken": f"decryption has returned and goes on; {clean} of {len(lines)} lines are bypassed. For: {JOB['intermediary']}.",
    }.get(state, f"{clean} of {len(lines)} lines are bypassed. For: {JOB['intermediary']}.")
    return f"{name}: nothing has changed since {moment(changed_ns)}: {waits}"


def closed(name: str, lines: Sequence[Line], state: str, closed_by: str) -> str:
    """Return the paragraph of a closing. A case closed without a proof says so."""
    clean = sum(line.cleared for line in lines)
    how = "The bypass was proved." if state == "proved" else f"Not proved: {clean} of {len(lines)} lines were bypassed when it was closed."
    by = f" by {closed_by}" if closed_by else ""
    return f"{name}: closed{by}. {how} Agents probe at their usual pace again. For: {JOB['nobody']}."


def _where(lines: Sequence[Line]) -> str:
    """Return the sites with their hosts."""
    told = []
    for site in dict.fromkeys(line.site for line in lines):
        hosts = sorted({line.host for line in lines if line.site == site})
        told.append(f"{site}, {_named(hosts)}")
    rest = len(told) - HOSTS_NAMED
    return "; ".join(told[:HOSTS_NAMED]) + (f" and {rest} more sites" if rest > 0 else "")


def _named(names: Sequence[str]) -> str:
    rest = len(names) - HOSTS_NAMED
    if rest > 0:
        return f"{', '.join(names[:HOSTS_NAMED])} and {rest} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
