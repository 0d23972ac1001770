"""One SNTP exchange, with a time server on loopback."""

import asyncio
import contextlib
import struct
import time
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.network import ntp
from agent.network.failure import Failed
from agent.network.ntp import offset_ms
from agent.network.open import open_network
from agent.network.settings import NetworkSettings

EPOCH_S = 2_208_988_800


def packet(nonce: bytes, at_ns: int, first: int = 0x24, stratum: int = 2) -> bytes:
    """Return a server's answer at a moment."""
    seconds, rest = divmod(at_ns, 10**9)
    stamp = struct.pack("!II", (seconds + EPOCH_S) % 2**32, (rest << 32) // 10**9)
    return bytes([first, stratum, 6, 0xE7]) + bytes(20) + nonce + stamp + stamp


class Server(asyncio.DatagramProtocol):
    """A time server that is late by a given time; it sends an answer to somebody else's question first."""

    def __init__(self, behind_s: float) -> None:
        self.behind_s = behind_s
        self.asked: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer one question."""
        self.asked.append(data)
        at_ns = time.time_ns() - int(self.behind_s * 1e9)
        for nonce in (bytes(8), data[40:48]):
            self._transport.sendto(packet(nonce, at_ns), addr)  # type: ignore[attr-defined] # a selector loop's transport does not derive


@contextlib.asynccontextmanager
async def serving(behind_s: float) -> AsyncIterator[tuple[Server, NetworkSettings]]:
    """Give a server and settings that name it."""
    server = Server(behind_s)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: server, ("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    try:
        yield server, NetworkSettings(ntp="127.0.0.1", connect={"127.0.0.1:123": f"127.0.0.1:{port}"})
    finally:
        transport.close()


@pytest.mark.parametrize("behind_s", [0.0, 86_400.0, -3.5])
async def test_how_far_ahead(behind_s: float) -> None:
    """Ahead is positive; a strange answer before the right one is passed over; what we send holds no time of ours."""
    async with serving(behind_s) as (server, settings):
        ahead_ms, trouble = await open_network(settings).clock_offset()
    assert trouble is None
    assert ahead_ms is not None
    assert abs(ahead_ms - behind_s * 1000) < 500
    assert server.asked[0][:40] == b"\x23" + bytes(39)
    assert len(server.asked) == 1


async def test_off_and_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a server nothing is asked; silence and a closed port are said, not raised."""
    assert await open_network(NetworkSettings()).clock_offset() == (None, None)
    monkeypatch.setattr(ntp, "LIMIT_S", 0.05)
    closed = NetworkSettings(ntp="127.0.0.1", connect={"127.0.0.1:123": "127.0.0.1:1"})
    assert await open_network(closed).clock_offset() == (None, "ntp: refused: ECONNREFUSED")
    unknown = NetworkSettings(ntp="time.test", resolvers=("127.0.0.1:1",), ipv6=False)
    assert (await open_network(unknown).clock_offset())[1] == "ntp: refused"


@pytest.mark.parametrize(("first", "stratum"), [(0x23, 2), (0x24, 0), (0x24, 16)])
def test_a_server_without_time(first: int, stratum: int) -> None:
    """A kiss of death, an unsynchronised server, and a packet that is no server's, tell no time."""
    with pytest.raises(Failed, match="has no time itself"):
        offset_ms(packet(bytes(8), 10**18, first, stratum), 0, 0)


def test_after_2036() -> None:
    """Seconds that began again at 0 are of the next era."""
    later_ns = 2_100_000_000 * 10**9
    assert abs(offset_ms(packet(bytes(8), later_ns), later_ns, later_ns + 2_000_000) - 1.0) < 0.2


@given(st.binary(max_size=80))
def test_any_bytes(data: bytes) -> None:
    """Whatever comes is an offset or a failure."""
    with contextlib.suppress(Failed):
        assert -1e12 <= offset_ms(data, 0, 0) <= 1e12
