"""HTTP/3 over real UDP on loopback: the whole of a request, and each way it can fail; a peer's bytes of any kind."""

import os
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from agent.network.clock import KernelClock, LoopClock, SampleClock
from agent.network.failure import Failed
from agent.network.http3 import MAX_CHAIN, MAX_CHAIN_BYTES, Asked, bounded, closed, shake
from agent.network.net import Shaken
from demo.world.datagrams import passing_datagrams
from demo.world.relay import Way
from tests.fakes.datagrams import Answering, answering_datagrams
from tests.fakes.quic import HOST, LARGE, quic_doors
from wire.vocabulary import Failure


async def shaken(port: int, name: str = HOST, clock: SampleClock | None = None, limits: tuple[float, float] = (5.0, 5.0)) -> Shaken:
    """Make a request to a port of loopback."""
    return await shake(Asked(("127.0.0.1", port), name, name), limits, clock or KernelClock())


@pytest.mark.parametrize("clock", [KernelClock(), LoopClock()], ids=["kernel", "loop"])
async def test_a_whole_request(tmp_path: Path, clock: SampleClock) -> None:
    """Version, ALPN, cipher, chain as sent, status, headers and times; nobody verified anything."""
    async with quic_doors(tmp_path) as (port, chain):
        seen = await shaken(port, clock=clock)
    assert (seen.failure, seen.stage, seen.error) == (None, None, None)
    assert (seen.version, seen.alpn, seen.cipher, seen.status) == ("0x00000001", "h3", "TLS_AES_256_GCM_SHA384", 200)
    assert seen.chain == chain
    assert dict(seen.headers)["alt-svc"] == 'h3=":443"'
    assert None not in {seen.handshake_ms, seen.first_byte_ms, seen.total_ms}
    assert (seen.handshake_ms or 0) + (seen.first_byte_ms or 0) <= (seen.total_ms or 0) + 0.1
    assert seen.clock == clock.name


@pytest.mark.parametrize("delay_s", [0.0, 0.003])
async def test_a_large_head(tmp_path: Path, delay_s: float) -> None:
    """What the server sends within the handshake is not lost: a head by QPACK's dynamic table is read, near and far."""
    async with quic_doors(tmp_path) as (far, _), passing_datagrams(lambda: Way(far, delay_s)) as port:
        for _ in range(5):
            seen = await shaken(port, LARGE)
            assert (seen.failure, seen.status) == (None, 302)
    assert dict(seen.headers)["x-firsthopcafeefz"] == "FRA"


async def test_a_name_nobody_serves(tmp_path: Path) -> None:
    """The peer's alert is told by its name, in stage `tls`."""
    async with quic_doors(tmp_path) as (port, _):
        seen = await shaken(port, "absent.example")
    assert (seen.failure, seen.stage, seen.error) == ("tls_alert", "tls", "unrecognized_name")


@pytest.mark.parametrize(
    ("answering", "failure", "stage"),
    [
        (lambda _: [], "timeout", "connect"),
        (lambda _: [b"\x80", b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"], "timeout", "tls"),
        (lambda data: [data], "timeout", "tls"),
        # Version negotiation (RFC 8999 6) with a version of nobody: ids swapped, versions after them.
        (lambda data: [b"\x80\0\0\0\0" + data[14:15] + data[15:23] + data[5:6] + data[6:14] + b"\x1a\x2a\x3a\x4a"], "tls_protocol", "tls"),
    ],
    ids=["silence", "nonsense", "echo", "another version"],
)
async def test_peers_that_do_not_speak_it(answering: Answering, failure: Failure, stage: str) -> None:
    """Silence is `connect`; once anything came it is `tls`."""
    async with answering_datagrams(answering) as port:
        seen = await shaken(port, limits=(0.3, 0.3))
    assert (seen.failure, seen.stage) == (failure, stage)
    assert (seen.chain, seen.status) == ((), None)


async def test_nobody_listens() -> None:
    """ICMP's word ends it at once."""
    async with answering_datagrams(lambda _: []) as port:
        pass
    seen = await shaken(port)
    assert (seen.failure, seen.stage) == ("refused", "connect")


async def test_from_an_own_address(tmp_path: Path) -> None:
    """A route's own address is what the connection comes from; without one of the family it is unreachable, and nothing is sent."""
    async with quic_doors(tmp_path) as (port, _):
        asked = Asked(("127.0.0.1", port), HOST, HOST, local="127.0.0.1")
        assert (await shake(asked, (5.0, 5.0), KernelClock())).failure is None
        nowhere = await shake(replace(asked, local=""), (5.0, 5.0), KernelClock())
    assert (nowhere.failure, nowhere.stage) == ("unreachable", "connect")


async def test_hostile_datagrams() -> None:
    """Long headers with random bytes behind them, in great number, are dropped: no exception, and the time limit holds."""
    chance = random.Random(7)

    def answering(data: bytes) -> Sequence[bytes]:
        ids = data[14:15] + data[15:23] + data[5:6] + data[6:14]
        return [bytes([chance.choice((0xC0, 0xE0, 0xF0, 0x40))]) + data[1:5] + ids + chance.randbytes(1200) for _ in range(50)]

    async with answering_datagrams(answering) as port:
        seen = await shaken(port, limits=(0.3, 0.3))
    assert seen.failure in {"timeout", "tls_protocol", "closed", "reset"}


@pytest.mark.parametrize(
    ("code", "frame_type", "reason", "ours", "failure"),
    [
        (0x100, None, "", False, "closed"),
        (0x10C, None, "", False, "http_protocol"),
        (0x128, 6, "", False, "tls_alert"),
        (0x1FF, 6, "", True, "tls_protocol"),
        (0x2, 0, "", False, "refused"),
        (0xA, 0, "flood from 192.0.2.9", False, "closed"),
        (0x1, 0, "Could not find a common protocol version", False, "tls_protocol"),
    ],
)
def test_what_a_close_means(code: int, frame_type: int | None, reason: str, ours: bool, failure: Failure) -> None:  # noqa: FBT001 - a table
    """Alerts, application errors and transport errors each have their word, and no address is in the text."""
    told = closed(code, frame_type, reason, ours=ours)
    assert isinstance(told, Failed)
    assert told.failure == failure
    assert "192.0.2.9" not in str(told)


def test_idle_timeout() -> None:
    """A connection that went quiet is a timeout."""
    assert isinstance(closed(1, 0, "Idle timeout", ours=False), TimeoutError)


def test_endless_chains() -> None:
    """Certificates beyond the caps are left out, the leaf first kept."""
    assert len(bounded([b"x"] * 99)) == MAX_CHAIN
    huge = os.urandom(MAX_CHAIN_BYTES // 2)
    assert bounded([huge, huge, huge]) == (huge, huge)
