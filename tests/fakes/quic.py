"""Front doors over HTTP/3 on loopback with certificates of a laboratory root, for tests of who speaks to them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from demo.authority import PublicAuthorities, Shelf
from demo.world.http3 import http3_doors, loaded_leaves
from demo.world.services import FrontDoor

HOST = "teams.microsoft.com"
LARGE = "outlook.office365.com"
"""Its head is large enough for QPACK's dynamic table."""


@asynccontextmanager
async def quic_doors(folder: Path) -> AsyncIterator[tuple[int, tuple[bytes, ...]]]:
    """Serve HOST and LARGE; yield the port and the chain that HOST shows."""
    public = PublicAuthorities(Shelf(folder, datetime.now(UTC)))
    async with http3_doors(FrontDoor("FRA", 1), loaded_leaves(public, (HOST, LARGE))) as port:
        yield port, public.leaf(HOST).chain
