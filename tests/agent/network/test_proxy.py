"""CONNECT: which head is an answer, in pieces and after interim ones. Its refusals on real sockets are in `test_connect.py`."""

from typing import cast

import pytest

from agent.network.channel import Channel
from agent.network.clock import Read
from agent.network.failure import Failed
from agent.network.proxy import Connect


class ScriptedChannel:
    """A channel that answers from a list, one piece a read."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = list(pieces)
        self.sent = b""

    async def send(self, data: bytes) -> int:
        """Keep what was sent, at 100."""
        self.sent += data
        return 100

    async def receive_some(self) -> Read:
        """Return the next piece; the n-th from the end is stamped 200 - n."""
        if not self._pieces:
            raise Failed("closed", "closed")
        data = self._pieces.pop(0)
        return Read(data, 200 - len(self._pieces), exact=True)


def asked(*pieces: bytes) -> tuple[Connect, ScriptedChannel]:
    """Return a CONNECT on a scripted channel."""
    channel = ScriptedChannel(*pieces)
    return Connect(cast("Channel", channel)), channel


async def test_head_in_pieces() -> None:
    """The answer counts when its head is whole; the request names the far end twice and nobody else."""
    connect, channel = asked(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\nVi", b"a: 1.1 box\r\n\r\n")
    assert await connect.ask("a.test:443") == (100, 200)
    assert connect.headers == (("Via", "1.1 box"),)
    assert channel.sent.startswith(b"CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\nUser-Agent: ")


@pytest.mark.parametrize(
    ("pieces", "failure"),
    [
        ((), "closed"),
        ((b"HTTP/1.1 200",), "closed"),
        ((b"HTTP/1.1 301 Elsewhere\r\n\r\n",), "proxy_denied"),
        ((b"\x15\x03\x01\r\n\r\n",), "proxy_malformed"),
    ],
)
async def test_no_tunnel(pieces: tuple[bytes, ...], failure: str) -> None:
    """A close, another status and bytes that are not HTTP are told apart."""
    connect, _ = asked(*pieces)
    with pytest.raises(Failed) as told:
        await connect.ask("a.test:443")
    assert told.value.failure == failure
