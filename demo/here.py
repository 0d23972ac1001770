"""`middlewatch-demo here`: the centre and one real agent as a process of its own, measuring the real names from this machine.

Nothing is simulated here. The agent is told by a signed plan, sends over MQTT, keeps what is not receipted; the centre stores, judges and
answers. What is printed is read back from the stores, not taken from the agent. A laboratory puts its own network and roots in place of
the real ones by two files, and is told so.
"""

import json
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from demo.centre import centre
from demo.child import child, last_words, python
from demo.folder import CannotStart, folder
from demo.telling import Teller, Told
from server.fleet.plans import make_key, sign_plan
from server.run import Server

CADENCE_S = 30.0
"""Twelve requests a cycle to services that are not ours: often enough to watch, seldom enough to be polite."""
AGENT = "demo-agent"
_COULD_NOT_START = 2
"""Exit status of `middlewatch-agent run`."""


class AgentEnded(Exception):  # noqa: N818 - an outcome, named as the outcome
    """The agent ended by itself; the text holds its last words."""


@dataclass(frozen=True, slots=True)
class Extra:
    """What `--agent-config` adds to the agent's configuration: the text, and what of it the demo itself must tell."""

    text: str = ""
    lab: bool = False
    cadence_s: float = CADENCE_S


async def here(wanted: Path | None, cycles: int, extra: Path | None, public_roots: Path | None = None) -> None:
    """Run until cancelled, or until `cycles` reports are stored. `extra`: more TOML for the agent. Raises CannotStart and AgentEnded."""
    more = read_extra(extra)
    with folder(wanted) as place:
        settings = {
            "collector": {"accept_lab_agents": True, "public_roots": public_roots},
            "reflector": {"listen": "127.0.0.1:0"},
        }
        async with centre(place, settings) as server:
            config = _configuration(place, server, more)
            async with child(python("agent", "run", "--config", config), place / "agent.log") as agent:
                enough = await Teller(server, agent, Told(more.cadence_s, more.lab)).tell(cycles)
        if not enough:
            raise _ended(place, agent.returncode)


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
keys = {{ {_plan(place, server.reflector.port, lab=extra.lab)} }}

{extra.text}
""",
        encoding="utf-8",
    )
    return config


def _plan(place: Path, reflector_port: int, *, lab: bool) -> str:
    """Write a signed plan, the agent's own default one with our cadence and reflector; return the line of its key.

    In a laboratory it keeps to HTTPS: that is what `[lab] connect` maps, and what is not mapped would be dialled.
    """
    key_file = place / "plan.key"
    key_file.unlink(missing_ok=True)
    key = make_key(key_file)
    plan = json.loads(files("agent").joinpath("default_plan.json").read_text())
    reflector = {"host": "127.0.0.1", "port": reflector_port, "protocol": "http"}
    plan |= {"version": 1, "cadence_s": CADENCE_S, "reflector": reflector}
    if lab:
        plan["targets"] = [one for one in plan["targets"] if one.get("protocol", "https") == "https"]
        plan["probes"] = {name: {} for name in ("web", "dns", "egress")}
    (place / "plan.json").write_bytes(sign_plan(json.dumps(plan).encode(), key_file.read_bytes()))
    return key


def _ended(place: Path, status: int | None) -> CannotStart | AgentEnded:
    """Return what the agent's log ends with, as the reason it ended."""
    text = f"demo: the agent ended with status {status}; {last_words(place / 'agent.log')}"
    return CannotStart(text) if status == _COULD_NOT_START else AgentEnded(text)
