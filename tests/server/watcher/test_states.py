"""What the centre knows now: when an agent is silent, which word a site bears and who agrees, which way it goes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from server.fleet.registry import Egress, Place, Registry, Site
from server.state.overview import AgentRow, Aside, Counts, Tally
from server.watcher.states import RANK, AgentState, Measured, PathStop, SiteState, agent_states, path_stops, site_states
from tests.fakes.sightings import MINUTE, SECOND
from tests.fakes.sightings import START as NOW
from wire.vocabulary import VERDICTS

FRANKFURT, LYON, FRA = Place(50.11, 8.68), Place(45.76, 4.84), Place(50.116, 8.684)
REGISTRY = Registry(
    {"Frankfurt": Site("Frankfurt", FRANKFURT, "Europe/Berlin", simulated=True)}, [Egress("203.0.113.0/24", "Backbone", LYON)]
)
A, B, C = (AgentState(name, "Frankfurt", "reporting", NOW - MINUTE, 60.0, lab=False, software="1") for name in "abc")


@dataclass(frozen=True)
class Door:
    """A front door's place."""

    city: str = "Frankfurt"
    latitude: float = FRA.latitude
    longitude: float = FRA.longitude


def tally(agent: str, verdict: str, hosts: int = 1, key: str = "", *, first: int = 30, newest: int = 20) -> Tally:
    """Return a tally whose runs began some minutes ago."""
    return Tally("Frankfurt", agent, verdict, key, hosts, NOW - first * MINUTE, NOW - newest * MINUTE)


def sites(agents: Sequence[AgentState], *tallies: Tally, vendors: Mapping[str, str] | None = None, **seen: Any) -> list[SiteState]:
    """Return the states of all sites."""
    return site_states(agents, tallies, vendors or {}, Measured(**seen), REGISTRY, {"FRA": Door()}.get, NOW)


def site(agents: Sequence[AgentState], *tallies: Tally, **more: Any) -> SiteState:
    """Return the state of the one site there is."""
    (found,) = sites(agents, *tallies, **more)
    return found


def test_every_verdict_has_its_rank() -> None:
    """And silence stands among them, worse than doubt and better than a failure."""
    assert set(RANK) == {*VERDICTS, "silent"}
    assert list(RANK.values()) == list(range(12))
    assert (RANK["blocked"], RANK["silent"], RANK["clean"]) == (11, 5, 0)


@pytest.mark.parametrize(
    ("cadence_s", "age_s", "word"),
    [
        (60, 0, "reporting"),
        (60, 152, "reporting"),
        (60, 152.1, "late"),
        (60, 305, "late"),
        (60, 305.1, "silent"),
        (5, 14.6, "late"),
        (5, 31, "silent"),
    ],
)
def test_when_an_agent_is_late_and_when_silent(cadence_s: float, age_s: float, word: str) -> None:
    """By its own cadence: 2.5 and 2 s, 5 and 5 s. A clock that is ahead reports."""
    row = AgentRow("a", "Frankfurt", NOW - int(age_s * SECOND), cadence_s, lab=True, software="1.0")
    (state,) = agent_states([row], {"a": Counts(60, 45, 10, 5)}, NOW)
    assert (state.agent, state.site, state.state, state.cadence_s, state.lab, state.software) == (
        "a",
        "Frankfurt",
        word,
        cadence_s,
        True,
        "1.0",
    )
    assert (state.expected, state.stored, state.missing, state.dropped) == (60, 45, 10, 5)
    assert agent_states([row._replace(latest_ns=NOW + MINUTE)], {}, NOW)[0].state == "reporting"


def test_completeness_of_an_agent() -> None:
    """The stored part; of an agent not expected to have said anything nothing is missing."""
    assert replace(A, expected=60, stored=45).completeness == 0.75
    assert A.completeness == 1.0


