"""CONNECT: which head is an answer, in pieces and after interim ones. Its refusals on real sockets are in `test_connect.py`."""

import contextlib
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.network.channel import Channel
from agent.network.clock import Read
from agent.network.failure import Failed
from agent.network.net import Headers
from agent.network.proxy import MAX_ANSWER_BYTES, Connect, Logins, schemes
from agent.network.way import DIRECT_WAY, ways_of


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


@pytest.mark.parametrize("piece", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 100])
async def test_endless_interim_answers(piece: bytes) -> None:
    """A proxy that sends one interim answer after the other is cut off by their bytes, whatever the time."""
    connect, channel = asked(*[piece] * 10_000)
    with pytest.raises(Failed) as told:
        await connect.ask("a.test:443")
    assert told.value.failure == "too_large"
    assert len(channel._pieces) >= 10_000 - MAX_ANSWER_BYTES // len(piece) - 1


@pytest.mark.parametrize(
    "piece", [b"H", b"HTTP/1.1 200 OK\r\nX: ", b"\xff\xfe\x00\r\n", b"\r\n", b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 50]
)
async def test_endless_heads(piece: bytes) -> None:
    """A head that never ends, and bytes that are no head, end within the bound."""
    connect, channel = asked(*[piece] * 200_000)
    with pytest.raises(Failed) as told:
        await connect.ask("a.test:443")
    assert told.value.failure in {"too_large", "proxy_malformed"}
    assert len(channel._pieces) >= 200_000 - MAX_ANSWER_BYTES // len(piece) - 1


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.binary(min_size=1, max_size=80) | st.sampled_from([b"HTTP/1.1 ", b"200 OK\r\n", b"407 X\r\n", b"\r\n", b"Via: \xff\r\n"]),
        max_size=12,
    )
)
async def test_any_bytes(pieces: list[bytes]) -> None:
    """Whatever a proxy answers, there is a tunnel or a reason, nothing else."""
    connect, _ = asked(*pieces)
    with contextlib.suppress(Failed):
        await connect.ask("a.test:443")
        assert connect.status is not None
        assert 200 <= connect.status < 300


async def test_password_for_its_own_proxy_only() -> None:
    """A login is sent to the proxy it is written for, on proxied ways alone, and is UTF-8 (RFC 7617)."""
    logins = Logins({"Proxy.Test:3128": "anna:gr\u00fcn"})
    ours, other, direct = ways_of("PROXY proxy.test:3128; PROXY evil.test:3128; DIRECT")
    assert logins.header(ours) == (("Proxy-Authorization", "Basic YW5uYTpncsO8bg=="),)
    assert (logins.header(other), logins.header(direct), logins.header(DIRECT_WAY)) == ((), (), ())
    connect, channel = asked(b"HTTP/1.1 200 OK\r\n\r\n")
    await connect.ask("a.test:443", logins.header(ours))
    assert b"\r\nProxy-Authorization: Basic YW5uYTpncsO8bg==\r\n" in channel.sent


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (
            (("Proxy-Authenticate", "Negotiate"), ("proxy-authenticate", 'Basic realm="x", charset="UTF-8"'), ("Via", "y")),
            "Negotiate, Basic",
        ),
        ((("Proxy-Authenticate", "NTLM"), ("Proxy-Authenticate", "NTLM abc")), "NTLM"),
        ((("Proxy-Authenticate", ""),), "no scheme"),
        ((), "no scheme"),
    ],
)
def test_schemes(fields: Headers, told: str) -> None:
    """The schemes a proxy names are told in its order, without realms and tokens."""
    assert schemes(fields) == told
