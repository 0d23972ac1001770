"""Which broker and which history the demo runs on: built in, or a real mosquitto and a real InfluxDB started for it and ended with it.

The real ones run as a customer's would: mosquitto with the shipped configuration and access list and mutual TLS, InfluxDB with its three
buckets. Both listen on loopback and keep their files in the demo's folder.
"""

import asyncio
import getpass
import json
import os
import secrets
import shutil
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import aiohttp

from demo.child import child, last_words
from demo.folder import CannotStart
from demo.identities import Identities, Identity
from server.history.influx import Influx, InfluxSettings
from server.ingest.broker import COLLECTOR
from server.run import Server

SHIPPED = Path(__file__).parents[1] / "deploy" / "mosquitto"
CENTRE, FLEET = "mw.collector", "mw.fleet"
"""Common names: the collectors' of the shipped access list, and the simulated fleet's, which speaks for all its agents."""
FLEET_LINES = f"""
user {FLEET}
topic write mw/v1/agent/+/report/#
topic read mw/v1/agent/+/receipt
"""
START_SECONDS = 60.0
"""influxd needs 1 s on an idle machine; on one busy with tests it took 10 (measured)."""
ORGANISATION = "middlewatch"


class Servers(Protocol):
    """What differs between the built-in servers and the real ones."""

    @property
    def told(self) -> str:
        """Return what is said of them at the start."""
        ...

    def settings(self) -> dict[str, Any]:
        """Return the centre's sections `broker` and `history`."""
        ...

    def agent_broker(self, server: Server, agent: str) -> str:
        """Return the lines of section `[broker]` for an agent."""
        ...

    def fleet_broker(self, server: Server) -> dict[str, Any]:
        """Return how the simulated fleet reaches the broker."""
        ...


class BuiltIn:
    """The broker and the history inside the centre's process."""

    told = "built in, in place of mosquitto and InfluxDB; --with-servers takes the real ones"

    def __init__(self) -> None:
        self._password = secrets.token_urlsafe(24)

    def settings(self) -> dict[str, Any]:
        """Return the centre's broker section with this run's password; history is the default."""
        return {"broker": {"url": "mqtt://127.0.0.1:0", "embedded": True, "password": self._password}}

    def agent_broker(self, server: Server, agent: str) -> str:  # noqa: ARG002 - agents on this machine need no certificate here
        """Return the lines of section `[broker]` for an agent."""
        return f'url = "mqtt://127.0.0.1:{server.broker_port}"\nversion = "3.1.1"'

    def fleet_broker(self, server: Server) -> dict[str, Any]:
        """Return how the simulated fleet reaches the broker."""
        return {"host": "127.0.0.1", "port": server.broker_port, "username": COLLECTOR, "password": self._password, "tls": False}


@dataclass(frozen=True, slots=True)
class Real:
    """A mosquitto and an InfluxDB that run."""

    identities: Identities
    broker_port: int
    influx: InfluxSettings
    told: str

    def settings(self) -> dict[str, Any]:
        """Return the centre's broker and history sections."""
        identity = self.identities.issue(CENTRE)
        broker = {"url": f"mqtts://127.0.0.1:{self.broker_port}", "version": "5", "ca": self.identities.ca}
        history = {"kind": "influx", "url": self.influx.url, "org": self.influx.org, "token": self.influx.token}
        return {"broker": broker | {"certificate": identity.certificate, "key": identity.key}, "history": history}

    def agent_broker(self, server: Server, agent: str) -> str:  # noqa: ARG002 - the broker is not the centre's own
        """Return the lines of section `[broker]` for an agent."""
        identity = self.identities.issue(agent)
        files = {"ca": self.identities.ca, "certificate": identity.certificate, "key": identity.key}
        lines = [f'url = "mqtts://127.0.0.1:{self.broker_port}"', 'version = "5"']
        return "\n".join(lines + [f"{key} = {json.dumps(str(file))}" for key, file in files.items()])

    def fleet_broker(self, server: Server) -> dict[str, Any]:  # noqa: ARG002 - the broker is not the centre's own
        """Return how the simulated fleet reaches the broker."""
        identity = self.identities.issue(FLEET)
        files = {"ca": str(self.identities.ca), "certificate": str(identity.certificate), "key": str(identity.key)}
        return {"host": "127.0.0.1", "port": self.broker_port, "username": "", "password": "", "tls": True, **files}


