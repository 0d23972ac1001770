"""What happens in a month that is no new device: everything here must stay without an `appeared`. Seeded; no clock.

What stood there when watching began (a cloud gateway with many points of presence, scanners on endpoints, gateways of the company's own),
what networks do (loss, captive portals, VPN, proxies by PAC, outages of an agent, a site, a region, of Microsoft), what Microsoft does
(certificates that change in waves, one that expires, a name added to its list), what machines do (clocks that are wrong, roots that are
renewed).
"""

import random
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from benchmarks.replay_world.catalogue import HOSTS, NEW_HOST, Situation, about, another_box, only, recorded, situation
from benchmarks.replay_world.fleet import CADENCE, DAY, HOUR, MINUTE, START, Agent, Fleet
from benchmarks.replay_world.influence import CLIENT, ENDPOINT, NETWORK, ODDITY, OUTAGE, PORTAL, SITE, Influence, at_site
from benchmarks.replay_world.proxies import make_proxies
from benchmarks.replay_world.truths import Plan, everything
from benchmarks.replay_world.ways import points_of_presence, wrong_words
from judge.finding import Finding

POPS = 6
OPTIMIZE = HOSTS[:2]


@dataclass(frozen=True, slots=True)
class Outage:
    """One cause that shuts people out: `places` it strikes, from when to when. `kind`: site, region, Microsoft."""

    kind: str
    places: tuple[str, ...]
    start_ns: int
    end_ns: int


@dataclass(slots=True)
class Noise:
    """All of it: which agents each influence may touch; the outages by cause; when the feed changes; where proxies and a cloud are."""

    plan: Plan = field(default_factory=list)
    outages: list[Outage] = field(default_factory=list)
    feed_ns: int = 0
    maintained: list[Outage] = field(default_factory=list)
    proxied: list[str] = field(default_factory=list)
    clouds: tuple[str, ...] = ()


