"""The centre with its embedded broker and history, and one real agent as a process of its own, measuring the real names.

Nothing is simulated here. The agent is told by a signed plan, sends over MQTT, keeps what is not receipted; the centre stores, judges and
answers. What is printed is read back from the stores, not taken from the agent. A laboratory puts its own network and roots in place of
the real ones by two files, and is told so.
"""

import asyncio
import contextlib
import json
import shutil
import sys
import tempfile
import tomllib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import structlog

from demo.telling import Teller, Told
from server.config import BadConfiguration, Settings
from server.fleet.plans import make_key, sign_plan
from server.run import Server, serving

CADENCE_S = 30.0
"""Twelve requests a cycle to services that are not ours: often enough to watch, seldom enough to be polite."""
AGENT = "demo-agent"
STOP_SECONDS = 5.0
"""An agent spools its cycle and goes within a second; one that hangs must not keep whoever pressed Ctrl-C."""
LAST_LINES = 5
_COULD_NOT_START = 2
"""Exit status of `middlewatch-agent run`."""


class CannotStart(Exception):  # noqa: N818 - an outcome, named as the outcome
    """The demo could not start; the text says why and what to do."""


class AgentEnded(Exception):  # noqa: N818 - an outcome, named as the outcome
    """The agent ended by itself; the text holds its last words."""


@dataclass(frozen=True, slots=True)
class Extra:
    """What `--agent-config` adds to the agent's configuration: the text, and what of it the demo itself must tell."""

    text: str = ""
    lab: bool = False
    cadence_s: float = CADENCE_S


async def up(folder: Path | None, cycles: int, extra: Path | None, public_roots: Path | None = None) -> None:
    """Run until cancelled, or until `cycles` reports are stored. `extra`: more TOML for the agent. Raises CannotStart and AgentEnded."""
    more = read_extra(extra)
    with _folder(folder) as place:
        try:
            async with _centre(place, public_roots) as server, _agent(place, server, more) as agent:
                enough = await Teller(server, agent, Told(more.cadence_s, more.lab)).tell(cycles)
        except BadConfiguration as bad:
            raise CannotStart(f"demo: {bad}") from None
        if not enough:
            raise _last_words(place, agent.returncode)


def read_extra(file: Path | None) -> Extra:
    """Read more configuration for the agent. Raises CannotStart; what only the agent understands is left to the agent."""
    if file is None:
        return Extra()
    try:
        text = file.read_text(encoding="utf-8")
        table: dict[str, Any] = tomllib.loads(text)
    except OSError as error:
        raise CannotStart(f"demo: --agent-config {file} cannot be read ({error.strerror}); give a TOML file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CannotStart(f"demo: --agent-config {file} is not TOML: {error}") from None
    lab = table.get("lab")
    cadence = lab.get("cadence_s") if isinstance(lab, dict) else None
    good = isinstance(cadence, int | float) and not isinstance(cadence, bool) and cadence > 0
    return Extra(text, "lab" in table or "trust" in table, float(cadence) if good and cadence is not None else CADENCE_S)


@contextmanager
def _folder(wanted: Path | None) -> Iterator[Path]:
    """Give a folder for the demo's files; one that nobody asked for goes when the demo ends."""
    try:
        if wanted is not None:
            wanted.mkdir(parents=True, exist_ok=True)
        place = wanted.resolve() if wanted is not None else Path(tempfile.mkdtemp(prefix="middlewatch-demo-"))
        (place / "centre.log").open("a").close()
    except OSError as error:
        where = error.filename or wanted
        raise CannotStart(f"demo: {where} cannot be written ({error.strerror}); give a folder you can write with --folder") from None
    try:
        yield place
    finally:
        if wanted is None:
            shutil.rmtree(place, ignore_errors=True)


@asynccontextmanager
async def _centre(place: Path, public_roots: Path | None) -> AsyncIterator[Server]:
    """Run the centre; its log goes to a file: the screen belongs to what is found."""
    settings = {
        "broker": {"url": "mqtt://127.0.0.1:0", "embedded": True},
        "history": {"kind": "embedded", "path": place / "history.db"},
        "state": {"url": f"sqlite+aiosqlite:///{place}/state.db"},
        "collector": {"accept_lab_agents": True, "public_roots": public_roots},
        "console": {"listen": "127.0.0.1:0"},
        "reflector": {"listen": "127.0.0.1:0"},
    }
    with (place / "centre.log").open("a", buffering=1, encoding="utf-8") as log:
        structlog.configure(
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso"),
                structlog.processors.JSONRenderer(),
            ],
            logger_factory=structlog.WriteLoggerFactory(log),
        )
        try:
            async with serving(Settings.model_validate(settings)) as server:
                yield server
        finally:
            structlog.reset_defaults()


@asynccontextmanager
async def _agent(place: Path, server: Server, extra: Extra) -> AsyncIterator[asyncio.subprocess.Process]:
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
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()


def _configuration(place: Path, server: Server, extra: Extra) -> Path:
    """Write the agent's configuration; return the file. A path as JSON text is one as TOML text, backslashes and quotes included."""
    config = place / "agent.toml"
    config.write_text(
        f"""[agent]
id = "{AGENT}"
state = {json.dumps(str(place / "agent"))}
site = "this machine"

[broker]
url = "mqtt://127.0.0.1:{server.broker_port}"
version = "3.1.1"

[plan]
file = {json.dumps(str(place / "plan.json"))}
keys = {{ {_plan(place, server.reflector_port)} }}

{extra.text}
""",
        encoding="utf-8",
    )
    return config


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


def _last_words(place: Path, status: int | None) -> CannotStart | AgentEnded:
    """Return what the agent's log ends with, as the reason it ended."""
    log = (place / "agent.log").read_text(encoding="utf-8", errors="replace").strip().splitlines()
    text = "\n".join([f"demo: the agent ended with status {status}; its last words:", *(f"  {line}" for line in log[-LAST_LINES:])])
    return CannotStart(text) if status == _COULD_NOT_START else AgentEnded(text)
