"""The climb and what is made of it, with scripted connects: ends, silences, second looks, the laboratory's map. Real ones: tests/lab."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest

from agent.network import trace
from agent.network.clock import SampleClock, sample_clock
from agent.network.failure import UNREACHABLE
from agent.network.hop import Agreed, Knock
from agent.network.net import Traced
from agent.network.settings import PathSettings
from agent.network.trace import AGAIN, IN_FLIGHT, MAX_TTL, SILENT_AT_ONCE, Tracer
from agent.network.way import DIRECT_WAY, Way

ADDRESS = "52.98.0.1"
CONTROL = PathSettings(80)
Line = Callable[[int | None, int], Knock]
"""How a port answers: from the life of the packet (None: the system's own) and the number of the connect to that life."""


def line(distance: int, end: Knock | None = None, *, silent: frozenset[int] = frozenset(), lost: int = 0) -> Line:
    """Return a port `distance` hops away: routers below it, silent ones among them; the first `lost` connects of just enough life fail."""
    end = end or Knock("accepted", 20.0, port=40_000, agreed=Agreed(1448, sack=True, timestamps=True, scaling=True))

    def answer(hops: int | None, count: int) -> Knock:
        if hops is None or hops > distance or (hops == distance and count > lost):
            return end
        if hops == distance or hops in silent or end.ended == "silent":
            return Knock("silent")
        return Knock("expired", 2.0 * hops, f"203.0.113.{hops}", 113)

    return answer


def closed(_hops: int | None, _count: int) -> Knock:
    """Return a port where nobody listens, on a neighbour."""
    return Knock("refused", 1.0, number=111)


@dataclass
class Script:
    """Stands in for `knock` and `ping`: answers by port, counts by life."""

    ports: Mapping[int, Line]
    made: list[tuple[str, int, int | None, int]] = field(default_factory=list)
    in_flight: int = 0
    most: int = 0

    async def knock(
        self,
        place: tuple[str, int],
        clock: SampleClock,
        limit_s: float,
        hops: int | None = None,
        source_port: int = 0,
        way: Way = DIRECT_WAY,
    ) -> Knock:
        """Answer one connect."""
        self.made.append((*place, hops, source_port))
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        await asyncio.sleep(0)
        self.in_flight -= 1
        return self.ports.get(place[1], closed)(hops, sum(one[:3] == (*place, hops) for one in self.made))

    async def ping(self, address: str, clock: SampleClock, limit_s: float) -> float | None:
        """Answer an echo: later the second time."""
        return 21.0


async def nobody(address: str) -> int | None:
    """Know no origin."""
    return None


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> Callable[..., "asyncio.Future[Traced]"]:
    """Return what traces over scripted ports."""

    async def one(script: Script, settings: PathSettings = CONTROL, connect: Mapping[str, str] | None = None) -> Traced:
        monkeypatch.setattr(trace, "knock", script.knock)
        monkeypatch.setattr(trace, "ping", script.ping)
        return await Tracer(settings, sample_clock("auto"), connect or {}, 10.0, nobody).run("outlook.office.com", 443, ADDRESS)

    return one  # type: ignore[return-value] # a coroutine function


async def test_a_device_nearer_than_the_server(traced: Callable[..., "asyncio.Future[Traced]"]) -> None:
    """The end on 443 is nearer; the hops are the control port's from there on, so that the device has its address."""
    script = Script({443: line(2), 80: line(4)})
    seen = await traced(script)
    assert (seen.ends_at, seen.control_ends_at, seen.control_port) == (2, 4, 80)
    assert seen.hops == ("203.0.113.1", "203.0.113.2", "203.0.113.3", ADDRESS)
    assert (seen.connect_ms, seen.control_ms, seen.icmp_ms, seen.mss) == (20.0, 20.0, 21.0, 1448)
    assert seen.hop_ms == {"203.0.113.1": 2.0, "203.0.113.2": 4.0, "203.0.113.3": 6.0}
    assert {source for _, _, hops, source in script.made if hops is not None} == {40_000}


async def test_a_control_port_that_is_nearer(traced: Callable[..., "asyncio.Future[Traced]"]) -> None:
    """The target's own hops stay."""
    seen = await traced(Script({443: line(4), 80: line(2)}))
    assert (seen.ends_at, seen.control_ends_at, len(seen.hops), seen.hops[1]) == (4, 2, 4, "203.0.113.2")


async def test_silent_hops_do_not_end_a_climb_that_has_an_end(traced: Callable[..., "asyncio.Future[Traced]"]) -> None:
    """Eight silent routers in a row, as within Microsoft's network, and the end is found; the last of them are asked again."""
    script = Script({443: line(12, silent=frozenset(range(4, 12)))})
    seen = await traced(script)
    assert (seen.ends_at, seen.hops[3:11]) == (12, ("",) * 8)
    assert sum(made[1:3] == (443, 11) for made in script.made) == 1 + AGAIN


@pytest.mark.parametrize("lost", [1, 2])
async def test_a_lost_packet_does_not_move_the_end(traced: Callable[..., "asyncio.Future[Traced]"], lost: int) -> None:
    """The hop right below a first end is asked again, and again."""
    assert (await traced(Script({443: line(5, lost=lost)}))).ends_at == 5


async def test_nobody_answers(traced: Callable[..., "asyncio.Future[Traced]"]) -> None:
    """A dead port is a timeout; the climb to it ends after four silent hops in a row."""
    script = Script({443: line(9, Knock("silent"))})
    seen = await traced(script)
    assert (seen.failure, seen.stage, seen.ends_at, seen.mss) == ("timeout", "connect", None, None)
    assert sum(made[1] == 443 for made in script.made) == 1 + SILENT_AT_ONCE


async def test_a_way_without_end(traced: Callable[..., "asyncio.Future[Traced]"]) -> None:
    """A loop of routers ends at the greatest TTL."""
    script = Script({443: line(99, Knock("expired", 3.0, "203.0.113.7", 113))})
    seen = await traced(script)
    assert (seen.failure, seen.ends_at, len(seen.hops)) == ("unreachable", None, MAX_TTL)


@pytest.mark.parametrize("number", sorted(UNREACHABLE))
async def test_no_way_of_our_own(traced: Callable[..., "asyncio.Future[Traced]"], number: int) -> None:
    """What the machine itself refuses is unreachable after one connect."""
    script = Script({443: lambda *_: Knock("rejected", number=number), 80: lambda *_: Knock("rejected", number=number)})
    seen = await traced(script)
    assert (seen.failure, seen.stage, seen.hops, seen.control_ends_at) == ("unreachable", "connect", (), None)
    assert len(script.made) == 2


async def test_a_router_that_forbids(traced: Callable[..., "asyncio.Future[Traced]"]) -> None:
    """ICMP from a router that lets nothing on is the last hop and no end."""
    script = Script({443: lambda hops, _: Knock("rejected", 3.0, "203.0.113.3", 113) if hops is None or hops > 2 else line(9)(hops, 1)})
    seen = await traced(script)
    assert (seen.failure, seen.ends_at, seen.hops) == ("unreachable", None, ("203.0.113.1", "203.0.113.2", "203.0.113.3"))


@pytest.mark.parametrize(("port", "word"), [(1, "accepted"), (2, "refused"), (3, "silent"), (4, "silent")])
async def test_the_address_nobody_owns(traced: Callable[..., "asyncio.Future[Traced]"], port: int, word: str) -> None:
    """Accepted, refused, silent; a router that says there is no way leaves it silent. Its time only where somebody answered."""
    ends = {
        1: Knock("accepted", 0.5),
        2: Knock("refused", 0.5, number=111),
        3: Knock("silent"),
        4: Knock("rejected", 1.0, "203.0.113.1", 113),
    }
    script = Script({443: line(2), 80: line(2), port: lambda *_: ends[port]})
    seen = await traced(script, PathSettings(80, f"192.0.2.1:{port}"))
    assert (seen.unroutable, seen.unroutable_ms) == (word, 0.5 if port < 3 else None)
    assert sum(made[0] == "192.0.2.1" for made in script.made) == 1


async def test_the_laboratory_leads_elsewhere(traced: Callable[..., "asyncio.Future[Traced]"]) -> None:
    """Where the map leads the target elsewhere, the control port goes where the map says or nowhere, and nobody is pinged."""
    connect = {"outlook.office.com:443": "127.0.0.1:4443", "192.0.2.1:443": "127.0.0.1:4444"}
    script = Script({4443: line(1), 4444: line(1)})
    seen = await traced(script, PathSettings(80, "192.0.2.1:443"), connect)
    assert {made[0] for made in script.made} == {"127.0.0.1"}
    assert (seen.ends_at, seen.control_port, seen.icmp_ms, seen.unroutable) == (1, None, None, "accepted")
    seen = await traced(Script({4443: line(1), 4480: line(1)}), PathSettings(80), connect | {f"{ADDRESS}:80": "127.0.0.1:4480"})
    assert (seen.control_port, seen.control_ends_at) == (80, 1)


async def test_never_too_many_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty traces at once hold twenty connects in flight."""
    script = Script({443: line(6), 80: line(6)})
    monkeypatch.setattr(trace, "knock", script.knock)
    monkeypatch.setattr(trace, "ping", script.ping)
    tracer = Tracer(PathSettings(80), sample_clock("auto"), {}, 10.0, nobody)
    async with asyncio.TaskGroup() as group:
        for number in range(40):
            group.create_task(tracer.run("host.example", 443, f"198.51.100.{number}"), name=str(number))
    assert script.most == IN_FLIGHT


async def test_reaches_a_port_four_times_at_most(traced: Callable[..., "asyncio.Future[Traced]"]) -> None:
    """What the budget counts: connects whose life is enough for the target's port, one lost among them."""
    for lost in range(2):
        script = Script({443: line(5, lost=lost), 80: line(5, lost=lost)})
        await traced(script)
        assert all(sum(made[1] == port and (made[2] or 99) >= 5 for made in script.made) <= 4 for port in (443, 80))


async def test_origins_are_asked_for_public_addresses_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a zone in the plan each public router is asked for once; without one nobody is."""
    asked: list[str] = []

    async def origin(address: str) -> int | None:
        asked.append(address)
        return 8075 if address == ADDRESS else None

    def way(hops: int | None, _count: int) -> Knock:
        return Knock("expired", 1.0, ("10.0.0.1", "4.4.4.4")[hops - 1], 113) if hops and hops < 3 else Knock("accepted", 5.0)

    script = Script({443: way, 80: way})
    monkeypatch.setattr(trace, "knock", script.knock)
    monkeypatch.setattr(trace, "ping", script.ping)
    for zone, told in (("", {}), ("origin.asn.cymru.com", {ADDRESS: 8075})):
        seen = await Tracer(PathSettings(80, "", zone), sample_clock("auto"), {}, 10.0, origin).run("h", 443, ADDRESS)
        assert seen.origins == told
    assert sorted(asked) == ["4.4.4.4", ADDRESS]


def test_a_place_that_is_none_is_told() -> None:
    """A name as the address nobody owns names the setting."""
    with pytest.raises(ValueError, match=r"path\.unroutable"):
        Tracer(PathSettings(80, "nobody.example:443"), sample_clock("auto"), {}, 10.0, nobody)
