"""Loads what one device's presence at one post is decided from, and asks the pure rules. Reads only, in the caller's transaction.

A post is a place or, for what runs on endpoints, an agent wherever it is.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import cast

from judge.finding import Finding
from server.collector.runs import EXTEND_NS
from server.state import devices, paths, standing
from server.state.database import Transaction
from server.watcher.devices import SILENT_NS, Standing, Told, decide, is_news, said_at
from server.watcher.findings import read
from server.watcher.guards import LEARN_ROUNDS, SAME_NS, Baseline, Condition, guarded, is_origins_own, is_stranger, waiting
from server.watcher.identity import is_firm, is_same_box
from server.watcher.spreading import NO_SITES
from server.watcher.turns import Path, Run, turns
from wire.vocabulary import Category, Verdict

STRANGERS = frozenset({"device", "unknown"})
"""Scopes of what stands in a network nobody knows: at no site of ours such a device is news to nobody."""


@dataclass(frozen=True, slots=True)
class Post:
    """One device, known by its keys (`kind:value`), at a place or, with `agent`, on that agent. `scope`: what its keys are unique to."""

    device: str
    names: tuple[str, ...]
    place: str
    agent: str = ""
    scope: str = "unknown"


@dataclass(frozen=True, slots=True)
class Weighed:
    """The presence after, what to tell of it, and what that rests on. `agents` report there."""

    after: Standing | None
    told: Sequence[Told]
    runs: Sequence[Run]
    findings: dict[int, Finding | None]
    agents: int


async def weigh(transaction: Transaction, post: Post, before: Standing | None, agents: int, now_ns: int) -> Weighed:
    """Return what the stored runs say of a device at a post where `agents` report."""
    if post.agent:
        seen = await paths.seen_on(transaction, post.agent, post.names)
    else:
        seen = await paths.seen_by(transaction, post.place, post.names)
    findings = {one.id: read(one.finding) for one in seen if one.device_key in post.names}
    category = {one.target: found.target.category for one in seen if (found := findings.get(one.id))}
    runs: Sequence[Run] = [_run(one, findings, category, post) for one in seen]
    opening: Sequence[int] = ()
    after, told = decide(before, turns(runs), agents, now_ns) if before is not None and before.state == "present" else (before, [])
    if before is None or before.state != "present" or told:  # it left: what was seen thereafter may bring it back
        opening = _opening(runs, before.since_ns if before else 0)
        runs = await _questioned(transaction, post, runs, opening)
        after, told = decide(before, turns(runs), agents, now_ns)
    if any(one.kind == "appeared" for one in told):  # whether that is news, baselines say
        runs = await _with_baselines(transaction, post, runs, opening)
        after, told = decide(before, turns(runs), agents, now_ns)
    after = waiting(after, runs, now_ns)
    return Weighed(after, told, runs, findings, agents)


async def _questioned(transaction: Transaction, post: Post, runs: Sequence[Run], opening: Sequence[int]) -> Sequence[Run]:
    """Return the runs with what is to be known of a sighting that may open a presence: how clean it was before, and what holds it back.

    Of what keeps a presence that is there already nothing of this is asked.
    """
    if not opening:
        return runs
    own = bool(post.agent) or post.place in NO_SITES
    clean = await paths.clean_rounds_before(transaction, opening, own=own)
    strangers = set() if post.agent else await _strangers(transaction, post, opening)
    may_open = set(opening)
    made = [replace(run, clean_before=clean.get(run.id, 0), stranger=run.id in strangers) if run.id in may_open else run for run in runs]
    return guarded(made, await _guards(transaction, [run for run in made if run.id in may_open]))


async def _with_baselines(transaction: Transaction, post: Post, runs: Sequence[Run], opening: Sequence[int]) -> Sequence[Run]:
    """Return the runs, those not ready that rest on statistics and may open a presence where no baseline had formed before them.

    Asked only of those that would be news: one statement each.
    """
    statistical = [run for run in runs if run.id in opening and not run.deterministic and is_news(run)]
    learning = {run.id for run in statistical if not await _has_learnt(transaction, run.path.place or post.place, run)}
    return [replace(run, ready=False) if run.id in learning else run for run in runs]


async def _has_learnt(transaction: Transaction, place: str, run: Run) -> bool:
    """Return whether a place's path had a baseline before a sighting; of its first runs so many are enough as rounds are asked for."""
    seen = await paths.observed_before(transaction, place, (run.path.target, run.path.route), run.first_ns, LEARN_ROUNDS)
    return seen is not None and Baseline(*seen).is_ready(run.first_ns)


