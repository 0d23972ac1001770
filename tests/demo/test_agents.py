"""What the demo writes for its agents: configurations and a plan that agents take."""

import json
from pathlib import Path

from agent.config import load
from demo.agents import CADENCE_S, HOST_S, HOSTS, Link, Trust, running, write_configuration, write_plan
from wire.plan import Envelope, Plan

REFLECTOR = {"host": "reflector.middlewatch.example", "port": 80, "protocol": "http"}
LINK = Link({f"{host}:443": "127.0.0.1:4443" for host in HOSTS}, ["127.0.0.1:5353"])


def test_plan(tmp_path: Path) -> None:
    """The plan names the four services and the control by Microsoft's categories, every five seconds; a second start signs anew."""
    first = write_plan(tmp_path, REFLECTOR)
    plan = Plan.model_validate_json(Envelope.model_validate_json((tmp_path / "plan.json").read_bytes()).body)
    assert [(one.host, one.category) for one in plan.targets][-1] == ("www.gstatic.com", "Control")
    assert {one.workload for one in plan.targets} == {"Exchange", "SharePoint", "Teams", "Common", "Control"}
    assert (plan.cadence_s, plan.reflector and plan.reflector.host) == (CADENCE_S, REFLECTOR["host"])
    assert plan.probes["host"].every_s == HOST_S
    assert "52.96.0.0/14" in plan.prefixes
    assert write_plan(tmp_path, REFLECTOR, whoami="whoami.example") != first
    plan = Plan.model_validate_json(Envelope.model_validate_json((tmp_path / "plan.json").read_bytes()).body)
    assert [(one.name, one.record) for one in plan.dns.whoami] == [("whoami.example", "A")]


def test_configuration(tmp_path: Path) -> None:
    """An agent reads what is written for it, whatever its folder is called: laboratory, roots, plan's key, site."""
    place = tmp_path / 'odd "name" \\ here'
    place.mkdir()
    key = write_plan(place, REFLECTOR)
    broker = 'url = "mqtt://127.0.0.1:1883"\nversion = "3.1.1"'
    file = write_configuration(place, "porto-01", "Porto", broker, key, LINK, Trust(tmp_path / "os.pem", tmp_path / "public.pem"))
    settings = load(file)
    assert (settings.agent.id, settings.agent.site, settings.lab.enabled) == ("porto-01", "Porto", True)
    assert settings.lab.connect == LINK.connect
    assert settings.trust.public_roots == tmp_path / "public.pem"
    assert settings.plan.file == place / "plan.json"
    assert json.dumps(str(place / "porto-01")) in file.read_text()


async def test_none_to_run() -> None:
    """Without configurations nothing is started."""
    async with running({}):
        pass
