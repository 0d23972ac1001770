"""CONNECT through a proxy (RFC 9110, 9.3.6) on a channel of our own; afterwards the channel carries the tunnel's bytes."""

import h11

from agent.network.channel import Channel
from agent.network.failure import Failed, scrub
from agent.network.net import Headers
from agent.network.request import MAX_HEAD_BYTES, USER_AGENT


class Connect:
    """One CONNECT. `status` and `headers` are the proxy's answer, as far as it came."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)
        self.status: int | None = None
        self.headers: Headers = ()

    async def ask(self, authority: str) -> tuple[int, int]:
        """Ask for a tunnel to `host:port`; return when the request left and when the answer was complete.

        Raises OSError, and Failed: `proxy_auth` for 407, `proxy_denied` for another answer than 2xx, `proxy_malformed` for none.
        """
        request = h11.Request(method="CONNECT", target=authority, headers=[("Host", authority), ("User-Agent", USER_AGENT)])
        data = (self._connection.send(request) or b"") + (self._connection.send(h11.EndOfMessage()) or b"")
        started = await self._channel.send(data)
        while True:
            got = await self._channel.receive_some()
            if self._answered(got.data):
                break
        if self.status == 407:
            raise Failed("proxy_auth", "the proxy answered 407 to CONNECT")
        if self.status is None or not 200 <= self.status < 300:
            raise Failed("proxy_denied", f"the proxy answered {self.status} to CONNECT")
        return started, got.stamp

    def _answered(self, data: bytes) -> bool:
        """Take bytes of the answer; return whether its head is complete."""
        try:
            self._connection.receive_data(data)
            event = self._connection.next_event()
            while isinstance(event, h11.InformationalResponse):
                event = self._connection.next_event()
        except h11.RemoteProtocolError as error:
            if error.error_status_hint == 431:
                raise Failed("too_large", f"the proxy's head has more than {MAX_HEAD_BYTES} bytes") from None
            raise Failed("proxy_malformed", scrub(str(error))) from None
        if not isinstance(event, h11.Response):
            return False
        self.status = event.status_code
        self.headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers.raw_items())
        return True
