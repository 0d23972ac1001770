"""TLS to a proxy as a stream; the whole of it against a real proxy is in `test_connect.py`."""

from typing import cast

import pytest

from agent.network.channel import Channel
from agent.network.clock import Read
from agent.network.failure import Failed
from agent.network.tunnel import SecureStream


class Pieces:
    """A channel that gives its pieces one by one, then its end."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = list(pieces)
        self.sent = b""

    async def send(self, data: bytes) -> int:
        """Keep what was sent."""
        self.sent += data
        return 100

    async def receive(self) -> Read:
        """Return the next piece."""
        data = self._pieces.pop(0) if self._pieces else b""
        return Read(data, 200 - len(self._pieces), exact=True)

    def doubtful(self, *, first_of_several: bool = False) -> bool:
        """Return what was asked."""
        return first_of_several


class Shouting:
    """A cipher that shouts; a tilde says nothing, a full stop is the end."""

    def encrypt(self, data: bytes) -> bytes:
        """Return it in capitals."""
        return data.upper()

    def decrypt(self, data: bytes) -> tuple[bytes, bool]:
        """Return it in small letters."""
        return data.lower().strip(b"~."), data.endswith(b".")


def stream(*pieces: bytes) -> tuple[SecureStream, Pieces]:
    """Return a stream over these pieces."""
    channel = Pieces(*pieces)
    return SecureStream(cast("Channel", channel), Shouting()), channel


async def test_records_that_say_nothing_are_read_past() -> None:
    """What is received is what was said, stamped when it came."""
    secure, channel = stream(b"~", b"~", b"HELLO", b".")
    assert await secure.send(b"hi") == 100
    assert channel.sent == b"HI"
    assert await secure.receive_some() == Read(b"hello", 199, exact=True)
    assert secure.doubtful(first_of_several=True)


@pytest.mark.parametrize("last", [b".", b""])
async def test_both_ends_are_ends(last: bytes) -> None:
    """The end within TLS and the end of the connection are a close, again and again."""
    secure, _ = stream(last, b"LATE")
    assert (await secure.receive()).data == b""
    if last:
        with pytest.raises(Failed, match="closed"):
            await secure.receive_some()
