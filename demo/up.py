"""The centre with its embedded broker and history, and one real agent as a process of its own, measuring the real names.

Nothing is simulated here. The agent is told by a signed plan, sends over MQTT, keeps what is not receipted; the centre stores, judges and
answers. What is printed is read back from the stores, not taken from the agent.
"""

import asyncio
import contextlib
import json
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib.resources import files
from pathlib import Path

import structlog

from demo.telling import Teller
from server.config import BadConfiguration, Settings
from server.fleet.plans import make_key, sign_plan
from server.run import Server, serving

CADENCE_S = 30.0
"""Twelve requests a cycle to services that are not ours: often enough to watch, seldom enough to be polite."""
AGENT = "demo-agent"
STOP_SECONDS = 5.0


class CannotStart(Exception):  # noqa: N818 - an outcome, named as the outcome
    """The demo could not start; the text says why and what to do."""


async def up(folder: Path | None, cycles: int, extra: Path | None) -> None:
    """Run until cancelled, or until `cycles` reports are stored. `extra`: more TOML for the agent. Raises CannotStart."""
    with _folder(folder) as place:
        try:
            _log_to(place / "centre.log")
            async with serving(_settings(place)) as server, _agent(place, server, extra) as agent:
                await Teller(server, agent, CADENCE_S).tell(cycles)
        except BadConfiguration as bad:
            raise CannotStart(f"demo: {bad}") from None


def _log_to(file: Path) -> None:
    """Send the centre's log to a file: the screen belongs to what is found."""
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso"), structlog.processors.JSONRenderer()],
        logger_factory=structlog.WriteLoggerFactory(file.open("a", buffering=1)),
    )


@contextmanager
def _folder(wanted: Path | None) -> Iterator[Path]:
    """Give a folder for the demo's files; one that nobody asked for goes when the demo ends."""
    try:
        if wanted is not None:
            wanted.mkdir(parents=True, exist_ok=True)
            yield wanted
            return
        place = Path(tempfile.mkdtemp(prefix="middlewatch-demo-"))
    except OSError as error:
        raise CannotStart(f"demo: {error.filename}: {error.strerror}; give a folder you can write with --folder") from None
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _settings(place: Path) -> Settings:
    return Settings.model_validate(
        {
            "broker": {"url": "mqtt://127.0.0.1:0", "embedded": True},
            "history": {"kind": "embedded", "path": place / "history.db"},
            "state": {"url": f"sqlite+aiosqlite:///{place}/state.db"},
            "collector": {"accept_lab_agents": True},
            "console": {"listen": "127.0.0.1:0"},
            "reflector": {"listen": "127.0.0.1:0"},
        }
    )


def _plan(place: Path, reflector_port: int) -> str:
    """Write a signed plan, the agent's own default one with our cadence and reflector; return the line of its key."""
    key_file = place / "plan.key"
    key_file.unlink(missing_ok=True)
    key = make_key(key_file)
    plan = json.loads(files("agent").joinpath("default_plan.json").read_text())
    reflector = {"host": "127.0.0.1", "port": reflector_port, "protocol": "http"}
    plan |= {"version": 1, "cadence_s": CADENCE_S, "reflector": reflector}
    (place / "plan.json").write_bytes(sign_plan(json.dumps(plan).encode(), key_file.read_bytes()))
    return key


@asynccontextmanager
async def _agent(place: Path, server: Server, extra: Path | None) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a real agent as its own process; its log goes to a file in the folder."""
    config = _configuration(place, server, extra)
    with (place / "agent.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "agent", "run", "--config", str(config), stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), STOP_SECONDS)
            process.kill()


def _configuration(place: Path, server: Server, extra: Path | None) -> Path:
    """Write the agent's configuration; return the file."""
    config = place / "agent.toml"
    config.write_text(
        f"""[agent]
id = "{AGENT}"
state = "{place}/agent"
site = "this machine"

[broker]
url = "mqtt://127.0.0.1:{server.broker_port}"
version = "3.1.1"

[plan]
file = "{place}/plan.json"
keys = {{ {_plan(place, server.reflector_port)} }}

{extra.read_text() if extra else ""}
"""
    )
    return config
