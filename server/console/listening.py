"""Opens an address for pages of ours, and closes it again."""

import contextlib
import ssl
from collections.abc import Callable

from aiohttp import web

from server.config import BadConfiguration

LARGEST = 9 << 20
"""Of a request: a location file (`server/console/api/serving.py` says how large) and a form around it."""


async def listen(
    setting: str,
    address: str,
    stack: contextlib.AsyncExitStack,
    *add: Callable[[web.Application], None],
    tls: ssl.SSLContext | None = None,
) -> int:
    """Serve on `address:port` until the stack ends; return the port, 0 when off. Raises BadConfiguration naming `setting`."""
    if not address:
        return 0
    host, _, port = address.rpartition(":")
    app = web.Application(client_max_size=LARGEST)
    for pages in add:
        pages(app)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, host.strip("[]"), int(port), ssl_context=tls)
    try:
        await site.start()
    except OSError as error:
        why = (error.strerror or str(error)).rpartition("): ")[2]  # asyncio puts the address before the reason
        raise BadConfiguration([f"config: {setting}: {address} cannot be opened ({why}); choose a free address and port"]) from None
    return int(runner.addresses[0][1])
