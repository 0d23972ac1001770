"""Real agents for the demo: their configuration files, their signed plan, their processes. What they measure is the world's matter."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.child import child, python
from judge.knowledge.loader import load_knowledge
from judge.knowledge.targets import optimize_prefixes, target_for
from server.fleet.plans import make_key, sign_plan

HOSTS = (
    "outlook.office365.com",
    "outlook.cloud.microsoft",
    "microsoft.sharepoint.com",
    "teams.microsoft.com",
    "login.microsoftonline.com",
    "www.gstatic.com",
)
"""What the demo's agents measure: the four services, and the one target that is not Microsoft's."""
HOST_S = 60.0
"""How often the machine itself is looked at, which the plan we ship does every ten minutes."""
CADENCE_S = 5.0
"""The shortest a plan may ask for: whoever watches should not have to wait."""


@dataclass(frozen=True, slots=True)
class Link:
    """How a site's agents reach the world (`[lab]` of their configuration)."""

    connect: Mapping[str, str]
    resolvers: Sequence[str]


@dataclass(frozen=True, slots=True)
class Trust:
    """Files of roots: what the machines' system trusts, and what stands for the public."""

    os_roots: Path
    public_roots: Path


def write_plan(place: Path, reflector: Mapping[str, Any], hosts: Sequence[str] = HOSTS, whoami: str = "") -> str:
    """Write the agents' signed plan into the folder; return the line of its key for `[plan.keys]`.

    `whoami`: a name whose address is the asking resolver's, as the world's resolvers have one. What the agents say of their machine
    is the machine's the demo runs on: its adapters, its routes, what runs there; its roots are the world's.
    """
    key_file = place / "plan.key"
    key_file.unlink(missing_ok=True)
    key = make_key(key_file)
    knowledge = load_knowledge()
    targets = [target_for(knowledge, host).model_dump(mode="json") for host in hosts]
    probes = {name: {"requests_per_hour": 3600} for name in ("web", "dns", "egress")} | {"host": {"every_s": HOST_S}}
    plan = {"version": 1, "cadence_s": CADENCE_S, "targets": targets, "probes": probes, "reflector": reflector}
    plan |= {"prefixes": optimize_prefixes(knowledge), "dns": {"whoami": [{"name": whoami, "record": "A"}] if whoami else []}}
    (place / "plan.json").write_bytes(sign_plan(json.dumps(plan).encode(), key_file.read_bytes()))
    return key


def write_configuration(place: Path, name: str, site: str, broker: str, key: str, link: Link, trust: Trust) -> Path:
    """Write one agent's configuration; return the file. `broker` is its section's lines. A path as JSON text is one as TOML text."""
    connect = ", ".join(f"{json.dumps(source)} = {json.dumps(target)}" for source, target in link.connect.items())
    file = place / f"{name}.toml"
    file.write_text(
        f"""[agent]
id = {json.dumps(name)}
state = {json.dumps(str(place / name))}
site = {json.dumps(site)}

[broker]
{broker}

[plan]
file = {json.dumps(str(place / "plan.json"))}
keys = {{ {key} }}

[trust]
os_roots = {json.dumps(str(trust.os_roots))}
public_roots = {json.dumps(str(trust.public_roots))}

[lab]
enabled = true
resolvers = {json.dumps(list(link.resolvers))}
connect = {{ {connect} }}
""",
        encoding="utf-8",
    )
    return file


@asynccontextmanager
async def running(configurations: Mapping[str, Path]) -> AsyncIterator[None]:
    """Run an agent for each configuration while the body runs; each logs beside its configuration."""
    async with AsyncExitStack() as stack:
        for name, file in configurations.items():
            await stack.enter_async_context(child(python("agent", "run", "--config", file), file.with_name(f"{name}.log")))
        yield
