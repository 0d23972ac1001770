"""What a letter says: a subject, a text and the same as JSON. Text only; nothing is decided here.

First the paragraph a manager can read aloud (the event's own sentence), then what an engineer checks: before and now, first seen, hosts,
who agrees, whose job, links. Times are the site's own and say how far they are from UTC.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from server.watcher.kinds import KINDS
from server.watcher.notices.alert import END, PROBLEM, RANK, Part
from server.watcher.notices.release import Draft
from server.watcher.notices.titles import TITLES
from server.watcher.sentences import JOB, moment

LINES_NAMED: Final = 12
"""Events written out in one letter: what fits a screen and a telephone; the rest is counted."""
LONGEST_LINE: Final = 400
"""Characters of an event that is not the first: with the first in full a letter stays below 28 kB, where Teams stops."""
EVENTS_CARRIED: Final = 1000
"""Events in a letter's JSON, about 220 kB: receivers commonly refuse above 1 MB. The rest is counted, and is in GET /api/v1/events."""
HOSTS_NAMED: Final = 6
SITES_NAMED: Final = 8
FLEET_WORDS: Final[Mapping[str, str]] = {
    "site-silent": " So many at once share a cause: look at the broker and this centre first, then at what links the sites.",
    "site-down": " So many at once share a cause: look at what links the sites (provider, proxy, DNS) and at Microsoft's service health.",
}
"""What is said besides when one trouble has come to many sites at once."""
PROOF: Final = (
    "vendor",
    "product",
    "device_class",
    "issuer",
    "verdict",
    "responsible",
    "native",
    "hosts",
    "agents_agree",
    "agents_reporting",
    "before",
    "now",
)
"""What of an event's body a letter's JSON repeats. The rest (evidence, agents) stays in the console."""


@dataclass(frozen=True, slots=True)
class Detail:
    """What an event's row says besides its identity. `body` is its JSON object."""

    sentence: str
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Around:
    """What a letter needs besides its events: the console's address (none: no link), sites' zones, guidance by cause."""

    console: str = ""
    zone_of: Callable[[str], str] = lambda _site: "UTC"
    guidance: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Words:
    """A letter's words. `plain` is the JSON object that webhooks and MQTT carry; it holds subject and text too."""

    subject: str
    text: str
    plain: Mapping[str, Any]


def words_of(draft: Draft, details: Mapping[int, Detail], around: Around) -> Words:
    """Return the words of a draft. `details` are by event row; a row that is gone is told by its kind."""
    lead = _lead(draft)
    subject = " ".join(_subject(draft, lead).split())  # one line, whatever a name holds: it becomes a mail's header
    text = _digest(draft, details, around) if draft.what in {"digest", "maintenance"} else _alert(draft, lead, details, around)
    return Words(subject, text, _plain(draft, lead, subject, text, details, around))


def test_words(target: str, key: str, made_ns: int, console: str) -> Words:
    """Return the words of a test letter."""
    text = (
        f"This is a test of the target {target}, asked for at {moment(made_ns)}. If a person reads it, alerts arrive here too. "
        "Nothing has happened. For: nobody; there is nothing to do."
    )
    subject = "Test: Middlewatch reaches this place"
    links = [console] if console else []
    plain = {
        "schema": 1,
        "key": key,
        "what": "test",
        "target": target,
        "subject": subject,
        "text": text,
        "events": [],
        "more": 0,
        "links": links,
    }
    return Words(subject, text, plain)


def _lead(draft: Draft) -> Part:
    """Return the event a letter is named after: an end if all is over, else the loudest that is none, and of these the first."""
    over = draft.what == "closed"
    return min(draft.parts, key=lambda part: ((part.what == END) != over, RANK[part.weight], part.event.at_ns, part.event.id))


def _sites(parts: Sequence[Part]) -> list[str]:
    return sorted({part.event.site for part in parts if part.event.site})


def _place(parts: Sequence[Part]) -> str:
    sites = _sites(parts)
    return sites[0] if len(sites) == 1 else f"{len(sites)} sites" if sites else "The fleet"


def _subject(draft: Draft, lead: Part) -> str:
    partly = lead.what == END and bool(draft.still)
    sites = _sites(draft.parts if partly else draft.still or draft.parts)
    where = sites[0] if len(sites) == 1 else f"{len(sites)} sites" if sites else lead.event.scope or "everywhere"
    severity = min((part.weight for part in draft.still or draft.parts), key=lambda one: RANK[one])
    title = TITLES[lead.event.kind]
    told = sum(part.what != END for part in draft.parts) or len(draft.parts)
    match draft.what:
        case "digest":
            return f"Digest: {_counted(told, 'quieter event')}, {len(draft.still)} still so"
        case "maintenance":
            still = f"{len(draft.still)} still so, {severity}" if draft.still else "nothing of it is so now"
            return f"{_place(draft.parts)}: maintenance over, {_counted(told, 'event')} meanwhile, {still}"
        case "closed":
            return f"Over: {where}: {title}"
        case "update":
            rest = f"; {_counted(len(_sites(draft.still)), 'site')} not yet" if partly else ""
            return f"{severity} update: {where}: {title}{rest}"
        case _:
            return f"{severity} {where}: {title}"


def _alert(draft: Draft, lead: Part, details: Mapping[int, Detail], around: Around) -> str:
    rest = sorted((part for part in draft.parts if part is not lead), key=lambda part: (RANK[part.weight], part.event.at_ns))
    blocks = [_sentence(lead, details)]
    sites = _sites(draft.still)
    if len(sites) > 1:
        more = f" and {len(sites) - SITES_NAMED} more" if len(sites) > SITES_NAMED else ""
        shared = FLEET_WORDS.get(lead.event.kind, "") if draft.alert and draft.alert.key.startswith("fleet|") else ""
        blocks.append(f"The same is so now at {len(sites)} sites: {', '.join(sites[:SITES_NAMED])}{more}.{shared}")
    if rest:
        blocks.append("\n".join(["Also:", *_listed(rest, details)]))
    blocks.append("\n".join(f"{name + ':':<14}{value}" for name, value in _rows(draft, lead, details, around)))
    return "\n\n".join(blocks)


