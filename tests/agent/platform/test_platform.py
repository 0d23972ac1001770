"""Which platform's file speaks for which system."""

import pytest

from agent.platform import here
from agent.platform.linux import Linux
from agent.platform.macos import MacOs
from agent.platform.windows import Windows
from tests.fakes.machine import FakeMachine


@pytest.mark.parametrize(("system", "platform"), [("linux", Linux), ("win32", Windows), ("darwin", MacOs), ("freebsd14", Linux)])
async def test_chosen_by_system(system: str, platform: type) -> None:
    """Each system has its file; one nobody wrote a file for is read as Linux and says nothing."""
    chosen = here(FakeMachine(), system)
    assert type(chosen) is platform
    assert not (await chosen.proxies())[0].speak
    assert await chosen.search_domains() == ()
    assert await chosen.addresses("none0") == ()
    assert await chosen.resolvers() == ()
    assert not (await chosen.link()).gateway


async def test_on_this_machine() -> None:
    """The machine the tests run on answers without an exception."""
    platform = here()
    assert await platform.proxies()
    assert isinstance(await platform.search_domains(), tuple)


async def test_resolv_conf_is_read_where_systems_write_one() -> None:
    """Linux and macOS keep their name servers in the same file."""
    machine = FakeMachine({"/etc/resolv.conf": "nameserver 192.0.2.53\n"})
    assert [await here(machine, system).resolvers() for system in ("linux", "darwin")] == [("192.0.2.53",)] * 2
