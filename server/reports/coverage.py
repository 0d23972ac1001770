"""Which of Microsoft 365's names are bypassed at a site and which not, by category; and the rules that would close exactly the gaps.

A name is not bypassed where a device is seen before it, on users' routes, by any agent; bypassed where all that can tell see none. Shares
are counted as `judge/coverage.py` counts them. Pure, but for `read` and `read_page`.
"""

import ipaddress
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from judge.coverage import PLAIN, TAKEN, Share
from judge.knowledge.endpoints import EndpointList
from judge.knowledge.model import Knowledge
from judge.knowledge.positions import Traffic
from judge.severity import traffic_of
from server.state.database import Transaction
from server.state.disclosing import Answer, answers, places
from server.watcher import beside
from server.watcher.cases import ROUTES
from wire.target import Target
from wire.vocabulary import Category, Workload

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
State = Literal["bypassed", "not bypassed", "unknown"]
CATEGORIES: tuple[Category, ...] = ("Optimize", "Allow", "Default")
OUGHT: frozenset[Traffic] = frozenset({"optimize", "allow", "first-class", "required"})
"""Kinds of traffic Microsoft asks to leave alone; the optional rest may be treated as ordinary Internet traffic."""


@dataclass(frozen=True, slots=True)
class Name:
    """One name at a site, as `agree` of `reporting` agents see it. `pattern` covers it in Microsoft's list; `ought`: see `OUGHT`."""

    host: str
    category: Category
    workload: Workload
    endpoint_set: int | None
    state: State
    verdicts: tuple[str, ...]
    agree: int
    reporting: int
    pattern: str
    ought: bool


@dataclass(frozen=True, slots=True)
class SiteCoverage:
    """One site. `agents` report; `names` by category and name; `shares` by category, over all names that are measured there."""

    site: str
    agents: int
    names: tuple[Name, ...]
    shares: Mapping[Category, Share]

    @property
    def gaps(self) -> tuple[Name, ...]:
        """Return the names that ought to be bypassed and are not."""
        return tuple(one for one in self.names if one.ought and one.state == "not bypassed")


async def read(transaction: Transaction, sites: Collection[str], knowledge: Knowledge) -> list[SiteCoverage]:
    """Return the coverage of these sites, of all with agents when none is named, by name."""
    return coverages(await answers(transaction, sites), knowledge)


async def read_page(transaction: Transaction, after: str, most: int, knowledge: Knowledge) -> list[SiteCoverage]:
    """Return the coverage of the first `most` sites whose names come after one: a page of a large fleet is not worked out of all of it."""
    rest = [place for place in await places(transaction) if place > after]
    found: list[SiteCoverage] = []
    while rest and len(found) < most:  # where nobody can tell anything yet there is no coverage
        some, rest = rest[: most - len(found)], rest[most - len(found) :]
        found += await read(transaction, some, knowledge)
    return found


def coverages(found: Iterable[Answer], knowledge: Knowledge) -> list[SiteCoverage]:
    """Return the coverage by site from what holds now. A name counts by its answers and what stands beside them, its lost protocols not."""
    sites: dict[str, list[Answer]] = {}
    for one in found:
        if one.route in ROUTES and ":" in one.target and not beside.is_lost(one.target, one.verdict):
            sites.setdefault(one.place, []).append(one)
    return [_site(site, mine, knowledge) for site, mine in sorted(sites.items())]


def _site(site: str, mine: Sequence[Answer], knowledge: Knowledge) -> SiteCoverage:
    hosts: dict[str, list[Answer]] = {}
    for one in mine:
        hosts.setdefault(beside.host_of(one.target), []).append(one)
    named = [name for host, said in hosts.items() if (name := _name(host, said, knowledge)) is not None]
    names = tuple(sorted(named, key=lambda one: (CATEGORIES.index(one.category), one.host)))
    shares = {category: _share([one.state for one in names if one.category == category]) for category in CATEGORIES}
    return SiteCoverage(site, len({one.agent for one in mine}), names, shares)


def _name(host: str, said: Sequence[Answer], knowledge: Knowledge) -> Name | None:
    """Return what is so of one name; None for what is not Microsoft's."""
    listed = home_of(host, knowledge)
    best = listed.find(host) or listed.find(host, 80) if listed is not None else None
    if best is None:
        return None
    target = Target(host=host, category=best.category, workload=best.workload, endpoint_set=best.id)
    patterns = sorted((pattern for pattern in best.urls if matches(pattern, host)), key=lambda one: ("*" in one, -len(one)))
    agents: dict[str, set[str]] = {}
    for one in said:
        agents.setdefault(one.agent, set()).add(one.verdict)
    taken = {agent for agent, verdicts in agents.items() if verdicts & TAKEN}
    own = {agent for agent in agents if any(one.agent == agent and not beside.kind_of(one.target) for one in said)}
    plain = {agent for agent in own if agents[agent] <= PLAIN}
    state: State = "not bypassed" if taken else "bypassed" if plain else "unknown"
    agree = len(taken) if taken else len(plain)
    return Name(
        host,
        target.category,
        target.workload,
        target.endpoint_set,
        state,
        tuple(sorted({verdict for verdicts in agents.values() for verdict in verdicts})),
        agree,
        len(agents),
        patterns[0] if patterns else host,
        traffic_of(target, knowledge) in OUGHT,
    )


def _share(states: Sequence[State]) -> Share:
    bypassed, unknown = states.count("bypassed"), states.count("unknown")
    return Share(bypassed, len(states) - unknown, unknown)


def home_of(host: str, knowledge: Knowledge) -> EndpointList | None:
    """Return the endpoint list of the instance a name is of; Worldwide's first, for names several have."""
    lists = [knowledge.endpoints, *knowledge.instances.values()]
    return next((one for one in lists if any(one.find(host, port) is not None for port in (443, 80))), None)


def matches(pattern: str, host: str) -> bool:
    """Return whether a pattern of the endpoint list covers a host; a star stands for any text, as PAC files take it."""
    head, star, tail = pattern.lower().partition("*")
    host = host.lower()
    return host.startswith(head) and host.endswith(tail) and len(host) >= len(head) + len(tail) if star else host == head


def rules_of(one: SiteCoverage) -> tuple[str, ...]:
    """Return the patterns that would bypass exactly the site's gaps, each once, exact names before wildcards."""
    patterns = {gap.pattern for gap in one.gaps}
    return tuple(sorted(patterns, key=lambda pattern: ("*" in pattern, pattern)))


def prefixes_of(one: SiteCoverage, knowledge: Knowledge) -> tuple[str, ...]:
    """Return the prefixes of the endpoint sets of the gaps, IPv4 first. Sets of category Default publish none."""
    found = {ip for gap in one.gaps for ip in published_for(gap, knowledge)}
    ordered = sorted(found, key=lambda ip: (ip.version, int(ip.network_address), ip.prefixlen))
    return tuple(str(ip) for ip in ordered)


def published_for(name: Name, knowledge: Knowledge) -> tuple[Network, ...]:
    """Return the prefixes Microsoft publishes for a name's endpoint set."""
    home = home_of(name.host, knowledge)
    known = home.by_id(name.endpoint_set) if home is not None else None
    return known.ips if known is not None else ()
