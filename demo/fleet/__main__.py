"""`python -m demo.fleet CONFIG.json`: the simulated fleet as a process. One JSON line when it is connected; it ends when its input does.

The configuration: `broker` (`host`, `port`, `username`, `password`, `tls`, `ca`, `certificate`, `key`), `sites`, `cadence_s`,
`backlog_hours`, `folder` (the world's, below which the demo's authorities are kept).
"""

import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from agent.config import Broker
from agent.config_reader import ConfigError
from agent.uplink import client_tls
from demo.authority import Shelf, UnusableFolder
from demo.fleet.bodies import Bodies
from demo.fleet.chains import chains
from demo.fleet.sending import Fleet, Rhythm
from demo.fleet.sites import simulated_sites
from demo.world.world import AUTHORITY_FOLDER
from judge.knowledge.loader import load_knowledge

CANNOT_START = 2


class BrokerSection(BaseModel):
    """How the broker is reached: TLS with the fleet's certificate, or name and password on this machine."""

    model_config = ConfigDict(extra="forbid")

    host: str
    port: Annotated[int, Field(ge=1, le=65535)]
    username: str = ""
    password: str = ""
    tls: bool = False
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    @model_validator(mode="after")
    def _whole(self) -> "BrokerSection":
        if self.tls and not (self.ca and self.certificate and self.key):
            raise ValueError("tls needs ca, certificate and key; name three PEM files")
        return self

    def broker(self) -> Broker:
        """Return it as an agent's: with TLS it is a real broker and says in MQTT 5 what it refuses; the embedded one speaks 3.1.1."""
        return Broker(self.host, self.port, "5" if self.tls else "3.1.1", self.tls, self.ca, self.certificate, self.key)


class Configuration(BaseModel):
    """The whole of it."""

    model_config = ConfigDict(extra="forbid")

    broker: BrokerSection
    sites: Annotated[int, Field(ge=0)] = 60
    cadence_s: Annotated[float, Field(gt=0)] = 30.0
    backlog_hours: Annotated[int, Field(ge=0, le=24 * 7)] = 24
    folder: Path


def read(file: Path) -> Configuration:
    """Return the configuration in a file. Raises ConfigError."""
    try:
        return Configuration.model_validate_json(file.read_bytes())
    except OSError as error:
        raise ConfigError([f"fleet: {file} cannot be read ({error.strerror}); give a configuration file"]) from None
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise ConfigError([f"fleet: {'.'.join(map(str, one['loc'])) or file}: {one['msg']}; correct {file}" for one in found]) from None


def fleet_of(config: Configuration) -> Fleet:
    """Return the fleet of a configuration, at rest. Raises UnusableFolder and ConfigError."""
    shelf = Shelf(config.folder / AUTHORITY_FOLDER, datetime.now(UTC))
    try:
        sites = simulated_sites(config.sites)
    except ValueError as error:
        raise ConfigError([f"fleet: sites: {error}"]) from None
    return Fleet(sites, Bodies(chains(shelf), load_knowledge()), Rhythm(config.cadence_s, config.backlog_hours))


async def run(config: Configuration, say: Callable[[str], None]) -> None:
    """Run until standard input ends, or SIGTERM. Raises UnusableFolder and ConfigError."""
    broker = config.broker.broker()
    tls = client_tls(broker)
    fleet = fleet_of(config)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    told: list[str] = []

    def connected() -> None:
        if not told:
            told.append(json.dumps({"connected": True, "agents": config.sites}))
            say(told[0])

    _when_input_ends(loop, stop.set)
    async with asyncio.TaskGroup() as group:
        sending = group.create_task(fleet.run(broker, (config.broker.username, config.broker.password), tls, connected), name="fleet")
        await stop.wait()
        sending.cancel()
    loop.remove_reader(sys.stdin.fileno())


def _when_input_ends(loop: asyncio.AbstractEventLoop, end: Callable[[], None]) -> None:
    """Call `end` when whoever started us closes the pipe, or is gone."""
    number = sys.stdin.fileno()

    def readable() -> None:
        if not os.read(number, 4096):
            loop.remove_reader(number)
            end()

    loop.add_reader(number, readable)


def main(arguments: list[str]) -> int:
    """Run the fleet; return the exit status."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    if len(arguments) != 1:
        sys.stderr.write("fleet: one argument is needed; write python -m demo.fleet CONFIG.json\n")
        return CANNOT_START
    try:
        asyncio.run(run(read(Path(arguments[0])), _say))
    except (ConfigError, UnusableFolder) as error:
        sys.stderr.write(f"{error}\n")
        return CANNOT_START
    return 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
