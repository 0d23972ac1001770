"""An agent's files for whole-program tests: a signed plan and a laboratory configuration for a world and a centre on loopback."""

import base64
import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.planning import default_plan
from tests.fakes.world import REFLECTOR, World
from wire.plan import Envelope, Plan, ProbeSettings, Reflector
from wire.target import DIRECT
from wire.vocabulary import Kind

EVERY_CYCLE: tuple[Kind, ...] = ("web", "dns", "egress")
"""The probes without a slow cadence of their own."""
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = base64.b64encode(KEY.public_key().public_bytes_raw()).decode()


def plan(version: int = 1, cadence_s: float = 5.0) -> Plan:
    """Return the shipped plan's twelve targets over HTTPS with a reflector, as fast as a plan may be: what every cycle looks at."""
    shipped = default_plan()
    probes = {kind: ProbeSettings(requests_per_hour=3600) for kind in EVERY_CYCLE}
    targets = [target for target in shipped.targets if target.protocol == "https"]
    update = {
        "version": version,
        "cadence_s": cadence_s,
        "targets": targets,
        "routes": [DIRECT],
        "probes": probes,
        "reflector": Reflector(host=REFLECTOR),
    }
    return shipped.model_copy(update=update)


def signed(chosen: Plan) -> bytes:
    """Return a plan in its envelope, signed with the key of tests."""
    body = chosen.model_dump_json(exclude_defaults=True)
    return Envelope(body=body, key_id="tests", signature=base64.b64encode(KEY.sign(body.encode())).decode()).dump()


def write(folder: Path, world: World, broker_port: int, chosen: Plan) -> Path:
    """Write configuration and plan into `folder` and return the configuration's path."""
    (folder / "plan.json").write_bytes(signed(chosen))
    connect = "\n".join(f"{json.dumps(name)} = {json.dumps(place)}" for name, place in world.connect.items())
    config = folder / "agent.toml"
    config.write_text(
        f"""
[agent]
id = "lab-1"
state = "state"
[broker]
url = "mqtt://127.0.0.1:{broker_port}"
version = "3.1.1"
[plan]
file = "plan.json"
keys = {{ tests = "{PUBLIC}" }}
[trust]
os_roots = "{world.roots}"
public_roots = "{world.roots}"
[lab]
enabled = true
resolvers = ["{world.resolver}"]
[lab.connect]
{connect}
"""
    )
    return config