def make_noise(rng: random.Random, fleet: Fleet, quiet: Sequence[str], spared: Collection[str]) -> Noise:
    """Return a month's noise. `quiet`: sites without true devices, where things may stand from the beginning.

    `spared`: machines that get a device of their own; a scanner there since the beginning would leave them no clean rounds before it.
    """
    noise = Noise(feed_ns=START + fleet.days * DAY * 2 // 5)
    noise.plan.append((fleet.agents, Influence("feed", NETWORK, START, noise.feed_ns, {}, drops=(f"{NEW_HOST}:443",))))
    noise.plan += [*_standing(rng, fleet, quiet), *_scanners(rng, fleet, spared), *_travel(rng, fleet), *_loss(rng, fleet)]
    noise.plan += [*_rotations(rng, fleet), *_clocks(rng, fleet), *_roots(rng, fleet)]
    _strike(rng, fleet, noise)
    noise.proxied += quiet[len(quiet) // 4 :][: max(1, len(quiet) // 12)]
    noise.clouds = _clouds(quiet)
    noise.plan += [*make_proxies(random.Random(rng.random()), fleet, noise.proxied), *_misled(random.Random(rng.random()), fleet)]
    return noise


def clean_path() -> list[Finding]:
    """Return what a report says where nothing is in the way; the name added later is on it, and dropped before."""
    findings = recorded("lab-clean-near") + only(recorded("lab-public-rotation"), lambda one: "udp" in one.name)
    first = next(one for one in findings if one.name == f"{HOSTS[0]}:443")
    return [*findings, about(first, NEW_HOST)]


def _clouds(quiet: Sequence[str]) -> tuple[str, ...]:
    """Return the sites behind a cloud gateway."""
    return tuple(quiet[: max(1, len(quiet) // 6)])


def _standing(rng: random.Random, fleet: Fleet, quiet: Sequence[str]) -> Iterable[tuple[Sequence[Agent], Influence]]:
    """Give what decrypts since before the watching: a cloud gateway that changes its way out, and gateways with the company's name."""
    clouds, gateways = _clouds(quiet), quiet[len(quiet) // 6 : len(quiet) // 4]
    pops = [situation(another_box(everything("lab-replay-zscaler"), f"Zscaler {number}")) for number in range(POPS)]
    exits = points_of_presence(POPS)
    for site in clouds:
        desktops, laptops = ([one for one in fleet.at(site) if one.laptop == wanted] for wanted in (False, True))
        at, turn = START, rng.randrange(POPS)
        while at < fleet.end_ns:
            until = min(fleet.end_ns, at + rng.randrange(8, 60) * HOUR)
            yield desktops, Influence("cloud gateway", SITE, at, until, pops[turn % POPS], leaves=exits[turn % POPS])
            yield laptops, Influence("cloud client", CLIENT, at, until, pops[turn % POPS], leaves=exits[turn % POPS])
            at, turn = until, turn + 1
    for number, site in enumerate(gateways):
        texts = {"Contoso Web Gateway CA": "Contoso Gateway CA 2024"}
        box = another_box(everything("lab-squid-bump" if number % 2 else "lab-customer-authority"), f"gateway of {site}", texts)
        yield fleet.agents, Influence("gateway", SITE, START, fleet.end_ns, situation(box), at_site(site))


def _scanners(rng: random.Random, fleet: Fleet, spared: Collection[str]) -> Iterable[tuple[Sequence[Agent], Influence]]:
    """Give a virus scanner on one machine in sixteen, each with an authority of its own; on laptops it travels along."""
    for agent in fleet.agents:
        if rng.random() < 1 / 16 and agent.name not in spared:
            box = another_box(everything("lab-replay-kaspersky"), f"scanner of {agent.name}")
            yield [agent], Influence("scanner", ENDPOINT, START, fleet.end_ns, situation(box), root="scanner")


def _travel(rng: random.Random, fleet: Fleet) -> Iterable[tuple[Sequence[Agent], Influence]]:
    """Give the VPN's shorter segments, and the hotel's portal until somebody has logged in."""
    vpn = situation(one for one in recorded("lab-vpn-backhaul") if one.verdict != "clean")
    portals = [situation(_portal(number)) for number in range(5)]
    for agent in fleet.agents:
        for stay in agent.stays:
            if stay.kind == "vpn":
                yield [agent], Influence("vpn", NETWORK, stay.start_ns, stay.end_ns, vpn)
            if stay.kind == "hotel" or (stay.kind == "home" and rng.random() < 0.01):
                until = min(stay.end_ns, stay.start_ns + rng.randrange(2, 45) * MINUTE)
                yield [agent], Influence("portal", PORTAL, stay.start_ns, until, rng.choice(portals), alone=True)


def _misled(rng: random.Random, fleet: Fleet) -> Iterable[tuple[Sequence[Agent], Influence]]:
    """Give machines that are told wrongly where they leave, for some hours: one in twelve each week."""
    for agent in fleet.agents:
        for week in range(0, fleet.days, 7):
            if rng.random() < 1 / 12:
                at = START + week * DAY + rng.randrange(min(7, fleet.days - week) * DAY)
                yield [agent], Influence("located wrongly", NETWORK, at, at + rng.randrange(1, 9) * HOUR, {}, leaves=wrong_words(rng))


def _portal(number: int) -> list[Finding]:
    case = "lab-captive-portal" if number % 3 else "lab-captive-portal-refuses-tls"
    return another_box(recorded(case), f"portal {number}", {"portal.hotel.example": f"portal{number}.hotel.example"})


def _loss(rng: random.Random, fleet: Fleet) -> Iterable[tuple[Sequence[Agent], Influence]]:
    """Give single rounds that go wrong: a timeout, a lost datagram, timings that look like a splitter's, a server's broken chain."""
    odd: list[Situation] = [
        situation(one for one in recorded(case) if one.verdict != "clean") for case in ("lab-firewall-drops", "lab-media-blocked")
    ]
    odd += [
        situation(one for one in recorded(case) if one.verdict != "clean")
        for case in ("lab-server-forgot-intermediate", "lab-quic-blocked")
    ]
    odd.append(_weak_split())
    for agent in fleet.agents:
        at = START + rng.randrange(2 * DAY)
        while at < fleet.end_ns:
            yield [agent], Influence("oddity", ODDITY, at, at + CADENCE * rng.choice((1, 1, 1, 2)), rng.choice(odd))
            at += rng.randrange(12, 96) * HOUR + rng.randrange(HOUR)


def _weak_split() -> Situation:
    found = recorded("lab-block-page-bluecoat")
    return situation(one for one in found if one.verdict == "spliced" and not one.deterministic)


def _rotations(rng: random.Random, fleet: Fleet) -> Iterable[tuple[Sequence[Agent], Influence]]:
    """Give two waves of new public authorities over all regions; old machines cannot tell for some hours, the rest see them clean."""
    news = {one.name: one for one in recorded("lab-public-rotation") if one.target.host in HOSTS}
    torn = next(one for one in recorded("lab-server-forgot-intermediate") if one.verdict == "inconclusive" and one.aspect == "path")
    for wave, hosts in enumerate((HOSTS[:3], HOSTS[3:])):
        begins = START + int(fleet.days * DAY * (0.25 + 0.4 * wave))
        fresh = situation(one for one in news.values() if one.target.host in hosts)
        unsure = situation(about(torn, host) for host in hosts[:2])
        for agent in fleet.agents:
            at = begins + (hash_of(fleet.regions[agent.site]) % 5) * 4 * HOUR + rng.randrange(2 * HOUR)
            yield [agent], Influence("new authority", NETWORK, at, fleet.end_ns, fresh)
            if rng.random() < 0.2:
                yield [agent], Influence("roots too old", NETWORK, at, at + rng.randrange(1, 10) * HOUR, unsure)
    expired = situation(one for one in recorded("lab-server-certificate-expired") if one.verdict != "clean")
    at = START + int(fleet.days * DAY * 0.55)
    yield fleet.agents, Influence("Microsoft's leaf expired", NETWORK, at, at + 80 * MINUTE, expired)


def hash_of(text: str) -> int:
    """Return a number of a text that is the same in each process."""
    return sum(text.encode())


def _clocks(rng: random.Random, fleet: Fleet) -> Iterable[tuple[Sequence[Agent], Influence]]:
    """Give clocks that are wrong: some by minutes for days, a few by a day for hours, and then chains seem not yet valid."""
    wrong = situation(one for one in recorded("lab-clock-a-day-behind-new-certificates") if one.verdict != "clean")
    for agent in fleet.agents:
        chance, at = rng.random(), START + rng.randrange(fleet.days * DAY)
        if chance < 0.02:
            yield (
                [agent],
                Influence(
                    "clock drifts", NETWORK, at, at + rng.randrange(6, 80) * HOUR, {}, skew_ns=-rng.randrange(40, 500) * MINUTE // 60
                ),
            )
        elif chance < 0.03:
            yield [agent], Influence("clock a day behind", OUTAGE, at, at + rng.randrange(1, 5) * HOUR, wrong, skew_ns=-DAY)


def _roots(rng: random.Random, fleet: Fleet) -> Iterable[tuple[Sequence[Agent], Influence]]:
    """Give root stores that change without anything on the way changing: the company renews an authority on one machine in ten."""
    at = START + int(fleet.days * DAY * 0.35)
    for agent in fleet.agents:
        if rng.random() < 0.1:
            yield [agent], Influence("new root", NETWORK, at + rng.randrange(DAY), fleet.end_ns, {}, root="company root 2027")


def _strike(rng: random.Random, fleet: Fleet, noise: Noise) -> None:
    """Add outages: of sites, of a region, of Microsoft; and maintenance that cuts a site off again and again."""
    cut = situation(recorded("lab-no-internet"))
    days = fleet.days
    for site in rng.sample(fleet.sites, max(1, len(fleet.sites) // 25)):
        at = START + rng.randrange(DAY, days * DAY - 8 * HOUR)
        _cut_off(fleet, noise, Outage("site", (site.name,), at, at + rng.randrange(40, 360) * MINUTE), cut)
    region = sorted(set(fleet.regions.values()))[rng.randrange(len(set(fleet.regions.values())))]
    places = tuple(site.name for site in fleet.sites if fleet.regions[site.name] == region)
    at = START + int(days * DAY * 0.45) + rng.randrange(HOUR)
    _cut_off(fleet, noise, Outage("region", places, at, at + 50 * MINUTE), cut)
    down = situation(one for one in recorded("lab-no-internet") if one.target.host in OPTIMIZE)
    at = START + int(days * DAY * 0.75) + rng.randrange(HOUR)
    noise.outages.append(Outage("Microsoft", tuple(site.name for site in fleet.sites), at, at + 90 * MINUTE))
    noise.plan.append((fleet.agents, Influence("Microsoft is down", OUTAGE, at, at + 90 * MINUTE, down)))
    for site in rng.sample(fleet.sites, max(1, len(fleet.sites) // 30)):
        for day in range(1, days, 3):
            at = START + day * DAY + rng.randrange(20, 23) * HOUR
            window = Outage("maintenance", (site.name,), at, at + 2 * HOUR)
            noise.maintained.append(window)
            for start, until in ((at + 10 * MINUTE, at + 50 * MINUTE), (at + 70 * MINUTE, at + 95 * MINUTE)):
                noise.plan.append(
                    (
                        fleet.agents,
                        Influence("maintenance", OUTAGE, start, until, cut, at_site(site.name), alone=True, sent=False),
                    )
                )


def _cut_off(fleet: Fleet, noise: Noise, outage: Outage, cut: Situation) -> None:
    """Add an outage in which nothing gets out of some sites, reports neither: they come when it is over."""
    noise.outages.append(outage)
    for place in outage.places:
        influence = Influence(f"{outage.kind} cut off", OUTAGE, outage.start_ns, outage.end_ns, cut, at_site(place), alone=True, sent=False)
        noise.plan.append((fleet.agents, influence))