def _listed(parts: Sequence[Part], details: Mapping[int, Detail]) -> list[str]:
    sentences = [_sentence(part, details) for part in parts[:LINES_NAMED]]
    lines = [f"- {one if len(one) <= LONGEST_LINE else one[: LONGEST_LINE - 1] + '…'}" for one in sentences]
    return [*lines, f"- and {len(parts) - LINES_NAMED} more, in the console"] if len(parts) > LINES_NAMED else lines


def _digest(draft: Draft, details: Mapping[int, Detail], around: Around) -> str:
    if draft.what == "maintenance":
        head = f"{_place(draft.parts)}: maintenance is over. What was muted meanwhile is below; nothing of it was told before."
    else:
        head = f"What was muted or too quiet to be told on its own, since {moment(draft.before_ns)}."
    still = [part for part in draft.parts if part.open]
    over = [part for part in draft.parts if not part.open and part.what == PROBLEM]
    problems = {part.event.id for part in draft.parts if part.what == PROBLEM}
    notes = [part for part in draft.parts if part.what != PROBLEM and part.ends not in problems]
    blocks = [head]
    for name, parts in (("Still so", still), ("Over again", over), ("Changes", notes)):
        if parts:
            blocks.append("\n".join([f"{name} ({len(parts)}):", *_listed(parts, details)]))
    if around.console:
        blocks.append(f"Console: {around.console}")
    return "\n\n".join(blocks)


def _sentence(part: Part, details: Mapping[int, Detail]) -> str:
    detail = details.get(part.event.id)
    return detail.sentence if detail and detail.sentence else f"{part.event.scope}: {KINDS[part.event.kind].meaning}."


def _rows(draft: Draft, lead: Part, details: Mapping[int, Detail], around: Around) -> list[tuple[str, str]]:
    body = details[lead.event.id].body if lead.event.id in details else {}
    zone = around.zone_of(lead.event.site)
    first_ns = draft.alert.opened_ns if draft.alert else lead.event.at_ns
    rows = [("Before", str(body.get("before", ""))), ("Now", str(body.get("now", "")))]
    rows.append(("First seen", moment(first_ns, zone)))
    if draft.what == "closed" and draft.alert:
        over_ns = max((part.over_ns or part.event.at_ns for part in draft.parts), default=lead.event.at_ns)
        rows.append(("Over since", moment(over_ns, zone)))
    hosts = [str(one) for one in body.get("hosts") or ()]
    more = f" and {len(hosts) - HOSTS_NAMED} more" if len(hosts) > HOSTS_NAMED else ""
    rows.append(("Hosts", ", ".join(hosts[:HOSTS_NAMED]) + more))
    if body.get("agents_reporting"):
        rows.append(("Agreeing", f"{body.get('agents_agree', 0)} of {body['agents_reporting']} agents"))
    responsible = body.get("responsible")
    rows.append(("For", JOB.get(responsible, str(responsible)) if responsible else ""))
    links = _links(draft, lead, details, around)
    rows += [("Console" if around.console and link.startswith(around.console) else "Read on", link) for link in links]
    if draft.alert:
        rows.append(("Alert", draft.alert.id))
    return [(name, value) for name, value in rows if value]


def _links(draft: Draft, lead: Part, details: Mapping[int, Detail], around: Around) -> list[str]:
    body = details[lead.event.id].body if lead.event.id in details else {}
    links = []
    if around.console:
        site = lead.event.site
        links.append(f"{around.console}/?site={quote(site)}" if site and len(_sites(draft.still or draft.parts)) == 1 else around.console)
    own = [str(one) for one in body.get("links") or ()]
    return links + (own or list(around.guidance.get(KINDS[lead.event.kind].cause, ())))


def _plain(draft: Draft, lead: Part, subject: str, text: str, details: Mapping[int, Detail], around: Around) -> dict[str, Any]:
    alert = draft.alert
    return {
        "schema": 1,
        "key": draft.key,
        "what": draft.what,
        "target": draft.target,
        "alert": alert.id if alert else "",
        "severity": min((part.weight for part in draft.parts), key=lambda one: RANK[one]),
        "kind": lead.event.kind,
        "cause": KINDS[lead.event.kind].cause,
        "sites": _sites(draft.parts),
        "sites_still": _sites(draft.still),
        "opened_ms": (alert.opened_ns if alert else min(part.event.at_ns for part in draft.parts)) // 10**6,
        "made_ms": draft.made_ns // 10**6,
        "subject": subject,
        "text": text,
        "events": [_event(part, details) for part in draft.parts[:EVENTS_CARRIED]],
        "more": max(0, len(draft.parts) - EVENTS_CARRIED),
        "links": _links(draft, lead, details, around),
    }


def _event(part: Part, details: Mapping[int, Detail]) -> dict[str, Any]:
    event, detail = part.event, details.get(part.event.id)
    body = detail.body if detail else {}
    return {
        "identity": event.identity,
        "kind": event.kind,
        "severity": event.severity,
        "device": event.device,
        "scope": event.scope,
        "site": event.site,
        "at_ms": event.at_ns // 10**6,
        "still": part.open,
        "sentence": _sentence(part, details),
        "proof": {name: body[name] for name in PROOF if body.get(name)},
    }


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
