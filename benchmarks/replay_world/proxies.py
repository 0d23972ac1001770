"""Proxies that machines are told to use: a PAC file comes, names another proxy, is taken away and comes again. Seeded; no clock.

A system route is measured only where it is not the direct one, and for three rounds after it became that again (note 011). So a proxy
has no clean rounds before it when it is set for the first time, or in another's place: by design §6 it is discovered, and does not appear.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace

from benchmarks.replay_world.catalogue import HOSTS, another_box, device_findings, only, recorded, situation
from benchmarks.replay_world.fleet import CADENCE, DAY, HOUR, MINUTE, START, Agent, Fleet
from benchmarks.replay_world.influence import NETWORK, Influence, at_site
from judge.finding import Finding

SYSTEM = "system"
LINGERS = 3 * CADENCE
"""How long a system route is still measured when it has become the direct one."""
LABORATORY = "10.77.1.2"
"""The proxy's address in the recordings."""


def make_proxies(rng: random.Random, fleet: Fleet, sites: Sequence[str]) -> Iterable[tuple[Sequence[Agent], Influence]]:
    """Give each of these sites a proxy, then another that leaves Exchange out, none for a while, and the second again."""
    length = (fleet.days - 1) * DAY
    for number, site in enumerate(sites):
        first = _proxy("lab-system-proxy-by-environment", f"10.60.{number}.2")
        second = _proxy("lab-system-proxy-bypassed-for-exchange", f"10.61.{number}.2")
        comes, changes, goes, again = (
            START + DAY + int(length * share) + rng.randrange(4 * HOUR) // MINUTE * MINUTE for share in (0.05, 0.3, 0.55, 0.75)
        )
        spared = [one for one in _clean(first) if one.target.host == HOSTS[0]]
        for start, until, findings in (
            (comes, changes, first),
            (changes, goes, second),
            (changes, changes + LINGERS, spared),
            (goes, goes + LINGERS, _clean(second)),
            (again, fleet.end_ns, second),
        ):
            yield fleet.agents, Influence("proxy by PAC", NETWORK, start, until, situation(findings), at_site(site))


def _proxy(case: str, address: str) -> list[Finding]:
    found = only(device_findings(case), lambda one: one.route == SYSTEM)
    return another_box(found, address, {LABORATORY: address})


def _clean(proxied: Sequence[Finding]) -> list[Finding]:
    """Return what the system route's measurements say of the same paths when nothing is on it."""
    direct = {one.name: one for one in recorded("lab-clean-near") if one.route == "direct"}
    return [replace(direct[one.name], route=SYSTEM) for one in proxied if one.name in direct]
