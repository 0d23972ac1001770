"""The factory: bad settings are named before anything runs, and what it opens imports nothing heavy."""

import subprocess
import sys

import pytest

from agent.network.net import Network
from agent.network.open import open_network
from agent.network.settings import NetworkSettings
from agent.platform.linux import Linux
from agent.platform.machine import ThisMachine
from wire.target import Route, Target

FORBIDDEN = {"cryptography", "OpenSSL", "structlog", "typer", "rich", "pydantic_settings", "aiohttp", "judge", "certifi", "quickjs"}


def test_bad_settings() -> None:
    """A resolver or a laboratory place that is no address and port is named with its remedy."""
    with pytest.raises(ValueError, match=r"network\.resolvers: 'ns\.test' is a name"):
        open_network(NetworkSettings(resolvers=("ns.test:53",)))
    with pytest.raises(ValueError, match=r"lab\.connect: '127\.0\.0\.1' is not host:port"):
        open_network(NetworkSettings(connect={"a.test:443": "127.0.0.1"}))


def test_is_a_network() -> None:
    """What the factory returns has the protocol's shape."""
    net: Network = open_network(NetworkSettings())
    assert callable(net.fetch)


async def test_an_interface_is_looked_up_on_the_platform() -> None:
    """An interface's name becomes its addresses; one that is not there has none."""
    lan = Route(name="lan", kind="source", source="lo")
    target = Target(host="a.test", category="Control", workload="Control")
    net = open_network(NetworkSettings(), platform=Linux(ThisMachine()))
    if sys.platform == "linux":
        assert "127.0.0.1" in (await net.ways(target, lan)).ways[0].addresses
    gone = await net.ways(target, lan.model_copy(update={"source": "none0"}))
    assert gone.ways[0].addresses == ()


def test_imports() -> None:
    """Probes and network load none of the heavy packages an agent must not hold."""
    code = "import sys, agent.probes, agent.network.open; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert FORBIDDEN.isdisjoint(loaded)
