"""Opening addresses: off, free, taken, not ours; and that the end of the stack closes the port."""

import contextlib
import socket

import pytest
from aiohttp import web

from server.config import BadConfiguration
from server.console.listening import listen


def nothing(_app: web.Application) -> None:
    """Serve no page."""


async def test_empty_is_off() -> None:
    """An empty address opens nothing."""
    async with contextlib.AsyncExitStack() as stack:
        assert await listen("console.listen", "", stack, nothing) == 0


@pytest.mark.parametrize("address", ["127.0.0.1:0", "localhost:0"])
async def test_port_is_closed_at_the_end(address: str) -> None:
    """It returns the port it has; after the stack that port can be bound again."""
    async with contextlib.AsyncExitStack() as stack:
        port = await listen("console.listen", address, stack, nothing)
        with socket.create_connection(("127.0.0.1", port)):
            pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


async def test_taken_port() -> None:
    """A port somebody has is one sentence that names the address and the remedy."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        async with contextlib.AsyncExitStack() as stack:
            with pytest.raises(BadConfiguration) as bad:
                await listen("console.listen", address, stack, nothing)
    assert bad.value.problems == [
        f"config: console.listen: {address} cannot be opened (address already in use); choose a free address and port"
    ]


async def test_address_that_is_not_ours() -> None:
    """An address of another machine is refused in the same words."""
    async with contextlib.AsyncExitStack() as stack:
        with pytest.raises(
            BadConfiguration, match=r"config: console\.listen: 192\.0\.2\.1:0 cannot be opened \(.+\); choose a free address and port"
        ):
            await listen("console.listen", "192.0.2.1:0", stack, nothing)
