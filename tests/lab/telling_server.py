"""The duties of notifications alone, in a process of their own that is there to be killed: `telling_server.py STATE URL AHEAD_S HOLDER`.

Its clock is ahead by so many seconds, so that a heir need not wait for the claims and the lease of the dead.
"""

import asyncio
import sys
import time

from server.notify.folding import Folding, Manner
from server.notify.sending import Outlet, Sending
from server.notify.webhook import Webhook
from server.state.database import open_database
from server.state.lease import LeaseLost
from server.watcher.leading import Leadership
from server.watcher.notices.routing import Rule


async def main(state: str, url: str, ahead_s: int, holder: str) -> None:
    """Fold and send for ever."""
    database = await open_database(state)

    def now() -> int:
        return time.time_ns() + ahead_s * 10**9

    lead = Leadership(database, holder, now)
    folding = Folding(Manner([Rule("noc", "P4", digest_hour=-1)], 0, 0))
    sending = Sending(Outlet("noc", Webhook(url, b"s" * 16, now), 1e9))
    while True:
        try:
            if await lead.lead():
                await folding.step(lead)
                await sending.step(lead)
        except LeaseLost:
            pass  # the other decides now
        await asyncio.sleep(0.01)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]))
