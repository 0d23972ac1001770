"""CONNECT through a proxy (RFC 9110, 9.3.6) on a channel of our own; afterwards the channel carries the tunnel's bytes.

Also what a proxy is told of us: user and password of the agent's own configuration, Basic only (RFC 7617), and only to the proxy they
are written for. Everything else a proxy may demand is told as `proxy_auth` with the schemes it named.
"""

import base64
from collections.abc import Mapping

import h11

from agent.network.address import joined
from agent.network.failure import Failed, scrub
from agent.network.net import Headers
from agent.network.request import MAX_HEAD_BYTES, USER_AGENT
from agent.network.tunnel import Stream
from agent.network.way import Way

MAX_ANSWER_BYTES = 2 * MAX_HEAD_BYTES
"""Interim answers included: a proxy that sends one 100 after the other is cut off here, whatever the time."""


_DEMANDS = frozenset({"proxy-authenticate", "www-authenticate"})


class Logins:
    """`user:password` by the proxy's `host:port`."""

    def __init__(self, table: Mapping[str, str]) -> None:
        self._table = {place.lower(): login for place, login in table.items()}

    def header(self, way: Way) -> Headers:
        """Return the header field for a proxy we have a password for, else none."""
        login = self._table.get(joined(way.host, way.port)) if way.proxied else None
        if login is None:
            return ()
        return (("Proxy-Authorization", f"Basic {base64.b64encode(login.encode()).decode()}"),)


def schemes(headers: Headers) -> str:
    """Return the authentication schemes a proxy named, in its order."""
    named = [value.split(None, 1)[0] for name, value in headers if name.lower() in _DEMANDS and value.strip()]
    return ", ".join(dict.fromkeys(word[:32] for word in named)) or "no scheme"


class Connect:
    """One CONNECT. `status` and `headers` are the proxy's answer, as far as it came."""

    def __init__(self, channel: Stream) -> None:
        self._channel = channel
        self._connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)
        self._taken = 0
        self.status: int | None = None
        self.headers: Headers = ()

    async def ask(self, authority: str, login: Headers = ()) -> tuple[int, int]:
        """Ask for a tunnel to `host:port`; return when the request left and when the answer was complete.

        Raises OSError, and Failed: `proxy_auth` for 407 and 401, `proxy_denied` for another answer than 2xx, `proxy_malformed` for none.
        """
        request = h11.Request(method="CONNECT", target=authority, headers=[("Host", authority), ("User-Agent", USER_AGENT), *login])
        data = (self._connection.send(request) or b"") + (self._connection.send(h11.EndOfMessage()) or b"")
        started = await self._channel.send(data)
        while True:
            got = await self._channel.receive_some()
            if self._answered(got.data):
                break
        if self.status in {401, 407}:  # tinyproxy says 401 to a wrong password (1.11.1, measured)
            raise Failed("proxy_auth", f"the proxy answered {self.status} to CONNECT and demands {schemes(self.headers)}")
        if self.status is None or not 200 <= self.status < 300:
            raise Failed("proxy_denied", f"the proxy answered {self.status} to CONNECT")
        return started, got.stamp

    def _answered(self, data: bytes) -> bool:
        """Take bytes of the answer; return whether its head is complete."""
        self._taken += len(data)
        if self._taken > MAX_ANSWER_BYTES:
            raise Failed("too_large", f"the proxy's answer has more than {MAX_ANSWER_BYTES} bytes")
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