@asynccontextmanager
async def real_servers(place: Path) -> AsyncIterator[Real]:
    """Run both servers while the body runs. Raises CannotStart, also when one is not on this machine."""
    mosquitto, influxd = _find("mosquitto"), _find("influxd")
    identities = Identities(place / "identities")
    async with AsyncExitStack() as stack:
        broker_port, influx_port = free_port(), free_port()
        log = place / "mosquitto.log"
        config = _mosquitto(place, identities, broker_port)
        await stack.enter_async_context(child([mosquitto, "-c", str(config)], log))
        await _listening("mosquitto", broker_port, log)
        influx = await stack.enter_async_context(_influx(influxd, place, influx_port))
        told = f"mosquitto (mutual TLS) on port {broker_port} and InfluxDB on {influx.url} (token: {influx.token})"
        yield Real(identities, broker_port, influx, told)


def _find(program: str) -> str:
    """Return a server's path: Debian's places, and where scripts/servers builds."""
    cache = Path(os.environ.get("MIDDLEWATCH_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "middlewatch")
    built = sorted(cache.glob(f"{program}-*")) if cache.is_dir() else []
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin") or next(iter(map(str, built)), None)
    if found is None:
        raise CannotStart(f"demo: --with-servers needs {program}, which is not here; run scripts/servers, or leave --with-servers out")
    return found


def broker_configuration(shipped: Path, changes: Mapping[str, str]) -> str:
    """Return the shipped mosquitto.conf with some lines changed. Raises ValueError when it has lost a line we rely on."""
    text = [line for line in (shipped / "mosquitto.conf").read_text().splitlines() if line and not line.startswith("#")]
    if not {"listener", "cafile", "acl_file"} <= {line.split()[0] for line in text}:
        raise ValueError(f"{shipped}/mosquitto.conf has lost a line that is changed here")
    kept = [line for line in text if line.split()[0] not in changes]
    rest = [f"{key} {value}" for key, value in changes.items() if key != "listener"]
    return "\n".join([f"listener {changes['listener']}", *kept, *rest]) + "\n"  # what follows the listener belongs to it


def _mosquitto(place: Path, identities: Identities, port: int) -> Path:
    if not (SHIPPED / "mosquitto.conf").exists():
        raise CannotStart(f"demo: --with-servers needs {SHIPPED}; run it from a checkout of Middlewatch")
    broker: Identity = identities.issue("broker", "127.0.0.1")
    store = place / "mosquitto"
    store.mkdir(exist_ok=True)
    acl = place / "mosquitto.acl"
    acl.write_text((SHIPPED / "acl").read_text() + FLEET_LINES)
    acl.chmod(0o600)
    changes = {
        "listener": f"{port} 127.0.0.1",
        "cafile": str(identities.ca),
        "certfile": str(broker.certificate),
        "keyfile": str(broker.key),
        "acl_file": str(acl),
        "persistence_location": f"{store}/",
        "user": getpass.getuser(),  # started by root it would give up the right to read the demo's folder
    }
    config = place / "mosquitto.conf"
    config.write_text(broker_configuration(SHIPPED, changes))
    return config


@asynccontextmanager
async def _influx(program: str, place: Path, port: int) -> AsyncIterator[InfluxSettings]:
    """Run InfluxDB, set it up once with a random token, and make the buckets."""
    folder, log = place / "influxdb", place / "influxd.log"
    folder.mkdir(exist_ok=True)
    paths = [
        f"--{option}={folder / file}" for option, file in (("bolt-path", "bolt"), ("engine-path", "engine"), ("sqlite-path", "sqlite"))
    ]
    address = f"--http-bind-address=127.0.0.1:{port}"
    async with child([program, *paths, address, "--reporting-disabled", "--log-level=error"], log):
        await _listening("influxd", port, log)
        secret = folder / "token"
        if not secret.exists():
            token = secrets.token_urlsafe(32)
            await _onboard(port, token, log)
            secret.touch(mode=0o600)
            secret.write_text(token)
        settings = InfluxSettings(f"http://127.0.0.1:{port}", secret.read_text(), ORGANISATION)
        history = Influx(settings)
        try:
            await history.create_buckets()
        finally:
            await history.close()
        yield settings


async def _onboard(port: int, token: str, log: Path) -> None:
    body = {"username": "middlewatch", "password": secrets.token_urlsafe(24), "org": ORGANISATION, "bucket": "unused", "token": token}
    async with aiohttp.ClientSession() as session, session.post(f"http://127.0.0.1:{port}/api/v2/setup", json=body) as answer:
        if answer.status >= 300:
            raise CannotStart(f"demo: InfluxDB refuses its set-up ({answer.status}); {last_words(log)}")


async def _listening(program: str, port: int, log: Path) -> None:
    """Return when a server takes connections."""
    for _ in range(int(START_SECONDS / 0.1)):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        await asyncio.sleep(0.1)
    raise CannotStart(f"demo: {program} does not start; {last_words(log)}")


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
