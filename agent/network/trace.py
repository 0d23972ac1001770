"""How far away whoever answers on a target's port is, how far on its control port, and who stands between. Connects only: no data is sent.

Each port is climbed from TTL 1 upwards, one connect after the other from one source port: with the 5-tuple constant a router that balances
by flow shows one path (Paris traceroute). A batch of connects at once would need as many source ports. Both ports are climbed at once.
How often a target's own ports are reached: `REACHED`; every other SYN dies on its way. Nothing of one target's traces is kept.
"""

import asyncio
import errno
import ipaddress
import os
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Literal

from agent.network.address import joined, mapped, split_address
from agent.network.clock import STEP_NS, SampleClock
from agent.network.failure import classify
from agent.network.hop import METHOD, Ended, Knock, knock, ping
from agent.network.net import Traced
from agent.network.settings import PathSettings
from agent.network.way import DIRECT_WAY, Way
from wire.vocabulary import Failure

MAX_TTL = 30
"""What every traceroute stops at; Internet paths are shorter."""
HOP_S = 0.25
"""How long a router may take beyond three round trips of the path's end; a router that answers late does so within 100 ms or so."""
HOP_MOST_S = 1.0
"""Linux repeats a SYN after 1 s (TCP_TIMEOUT_INIT, RFC 6298): a longer wait would measure the repetition."""
CONTROL_S = 3.0
"""Time for the repetition of a lost SYN, no more: a control port that is filtered tells nothing, however long one waits."""
UNROUTABLE_S = 1.5
"""A splitter near by accepts within 1 ms (laboratory); one SYN and its repetition fit."""
PING_S = 1.0
PINGS = 2
"""The better of two: routers and servers put ICMP last."""
SILENT_AT_ONCE = 4
"""Where nobody answers at the end, as many silent hops in a row end the climb; where somebody does, it goes on to MAX_TTL."""
AGAIN = 2
"""A hop that was silent right below the end is asked so often again: a lost packet must not move the end."""
IN_FLIGHT = 20
"""Connects of all traces at once; the scheduler's own bound (agent/schedule.py)."""

Origin = Callable[[str], Coroutine[None, None, int | None]]
"""Which autonomous system announces an address; None when nobody says."""

_ENDS = ("accepted", "refused")
_NOWHERE: Mapping[Ended, Literal["accepted", "refused", "silent"]] = {
    "accepted": "accepted",
    "refused": "refused",
    "expired": "silent",
    "rejected": "silent",  # a router says there is no way: nobody answered in that address's place
    "silent": "silent",
}


@dataclass(frozen=True, slots=True)
class Climb:
    """One port: the plain connect, and what each TTL gave up to the end. `ends_at` is None when no TTL reached somebody."""

    whole: Knock
    steps: tuple[Knock, ...] = ()
    ends_at: int | None = None


