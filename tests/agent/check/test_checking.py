"""`check` on a stand-in world and without any: status, exit, JSON; nobody is blamed for a dead link."""

import asyncio
import base64
import contextlib
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.check import checking
from agent.check import plan as plans
from agent.check.checking import check
from agent.check.wish import Wish
from agent.config import Settings, load
from agent.config_reader import ConfigError
from agent.planning import default_plan
from judge.knowledge.assembly import FILES
from judge.knowledge.bundle import manifest_of, pack
from tests.fakes import agent_files
from tests.fakes.world import running_world

HOSTS = [target.name for target in default_plan().targets if target.protocol == "https"]


def settings(folder: Path, resolver: str, connect: str = "") -> Settings:
    """Return settings of a laboratory without plan and broker."""
    config = folder / "check.toml"
    config.write_text(f'[lab]\nenabled = true\nresolvers = ["{resolver}"]\n[lab.connect]\n{connect}')
    return load(config, need_broker=False)


async def test_a_world_of_own_roots_is_clean(tmp_path: Path) -> None:
    """All twelve targets answer under the laboratory's public roots: each is judged, none is a failure, nothing is kept."""
    async with running_world(tmp_path, HOSTS) as world:
        config = agent_files.write(tmp_path, world, 1, agent_files.plan())
        done = await check(load(config, need_broker=False))
    assert len([one for one in done.findings if one.aspect == "path"]) == 12
    assert "unreachable" not in {one.verdict for one in done.findings}
    assert done.status != "offline"
    assert not (tmp_path / "state").exists()
    evidence = {one.signal for finding in done.findings for one in finding.evidence}
    assert "public_chain" in evidence


async def test_a_chain_under_foreign_roots_is_found(tmp_path: Path) -> None:
    """The same world, with a public root store that does not know it and an OS store that does, is inspection."""
    async with running_world(tmp_path, HOSTS) as world:
        text = agent_files.write(tmp_path, world, 1, agent_files.plan()).read_text()
        (tmp_path / "mitm.toml").write_text(text.replace(f'public_roots = "{world.roots}"\n', ""))
        done = await check(load(tmp_path / "mitm.toml", need_broker=False))
    assert done.status == "findings"
    assert {one.verdict for one in done.findings if one.aspect == "path"} == {"inspected"}


async def test_without_internet_nobody_is_blamed(tmp_path: Path) -> None:
    """With no resolver answering, the machine is offline: every host unreachable, the control too, and no device is named."""
    done = await check(settings(tmp_path, "127.0.0.1:9"))
    assert done.status == "offline"
    assert len([one for one in done.judgement.findings if one.target.protocol == "https"]) == 12
    assert all(one.device is None for one in done.judgement.findings)


async def silent_resolver(stack: contextlib.ExitStack) -> str:
    """Return the place of a resolver that never answers."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, ("127.0.0.1", 0))
    stack.callback(transport.close)
    return f"127.0.0.1:{transport.get_extra_info('sockname')[1]}"


async def test_a_silent_network_is_told_as_what_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When nothing answers, every probe ends at its stage's limit and every host is judged unreachable, the control included."""
    monkeypatch.setattr(plans, "STAGE_MS", 100.0)
    with contextlib.ExitStack() as stack:
        done = await check(settings(tmp_path, await silent_resolver(stack)))
    assert done.status == "offline"
    assert {one.verdict for one in done.judgement.findings} == {"unreachable"}
    assert any(one.target.category == "Control" for one in done.judgement.findings)


async def test_nothing_measured_is_not_called_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the whole check's limit passes before any probe ends, it says just that."""
    monkeypatch.setattr(checking, "PLAN_S", 0.05)
    with contextlib.ExitStack() as stack, pytest.raises(ConfigError, match="nothing was measured"):
        await check(settings(tmp_path, await silent_resolver(stack)))


def test_the_limits_leave_room_below_a_minute() -> None:
    """Two stages of the plan that time out fit into its part, and the whole with the program's start into a minute."""
    assert 2 * plans.STAGE_MS / 1000 < checking.PLAN_S < checking.WHOLE_S <= 50


def test_main_prints_json_and_the_exit_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Offline is exit 2 with one JSON object; a bad file is exit 2 with a sentence."""
    settings(tmp_path, "127.0.0.1:9")
    assert checking.main(tmp_path / "check.toml", Wish(as_json=True)) == 2
    assert json.loads(capsys.readouterr().out)["status"] == "offline"
    assert checking.main(tmp_path / "none.toml", Wish(as_json=True)) == 2
    assert capsys.readouterr().err.startswith("config: ")


def test_main_speaks_plainly_when_offline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without --json the offline sentence is what a person reads, and no colour is in it."""
    settings(tmp_path, "127.0.0.1:9")
    assert checking.main(tmp_path / "check.toml", Wish()) == 2
    told = " ".join(capsys.readouterr().out.split())
    assert "This machine has no way to the Internet just now" in told
    assert "That says nothing about Microsoft 365 or about a device on the way." in told
    assert "\x1b" not in told


def test_a_bundle_of_knowledge(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A signed bundle in the configuration stands over the shipped knowledge; one that cannot be used is a sentence, before anything."""
    key = Ed25519PrivateKey.generate()
    files = {"manifest.toml": b'as_of = "2026-12-01"\nedition = 2026120101\n'}
    manifest = manifest_of(files, FILES)
    bundle, text = tmp_path / "bundle.json", base64.b64encode(key.public_key().public_bytes_raw()).decode()
    bundle.write_bytes(pack(files, manifest, "ops", key.sign(manifest.encode())))
    settings(tmp_path, "127.0.0.1:9")
    config = tmp_path / "check.toml"
    config.write_text(f'{config.read_text()}\n[knowledge]\nbundle = "bundle.json"\nkeys = {{ ops = "{text}" }}\n')
    assert checking._knowledge(load(config, need_broker=False)).edition == 2026120101
    bundle.write_bytes(b"{}")
    assert checking.main(config, Wish(as_json=True)) == 2
    assert capsys.readouterr().err.startswith("bundle: format: Field required")
