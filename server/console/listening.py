"""Opens an address for pages of ours, and closes it again."""

import contextlib
from collections.abc import Callable

from aiohttp import web

from server.config import BadConfiguration


async def listen(address: str, stack: contextlib.AsyncExitStack, add: Callable[[web.Application], None]) -> int:
    """Serve an application on `address:port`; return the port, 0 when off."""
    if not address:
        return 0
    host, _, port = address.rpartition(":")
    app = web.Application()
    add(app)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, host.strip("[]"), int(port))
    try:
        await site.start()
    except OSError as error:
        raise BadConfiguration([f"config: {address} cannot be opened ({error.strerror}); choose a free address and port"]) from None
    return int(runner.addresses[0][1])
