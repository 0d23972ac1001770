"""What is said of a change, for people: what, since when, from what to what, with which event, by how many agents. Text only."""

from collections.abc import Sequence

from server.fleet.zones import at, offset
from server.state.events import EventRow
from server.watcher.kinds import KINDS
from server.watcher.rollups.changes import Found
from server.watcher.rollups.recovery import RECOVERED, Level, kind_of
from server.watcher.sentences import JOB

NAMED = 3
"""Keys that are named; more are counted."""
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def date_of(at_ns: int, zone: str) -> str:
    """Return a site's date, as 3 March 2026."""
    moment = at(at_ns, zone)
    return f"{moment.day} {moment:%B} {moment.year}"


def change_words(found: Found, zone: str) -> str:
    """Return one change: `Exchange by direct: p95 +18 % over six weeks (142 to 168 ms), since 3 March 2026`."""
    change, weeks = found.change, found.weeks
    lasting = f"{_NUMBERS[weeks] if weeks < len(_NUMBERS) else weeks} week{'' if weeks == 1 else 's'}"
    levels = f"p95 {change.percent:+.0f} % over {lasting} ({change.before:.0f} to {change.after:.0f} ms)"
    return f"{found.key.workload} by {found.key.route}: {levels}, since {date_of(found.since_ns, zone)}"


def slower_sentence(site: str, changes: Sequence[Found], events: Sequence[EventRow], zone: str) -> str:
    """Return the paragraph that tells of a site's changes, the largest first."""
    told = "; ".join(change_words(one, zone) for one in changes[:NAMED])
    more = f"; and {len(changes) - NAMED} more" if len(changes) > NAMED else ""
    first = at(changes[0].since_ns, zone)
    with_it = "; ".join(f"{KINDS[one.kind].meaning.partition(';')[0]} ({date_of(one.at_ns, zone)})" for one in events)
    agents = max(one.agents for one in changes)
    return (
        f"{site} has become slower against its own days before. {told}{more} ({offset(first)}). "
        f"{f'In the same days: {with_it}. ' if with_it else 'Nothing else is known to have changed there in those days. '}"
        f"Measured by up to {agents} agent{'' if agents == 1 else 's'} a day. Whose job: {JOB['unclear']}."
    )


def level_words(level: Level) -> str:
    """Return what became of one level: `Exchange by direct: p95 143 ms in the last week, 142 ms before`."""
    name = f"{level.key.workload} by {level.key.route}"
    if level.now_ms is None:
        return f"{name}: measured no more"
    before = "too few days before it are known any more" if level.before_ms is None else f"{level.before_ms:.0f} ms before"
    return f"{name}: p95 {level.now_ms:.0f} ms in the last week, {before}"


def end_sentence(site: str, levels: Sequence[Level], zone: str) -> str:
    """Return the paragraph that tells that nothing at a site is slower any more, and what became of what was."""
    since = date_of(min(one.since_ns for one in levels), zone)
    if kind_of(levels) == RECOVERED:
        what, job = f"{site} is as fast again as before it became slower on {since}", JOB["nobody"]
    else:
        what, job = f"{site}: what became slower on {since} has not come back and counts as usual from now on", JOB["unclear"]
    told = "; ".join(level_words(one) for one in levels[:NAMED])
    more = f"; and {len(levels) - NAMED} more" if len(levels) > NAMED else ""
    agents = max(one.agents for one in levels)
    measured = f" Measured by up to {agents} agent{'' if agents == 1 else 's'} a day." if agents else ""
    return f"{what}. {told}{more}.{measured} Whose job: {job}."