def test_the_worst_word_counts_and_who_agrees() -> None:
    """One of three agents sees a device on two of six targets: that is the site's word, since the first of them."""
    seen = tally("b", "inspected", 2, "instance:1", first=9, newest=3)
    state = site([A, B, C], tally("a", "clean", 6), tally("b", "clean", 4), seen, tally("c", "sanctioned", 6))
    assert (state.verdict, state.rank, state.since_ns) == ("inspected", 10, NOW - 9 * MINUTE)
    assert (state.agents, state.reporting, state.agree, state.hosts, state.targets) == (3, 3, 1, 2, 6)


def test_clean_means_all_of_it() -> None:
    """Nothing is affected, and it is clean since its last target is."""
    state = site([A, B], tally("a", "clean", 6, first=600, newest=4), tally("b", "clean", 6, first=500, newest=70))
    assert (state.verdict, state.since_ns, state.agree, state.hosts, state.targets) == ("clean", NOW - 4 * MINUTE, 2, 0, 6)


def test_a_silent_agent_has_no_voice() -> None:
    """What it said last is the past; the others decide. A late one still speaks."""
    silent, late = replace(A, state="silent"), replace(B, state="late")
    state = site([silent, late, C], tally("a", "blocked"), tally("b", "proxied"), tally("c", "clean"))
    assert (state.verdict, state.agents, state.reporting, state.agree) == ("proxied", 3, 2, 1)


def test_a_silent_site() -> None:
    """It has agents and none is heard of: silent since the last of them was, whatever they said; its way is not known any more."""
    gone = [replace(A, state="silent", latest_ns=NOW - 20 * MINUTE), replace(B, state="silent", latest_ns=NOW - 12 * MINUTE)]
    state = site(gone, tally("a", "inspected", key="instance:1"), egress={("Frankfurt", "a"): (NOW, "203.0.113.1")})
    assert (state.verdict, state.rank, state.since_ns, state.agents, state.reporting, state.agree) == (
        "silent",
        5,
        NOW - 12 * MINUTE,
        2,
        0,
        0,
    )
    assert (state.hosts, state.targets, state.device_keys, state.egress) == (0, 0, (), "")


def test_nothing_sure_yet() -> None:
    """An agent that reports, and every path in its first round of something new: inconclusive, which nobody has confirmed."""
    state = site([A])
    assert (state.verdict, state.agree, state.hosts, state.since_ns) == ("inconclusive", 0, 0, A.latest_ns)


def test_sites_are_those_with_agents() -> None:
    """By name; a site registered without agents is not there, one without registration has no place; a moved agent's past is not here."""
    moved = replace(B, site="Aachen")
    here, there = sites([A, moved], tally("a", "clean"), tally("b", "blocked"))[::-1]
    assert (here.site, here.place, here.zone, here.simulated) == ("Frankfurt", FRANKFURT, "Europe/Berlin", True)
    assert (there.site, there.place, there.zone, there.simulated, there.verdict) == ("Aachen", None, "UTC", False, "inconclusive")
    assert sites([]) == []


def test_devices_worst_first() -> None:
    """Keys of the worst verdict first, each maker once, one that nobody knows said so."""
    state = site(
        [A, B],
        tally("a", "sanctioned", key="product:x"),
        tally("a", "inspected", key="instance:2"),
        tally("b", "inspected", key="instance:1"),
        tally("b", "sanctioned", key="instance:1"),
        vendors={"instance:1": "Zscaler", "product:x": "Zscaler"},
    )
    assert state.device_keys == ("instance:1", "instance:2", "product:x")
    assert state.devices == ("Zscaler", "unknown make")


def test_the_way_of_a_site() -> None:
    """Most agents' address, its owner and distance; the newest front door and its city; the median of what is fresh."""
    state = site(
        [A, B, C],
        egress={("Frankfurt", name): (NOW - age, f"203.0.113.{last}") for name, age, last in (("a", 1, 9), ("b", 2, 7), ("c", 3, 7))},
        front_door={("Frankfurt", "a"): (NOW - 2, "LYS"), ("Frankfurt", "b"): (NOW - 1, "FRA")},
        total_ms={
            ("Frankfurt", "a"): [(NOW, 10.0), (NOW - 5 * MINUTE, 90.0), (NOW - 5 * MINUTE - 1, 999.0)],
            ("Frankfurt", "b"): [(NOW, 30.0)],
        },
    )
    assert (state.egress, state.egress_name, state.egress_place) == ("203.0.113.7", "Backbone", LYON)
    assert state.distance_km == pytest.approx(562, abs=1)
    assert (state.front_door, state.front_door_city, state.front_door_place) == ("FRA", "Frankfurt", FRA)
    assert state.total_ms == 30.0
    assert path_stops(state) == [
        PathStop("Frankfurt", "1 site", FRANKFURT, "Frankfurt", ""),
        PathStop("Frankfurt", "2 egress", LYON, "Backbone", "203.0.113.7"),
        PathStop("Frankfurt", "3 front door", FRA, "Frankfurt (FRA)", ""),
    ]


