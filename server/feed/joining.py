"""What a changed list means here: where new names are inspected now, and which PAC files leave them to a proxy. Pure.

What is not known is said to be so: a name nobody measured yet is judged by the names of its category, and told apart from one that was.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple

from judge.coverage import Decision, names_to_ask
from judge.knowledge.endpoints import EndpointList, covers
from server.feed.changes import Difference, Listed

Basis = Literal["name", "category", "nothing"]
SHOWN = 3
"""Names spelled out in a sentence; the event's body has all of them."""


class Said(NamedTuple):
    """What at least one agent at a site says of a host."""

    site: str
    host: str
    verdict: str


@dataclass(frozen=True, slots=True)
class PacFile:
    """One PAC file, by its digest, and what it decided on the names it was asked about; `agents` have it."""

    digest: str
    agents: int
    decisions: Mapping[str, Decision]


@dataclass(frozen=True, slots=True)
class Joined:
    """One new or moved name and how it fares here.

    `sites` measure what `basis` says, and some agent at those in `inspected` has it decrypted. PAC files: `proxied` send the name to a
    proxy, `direct` do not, `unasked` were never asked about it.
    """

    name: str
    category: str
    workload: str
    required: bool
    endpoint_set: int
    from_day: str
    basis: Basis
    sites: tuple[str, ...]
    inspected: tuple[str, ...]
    proxied: int
    direct: int
    unasked: int


def join(
    changed: Difference,
    dates: Mapping[str, str],
    listed: EndpointList,
    said: Iterable[Said],
    pac_files: Sequence[PacFile],
    tenant: str = "",
) -> tuple[Joined, ...]:
    """Return how each added or moved name fares, Optimize first. `dates`: name to the day it is used from; `listed`: the new list."""
    heard = sorted(set(said))
    categories = {host: found.category for host in {word.host for word in heard} if (found := listed.find(host)) is not None}
    asked: dict[str, list[str]] = {}
    for one in names_to_ask(listed, tenant, intune=True):
        asked.setdefault(one.pattern.lower(), []).append(one.name)
    names = [*changed.added, *(moved.now for moved in changed.moved)]
    return tuple(_joined(one, dates.get(one.name, ""), categories, heard, pac_files, asked.get(one.name, [])) for one in names)


def _joined(
    one: Listed, day: str, categories: Mapping[str, str], heard: Sequence[Said], pac_files: Sequence[PacFile], asked: Sequence[str]
) -> Joined:
    basis: Basis = "name"
    about = [word for word in heard if covers(one.name, word.host)]
    if not about:
        about = [word for word in heard if categories.get(word.host) == one.category]
        basis = "category" if about else "nothing"
    decided = [_decision(file, asked) for file in pac_files]
    return Joined(
        **asdict(one),
        from_day=day,
        basis=basis,
        sites=tuple(sorted({word.site for word in about})),
        inspected=tuple(sorted({word.site for word in about if word.verdict == "inspected"})),
        proxied=decided.count("proxied"),
        direct=decided.count("direct"),
        unasked=decided.count(None),
    )


def _decision(file: PacFile, asked: Sequence[str]) -> Decision | None:
    """Return what a file does with a pattern: proxied if any of its names is."""
    decisions = {file.decisions[name] for name in asked if name in file.decisions}
    return "proxied" if "proxied" in decisions else "direct" if decisions else None


def sentence(instance: str, version: str, changed: Difference, joined: Sequence[Joined]) -> str:
    """Return what a person is told: what changed, where it hurts now, whose job it is."""
    counts = (
        (len(changed.added), "new name", "new names"),
        (len(changed.removed), "name removed", "names removed"),
        (len(changed.moved), "name in another category", "names in another category"),
        (len(changed.prefixes_added), "new prefix", "new prefixes"),
        (len(changed.prefixes_removed), "prefix removed", "prefixes removed"),
    )
    told = ", ".join(f"{count} {one if count == 1 else many}" for count, one, many in counts if count)
    urgent = sorted(joined, key=lambda one: (one.basis != "name", -len(one.inspected), -one.proxied))
    lines = [f"Microsoft's endpoint list ({instance}) has changed to version {version}: {told}.", *map(_line, urgent[:SHOWN])]
    if len(urgent) > SHOWN:
        lines.append(f"And {len(urgent) - SHOWN} more.")
    new = changed.added or changed.moved or changed.prefixes_added
    job = (
        "take the new entries into the bypass lists of proxies, firewalls and VPNs" if new else "removed entries may leave the bypass lists"
    )
    return f"{' '.join(lines)} Network team: {job}."


def _line(one: Joined) -> str:
    when = f", used from {one.from_day}" if one.from_day else ""
    sites = f"{len(one.inspected)} of {len(one.sites)} site{'' if len(one.sites) == 1 else 's'}"
    where = {
        "name": f"inspected at {sites} that measure it",
        "category": f"not measured yet, names of its category are inspected at {sites}",
        "nothing": "not measured yet, nor is anything of its category",
    }[one.basis]
    known = one.proxied + one.direct
    pac = f", not direct in {one.proxied} of {known} PAC file{'' if known == 1 else 's'}" if known else ""
    unasked = f", {one.unasked} PAC file{'' if one.unasked == 1 else 's'} not asked about it yet" if one.unasked else ""
    return f"{one.name} ({one.category}{when}): {where}{pac}{unasked}."


def told(instance: str, version: str, before: str, changed: Difference, joined: Sequence[Joined]) -> dict[str, Any]:
    """Return the event's body: everything, as JSON values."""
    return {
        "instance": instance,
        "version": version,
        "before": before,
        "names": [asdict(one) for one in joined],
        "removed": [asdict(one) for one in changed.removed],
        "moved": [{"name": one.now.name, "before": one.before, "now": one.now.category} for one in changed.moved],
        "prefixes_added": [asdict(one) for one in changed.prefixes_added],
        "prefixes_removed": [asdict(one) for one in changed.prefixes_removed],
    }
