"""By which ways out agents leave in this world, and what reports say of them: addresses that rotate, and words that are wrong. No clock.

A site has a carrier of its own; a laptop at home another; a cloud gateway's points of presence have many addresses in several networks.
GeoIP is wrong now and then: another network is said to announce an address, or a front door far away answers one machine.
"""

import csv
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from zlib import crc32

from benchmarks.replay_world.fleet import CADENCE, REMOTE, Agent, Fleet
from server.collector.ways import WayKind, WaySeen

CLOUD = (62044, 53813, 22616)
"""Networks of the cloud gateway's owner (`judge/knowledge/data/networks.toml`)."""
FIRST_CARRIER = 64512
"""Numbers for private use (RFC 6996): the world's carriers."""


@dataclass(frozen=True, slots=True)
class Exit:
    """A way out: networks that announce it, /24s it has in each, the front door that answers there, the resolver. Empty: as below it."""

    networks: tuple[tuple[int, str], ...] = ()
    blocks: tuple[str, ...] = ()
    door: str = ""
    resolver: str = ""

    def over(self, below: "Exit") -> "Exit":
        """Return what this says, and of the rest what the one below does."""
        return Exit(*(getattr(self, one.name) or getattr(below, one.name) for one in fields(Exit)))


NOWHERE_ELSE = Exit()


@cache
def doors() -> tuple[tuple[str, float, float], ...]:
    """Return code, latitude and longitude of Microsoft's front doors."""
    with (files("judge.knowledge") / "data" / "front_doors.csv").open(encoding="utf-8") as lines:
        return tuple((row["code"], float(row["latitude"]), float(row["longitude"])) for row in csv.DictReader(lines))


class Homes:
    """The ways out of places nothing is said of: of a site its carrier's, of a machine at home its own."""

    def __init__(self, fleet: Fleet) -> None:
        near = {site.name: _nearest(site.place.latitude, site.place.longitude) if site.place else "" for site in fleet.sites}
        carriers = {site.name: ((FIRST_CARRIER + number, f"carrier of {site.name}"),) for number, site in enumerate(fleet.sites)}
        self._sites = {
            name: Exit(carriers[name], (f"198.18.{number}",), near[name], f"198.18.{number}.53") for number, name in enumerate(near)
        }
        self._remote = {
            agent.name: Exit(((64900, "a carrier for homes"),), (f"198.19.{number % 250}",), near[agent.site], "198.19.255.53")
            for number, agent in enumerate(fleet.agents)
        }

    def of(self, agent: Agent, place: str) -> Exit:
        """Return the way an agent leaves by at a place."""
        return self._remote[agent.name] if place == REMOTE else self._sites[place]

    def seen(self, agent: Agent, place: str, leaves: Exit, measured_ns: int) -> Mapping[WayKind, WaySeen]:
        """Return what a report says. Of an exit with several networks or blocks each report may have another."""
        way = leaves.over(self.of(agent, place))
        turn = crc32(b"%d" % (measured_ns // CADENCE + len(agent.name)))
        asn, network = way.networks[turn % len(way.networks)]
        address = f"{way.blocks[turn % len(way.blocks)]}.{10 + turn % 200}"
        door = f"{way.door}{1 + turn % 9:02d}"
        return {
            "egress": WaySeen(address, network, asn),
            "dns": WaySeen(way.resolver),
            "front-door": WaySeen(door),
            "relay": WaySeen(address),
        }


def _nearest(latitude: float, longitude: float) -> str:
    return min(doors(), key=lambda one: (one[1] - latitude) ** 2 + (one[2] - longitude) ** 2)[0]


def points_of_presence(count: int) -> list[Exit]:
    """Return exits of a cloud gateway: each in a city of its own, with addresses in three of its owner's networks."""
    owner = tuple((asn, "ZSCALER") for asn in CLOUD)
    codes = [one[0] for one in doors()]
    blocks = [tuple(f"165.225.{20 * number + part}" for part in range(5)) for number in range(count)]
    return [Exit(owner, blocks[number], codes[number * len(codes) // count], f"165.225.{number}.53") for number in range(count)]


def wrong_words(rng: random.Random) -> Exit:
    """Return what one machine is told wrongly: who announces its address, which front door answers, or where its resolver is."""
    strange = (
        Exit(networks=((64990 + rng.randrange(9), "a carrier on another continent"),)),
        Exit(door=rng.choice(doors())[0]),
        Exit(resolver=f"203.0.113.{rng.randrange(1, 250)}"),
    )
    return rng.choice(strange)


MOVES = frozenset({"egress-moved", "egress-disagrees", "egress-cloud", "front-door-moved"})
"""What another way out may be told as."""


def told_of(kinds: Iterable[tuple[str, str, str]], moved: Sequence[str]) -> tuple[int, list[tuple[str, str]]]:
    """Return how many (kind, severity, scope) told of another way out where there was one, and which told of one where there was none."""
    mine = [(kind, scope) for kind, severity, scope in kinds if kind in MOVES and severity != "none"]
    return sum(scope in moved for _, scope in mine), [one for one in mine if one[1] not in moved]
