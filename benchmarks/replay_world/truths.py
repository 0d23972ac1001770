"""The true new devices of a month: what each is, where and when it comes, and what it changes in which reports. Seeded; no clock.

All classes of `wire.vocabulary.DeviceClass` but one: a captive portal is what the rules must stay silent about (design §6, guard rails).
"""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.replay_world import catalogue
from benchmarks.replay_world.catalogue import CONTROL, HOSTS, NEW_HOST, about, another_box, device_findings, on_hosts, only, situation
from benchmarks.replay_world.fleet import DAY, HOUR, MINUTE, START, Agent, Fleet
from benchmarks.replay_world.influence import ENDPOINT, SITE, Influence, at_site
from judge.finding import Finding

Plan = list[tuple[Sequence[Agent], Influence]]
"""Which agents an influence may touch, and the influence."""


@dataclass(slots=True)
class Truth:
    """One true device. `keys` name it as `kind:value`; weak ones are shared by all boxes of a make, and count at `places` only.

    `gone`: stretches in which it is away again, each [from, until). `agents` are the only ones that see it; empty is everybody there.
    """

    name: str
    device_class: str
    manner: str
    places: tuple[str, ...]
    start_ns: int
    keys: frozenset[str]
    plan: Plan
    agents: frozenset[str] = frozenset()
    gone: tuple[tuple[int, int], ...] = ()
    statistical: bool = False

    def seen_as(self) -> frozenset[str]:
        """Return every key any of its findings names, shared ones too."""
        said = [one.finding for _, influence in self.plan for one in influence.says.values()]
        return frozenset(f"{key.kind}:{key.value}" for one in said if one.device for key in one.device.keys)


@dataclass(slots=True)
class Where:
    """Gives each device a site, agents and a moment of its own, so that no two are at one site."""

    rng: random.Random
    fleet: Fleet
    free: list[str]

    def site(self) -> str:
        """Return a site nothing stands at yet."""
        return self.free.pop()

    def sites(self, count: int) -> list[str]:
        """Return several of them."""
        return [self.site() for _ in range(count)]

    def moment(self, low: float = 0.0, high: float = 1.0) -> int:
        """Return a moment between two shares of the month; the first and the last day are left out."""
        first, length = START + DAY, max(1, self.fleet.days - 2) * DAY
        return first + int(length * (low + (high - low) * self.rng.random())) // MINUTE * MINUTE

    def on_duty(self, agent: Agent, at_ns: int) -> int:
        """Return a moment at or after `at_ns` when a laptop has been at its site for an hour."""
        stay = next(
            one for one in agent.stays if one.place == agent.site and one.start_ns >= at_ns and one.end_ns - one.start_ns > 4 * HOUR
        )
        return stay.start_ns + HOUR


def keys_of(findings: Iterable[Finding]) -> frozenset[str]:
    """Return what recognises the device: identifying keys if it has any, else the weak ones."""
    every = {(key.kind, key.value) for one in findings if one.device for key in one.device.keys}
    strong = {pair for pair in every if pair[0] in {"instance", "product"}}
    return frozenset(f"{kind}:{value}" for kind, value in strong or every)


def everything(case: str, products: Sequence[str] = ()) -> list[Finding]:
    """Return a device's findings, and the same about the name that Microsoft adds later."""
    findings = device_findings(case, products)
    first = next((one for one in findings if one.name == f"{HOSTS[0]}:443"), None)
    return [*findings, about(first, NEW_HOST)] if first else findings


def _over_site(
    world: Where,
    name: str,
    manner: str,
    findings: list[Finding],
    *,
    site: str = "",
    statistical: bool = False,
    low: float = 0.0,
    high: float = 0.9,
) -> Truth:
    """Return a device that stands in the path of a whole site from one moment on."""
    place, start = site or world.site(), world.moment(low, high)
    influence = Influence(name, SITE, start, world.fleet.end_ns, situation(findings), at_site(place))
    kind = next(one.device.device_class for one in findings if one.device)
    return Truth(name, kind, manner, (place,), start, keys_of(findings), [(world.fleet.agents, influence)], statistical=statistical)


def _of_customer(name: str) -> Mapping[str, str]:
    return {"Contoso Web Gateway CA": f"{name} CA", "Contoso": name.split(maxsplit=1)[0]}


def whole_site(case: str, name: str, **texts: str) -> Callable[[Where], Truth]:
    """Make a device that inspects everything at one site at once."""
    return lambda world: _over_site(world, name, "whole site at once", another_box(everything(case), name, texts))


def selective(case: str, name: str, hosts: Sequence[str]) -> Callable[[Where], Truth]:
    """Make a device that inspects some hosts only."""
    return lambda world: _over_site(world, name, "selective by host", on_hosts(another_box(everything(case), name), hosts))