def test_a_way_nobody_knows() -> None:
    """An address of no known egress and a code of no known city are told, without name, place and distance."""
    state = site([A], egress={("Frankfurt", "a"): (NOW, "198.51.100.1")}, front_door={("Frankfurt", "a"): (NOW, "ZZZ")})
    assert (state.egress, state.egress_name, state.egress_place, state.distance_km) == ("198.51.100.1", "", None, None)
    assert (state.front_door, state.front_door_city, state.front_door_place, state.total_ms) == ("ZZZ", "", None, None)
    assert [stop.stop for stop in path_stops(state)] == ["1 site"]
    assert path_stops(replace(state, place=None)) == []


def test_of_two_addresses_the_newer() -> None:
    """A tie between agents goes to what was measured last."""
    seen = {("Frankfurt", "a"): (NOW - 1, "203.0.113.1"), ("Frankfurt", "b"): (NOW, "203.0.113.2")}
    assert site([A, B], egress=seen).egress == "203.0.113.2"
    assert site([A, B], egress=seen | {("Lyon", "b"): (NOW, "203.0.113.1")}).egress == "203.0.113.2"


def test_completeness_of_a_site() -> None:
    """Of all its agents, silent ones too, by number of reports."""
    agents = [replace(A, expected=60, stored=60), replace(B, state="silent", expected=60, stored=30), replace(C, expected=0)]
    assert site(agents).completeness == 0.75
    assert site([A]).completeness == 1.0


def beside(target: str, verdict: str, agent: str = "a", key: str = "") -> Aside:
    """Return what an agent finds beside an answer."""
    return Aside("Frankfurt", agent, target, verdict, key, NOW - 10 * MINUTE)


def with_asides(*asides: Aside, clean: int = 12, **more: Any) -> SiteState:
    """Return the state of a site whose answers are clean, with this beside them."""
    tallies = [tally("a", "clean", clean), *more.pop("tallies", ())]
    (found,) = site_states([A], tallies, {}, Measured(), REGISTRY, {"FRA": Door()}.get, NOW, asides)
    return found


def test_a_splitter_is_the_sites_word() -> None:
    """Where all answers are clean, what ends their connections is: a host on two routes is one."""
    found = with_asides(*(beside(f"{host}:443#tcp", "spliced", key="path:x") for host in "hhi"))
    assert (found.verdict, found.hosts, found.targets, found.agree, found.device_keys) == ("spliced", 2, 12, 1, ("path:x",))
    assert found.since_ns == NOW - 10 * MINUTE


def test_what_is_lost_beside_clean_answers_is_told_beside() -> None:
    """A lost HTTP/2 and a blocked HTTP/3 are words, not the site's word and not its hosts."""
    found = with_asides(beside("h:443#h2", "altered"), beside("h:443/udp", "blocked"), beside("h:443/udp", "blocked", agent="stranger"))
    assert (found.verdict, found.hosts, found.targets) == ("clean", 0, 12)
    assert found.meddling == ("HTTP/2 lost to 1 host", "HTTP/3 blocked to 1 host")


def test_the_answers_come_first() -> None:
    """A splitter beside decrypted answers changes nothing of what they say."""
    found = with_asides(beside("h:443#tcp", "spliced"), tallies=[tally("a", "inspected", 4, "instance:1")])
    assert (found.verdict, found.hosts, found.device_keys) == ("inspected", 4, ("instance:1",))
