"""Which names go around inspection at a site, and what changed since: pure, by the judge's own rule of coverage.

A name goes around when nothing stands before it on the way people's programs take (`system` where it is probed, else `direct`); it does
not when two agents or 30 % of those that know say that something takes it. What is not known now keeps its last word.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, cast

from judge.coverage import Share, bypass_coverage
from judge.finding import Finding
from server.state.answers import Said
from server.watcher.devices import SITE_AGENTS, SITE_SHARE
from wire.target import DIRECT, SYSTEM, Target
from wire.vocabulary import Category, Verdict

TAKEN: Final = ("inspected", "altered", "redirected", "proxied", "spliced")
"""Worst first; with `clean` these are what coverage knows (`judge/coverage.py`)."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """`ways`: name to whether it goes around; `shares`: of each category, as the judge counts; `version` of the endpoint list.

    `voices`: of each name, how many agents say so, of how many that know.
    """

    ways: Mapping[str, bool]
    shares: Mapping[Category, Share]
    version: str
    voices: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def dump(self) -> str:
        """Return it as a word of the site."""
        return json.dumps({"ways": dict(self.ways), "version": self.version}, sort_keys=True)


@dataclass(frozen=True, slots=True)
class CoverageChange:
    """What changed: names that go around now and did not, names that do not any more, and names not asked about before."""

    gained: tuple[str, ...]
    lost: tuple[str, ...]
    fresh: tuple[str, ...]
    before_version: str
    version: str

    @property
    def told(self) -> bool:
        """Return whether there is something to tell: a name that is asked about for the first time is news with a new list only."""
        return bool(self.gained or self.lost or (self.fresh and self.version != self.before_version))


def coverage_of(said: Sequence[Said], category: Callable[[str], Category], version: str) -> Coverage:
    """Return the coverage of one place."""
    routes = {one.route for one in said}
    route = SYSTEM.name if SYSTEM.name in routes else DIRECT.name
    targets: dict[str, dict[str, int]] = {}
    for one in said:
        if one.route == route and category(one.target) != "Control":
            counts = targets.setdefault(one.target, {})
            counts[one.verdict] = counts.get(one.verdict, 0) + one.agents
    verdicts = {target: _verdict(counts) for target, counts in targets.items()}
    ways = {target: verdict == "clean" for target, verdict in sorted(verdicts.items()) if verdict == "clean" or verdict in TAKEN}
    shares = bypass_coverage(_finding(target, category(target), verdict) for target, verdict in verdicts.items())
    return Coverage(ways, shares, version, {target: _voices(targets[target], around) for target, around in ways.items()})


def _voices(counts: Mapping[str, int], around: bool) -> tuple[int, int]:  # noqa: FBT001 - a value, not a switch
    taken = sum(counts.get(verdict, 0) for verdict in TAKEN)
    clean = counts.get("clean", 0)
    return clean if around else taken, clean + taken


def _verdict(counts: Mapping[str, int]) -> str:
    known = sum(agents for verdict, agents in counts.items() if verdict == "clean" or verdict in TAKEN)
    taken = {verdict: counts[verdict] for verdict in TAKEN if verdict in counts}
    if taken and (sum(taken.values()) >= SITE_AGENTS or sum(taken.values()) >= SITE_SHARE * known):
        return next(iter(taken))
    return "clean" if "clean" in counts else "inconclusive"


@lru_cache(maxsize=4096)
def _finding(target: str, category: Category, verdict: str) -> Finding:
    """Return what the judge's rule of coverage reads of a finding: the target, its category and the verdict."""
    host, _, port = target.rpartition(":")
    about = Target(host=host, port=int(port), category=category, workload="Common")
    return Finding(about, DIRECT.name, cast("Verdict", verdict), "none", 0.0, "nobody", "", "")


def merged(before: str | None, seen: Coverage) -> str:
    """Return the word that follows: names seen now as they are, names of before that still have a word; equal ones are the same text."""
    if before is None:
        return seen.dump()
    plain: dict[str, Any] = json.loads(before)
    return Coverage({**plain["ways"], **seen.ways}, {}, seen.version).dump()


def change_of(before: str, after: str) -> CoverageChange:
    """Return what changed between two words."""
    old, new = json.loads(before), json.loads(after)
    known, now = old["ways"], new["ways"]
    gained = tuple(name for name, around in now.items() if around and known.get(name) is False)
    lost = tuple(name for name, around in now.items() if not around and known.get(name) is True)
    fresh = tuple(name for name in now if name not in known)
    return CoverageChange(gained, lost, fresh, old["version"], new["version"])
