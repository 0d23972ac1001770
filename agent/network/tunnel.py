"""What carries bytes to the far end: a channel, or TLS to a proxy on a channel. No socket is opened here.

Inside TLS the stamps are those of the record's last byte: what the proxy's own TLS costs is part of each phase and cannot be told apart.
"""

from typing import Protocol

from agent.network.channel import Channel
from agent.network.clock import Read
from agent.network.failure import Failed


class Stream(Protocol):
    """Stamped sends and reads, as `agent.network.channel.Channel` has them."""

    async def send(self, data: bytes) -> int:
        """Send all of `data`; return when the first byte left."""
        ...

    async def receive(self) -> Read:
        """Return the next bytes with their stamp; no bytes mean an orderly close."""
        ...

    async def receive_some(self) -> Read:
        """Return the next bytes. Raises Failed `closed` when there are no more."""
        ...

    def doubtful(self, *, first_of_several: bool = False) -> bool:
        """Return whether the last stamp may be wrong by more than 2 ms."""
        ...


class Cipher(Protocol):
    """A TLS connection past its handshake, as `agent.network.tls.Tls` has it."""

    def encrypt(self, data: bytes) -> bytes:
        """Return the bytes that carry `data`."""
        ...

    def decrypt(self, data: bytes) -> tuple[bytes, bool]:
        """Take bytes; return what they say, and whether the peer has ended."""
        ...


class SecureStream:
    """TLS to a proxy, as a stream of what it says."""

    def __init__(self, channel: Channel, tls: Cipher) -> None:
        self._channel = channel
        self._tls = tls
        self._ended = False

    async def send(self, data: bytes) -> int:
        """Send all of `data` encrypted; return when the first byte left."""
        return await self._channel.send(self._tls.encrypt(data))

    async def receive(self) -> Read:
        """Return the next bytes that were said; tickets and other records that say nothing are read past."""
        while True:
            got = await self._channel.receive()
            if self._ended or not got.data:
                return Read(b"", got.stamp, got.exact)
            said, self._ended = self._tls.decrypt(got.data)
            if said or self._ended:
                return Read(said, got.stamp, got.exact)

    async def receive_some(self) -> Read:
        """Return the next bytes. Raises Failed `closed` when there are no more."""
        got = await self.receive()
        if not got.data:
            raise Failed("closed", "closed before the stage was complete")
        return got

    def doubtful(self, *, first_of_several: bool = False) -> bool:
        """Return whether the last stamp may be wrong by more than 2 ms."""
        return self._channel.doubtful(first_of_several=first_of_several)
