"""Agents and collectors as real processes with their configuration files: started, killed, started again. Paths and settings only.

Both speak mutual TLS to a real mosquitto. Nothing here knows what a report is.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from server.fleet.plans import make_key, sign_plan
from server.history.influx import InfluxSettings
from tests.fakes.situation import ROOT
from tests.lab.readback import is_made
from tests.lab.world import REFLECTOR, World
from tests.servers.certificates import COLLECTOR, Identity
from tests.servers.mosquitto import Mosquitto
from tests.servers.process import Server
from wire.plan import Plan, ProbeSettings, Reflector
from wire.target import Target

HERE = Path(__file__).parent
PROGRAMS = Path(sys.executable).parent
"""Where the distribution's own programs are installed."""
SITE = "Porto"


def toml(sections: Mapping[str, Mapping[str, Any]]) -> str:
    """Return settings as a TOML text; a mapping inside a section becomes an inline table."""
    lines = []
    for name, values in sections.items():
        lines += [f"[{name}]", *(f"{key} = {_value(value)}" for key, value in values.items())]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_value(one)}" for key, one in value.items()) + " }"
    return json.dumps(str(value) if isinstance(value, Path) else value)


def broker_section(broker: Mosquitto, identity: Identity, version: str) -> dict[str, Any]:
    """Return how a program reaches the broker as `identity`."""
    return {
        "url": broker.url,
        "version": version,
        "ca": broker.certificates.ca,
        "certificate": identity.certificate,
        "key": identity.key,
    }


class Agent(Server):
    """An agent's own folder, configuration and spool. `program` is `python -m agent run`, or a feeder in its place."""

    def __init__(self, broker: Mosquitto, agent: str = "agent-01", *, version: str = "5") -> None:
        super().__init__(agent)
        self.agent = agent
        self.config = self.folder / "agent.toml"
        self.spool = self.folder / "spool.sqlite"
        self.command: Sequence[str] = (sys.executable, "-m", "agent", "run", "--config", str(self.config))
        self._sections: dict[str, Any] = {
            "agent": {"id": agent, "state": self.folder, "site": SITE},
            "broker": broker_section(broker, broker.certificates.identity(agent), version),
            "uplink": {"resend_s": 1},
            "spool": {"path": self.spool},
        }
        self.configure({})

    def configure(self, sections: Mapping[str, Any]) -> None:
        """Write the configuration with these sections added or replaced."""
        self._sections |= sections
        self.config.write_text(toml(self._sections))

    def section(self, name: str) -> dict[str, Any]:
        """Return one section of the configuration."""
        return dict(self._sections[name])

    def arguments(self) -> Sequence[str]:
        """Return the command line."""
        return self.command

    def is_ready(self) -> bool:
        """Return whether its spool is there."""
        return is_made(self.spool)


def lab_sections(folder: Path, world: World, targets: Sequence[Target], cadence_s: float) -> dict[str, Any]:
    """Return `[plan]`, `[trust]` and `[lab]` of an agent in that world, with a signed plan in `folder`."""
    key = folder / "plan-key.pem"
    name, _, text = make_key(key).partition(" = ")
    probes = {kind: ProbeSettings(requests_per_hour=3600, stage_timeout_ms=5000) for kind in ("web", "dns", "egress")}
    reflector = Reflector(host=REFLECTOR, port=80, protocol="http")
    plan = Plan(version=7, cadence_s=5, targets=list(targets), probes=probes, reflector=reflector)
    (folder / "plan.json").write_bytes(sign_plan(plan.dump(), key.read_bytes()))
    return {
        "plan": {"file": folder / "plan.json", "keys": {name: text.strip('"')}},
        "trust": {"os_roots": world.os_roots, "public_roots": world.public_roots},
        "lab": {"enabled": True, "connect": world.connect, "resolvers": [world.resolver], "cadence_s": cadence_s},
    }


@dataclass(frozen=True, slots=True)
class Stores:
    """Where a collector keeps what it is told."""

    history: InfluxSettings
    state_url: str


class Collector(Server):
    """`middlewatch-server run`, under `dying_server.py` when `dies`, `clock_offset_s` or `breaks` is set. `port` is its console's."""

    def __init__(self, broker: Mosquitto, stores: Stores, name: str = "collector-0", **broker_settings: Any) -> None:
        super().__init__(name)
        self.config = self.folder / "server.toml"
        self.obituary = self.folder / "died-at"
        self.dies = ""
        self.clock_offset_s = self.breaks = 0
        version = broker_settings.pop("version", "5")
        sections = {
            "broker": broker_section(broker, broker.certificates.identity(COLLECTOR), version) | {"client_id": name} | broker_settings,
            "history": {"url": stores.history.url, "org": stores.history.org, "token": stores.history.token, "timeout_s": 10.0},
            "state": {"url": stores.state_url},
            "collector": {"accept_lab_agents": True, "public_roots": self.folder / "public-roots.pem"},
            "console": {"listen": f"127.0.0.1:{self.port}"},
        }
        self.config.write_text(toml(sections))
        (self.folder / "public-roots.pem").write_bytes(ROOT.pem)

    def arguments(self) -> Sequence[str]:
        """Return the command line."""
        if self.dies or self.clock_offset_s or self.breaks:
            return [sys.executable, str(HERE / "dying_server.py"), "run", "--config", str(self.config)]
        return [str(PROGRAMS / "middlewatch-server"), "run", "--config", str(self.config)]

    def environment(self) -> Mapping[str, str]:
        """Return where it is to die, by how much its clock is ahead, and what breaks it."""
        ahead, breaks = str(self.clock_offset_s), str(self.breaks or "")
        return {"MW_DIE": self.dies, "MW_OBITUARY": str(self.obituary), "MW_CLOCK_OFFSET_S": ahead, "MW_BREAKS": breaks}

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run another of the server's commands with this configuration, to its end."""
        line = [str(PROGRAMS / "middlewatch-server"), *words, "--config", str(self.config)]
        return subprocess.run(line, check=False, capture_output=True, text=True)

    def is_ready(self) -> bool:
        """Return whether its console answers; one that is to die may be dead by then."""
        if self.dies:
            return True
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=2) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False
