"""The whole stand-in network: authorities, a link for each site, and the one thing that can be done to it: a device in, a device out."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from demo.authority import PublicAuthorities, Shelf, UnusableFolder
from demo.world.config import LOOPBACK, MEDIA, MEDIA_PORTS, REFLECTOR, Config
from demo.world.doors import door_contexts
from demo.world.gateway import gateway_contexts, inspecting_root
from demo.world.http3 import loaded_leaves
from demo.world.link import Link, linking
from demo.world.relay import Way
from demo.world.resolver import WHOAMI
from server.fleet.plans import public_text

AUTHORITY_FOLDER = "authority"
"""Below the world's folder: keys and certificates. The fleet opens it too."""


class UnknownSite(Exception):  # noqa: N818 - an outcome, named as the outcome
    """There is no such site; the text names those there are."""


class World:
    """A running network. `insert` and `remove` hold from the next connection on; doing one twice changes nothing."""

    def __init__(
        self, config: Config, shelf: Shelf, public: PublicAuthorities, links: dict[str, Link], devices: AsyncExitStack, key: str
    ) -> None:
        """`key` is the public half of what the reflectors sign with, in base64."""
        self.links = links
        self._key = key
        self.public_roots = config.folder / "public-roots.pem"
        self.os_roots = config.folder / "os-roots.pem"
        self._hosts = config.hosts
        self._shelf = shelf
        self._public = public
        self._devices = devices
        self._upstream = ssl.create_default_context(cadata=self._public.root.pem.decode())
        _write(self.public_roots, self._public.root.pem)
        _write(self.os_roots, self._public.root.pem + inspecting_root(shelf).pem)

    def announcement(self) -> dict[str, Any]:
        """Return what an agent's configuration needs: where each name is dialled, resolvers, roots, the reflector."""
        return {
            "links": {name: {"connect": self._connect(link), "resolvers": [_at(link.resolver)]} for name, link in self.links.items()},
            "public_roots": str(self.public_roots),
            "os_roots": str(self.os_roots),
            "reflector": {"host": REFLECTOR, "port": 80, "protocol": "http", "key": self._key},
            "whoami": WHOAMI,
        }

    async def insert(self, site: str) -> None:
        """Put the site's inspecting device into its link; its keys are made at the first time. Raises UnknownSite and UnusableFolder."""
        link = self._link(site)
        if link.gateway is None:
            contexts = await asyncio.to_thread(gateway_contexts, self._shelf, self._public, site, self._hosts)
            link.gateway = Way(await self._devices.enter_async_context(link.device(contexts, self._upstream)), 0.0)
        link.inserted = True

    async def remove(self, site: str) -> None:
        """Take the device out of the site's link. Raises UnknownSite."""
        self._link(site).inserted = False

    def _link(self, site: str) -> Link:
        if site not in self.links:
            raise UnknownSite(f"world: there is no site {site!r}; write one of {', '.join(self.links)}")
        return self.links[site]

    def _connect(self, link: Link) -> dict[str, str]:
        doors = {f"{host}:443": _at(link.port) for host in self._hosts}
        quic = {f"{host}:443/udp": _at(link.quic) for host in self._hosts}
        media = {f"{MEDIA}:{port}/udp": _at(link.media) for port in MEDIA_PORTS}
        return doors | quic | media | {f"{REFLECTOR}:80": _at(link.reflector)}


@asynccontextmanager
async def opened(config: Config, now: datetime) -> AsyncIterator[World]:
    """Run a world. `now` decides which kept certificates are still good. Raises UnusableFolder."""
    shelf = Shelf(config.folder.resolve() / AUTHORITY_FOLDER, now)
    public = PublicAuthorities(shelf)
    contexts, leaves = door_contexts(public, config.hosts), loaded_leaves(public, config.hosts)
    key = Ed25519PrivateKey.generate()
    async with AsyncExitStack() as stack:
        links = {
            site.name: await stack.enter_async_context(linking(site, number, contexts, leaves, key.sign))
            for number, site in enumerate(config.sites, 1)
        }
        yield World(config, shelf, public, links, stack, public_text(key))


def _write(file: Path, pem: bytes) -> None:
    """Write a bundle whole: an agent of an earlier start may be reading it."""
    scratch = file.with_name(f".{file.name}")
    try:
        scratch.write_bytes(pem)
        scratch.replace(file)
    except OSError as error:
        raise UnusableFolder(f"world: {file} cannot be written ({error.strerror}); name a folder you can write") from None


def _at(port: int) -> str:
    return f"{LOOPBACK}:{port}"
