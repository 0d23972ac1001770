"""The UDP side of a link: datagrams whole both ways, each source's own answers, and silence where a device stops them."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from demo.world import datagrams
from demo.world.datagrams import passing_datagrams
from demo.world.relay import Way
from demo.world.turn import Manners, relaying_media
from tests.demo.world.test_turn import BINDING, TRANSACTION, exchange


@contextmanager
def source(port: int) -> Iterator[socket.socket]:
    """Give a socket connected to a port of loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0)
        sock.connect(("127.0.0.1", port))
        yield sock


@pytest.mark.parametrize("delay_s", [0.0, 0.002])
async def test_each_source_gets_its_own_answers(delay_s: float) -> None:
    """Two sources ask through one link, and each has the answer to its own question, with a distance and without."""
    async with relaying_media(Manners()) as far, passing_datagrams(lambda: Way(far, delay_s)) as port:
        with source(port) as one, source(port) as other:
            first, second = await asyncio.gather(exchange(one, BINDING), exchange(other, BINDING[:-12] + TRANSACTION[::-1]))
    assert first[8:20] == TRANSACTION
    assert second[8:20] == TRANSACTION[::-1]


async def test_stopped_datagrams() -> None:
    """While the way is None nothing passes; from the next datagram on it does again."""
    manners = Manners()
    ways: list[Way | None] = [None]
    async with relaying_media(manners) as far, passing_datagrams(lambda: ways[0]) as port:
        with source(port) as stopped, source(port) as passed:
            stopped.send(BINDING)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            ways[0] = Way(far, 0.0)
            await exchange(passed, BINDING)
    assert manners.answered == 1


async def test_a_full_table_forgets_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    """More sources than a table holds: the newest are served, and no socket is left over."""
    monkeypatch.setattr(datagrams, "MAX_SOURCES", 3)
    async with relaying_media(Manners()) as far, passing_datagrams(lambda: Way(far, 0.0)) as port:
        with ExitStack() as stack:
            socks = [stack.enter_context(source(port)) for _ in range(8)]
            for sock in socks:
                assert await exchange(sock, BINDING)