def of_customer(case: str, name: str, customer: str) -> Callable[[Where], Truth]:
    """Make a device with an authority of the customer's own name."""
    return lambda world: _over_site(world, name, "whole site at once", another_box(everything(case), name, _of_customer(customer)))


def statistically(case: str, name: str, wanted: Callable[[Finding], bool]) -> Callable[[Where], Truth]:
    """Make a device that leaves statistical evidence only, first with one agent and an hour later with all."""

    def make(world: Where) -> Truth:
        findings = only(catalogue.recorded(case), wanted)
        truth = _over_site(world, name, "statistical evidence", findings, statistical=True)
        early = world.fleet.at(truth.places[0])[:1]
        whole = truth.plan[0][1]
        later = Influence(name, SITE, whole.start_ns + HOUR, whole.end_ns, whole.says, whole.where)
        truth.plan = [(early, whole), ([one for one in world.fleet.agents if one not in early], later)]
        return truth

    return make


def region_wide(case: str, name: str, share: int) -> Callable[[Where], Truth]:
    """Make a cloud gateway that a region's sites are moved behind in one night: `share` of them, one in so many of the fleet."""

    def make(world: Where) -> Truth:
        findings, start = another_box(everything(case), name), world.moment(0.1, 0.7)
        places = world.sites(max(3, len(world.fleet.sites) // share))
        says = situation(findings)
        plan: Plan = [(world.fleet.agents, Influence(name, SITE, start, world.fleet.end_ns, says, at_site(one))) for one in places]
        return Truth(name, "swg", "many sites at once", tuple(places), start, keys_of(findings), plan)

    return make


def gradual(case: str, name: str, sites: int, *, own_roots: bool = False) -> Callable[[Where], Truth]:
    """Make a client that is rolled out agent by agent over several sites. `own_roots`: each machine makes an authority of its own."""

    def make(world: Where) -> Truth:
        findings, start = another_box(everything(case), name), world.moment(0.0, 0.3)
        keys = keys_of(findings)
        places, length = world.sites(sites), max(1, world.fleet.days - 2) * DAY
        plan: Plan = []
        for index, place in enumerate(places):
            for number, agent in enumerate(world.fleet.at(place)[:4]):
                at = start + int(length * 0.5 * index / len(places)) + number * (3 * HOUR + world.rng.randrange(HOUR // MINUTE) * MINUTE)
                mine = another_box(everything(case), f"{name} of {agent.name}") if own_roots else findings
                keys |= keys_of(mine)
                plan.append(([agent], Influence(name, ENDPOINT, at, world.fleet.end_ns, situation(mine), at_site(place), root=name)))
        kind = next(one.device.device_class for one in findings if one.device)
        return Truth(name, kind, "gradual roll-out", tuple(places), start, keys, plan)

    return make


def one_agent(
    case: str,
    name: str,
    *,
    laptop: bool,
    hosts: Sequence[str] = (),
    products: Sequence[str] = (),
    texts: Mapping[str, str] | None = None,
    days: float = 99,
) -> Callable[[Where], Truth]:
    """Make a device on one machine."""

    def make(world: Where) -> Truth:
        place = world.site()
        agent = next(one for one in world.fleet.at(place) if one.laptop == laptop)
        at = world.moment(0.0, 0.6)
        start = world.on_duty(agent, at) if laptop else at
        findings = another_box(everything(case, products), name, texts)
        findings = on_hosts(findings, hosts) if hosts else findings
        end = min(world.fleet.end_ns, start + int(days * DAY))
        influence = Influence(name, ENDPOINT, start, end, situation(findings), root=name)
        kind = next(one.device.device_class for one in findings if one.device)
        gone = ((end, world.fleet.end_ns),) if end < world.fleet.end_ns else ()
        return Truth(
            name, kind, "one agent only", (place,), start, keys_of(findings), [([agent], influence)], frozenset({agent.name}), gone
        )

    return make


def returning(case: str, name: str) -> Callable[[Where], Truth]:
    """Make a device that leaves and comes back."""

    def make(world: Where) -> Truth:
        truth = _over_site(world, name, "returning after leaving", another_box(everything(case), name), low=0.0, high=0.15)
        length = max(1, world.fleet.days - 2) * DAY
        left, back = truth.start_ns + int(length * 0.3), truth.start_ns + int(length * 0.6)
        first = truth.plan[0][1]
        again = Influence(name, SITE, back, first.end_ns, first.says, first.where)
        truth.plan = [
            (world.fleet.agents, Influence(name, SITE, first.start_ns, left, first.says, first.where)),
            (world.fleet.agents, again),
        ]
        truth.gone = ((left, back),)
        return truth

    return make


def renewed(case: str, name: str, customer: str, times: int = 1) -> Callable[[Where], Truth]:
    """Make a device whose authority is renewed under the same name: another key, the same box."""

    def make(world: Where) -> Truth:
        boxes = [another_box(everything(case), f"{name} {number}", _of_customer(customer)) for number in range(times + 1)]
        truth = _over_site(world, name, "authority renewed", boxes[0], low=0.0, high=0.3)
        length = (world.fleet.end_ns - truth.start_ns) // (times + 1)
        edges = [truth.start_ns + number * length for number in range(times + 1)] + [world.fleet.end_ns]
        where = truth.plan[0][1].where
        truth.plan = [
            (world.fleet.agents, Influence(name, SITE, start, end, situation(box), where))
            for box, start, end in zip(boxes, edges, edges[1:], strict=False)
        ]
        truth.keys = frozenset().union(*(keys_of(box) for box in boxes))
        return truth

    return make


def many_pops(case: str, name: str, pops: int) -> Callable[[Where], Truth]:
    """Make a cloud gateway whose site leaves by another point of presence twice a day, each with a key of its own."""

    def make(world: Where) -> Truth:
        boxes = [another_box(everything(case), f"{name} {number}") for number in range(pops)]
        truth = _over_site(world, name, "many points of presence", boxes[0], low=0.0, high=0.5)
        where, step = truth.plan[0][1].where, DAY // 2
        starts = range(truth.start_ns, world.fleet.end_ns, step)
        says = [situation(box) for box in boxes]
        truth.plan = [
            (world.fleet.agents, Influence(name, SITE, at, min(at + step, world.fleet.end_ns), says[number % pops], where))
            for number, at in enumerate(starts)
        ]
        truth.keys = frozenset().union(*(keys_of(box) for box in boxes))
        return truth

    return make


def _is(host: str, port: int = 443) -> Callable[[Finding], bool]:
    return lambda one: one.target.host == host and one.target.port == port and one.verdict != "clean"


def _weak_split(one: Finding) -> bool:
    return one.verdict == "spliced" and not one.deterministic


def _tenant(one: Finding) -> bool:
    return one.verdict == "proxied" and one.aspect == "path"


EVERY: Sequence[Callable[[Where], Truth]] = (
    whole_site("lab-replay-forcepoint", "Forcepoint cloud"),
    gradual("lab-replay-netskope", "Netskope client", 6),
    region_wide("lab-replay-cato", "Cato cloud", 12),
    selective("lab-replay-cloudflare", "Cloudflare gateway", (HOSTS[4], CONTROL)),
    many_pops("lab-replay-umbrella", "Umbrella", 5),
    whole_site("lab-replay-fortigate", "FortiGate"),
    selective("lab-replay-sophos", "Sophos firewall", (HOSTS[1], HOSTS[2])),
    returning("lab-replay-sonicwall", "SonicWall"),
    statistically("inspected-root-not-installed", "FortiGate without root", _is(HOSTS[0])),
    whole_site("lab-replay-bluecoat", "Blue Coat"),
    renewed("lab-squid-bump-via-off", "Squid of Fabrikam", "Fabrikam Proxy"),
    statistically("transparent-squid", "Squid on port 80", _is(HOSTS[0], 80)),
    statistically("lab-defender-for-cloud-apps", "Defender for Cloud Apps", _tenant),
    statistically("lab-global-secure-access", "Global Secure Access", _tenant),
    one_agent(
        "lab-customer-authority", "DLP endpoint", laptop=False, products=("forcepoint-dlp",), texts=_of_customer("Litware Protection")
    ),
    of_customer("lab-customer-authority", "Gateway of Northwind", "Northwind Gateway"),
    one_agent("lab-replay-eset", "ESET", laptop=True),
    gradual("lab-replay-avast", "Avast", 5, own_roots=True),
    one_agent("lab-mitmproxy-transparent", "mitmproxy", laptop=False, days=2),
    one_agent("lab-replay-charles", "Charles", laptop=True, hosts=HOSTS[2:4]),
    statistically("lab-block-page-bluecoat", "splitter seen by times", _weak_split),
    lambda world: _over_site(
        world, "DNS filter", "whole site at once", only(device_findings("lab-dns-redirect"), lambda one: one.verdict == "redirected")
    ),
    lambda world: _over_site(
        world, "DNS sinkhole", "selective by host", only(device_findings("lab-dns-sinkhole"), lambda one: one.verdict == "redirected")
    ),
    whole_site("lab-synproxy", "splitter"),
    one_agent("lab-customer-authority", "VPN client", laptop=False, products=("globalprotect",), texts=_of_customer("Tailspin Access")),
)
"""The twenty-five of the long form."""
SHORT: Sequence[Callable[[Where], Truth]] = tuple(EVERY[index] for index in (1, 5, 7, 10, 12, 16, 21, 23))
"""The eight of the short form: gradual, whole site, returning, renewed, statistical, one agent, weak keys, a splitter."""
