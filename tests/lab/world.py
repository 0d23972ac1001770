"""The network an agent measures in the laboratory: front doors, a resolver, a reflector; on loopback, in a thread of its own.

Front doors serve real names with chains of a laboratory root or, while `inspected` is set, what an inspecting device would mint.
Nothing at the agent changes between the two: its roots, its plan and where it connects stay. No process and no test lives here.
"""

import asyncio
import ssl
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from aiohttp import web
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import load_der_x509_certificate

from server.console.reflector import Reflector
from tests.fakes.pki import PUBLIC, SQUID, ec_key, rsa_key
from tests.fakes.places import Resolver, answers, h2_answers, listening, resolving
from tests.fakes.situation import CONTROL, DIGICERT, GOOGLE, ROOT
from tests.fakes.situations import CONTOSO_SQUID, SQUID_CA

REFLECTOR = "reflect.middlewatch.example"
_PAGE = b"HTTP/1.1 200 OK\r\nServer: Lab\r\nContent-Length: 5\r\n\r\nhello"
_H2_PAGE = ((":status", "200"), ("server", "Lab"), ("x-feserver", "FR3P281CA0001"))


class World:
    """Started by `with`. `inspected` may be switched at any time; the next connection sees it."""

    def __init__(self, folder: Path, hosts: Sequence[str]) -> None:
        self.hosts = tuple(hosts)
        self.inspected = False
        self.resolver = ""
        self._folder = folder
        self._doors_port = self._reflector_port = 0
        self._contexts = {(host, inspected): self._context(host, inspected=inspected) for host in hosts for inspected in (False, True)}
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="lab-world")
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over = asyncio.Event()
        self.public_roots = folder / "public-roots.pem"
        self.os_roots = folder / "os-roots.pem"
        self.public_roots.write_bytes(ROOT.pem)
        self.os_roots.write_bytes(ROOT.pem + CONTOSO_SQUID.pem)

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(30):
            raise RuntimeError("the laboratory's front doors do not open")
        return self

    def __exit__(self, *_: object) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    @property
    def connect(self) -> dict[str, str]:
        """Return an agent's `[lab] connect`: every name to the front doors or the reflector."""
        return {f"{host}:443": f"127.0.0.1:{self._doors_port}" for host in self.hosts} | {
            f"{REFLECTOR}:80": f"127.0.0.1:{self._reflector_port}"
        }

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        table = {host: [f"A 192.0.2.{place}"] for place, host in enumerate((*self.hosts, REFLECTOR), 10)}
        entry = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        entry.sni_callback = self._choose
        async with listening(_page, entry) as self._doors_port, resolving(Resolver(table)) as self.resolver:
            app = web.Application()
            Reflector().add(app)
            runner = web.AppRunner(app, access_log=None)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self._reflector_port = runner.addresses[0][1]
            self._ready.set()
            await self._over.wait()
            await runner.cleanup()

    def _choose(self, connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
        context = self._contexts.get((name or "", self.inspected))
        if context is None:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        connection.context = context
        return None

    def _context(self, host: str, *, inspected: bool) -> ssl.SSLContext:
        """Return the context of one name: the laboratory's public chain, or what a Squid would mint."""
        issuer = SQUID_CA if inspected else GOOGLE if host == CONTROL else DIGICERT
        leaf = issuer.leaf(host, SQUID if inspected else PUBLIC)
        key = rsa_key() if inspected else ec_key(f"leaf {host}")
        file = self._folder / f"{host}-{inspected}.pem"
        pems = [load_der_x509_certificate(der).public_bytes(Encoding.PEM) for der in (leaf, issuer.der)]
        file.write_bytes(b"".join([key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), *pems]))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        context.set_alpn_protocols(["http/1.1"] if inspected else ["h2", "http/1.1"])
        return context


async def _page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one request in whatever was agreed."""
    spoken = writer.get_extra_info("ssl_object").selected_alpn_protocol()
    await (h2_answers(_H2_PAGE, b"hello") if spoken == "h2" else answers(_PAGE))(reader, writer)
