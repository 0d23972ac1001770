"""Plans signed at the centre are taken by an agent's own checker; keys are kept to their owner; what is wrong is a sentence."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from agent.checker import Checker
from agent.planning import default_plan
from judge.knowledge.endpoints import Instance
from judge.knowledge.loader import load_knowledge
from server.fleet.plans import BadKey, BadPlan, make_key, make_plan, sign_plan
from wire.plan import Envelope, Plan

PLAN = {"version": 3, "targets": [{"host": "outlook.office365.com", "category": "Optimize", "workload": "Exchange"}]}


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """Give a fresh key."""
    make_key(tmp_path / "plan.key")
    return tmp_path / "plan.key"


def changed(**fields: Any) -> bytes:
    """Return the plan with these fields."""
    return json.dumps(PLAN | fields).encode()


def test_key_is_its_owners(tmp_path: Path) -> None:
    """Only the owner may read a key; the line told is a TOML line of its public half; a file that is there is never overwritten."""
    file = tmp_path / "plan.key"
    name, _, text = make_key(file).partition(" = ")
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(name) == 16
    assert len(base64.b64decode(json.loads(text), validate=True)) == 32
    before = file.read_bytes()
    with pytest.raises(FileExistsError):
        make_key(file)
    assert file.read_bytes() == before


async def test_an_agent_takes_it(tmp_path: Path) -> None:
    """The envelope passes the agent's check with the key that was told, and with no other key or body."""
    name, _, text = make_key(tmp_path / "a.key").partition(" = ")
    _, _, other = make_key(tmp_path / "b.key").partition(" = ")
    plan = default_plan()
    envelope = Envelope.model_validate_json(sign_plan(plan.model_dump_json().encode(), (tmp_path / "a.key").read_bytes()))
    assert (envelope.key_id, Plan.model_validate_json(envelope.body)) == (name, plan)
    checker = Checker()
    try:
        assert await checker.check_plan(envelope, {name: json.loads(text)}) is None
        assert await checker.check_plan(envelope, {name: json.loads(other)}) is not None
        assert await checker.check_plan(envelope, {}) is not None
        forged = envelope.model_copy(update={"body": envelope.body.replace("outlook", "outlock")})
        assert await checker.check_plan(forged, {name: json.loads(text)}) is not None
    finally:
        await checker.close()


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (b"", "plan: Invalid JSON"),
        (b"\xff{", "plan: Invalid JSON"),
        (b"[]", "plan: Input should be an object"),
        (changed(cadence_s=4), "cadence_s: Input should be greater than or equal to 5"),
        (changed(version=0), "version: Input should be greater than or equal to 1"),
        (changed(targets=[]), "targets: List should have at least 1 item"),
        (changed(targets=[{"host": "a"}]), "targets.0.category: Field required"),
        (changed(schema_major=2), "schema_major: Input should be 1"),
        (changed(cadence=30), "cadence: a plan has no such field; remove it, or look for a spelling mistake"),
        (changed(targets=[PLAN["targets"][0] | {"prot": 80}]), "targets.0.prot: a plan has no such field"),  # type: ignore[index]
        (changed(probes={"web": {"request_per_hour": 9}}), "probes.web.request_per_hour: a plan has no such field"),
        (changed(reflector={"host": "a", "path": "x" * 300_000}), "body: String should have at most 262144 characters"),
    ],
)
def test_a_plan_that_is_none(plan: bytes, said: str, key_file: Path) -> None:
    """What is wrong with a plan is told with its place; a field that nobody would read is wrong too."""
    with pytest.raises(BadPlan) as bad:
        sign_plan(plan, key_file.read_bytes())
    assert str(bad.value).startswith(said)
    assert not isinstance(bad.value, BadKey)


def pem(key: Any, password: bytes = b"") -> bytes:
    """Return a private key as PEM."""
    protection = BestAvailableEncryption(password) if password else NoEncryption()
    text: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)
    return text


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (b"", "holds no PEM private key"),
        (b"\xff\x00", "holds no PEM private key"),
        (pem(Ed25519PrivateKey.generate(), b"secret"), "holds no PEM private key without a password"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "is not an Ed25519 key"),
    ],
    ids=["empty", "bytes", "with password", "another kind"],
)
def test_a_key_that_is_none(key: bytes, said: str) -> None:
    """What is wrong with a key is told as the key's fault, with the remedy."""
    with pytest.raises(BadKey, match=said) as bad:
        sign_plan(changed(), key)
    assert str(bad.value).endswith("make one with middlewatch-server plan key")


@pytest.mark.parametrize("instance", ["Worldwide", "China", "USGovGCCHigh", "USGovDoD"])
def test_a_made_plan_can_be_signed(instance: Instance, key_file: Path) -> None:
    """Each instance's plan has its targets, the tenant's own among them, both routes and the prefixes a VPN is to leave alone."""
    made = make_plan(load_knowledge(), instance, "contoso")
    plan = Plan.model_validate_json(Envelope.model_validate_json(sign_plan(made, key_file.read_bytes())).body)
    assert any(one.host.startswith("contoso.sharepoint") for one in plan.targets)
    assert [one.kind for one in plan.routes] == ["direct", "system"]
    assert len(plan.prefixes) > 5


def test_no_plan_for_no_tenant() -> None:
    """What is no tenant's name is told before anything is written."""
    with pytest.raises(BadPlan, match="'con toso' is no tenant's name"):
        make_plan(load_knowledge(), "Worldwide", "con toso")
