"""`middlewatch-demo up`: the whole of Middlewatch on this machine, in a world of its own where a device can be put into a path.

Only the order of things lives here: world, centre, simulated fleet, agents, and then what happens, told line by line. The world and the
fleet are processes of their own (`demo/world/`, `demo/fleet/`), and so is each agent; the centre runs in this one.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from demo import agents, greeting
from demo.centre import centre
from demo.child import Asking, child, python
from demo.fleet.sites import SimulatedSite, simulated_sites
from demo.folder import folder
from demo.known import acknowledge_long_known, when_steady
from demo.places import REAL_SITES, RealSite
from demo.servers import BuiltIn, Servers, real_servers
from demo.stage import WorldStage
from server.run import Server

DEFAULT_PORT = 8300
SLOWER_FROM = 100
"""Up to so many simulated sites report at the agents' cadence; more of them report each 30 s, as one machine is to carry all of it."""
SLOW_CADENCE_S = 30.0
BACKLOG_HOURS, SHORT_BACKLOG_HOURS = 24, 2
"""The past of 60 sites is stored within 5 s; a day of 1,000 sites would keep the centre busy for a minute (measured)."""
MOST_SIMULATED = 1000
"""The list of towns is 1,100 long."""
REAL_AGENTS = tuple(name for site in REAL_SITES for name in site.agents)
REFRESH_S = 5.0
"""How often the states of sites are written again: an agent's cadence, so that a dashboard follows."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asks for. `cycles` 0: until Ctrl-C."""

    folder: Path | None = None
    port: int = DEFAULT_PORT
    fleet: int = 60
    with_servers: bool = False
    cycles: int = 0


async def up(wish: Wish) -> None:
    """Run until cancelled, or until `cycles` more reports of real agents are stored. Raises CannotStart."""
    begun = time.monotonic()
    simulated = simulated_sites(wish.fleet)
    with folder(wish.folder) as place:
        async with AsyncExitStack() as stack:
            servers: Servers = await stack.enter_async_context(real_servers(place)) if wish.with_servers else BuiltIn()
            world, links = await stack.enter_async_context(_world(place))
            stage = WorldStage(world, [site.name for site in REAL_SITES], greeting.REAL, greeting.simulated(len(simulated)))
            server = await stack.enter_async_context(centre(place, _settings(wish, links, simulated, servers), stage))
            await stack.enter_async_context(_fleet(place, wish, server, servers))
            await stack.enter_async_context(agents.running(_agents(place, server, links, servers)))
            for line in greeting.lines(server.console_port, servers.told, len(simulated), time.monotonic() - begun):
                greeting.say(line)
            async with asyncio.TaskGroup() as group:
                known = group.create_task(acknowledge_long_known(server.database, stage.sites), name="long-known devices")
                steady = group.create_task(when_steady(server.database, REAL_AGENTS, stage.steady.set), name="clean rounds before a device")
                await greeting.tell(server.database, REAL_AGENTS, wish.cycles)
                known.cancel()
                steady.cancel()


@asynccontextmanager
async def _world(place: Path) -> AsyncIterator[tuple[Asking, dict[str, Any]]]:
    """Run the world; give it and what it says of its links and roots."""
    config = place / "world.json"
    config.write_text(json.dumps({"folder": str(place / "world"), "sites": [_link(site) for site in REAL_SITES], "hosts": agents.HOSTS}))
    log = place / "world.log"
    async with child(python("demo.world", config), log, asked=True) as process:
        world = Asking("world", process, log)
        yield world, await world.ready()


def _link(site: RealSite) -> dict[str, Any]:
    names = ("name", "egress_address", "front_door", "latitude", "longitude", "delay_ms")
    return {name: getattr(site, name) for name in names} | {"resolver_address": site.egress_address}


@asynccontextmanager
async def _fleet(place: Path, wish: Wish, server: Server, servers: Servers) -> AsyncIterator[None]:
    """Run the simulated fleet, if there is to be one."""
    if not wish.fleet:
        yield
        return
    config, log = place / "fleet.json", place / "fleet.log"
    cadence_s, hours = (agents.CADENCE_S, BACKLOG_HOURS) if wish.fleet <= SLOWER_FROM else (SLOW_CADENCE_S, SHORT_BACKLOG_HOURS)
    plain = {"sites": wish.fleet, "cadence_s": cadence_s, "backlog_hours": hours, "folder": str(place / "world")}
    config.write_text(json.dumps(plain | {"broker": servers.fleet_broker(server)}))
    config.chmod(0o600)  # it holds the embedded broker's password of this run
    async with child(python("demo.fleet", config), log, asked=True) as process:
        await Asking("simulated fleet", process, log).ready()
        yield


def _settings(wish: Wish, links: Mapping[str, Any], simulated: list[SimulatedSite], servers: Servers) -> dict[str, Any]:
    """Return the centre's settings: which sites and egress points there are, as a customer would declare them."""
    sites: dict[str, Any] = {
        site.name: {"latitude": site.latitude, "longitude": site.longitude, "zone": site.zone} for site in REAL_SITES
    } | {site.name: {"latitude": site.latitude, "longitude": site.longitude, "zone": site.zone, "simulated": True} for site in simulated}
    egress = [
        {"prefix": f"{site.egress_address}/32", "name": site.breakout, "latitude": site.latitude, "longitude": site.longitude}
        for site in REAL_SITES
    ]
    declared = {site.egress.prefix: asdict(site.egress) for site in simulated}  # a region's shared egress is declared once
    return {
        "collector": {"accept_lab_agents": True, "public_roots": Path(links["public_roots"])},
        "console": {"listen": f"127.0.0.1:{wish.port}"},
        "sites": sites,
        "egress": egress + list(declared.values()),
        "watcher": {"refresh_s": REFRESH_S},
        **servers.settings(),
    }


def _agents(place: Path, server: Server, links: Mapping[str, Any], servers: Servers) -> dict[str, Path]:
    """Write plan and configurations; return the agents' configuration files by agent."""
    key = agents.write_plan(place, links["reflector"], whoami=links["whoami"])
    trust = agents.Trust(Path(links["os_roots"]), Path(links["public_roots"]))
    found = {}
    for site in REAL_SITES:
        link = agents.Link(links["links"][site.name]["connect"], links["links"][site.name]["resolvers"])
        for name in site.agents:
            broker = servers.agent_broker(server, name)
            found[name] = agents.write_configuration(place, name, site.name, broker, key, link, trust)
    return found