class Tracer:
    """Makes traces for one network. Holds what bounds them all together."""

    def __init__(self, settings: PathSettings, clock: SampleClock, connect: Mapping[str, str], connect_s: float, origin: Origin) -> None:
        """Raise ValueError, naming the setting, for an unroutable place that is no `address:port`."""
        self._settings = settings
        self._clock = clock
        self._map = connect
        self._connect_s = connect_s
        self._origin = origin
        self._places = asyncio.Semaphore(IN_FLIGHT)
        self._unroutable = split_address(settings.unroutable, "path.unroutable") if settings.unroutable else None

    async def run(self, host: str, port: int, address: str, way: Way = DIRECT_WAY) -> Traced:
        """Trace `address` on `port` and on the control port; `host` is the target's name, by which the laboratory's map may know it.

        Where that map leads the target elsewhere, no control port is tried that it does not lead elsewhere, too.
        """
        drift = self._clock.drift_ns()
        place = mapped(self._map, host, address, port)
        diverted = place != (address, port)
        control_place = self._control(host, port, address, diverted=diverted)
        async with asyncio.TaskGroup() as group:
            to_target = group.create_task(self._climb(place, way, self._connect_s), name="climb target")
            to_control = group.create_task(self._beside(control_place, way), name="climb control")
            nowhere = group.create_task(self._nowhere(way), name="connect nowhere")
            echo = group.create_task(self._echo(None if diverted or way is not DIRECT_WAY else address), name="ping")
        target, control = to_target.result(), to_control.result()
        whole, beside = target.whole, control.whole if control else None
        failure, error = _failed(whole)
        hops, hop_ms = _merged(target, control, address)
        unroutable = nowhere.result()
        return Traced(
            self._clock.name,
            whole.late or abs(self._clock.drift_ns() - drift) > STEP_NS,
            METHOD,
            target.ends_at,
            self._settings.control_port if control else None,
            control.ends_at if control else None,
            hops,
            hop_ms,
            await self._origins(hops),
            whole.ms if whole.ended == "accepted" else None,
            beside.ms if beside and beside.ended in _ENDS else None,
            echo.result(),
            _NOWHERE[unroutable.ended] if unroutable else "",
            unroutable.ms if unroutable and unroutable.ended in _ENDS else None,
            whole.agreed.mss,
            whole.agreed.sack,
            whole.agreed.timestamps,
            whole.agreed.scaling,
            failure,
            "connect" if failure else None,
            error,
        )

    def _control(self, host: str, port: int, address: str, *, diverted: bool) -> tuple[str, int] | None:
        """Return where the control port is, or None when there is none to be tried."""
        number = self._settings.control_port
        if number is None or number == port:
            return None
        if diverted and joined(host, number) not in self._map and joined(address, number) not in self._map:
            return None
        return mapped(self._map, host, address, number)

    async def _knock(self, place: tuple[str, int], way: Way, limit_s: float, hops: int | None = None, source: int = 0) -> Knock:
        async with self._places:
            return await knock(place, self._clock, limit_s, hops, source, way)

    async def _climb(self, place: tuple[str, int], way: Way, limit_s: float) -> Climb:
        """Connect plainly, then with a life of 1, 2, 3... hops until the same end answers."""
        whole = await self._knock(place, way, limit_s)
        if whole.ended == "rejected" and not whole.by:
            return Climb(whole)  # this machine itself has no way there
        wait_s = HOP_MOST_S if whole.ms is None else min(HOP_MOST_S, HOP_S + 3 * whole.ms / 1000)
        steps: list[Knock] = []
        silent = 0
        while len(steps) < MAX_TTL and (silent < SILENT_AT_ONCE or whole.ended in _ENDS):
            step = await self._knock(place, way, wait_s, len(steps) + 1, whole.port)
            steps.append(step)
            if step.ended in _ENDS:
                return await self._confirmed(Climb(whole, tuple(steps), len(steps)), place, way, wait_s)
            if step.ended == "rejected":
                break
            silent = silent + 1 if step.ended == "silent" else 0
        return Climb(whole, tuple(steps))

    async def _confirmed(self, climb: Climb, place: tuple[str, int], way: Way, wait_s: float) -> Climb:
        """Ask again at the hop right below the end if it was silent: its packet may have been lost."""
        steps, ends_at = list(climb.steps), climb.ends_at or 1
        while ends_at > 1 and steps[ends_at - 2].ended == "silent":
            for _ in range(AGAIN):
                step = await self._knock(place, way, wait_s, ends_at - 1, climb.whole.port)
                if step.ended != "silent":
                    break
            steps[ends_at - 2] = step
            if step.ended not in _ENDS:
                break
            ends_at -= 1
        return Climb(climb.whole, tuple(steps[:ends_at]), ends_at)

    async def _beside(self, place: tuple[str, int] | None, way: Way) -> Climb | None:
        return await self._climb(place, way, min(CONTROL_S, self._connect_s)) if place else None

    async def _nowhere(self, way: Way) -> Knock | None:
        """Connect to the address nobody owns; None where it is not to be tried."""
        if self._unroutable is None:
            return None
        return await self._knock(mapped(self._map, self._unroutable[0], *self._unroutable), way, UNROUTABLE_S)

    async def _echo(self, address: str | None) -> float | None:
        times = [await ping(address, self._clock, PING_S) for _ in range(PINGS if address else 0) if address]
        return min((one for one in times if one is not None), default=None)

    async def _origins(self, hops: tuple[str, ...]) -> dict[str, int]:
        """Look up who announces each public address on the way, where the plan names a zone to ask."""
        if not self._settings.origin_zone:
            return {}
        asked = [address for address in dict.fromkeys(hops) if address and ipaddress.ip_address(address).is_global]
        async with asyncio.TaskGroup() as group:
            tasks = {address: group.create_task(self._origin(address), name="origin") for address in asked}
        return {address: number for address, task in tasks.items() if (number := task.result()) is not None}


def _failed(whole: Knock) -> tuple[Failure | None, str | None]:
    """Return failure and text of a plain connect that did not succeed."""
    if whole.ended == "accepted":
        return None, None
    if whole.ended == "silent":
        return classify(TimeoutError())
    if whole.ended == "expired":
        # With the system's own TTL: the packet went in a circle.
        return "unreachable", "a packet's life ended on its way"
    return classify(OSError(whole.number or errno.ECONNREFUSED, os.strerror(whole.number or errno.ECONNREFUSED)))


def _merged(target: Climb, control: Climb | None, address: str) -> tuple[tuple[str, ...], dict[str, float]]:
    """Return who answered at each TTL and how soon: on the way to the target, and where the control port goes on, on the way there."""
    hops = _hops(target, address)
    beyond = _hops(control, address) if control is not None else []
    ends_at = target.ends_at or len(hops)
    if len(beyond) > ends_at:
        hops = hops[: ends_at - 1] + beyond[max(0, ends_at - 1) :] if target.ends_at else hops + beyond[ends_at:]
    times: dict[str, float] = {}
    for step in (*target.steps, *(control.steps if control else ())):
        if step.by and step.ms is not None:
            times[step.by] = min(step.ms, times.get(step.by, step.ms))
    return tuple(hops), times


def _hops(climb: Climb, address: str) -> list[str]:
    return [step.by or (address if step.ended in _ENDS else "") for step in climb.steps]