def _opening(runs: Sequence[Run], since_ns: int) -> list[int]:
    """Return the sightings that may open a presence: those since a moment, and those of paths that had not been clear of it by then."""
    held = {path: voice for path, voice in said_at(turns(runs), since_ns).items() if voice.said in {"confirmed", "hinted"}}
    from_ns = {path: min(since_ns, voice.began.at_ns) for path, voice in held.items()}
    return [run.id for run in runs if run.sighting and run.last_ns >= from_ns.get(run.path, since_ns)]


async def _strangers(transaction: Transaction, post: Post, opening: Sequence[int]) -> set[int]:
    """Return the sightings by agents that are new at the place or brought the device along."""
    here = await paths.clean_here_before(transaction, opening)
    elsewhere = await paths.met_elsewhere_before(transaction, opening, post.names)
    return {number for number in opening if is_stranger(here.get(number), elsewhere.get(number, 0))}


async def _guards(transaction: Transaction, fresh: Sequence[Run]) -> list[Condition]:
    """Return what was the matter with the agents whose sightings are news: what they say of themselves, and portals that answered them.

    The end of a run is right to `EXTEND_NS`: a portal guards so much longer.
    """
    agents = {run.path.agent for run in fresh}
    first_ns, last_ns = min(run.first_ns for run in fresh), max(run.first_ns for run in fresh)
    spans = await paths.captive_spans(transaction, agents, first_ns - EXTEND_NS)
    told = await standing.during(transaction, agents, first_ns, last_ns)
    portals = [Condition(agent, "captive", first_ns, last_ns + EXTEND_NS) for agent, first_ns, last_ns in spans]
    return portals + [Condition(one.agent, one.kind, one.first_ns, one.until_ns) for one in told]


async def quieter(transaction: Transaction, post: Post, told: Told, weighed: Weighed, unknown: Collection[str]) -> Told:
    """Return what is told, as a discovery where it is no news: a foreign network, a box told of already, the origin's own change.

    `unknown`: devices that are told of after this one, though they are stored as present already.
    """
    findings = weighed.findings
    if told.kind != "appeared" or post.agent:
        return told
    if post.place in NO_SITES and post.scope in STRANGERS:
        return replace(told, kind="discovered")
    found = [finding for run in told.runs if (finding := findings.get(run.id)) is not None]
    vendors = {finding.device.vendor for finding in found if finding.device and finding.device.vendor}
    if same := await _same_box(transaction, post, told, vendors, unknown):
        return replace(told, kind="discovered", part_of=same)
    if vendors or is_firm(post.names) or any(finding.deterministic for finding in found):
        return told
    span = told.at_ns - SAME_NS, told.at_ns + SAME_NS
    elsewhere = await paths.first_seen_elsewhere(transaction, post.names, post.place, span)
    sites = {place: times for place, times in elsewhere.items() if place not in NO_SITES}
    return replace(told, kind="discovered", origins_own=True) if is_origins_own(told.at_ns, sites) else told


async def _same_box(transaction: Transaction, post: Post, told: Told, vendors: set[str], unknown: Collection[str]) -> str:
    """Return the device at the place that this is likely another side of, or nothing."""
    others = [one for one in await devices.present_at(transaction, post.place) if one.device not in {post.device, *unknown}]
    if not others:
        return ""
    ids = {one.device for one in others}
    rows, keys = await devices.load(transaction, ids), await devices.keys_of(transaction, ids)
    for one in others:
        names = [f"{kind}:{value}" for kind, value in keys[one.device]]
        if is_same_box(post.names, vendors, names, rows[one.device].vendor, abs(one.since_ns - told.at_ns)):
            return one.device
    return ""


async def agents_at(transaction: Transaction, place: str, now_ns: int) -> int:
    """Return how many agents report at a place now."""
    return await paths.agents_at(transaction, place, now_ns - SILENT_NS)


def _run(one: paths.StoredRun, findings: dict[int, Finding | None], category: dict[str, Category], post: Post) -> Run:
    finding = findings.get(one.id)
    return Run(
        id=one.id,
        path=Path(one.agent, one.target, one.route, one.place if post.agent else ""),
        verdict=cast("Verdict", one.verdict),
        ours=one.id in findings,
        first_ns=one.first_ns,
        last_ns=one.last_ns,
        rounds=one.rounds,
        deterministic=finding.deterministic if finding else False,
        category=category.get(one.target, "Default"),
        second_ns=one.second_ns,
        third_ns=one.third_ns,
        keyed=one.device_key != "",
    )
