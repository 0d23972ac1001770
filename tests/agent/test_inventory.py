"""The machine put together from its platform, the kernel and the child."""

from pathlib import Path

import pytest

from agent.checker import Checker
from agent.inventory import Inventory
from agent.platform.linux import Linux
from agent.platform.machine import ThisMachine
from tests.fakes.machine import FakeMachine
from tests.fakes.pki import Authority, name
from wire.facts import PacFacts

PUBLIC = Authority(name(CN="Public Root"), "inventory public")
DEVICE = Authority(name(CN="Contoso Inspection"), "inventory device")


@pytest.fixture
def bundles(tmp_path: Path) -> tuple[str, str]:
    """Return a machine's bundle with an added root, and the public one."""
    (tmp_path / "os.pem").write_bytes(PUBLIC.pem + DEVICE.pem)
    (tmp_path / "public.pem").write_bytes(PUBLIC.pem)
    return str(tmp_path / "os.pem"), str(tmp_path / "public.pem")


async def test_all_of_it(bundles: tuple[str, str]) -> None:
    """This machine's own loopback way, a process of a scripted one, and the root somebody added."""

    async def pac() -> PacFacts:
        return PacFacts(direct=["a.test"])

    checker = Checker(*bundles)
    try:
        machine = FakeMachine({"/proc/7/comm": "warp-svc\n"}, environment={"https_proxy": "proxy.contoso.com:3128"})
        seen = await Inventory(Linux(machine), checker, ["127.0.0.0/8"], pac).take()
    finally:
        await checker.close()
    assert (seen.system, seen.roots, seen.error) == ("linux", 2, None)
    assert [one.subject for one in seen.added_roots] == ["CN=Contoso Inspection"]
    assert seen.running["process"] == {"warp-svc"}
    assert seen.pac == PacFacts(direct=["a.test"])
    assert seen.sources.keys() == {"127.0.0.0/8"}
    assert [one.scope for one in seen.proxies] == ["environment"]


async def test_a_child_that_cannot_say() -> None:
    """The rest is told all the same, with a sentence for what is missing."""
    checker = Checker("/nowhere/os.pem", "/nowhere/public.pem")
    try:
        seen = await Inventory(Linux(ThisMachine()), checker).take()
    finally:
        await checker.close()
    assert (seen.roots, seen.added_roots) == (None, ())
    assert seen.error is not None
    assert "trust" in seen.error
    assert seen.running["process"]
